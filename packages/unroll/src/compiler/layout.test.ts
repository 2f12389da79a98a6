import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stridesOf } from "../core/shape.ts";
import { forEachOffset } from "../program/evaluate-offsets.ts";
import { type Buffer, isContiguous, type Layout, type Look, viewLayout } from "./layout.ts";

const buffer: Buffer = { name: "b", bytes: 4000, address: 0 };

function offsetsOf({ shape, strides, offset }: Look): number[] {
  const offsets: number[] = [];
  forEachOffset(shape, strides, offset, (_, at) => offsets.push(at));
  return offsets;
}

/** A source with gaps after each row, and looks at it that stay inside. */
const sourceAndLook = fc
  .record({
    shape: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }),
    gap: fc.nat(3),
    sizes: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }),
    steps: fc.array(fc.integer({ min: -13, max: 13 }), { minLength: 3, maxLength: 3 }),
    offset: fc.nat(60),
  })
  .map(({ shape, gap, sizes, steps, offset }) => {
    const rows = stridesOf([...shape.slice(0, -1), shape.at(-1)! + gap]);
    const source: Layout = { buffer, shape, strides: rows, offset: 3 };
    return { source, look: { shape: sizes, strides: steps.slice(0, sizes.length), offset } };
  })
  .filter(({ source, look }) => {
    const count = source.shape.reduce((a, b) => a * b, 1);
    return offsetsOf(look).every((at) => at >= 0 && at < count);
  });

describe("the layout of a view", () => {
  it("reaches the elements that the look names, whenever strides can say it", () => {
    let possible = 0;
    fc.assert(
      fc.property(sourceAndLook, ({ source, look }) => {
        const layout = viewLayout(source, look);
        if (layout === undefined) return;
        possible++;
        const where = offsetsOf(source);
        expect(offsetsOf(layout)).toEqual(offsetsOf(look).map((at) => where[at]));
      }),
      { numRuns: 300 },
    );
    expect(possible).toBeGreaterThan(50);
  });

  it("always exists over row-major elements", () => {
    fc.assert(
      fc.property(sourceAndLook, ({ source, look }) => {
        const full = { ...source, strides: stridesOf(source.shape) };
        expect(viewLayout(full, look)).toBeDefined();
      }),
    );
  });

  it("does not exist where a reshape joins rows that lie apart", () => {
    const source: Layout = { buffer, shape: [2, 3], strides: [4, 1], offset: 0 };
    expect(viewLayout(source, { shape: [6], strides: [1], offset: 0 })).toBeUndefined();
    expect(viewLayout(source, { shape: [3, 2], strides: [1, 3], offset: 0 })?.strides).toEqual([1, 4]);
  });

  it("joins rows that are padded alike", () => {
    const source: Layout = { buffer, shape: [2, 3, 5], strides: [24, 8, 1], offset: 0 };
    expect(viewLayout(source, { shape: [6, 5], strides: [5, 1], offset: 0 })?.strides).toEqual([8, 1]);
  });
});

describe("contiguous layouts", () => {
  it("may have any stride along axes of size 1", () => {
    expect(isContiguous({ shape: [2, 1, 3], strides: [3, 99, 1] })).toBe(true);
    expect(isContiguous({ shape: [2, 3], strides: [4, 1] })).toBe(false);
    expect(isContiguous({ shape: [2, 3], strides: [1, 2] })).toBe(false);
  });
});
