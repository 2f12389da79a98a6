import { describe, expect, it } from "vitest";
import { tensor } from "../core/tensor.ts";
import { input, layers } from "../layers/index.ts";
import type { Layer } from "../layers/layer.ts";
import { sequential } from "../model/sequential.ts";
import { evaluateByHand, readExamples, writeModel } from "./by-hand.ts";
import { inputGradients } from "./input-gradients.ts";

/** The gradients and, beside them, the output's change by central differences. */
function gradientsOf(layer: Layer, x: readonly (readonly number[])[], step: number, unit: number) {
  const net = sequential({ seed: 3, layers: [input({ shape: [x.length, x[0]!.length] }), layer] });
  const run = (data: readonly (readonly number[])[]) => {
    const inputs = readExamples(net, tensor(Float32Array.from(data.flat()), [1, x.length, x[0]!.length]));
    const written = writeModel(net, inputs, 1);
    const hand = evaluateByHand(written, inputs, "test");
    return { hand, scan: written.layers.flatMap(({ scans }) => scans)[0]!.scan };
  };
  const { hand, scan } = run(x);
  const gradients = inputGradients(scan, (value) => hand.valueOf(value), step, unit);
  const outputWith = (row: number, column: number, change: number): number => {
    const { hand: other, scan: otherScan } = run(
      x.map((values, k) => values.map((value, i) => (k === row && i === column ? value + change : value))),
    );
    return other.stepsOf(otherScan)[0]![step]!.output[unit]!;
  };
  return { gradients, outputWith };
}

describe("the gradient of an output for the inputs before it", () => {
  const x = [
    [0.5, -0.25],
    [-0.75, 1],
    [0.25, 0.5],
    [1, -0.5],
  ];

  it("is the input weight times powers of the recurrent weight, by hand", () => {
    const layer = layers.simpleRNN({ units: 1, activation: "linear", useBias: false });
    sequential({ layers: [input({ shape: [4, 2] }), layer] });
    layer.setWeights([[[2], [3]], [[0.5]]]);
    // h₂ = 2x₂₀ + 3x₂₁ + ½(2x₁₀ + 3x₁₁) + ¼(2x₀₀ + 3x₀₁), and x₃ comes later.
    expect([...gradientsOf(layer, x, 2, 0).gradients]).toEqual([0.5, 0.75, 1, 1.5, 2, 3, 0, 0]);
  });

  it.each([
    ["LSTM", () => layers.lstm({ units: 3 }), [0, 1, 2, 3]],
    ["GRU that returns sequences", () => layers.gru({ units: 3, returnSequences: true }), [0, 1, 2, 3]],
    ["LSTM that reads backwards", () => layers.lstm({ units: 3, goBackwards: true }), [3, 2, 1, 0]],
  ] as const)("agrees with differences for %s", (_, make, order) => {
    const step = 2;
    const { gradients, outputWith } = gradientsOf(make(), x, step, 1);
    const change = 2 ** -6;
    for (const [k, timestep] of order.entries()) {
      for (const feature of [0, 1]) {
        const difference =
          (outputWith(timestep, feature, change) - outputWith(timestep, feature, -change)) / (2 * change);
        expect(gradients[k * 2 + feature]!).toBeCloseTo(difference, 4);
        if (k <= step) expect(gradients[k * 2 + feature]).not.toBe(0);
        else expect(gradients[k * 2 + feature]).toBe(0);
      }
    }
  });
});
