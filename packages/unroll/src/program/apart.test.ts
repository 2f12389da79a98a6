import { describe, expect, it } from "vitest";
import { Variable } from "../core/variable.ts";
import { valuesApart } from "./apart.ts";
import {
  broadcastTo,
  concat,
  filled,
  gather,
  inputValue,
  map,
  matmul,
  pad,
  random,
  reduce,
  reshape,
  reverse,
  slice,
  transpose,
  view,
  weightValue,
} from "./builder.ts";
import type { Value } from "./program.ts";

const batch = 4;
const weight = (...shape: number[]): Value => weightValue(new Variable("w", shape, () => new Float32Array(0)));
const x = inputValue("x", [batch, 3, 5]);
const add = (...operands: Value[]): Value =>
  map(operands, ([first, ...rest]) => rest.reduce((a, b) => a.plus(b), first!));
const isApart = (value: Value): boolean => valuesApart([value], batch).has(value);

describe("values that keep examples apart", () => {
  it.each<[string, Value]>([
    ["an equation with weights and numbers", add(x, weight(5), weight(1, 3, 5), filled([4, 3, 5], 2))],
    ["rows of a softmax", map([x], ([a]) => a!.over(a!.rowSum()))],
    ["a product with a matrix", matmul(x, weight(5, 2))],
    ["a product with an array of the same examples", matmul(x, x, { transposeB: true })],
    ["timesteps as rows", reshape(x, [12, 5])],
    ["rows back to timesteps", reshape(matmul(reshape(x, [12, 5]), weight(5, 5)), [4, 3, 5])],
    ["all numbers behind one another", reshape(x, [60])],
    ["time backwards", reverse(x, 1)],
    ["another order of time and features", transpose(x, [0, 2, 1])],
    ["a part of the timesteps", slice(x, 1, 1, 3)],
    ["windows of time that overlap", view(x, [4, 2, 2, 5], [15, 5, 5, 1])],
    ["padded time", pad(x, [0, 1, 0], [0, 2, 0])],
    ["two sequences behind each other", concat([x, x, filled([4, 1, 5], 0)], 1)],
    [
      "first states that are zero, padded and multiplied",
      add(x, matmul(pad(filled([4, 3, 4], 0), [0, 0, 0], [0, 0, 1]), weight(5, 5))),
    ],
    ["a sum over time", reduce("sum", x, [1, 2])],
    ["rows of a table", gather(weight(9, 2), slice(x, 2, 0, 1))],
    ["a random mask of each example", add(x, random([4, 3, 5], "uniform"))],
    ["a random mask of all examples", add(x, random([1, 3, 5], "uniform"))],
    ["a weight repeated for each example", add(x, broadcastTo(weight(3, 5), [4, 3, 5]))],
  ])("are %s", (_, value) => {
    expect(isApart(value)).toBe(true);
  });

  it.each<[string, Value]>([
    ["a mean of the batch", add(x, reduce("sum", x, [0]))],
    ["a sum over everything", reshape(reduce("sum", x, [0, 1, 2]), [])],
    ["examples in another order", reverse(x, 0)],
    ["some of the examples", slice(x, 0, 0, 2)],
    ["the first example for all", view(x, [4, 3, 5], [0, 5, 1])],
    ["each second example", view(x, [2, 3, 5], [30, 5, 1])],
    ["time before examples", transpose(x, [1, 0, 2])],
    ["numbers of the next example", view(x, [3, 3, 5], [15, 5, 1], 5)],
    ["windows that reach into the next example", view(x, [4, 2], [15, 1], 14)],
    ["examples that are counted backwards", view(x, [4, 3, 5], [-15, 5, 1], 45)],
    ["every example behind the others", concat([x, x], 0)],
    ["one more example", pad(x, [0, 0, 0], [1, 0, 0])],
    ["a table of examples", gather(reshape(x, [4, 15]), weight(2))],
    ["a softmax over examples", map([reshape(slice(slice(x, 1, 0, 1), 2, 0, 1), [4])], ([a]) => a!.over(a!.rowSum()))],
    ["a product of examples with each other", matmul(reshape(x, [4, 15]), reshape(x, [4, 15]), { transposeB: true })],
    ["a product over examples", matmul(reshape(x, [4, 15]), weight(4, 2), { transposeA: true })],
    ["weights of their own for each example", add(x, weight(4, 3, 5))],
    ["an example beside all others", add(reshape(x, [4, 1, 15]), reshape(x, [4, 15]))],
    ["nothing of the examples", weight(4, 3)],
  ])("are not %s", (_, value) => {
    expect(isApart(value)).toBe(false);
  });

  it("asks of all values that another needs", () => {
    const mixed = reduce("sum", x, [0]);
    const after = add(x, mixed);
    expect([...valuesApart([after], batch)]).toEqual([x]);
  });
});
