import { describe, expect, it } from "vitest";
import { wasmOrthogonalizer } from "../compiler/gram-schmidt.ts";
import { Random } from "../core/random.ts";
import { fillOrthogonal, plainOrthogonalizer } from "./orthogonal.ts";

describe("what a vector has along orthonormal rows", () => {
  it.each([
    [1, 1],
    [4, 7],
    [5, 5],
    [30, 120],
  ])("is taken away by WebAssembly to the very bits of plain loops: %i rows of %i", (count, length) => {
    const plain = plainOrthogonalizer(count, length);
    const wasm = wasmOrthogonalizer(count, length)!;
    const random = new Random(7);
    for (let used = 0; used < count; used++) {
      random.fillNormal(plain.vector);
      wasm.vector.set(plain.vector);
      const before = [...plain.vector];
      plain.remove(used);
      wasm.remove(used);
      expect([...wasm.vector]).toEqual([...plain.vector]);
      if (used > 0) expect([...plain.vector]).not.toEqual(before);
      // Any rows will do for the comparison.
      random.fillNormal(plain.rows[used]!);
      wasm.rows[used]!.set(plain.rows[used]!);
    }
  });

  it.each([
    [3, 8],
    [8, 3],
    [30, 120],
  ])("leaves an orthonormal array of %i by %i", (rows, columns) => {
    const numbers = new Float32Array(rows * columns);
    fillOrthogonal(numbers, [rows, columns], 1, new Random(3));
    const count = Math.min(rows, columns);
    const length = Math.max(rows, columns);
    const entry = (vector: number, i: number): number =>
      rows < columns ? numbers[vector * columns + i]! : numbers[i * columns + vector]!;
    for (let a = 0; a < count; a++) {
      for (let b = 0; b <= a; b++) {
        let product = 0;
        for (let i = 0; i < length; i++) product += entry(a, i) * entry(b, i);
        expect(product).toBeCloseTo(a === b ? 1 : 0, 5);
      }
    }
  });

  it("is taken away in plain loops where WebAssembly is not allowed", () => {
    const drawn = (): number[] => {
      const numbers = new Float32Array(30 * 120);
      fillOrthogonal(numbers, [30, 120], 1, new Random(3));
      return [...numbers];
    };
    const expected = drawn();
    const { Module } = WebAssembly;
    let refused = 0;
    try {
      WebAssembly.Module = new Proxy(Module, {
        construct() {
          refused++;
          throw new WebAssembly.CompileError("refused by the page");
        },
      });
      expect(drawn()).toEqual(expected);
    } finally {
      WebAssembly.Module = Module;
    }
    expect(refused).toBe(1);
  });
});
