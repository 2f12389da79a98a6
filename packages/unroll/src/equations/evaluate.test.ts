import { describe, expect, test } from "vitest";
import { sigmoid } from "./activations.ts";
import { evaluateRow, evaluateSize, type Row } from "./evaluate.ts";
import { apply, argument, constant, type Expr, letter, product, row, select } from "./expr.ts";

const x = argument("x");
const s = argument("s", "one");

function resultOf(expr: Expr, numbers: readonly number[] = [], shared = 0): number | number[] {
  const symbols = new Map<Expr, Row>([
    [x, Float64Array.from(numbers)],
    [s, shared],
  ]);
  const value = evaluateRow([expr], { width: numbers.length, symbols })(expr);
  return typeof value === "number" ? value : [...value];
}

describe("evaluateRow", () => {
  test("does the arithmetic element by element", () => {
    expect(resultOf(x.times(2).plus(1).over(s), [1, 2, 3], 2)).toEqual([1.5, 2.5, 3.5]);
    expect(resultOf(x.minus(s).negated().squared(), [1, 2, 3], 2)).toEqual([1, 0, 1]);
    expect(resultOf(x.power(3), [1, -2, 3])).toEqual([1, -8, 27]);
    expect(resultOf(x.clip(-1, 2), [-3, 0, 3])).toEqual([-1, 0, 2]);
    expect(resultOf(x.max(-4), [-5, -3])).toEqual([-4, -3]);
  });

  test("comparisons give 1 or 0", () => {
    expect(resultOf(x.lessThan(2), [1, 2, 3])).toEqual([1, 0, 0]);
    expect(resultOf(x.atMost(2), [1, 2, 3])).toEqual([1, 1, 0]);
    expect(resultOf(x.equals(2), [1, 2, 3])).toEqual([0, 1, 0]);
  });

  test("select takes one side only, also where the other is not a number", () => {
    expect(resultOf(select(x.greaterThan(0), x.log(), -1), [-1, 1])).toEqual([-1, 0]);
  });

  test("a row operator gives one number for the row", () => {
    expect(resultOf(x.rowSum(), [1, 2, 4])).toBe(7);
    expect(resultOf(x.minus(x.rowMax()), [1, 2, 4])).toEqual([-3, -2, 0]);
  });

  test("a row operator counts a shared number once for every element", () => {
    expect(resultOf(s.rowSum().plus(x), [0, 0, 0], 2)).toEqual([6, 6, 6]);
  });

  test("the sparsemax threshold of one large element is that element less one", () => {
    expect(resultOf(row("rowSparsemaxThreshold", x), [5, 1, 0])).toBe(4);
  });

  test("keeps the value of every node, also inside a named function", () => {
    const y = apply(sigmoid, x.times(3));
    const read = evaluateRow([y], { width: 1, symbols: new Map([[x, Float64Array.of(0)]]) });
    expect(read(y)).toEqual(Float64Array.of(0.5));
    expect(y.node.op === "apply" && read(y.node.argument)).toEqual(Float64Array.of(0));
  });

  test("asks its caller for products, with the vector's value", () => {
    const block = { array: "kernel", block: 1, row: 0 };
    const node = product(x.plus(1), "W_f", block);
    const read = evaluateRow([node], {
      width: 2,
      symbols: new Map([[x, Float64Array.of(1, 2)]]),
      product: ({ matrix }, vector) => (vector as Float64Array).map((element) => element * 10 + matrix.block),
    });
    expect(read(node)).toEqual(Float64Array.of(21, 31));
  });

  test("names the symbol that has no value", () => {
    expect(() => evaluateRow([x.plus(1)], { width: 1, symbols: new Map() })).toThrow(/symbol x/);
  });
});

describe("evaluateSize", () => {
  const h = letter("h", 4, "units", "option units");
  const i = letter("i", 5, "features", "last axis of the input");
  const batch = letter("batch", null, "examples", "given with the data");

  test("puts the numbers in for the letters", () => {
    expect(evaluateSize(constant(3).times(h.times(h.plus(i)).plus(h)))).toBe(120);
    expect(evaluateSize(i.minus(2).over(2).floor().plus(1))).toBe(2);
  });

  test("is null as soon as a letter is None", () => {
    expect(evaluateSize(batch.times(h))).toBeNull();
  });

  test("is exact up to 2^53", () => {
    const large = letter("v", 94906265, "rows", "option inputDim");
    expect(BigInt(evaluateSize(large.times(large))!)).toBe(94906265n * 94906265n);
  });
});
