import { describe, expect, test } from "vitest";
import { decode, type FixtureTensor, readFixture } from "../../test/fixture-files.ts";
import { activationNamed, activationNames, hardSigmoidKeras2, reluOf } from "./activations.ts";
import { erf } from "./arithmetic.ts";
import { evaluateRow } from "./evaluate.ts";
import { apply, argument, type NamedFunction } from "./expr.ts";

interface LayerCase {
  readonly id: string;
  readonly layers: readonly { readonly config: { readonly activation: string } }[];
  readonly calls: readonly {
    readonly inputs: readonly FixtureTensor[];
    readonly outputs64: readonly FixtureTensor[];
  }[];
}
const cases = readFixture<{ cases: readonly LayerCase[] }>("keras/layers.json.gz")
  .cases.filter(({ id }) => id.startsWith("activation/"))
  .map(({ layers, calls }) => ({
    activation: layers[0]!.config.activation,
    input: decode(calls[0]!.inputs[0]!),
    output: decode(calls[0]!.outputs64[0]!),
  }));

function valuesOf(fn: NamedFunction, numbers: ArrayLike<number>): number[] {
  const x = argument("x");
  const y = apply(fn, x);
  const row = evaluateRow([y], { width: numbers.length, symbols: new Map([[x, Float64Array.from(numbers)]]) })(y);
  return [...(row as Float64Array)];
}

describe("activations", () => {
  test.each(cases)("$activation gives Keras's float64 numbers", ({ activation, input, output }) => {
    // Keras keeps leaky_relu's slope and gelu's √2 in float32.
    const [relative, absolute] = /leaky_relu|gelu/.test(activation) ? [1e-6, 1e-7] : [1e-9, 1e-10];
    const width = input.shape.at(-1)!;
    for (let start = 0; start < input.data.length; start += width) {
      const numbers = input.data.subarray(start, start + width);
      valuesOf(activationNamed(activation), numbers).forEach((value, i) => {
        const expected = output.data[start + i]!;
        expect(Math.abs(value - expected)).toBeLessThanOrEqual(absolute + relative * Math.abs(expected));
      });
    }
  });

  test("every name that Keras 3 can be asked for has a case", () => {
    const tested = new Set(cases.map(({ activation }) => activation));
    const untested = activationNames.filter((name) => !tested.has(name));
    expect(untested).toEqual(["hard_sigmoid_keras2", "swish", "hard_swish"]);
  });

  test.each(activationNames)("%s stays a number for large inputs", (name) => {
    const values = valuesOf(activationNamed(name), [-1000, -0, 700]);
    if (name !== "exponential") expect(values.every(Number.isFinite)).toBe(true);
  });

  test("hard_sigmoid has the slope of its Keras version: at 1, 2/3 in Keras 3 and 0.7 in Keras 2", () => {
    expect(valuesOf(activationNamed("hard_sigmoid"), [1, 3, -3])).toEqual([1 / 6 + 0.5, 1, 0]);
    expect(valuesOf(hardSigmoidKeras2, [1, 2.5, -2.5])).toEqual([0.7, 1, 0]);
  });

  test("the ReLU layer's options change the slope below, the ceiling and the threshold", () => {
    const fn = reluOf({ negativeSlope: 0.5, maxValue: 3, threshold: 1 });
    expect(valuesOf(fn, [-1, 0, 1, 2, 5])).toEqual([-1, -0.5, 0, 2, 3]);
    expect(valuesOf(reluOf({ threshold: 1 }), [-1, 0.5, 1, 2])).toEqual([0, 0, 0, 2]);
    expect(valuesOf(reluOf({ maxValue: 3 }), [-1, 0.5, 5])).toEqual([0, 0.5, 3]);
  });

  test("a name may be an alias or camel case", () => {
    expect(activationNamed("swish").name).toBe("silu");
    expect(activationNamed("hardSigmoid")).toBe(activationNamed("hard_sigmoid"));
  });

  test("an unknown name says what was probably meant", () => {
    expect(() => activationNamed("sigmod")).toThrow(/Received: activation = sigmod\. Did you mean sigmoid\?/);
  });
});

test("erf agrees with the tables to float64 rounding", () => {
  // Abramowitz and Stegun, table 7.1, and more digits of the same numbers.
  const table = [
    [0, 0],
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [2, 0.9953222650189527],
    [2.5, 0.999593047982555],
    [3, 0.9999779095030014],
    [4, 0.9999999845827421],
  ] as const;
  for (const [x, expected] of table) {
    expect(erf(x)).toBeCloseTo(expected, 15);
    expect(erf(-x)).toBeCloseTo(-expected, 15);
  }
});
