import { describe, expect, test } from "vitest";
import { Random } from "../core/random.ts";
import { activationNamed, activationNames, reluOf } from "./activations.ts";
import { adjoint } from "./differentiate.ts";
import { evaluateRow, toRow } from "./evaluate.ts";
import { apply, argument, type Expr, type NamedFunction, product, select, symbol, unary } from "./expr.ts";

const x = argument("x");
const s = argument("s", "one");
const dy = argument("dy");

/** Gradient of Σ dy · y for x and s: derived, and by central differences. */
function gradients(y: Expr, point: readonly number[], seeds: readonly number[], shared = 0.7) {
  const width = point.length;
  const bind = (row: readonly number[], number: number): Map<Expr, number | Float64Array> =>
    new Map<Expr, number | Float64Array>([
      [x, Float64Array.from(row)],
      [s, number],
      [dy, Float64Array.from(seeds)],
    ]);
  const loss = (row: readonly number[], number: number): number =>
    toRow(evaluateRow([y], { width, symbols: bind(row, number) })(y), width).reduce(
      (sum, element, i) => sum + element * seeds[i]!,
      0,
    );
  const step = 1e-5;
  const derived = adjoint([{ expr: y, seed: dy }], [x, s]).gradients.map((gradient, i) => {
    const length = i === 0 ? width : 1;
    if (gradient === undefined) return new Array<number>(length).fill(0);
    return [...toRow(evaluateRow([gradient], { width, symbols: bind(point, shared) })(gradient), length)];
  });
  const moved = (i: number, by: number): number[] => point.map((element, j) => (i === j ? element + by : element));
  const measured = [
    point.map((_, i) => (loss(moved(i, step), shared) - loss(moved(i, -step), shared)) / (2 * step)),
    [(loss(point, shared + step) - loss(point, shared - step)) / (2 * step)],
  ];
  return { derived, measured };
}

function expectSameGradients(y: Expr, point: readonly number[]): void {
  const random = new Random(5);
  const { derived, measured } = gradients(
    y,
    point,
    point.map(() => random.uniform(-1, 1)),
  );
  measured.flat().forEach((expected, i) => {
    const found = derived.flat()[i]!;
    expect(Math.abs(found - expected)).toBeLessThanOrEqual(1e-8 + 1e-7 * Math.abs(expected));
  });
}

const point = [-3.7, -1.3, -0.4, -0.02, 0.03, 0.45, 1.2, 2.9, 6.6];
const positive = point.map((element) => Math.abs(element) + 0.1);

describe("adjoint agrees with central differences", () => {
  const trainable = activationNames.filter((name) => name !== "sparsemax");
  test.each(trainable)("for %s", (name) => {
    expectSameGradients(apply(activationNamed(name), x.times(s)), point);
  });

  test("for the ReLU layer's form", () => {
    expectSameGradients(apply(reluOf({ negativeSlope: 0.3, maxValue: 2, threshold: 0.5 }), x), point);
  });

  test.each(["neg", "abs", "exp", "tanh", "sigmoid", "erf", "sin", "cos", "floor", "ceil", "sign"] as const)(
    "for %s",
    (op) => expectSameGradients(unary(op, x.times(s)), point),
  );

  test("for log, sqrt and powers", () => {
    expectSameGradients(x.log().plus(x.sqrt()), positive);
    expectSameGradients(x.power(s), positive);
    expectSameGradients(x.power(2).plus(x.power(3)).plus(x.squared()), point);
  });

  test("for sums, differences, quotients, both sides of a choice", () => {
    expectSameGradients(x.plus(s).minus(x.times(x)).over(s.plus(2)), point);
    expectSameGradients(s.over(x).minus(s), positive);
    expectSameGradients(
      x
        .max(s)
        .plus(x.min(s.times(2)))
        .plus(x.clip(-1, 1)),
      point,
    );
    expectSameGradients(select(x.lessThan(s), x.squared(), s.times(x.exp())), point);
  });

  test("for row operators over rows and over shared numbers", () => {
    expectSameGradients(x.times(x.rowSum()).plus(s.rowSum()), point);
    expectSameGradients(x.minus(x.rowMax()).times(s.times(3).rowMax()), point);
    expectSameGradients(x.plus(s).rowSum().times(x.squared().rowSum().sqrt()), point);
  });
});

describe("at a kink", () => {
  const slopeAt = (fn: NamedFunction, at: number): number => gradients(apply(fn, x), [at], [1]).derived[0]![0]!;

  test.each([
    ["relu", 0, 0],
    ["relu6", 6, 0],
    ["leaky_relu", 0, 0.2],
    ["elu", 0, 1],
    ["softplus", 0, 0.5],
    ["log_sigmoid", 0, 0.5],
    ["softsign", 0, 1],
    ["celu", 0, 1],
  ] as const)("%s has at %d the slope %d, as TensorFlow and PyTorch take it", (name, at, slope) => {
    expect(slopeAt(activationNamed(name), at)).toBe(slope);
  });

  test("nothing that overflows on the side not chosen leaks into a gradient", () => {
    for (const name of ["elu", "selu", "celu", "softplus", "log_sigmoid", "softmax", "gelu", "mish", "silu"]) {
      expect(slopeAt(activationNamed(name), 800)).not.toBeNaN();
      expect(slopeAt(activationNamed(name), -800)).not.toBeNaN();
    }
  });

  test("the largest elements share what reaches rowMax", () => {
    expect(gradients(x.rowMax().times(x.equals(x)), [2, 1, 2], [1, 1, 1]).derived[0]).toEqual([1.5, 0, 1.5]);
  });
});

describe("weights", () => {
  test("a product gives its vector the transposed product and its block an outer product", () => {
    const matrix = { array: "kernel", block: 2, row: 0 };
    const bias = symbol("b", "weight", "bias", { weight: { array: "bias", block: 2, row: 0 } });
    const result = adjoint([{ expr: product(x, "W", matrix).plus(bias), seed: dy }], [x]);
    expect(result.gradients[0]?.node).toMatchObject({ op: "product", matrix, transposed: true, vector: dy });
    expect(result.weightProducts).toEqual([{ matrix, left: x, right: dy }]);
    expect(result.weightVectors).toEqual([{ weight: { array: "bias", block: 2, row: 0 }, vector: dy }]);
  });

  test("sparsemax says that it has no gradient", () => {
    expect(() => adjoint([{ expr: apply(activationNamed("sparsemax"), x), seed: dy }], [x])).toThrow(
      /sparsemax: has no gradient/,
    );
  });
});
