/** Gradients of layers and options by central differences of the float64 loss, with fast-check choosing sizes and options. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random, type RandomState } from "../core/random.ts";
import { input, layers } from "../layers/index.ts";
import type { Layer } from "../layers/layer.ts";
import { type Sequential, sequential } from "../model/sequential.ts";
import { evaluateProgram } from "../program/evaluate.ts";
import { trainedVariables } from "./compile.ts";
import { gradientProgram, gradients } from "./gradients.ts";
import { numbers } from "./testing.ts";

const smooth = fc.constantFrom("tanh", "sigmoid", "softplus", "swish", "linear");
const cell = {
  units: fc.integer({ min: 1, max: 4 }),
  activation: smooth,
  useBias: fc.boolean(),
  returnSequences: fc.boolean(),
  dropout: fc.constantFrom(0, 0.3),
  recurrentDropout: fc.constantFrom(0, 0.4),
};
const gates = { recurrentActivation: fc.constantFrom("sigmoid", "tanh") };
const kind = <K extends string>(name: K) => ({ kind: fc.constant(name) });

const recurrent = fc.oneof(
  fc.record({ ...kind("simpleRNN"), ...cell, goBackwards: fc.boolean() }),
  fc.record({ ...kind("lstm"), ...cell, ...gates, goBackwards: fc.boolean() }),
  fc.record({ ...kind("gru"), ...cell, ...gates, goBackwards: fc.boolean(), resetAfter: fc.boolean() }),
  fc.record({ ...kind("bidirectional"), ...cell, mergeMode: fc.constantFrom("concat", "sum", "mul", "ave") }),
);

const before = fc.oneof(
  fc.record(kind("nothing")),
  fc.record({
    ...kind("conv1d"),
    filters: fc.integer({ min: 1, max: 3 }),
    kernelSize: fc.integer({ min: 1, max: 3 }),
    padding: fc.constantFrom("valid", "same", "causal"),
    activation: smooth,
  }),
  fc.record(kind("batchNormalization")),
  fc.record(kind("layerNormalization")),
  fc.record({ ...kind("averagePooling1d"), poolSize: fc.constantFrom(1, 2) }),
  fc.record({ ...kind("maxPooling1d"), poolSize: fc.constantFrom(1, 2) }),
  fc.record({ ...kind("masking"), maskValue: fc.constant(0) }),
  fc.record({ ...kind("dropout"), rate: fc.constantFrom(0.2, 0.5) }),
);

/** What fast-check chose, as a layer of its own. */
function build({ kind: name, ...options }: { readonly kind: string }): Layer[] {
  if (name === "nothing") return [];
  if (name === "bidirectional") {
    const { mergeMode, ...inner } = options as { mergeMode: "sum"; units: number };
    return [layers.bidirectional({ layer: layers.gru(inner), mergeMode })];
  }
  const make = layers[name as "dense"] as unknown as (options: object) => Layer; // each kind is a layer's name
  return [make(options)];
}

/** The largest difference between a gradient and a central difference, relative to the gradient's largest entry. */
function worstDifference(net: Sequential, timesteps: number, batch: number): number {
  const x = numbers([batch, timesteps, 2], 3);
  x.data.fill(0, 2 * (timesteps - 1), 2 * timesteps); // a step that Masking takes away
  const y = numbers([batch, ...net.outputs[0]!.shape.slice(1).map((size) => size ?? timesteps)], 4);
  const { program, inputs, forward } = gradientProgram(net, x, y, { loss: "mse" });
  const seed: RandomState = new Random(9).state;
  const { results } = evaluateProgram(program, inputs, { random: new Random(seed) });
  const lossOnly = { inputs: program.inputs, results: [forward.loss], updates: [] };
  let worst = 0;
  for (const [position, variable] of trainedVariables(net).entries()) {
    const gradient = results[position + 1]!;
    const scale = Math.max(1e-3, ...gradient.map(Math.abs));
    for (const index of [0, Math.floor(gradient.length / 2), gradient.length - 1]) {
      const at = (change: number): number => {
        const changed = Float64Array.from(variable.data);
        changed[index]! += change;
        const options = { random: new Random(seed), variables: new Map([[variable, changed]]) };
        return evaluateProgram(lossOnly, inputs, options).results[0]![0]!;
      };
      // Four points, so that the error is of fourth order.
      const step = 1e-3;
      const difference = (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
      worst = Math.max(worst, Math.abs(difference - gradient[index]!) / scale);
    }
  }
  return worst;
}

describe("gradients", () => {
  it("agree with central differences for any recurrent layer behind any other", () => {
    fc.assert(
      fc.property(
        before,
        recurrent,
        fc.integer({ min: 3, max: 5 }),
        fc.integer({ min: 1, max: 3 }),
        (first, last, timesteps, batch) => {
          const net = sequential({
            seed: 2,
            layers: [input({ shape: [timesteps, 2] }), ...build(first), ...build(last), layers.dense({ units: 1 })],
          });
          // Biases and factors that are not all alike.
          net.setWeights(
            net.getWeights().map(({ shape }, i) => ({ shape, data: numbers(shape, 20 + i).data.map((v) => 0.6 * v) })),
          );
          expect(worstDifference(net, timesteps, batch)).toBeLessThan(2e-6);
        },
      ),
      { numRuns: 60, seed: 1 },
    );
  }, 120_000);

  it("come one for each trained array, in its shape, and say what is missing", () => {
    const net = sequential({
      layers: [input({ shape: [3, 2] }), layers.lstm({ units: 2 }), layers.dense({ units: 1 })],
    });
    net.layers[1]!.trainable = false;
    const found = gradients(net, numbers([4, 3, 2]), numbers([4, 1]), { loss: "mse" });
    expect(found.map(({ shape }) => shape)).toEqual([[2, 8], [2, 8], [8]]);
    expect(() => gradients(net, numbers([4, 3, 2]), numbers([4, 1]))).toThrow("must be compiled");
  });
});

describe("dropout in training", () => {
  it.each([0.25, 0.6])("drops a share of %d and scales the rest", (rate) => {
    const net = sequential({ layers: [input({ shape: [1] }), layers.dropout({ rate })] });
    const count = 20_000;
    const { program, forward, inputs } = gradientProgram(
      net,
      { shape: [count, 1], data: new Float32Array(count).fill(1) },
      numbers([count, 1]),
      { loss: "mse" },
    );
    const evaluation = evaluateProgram({ ...program, results: [forward.loss] }, inputs, { random: new Random(3) });
    const output = evaluation.valueOf(forward.outputs[0]!);
    const dropped = output.filter((value) => value === 0).length / count;
    // Five standard deviations of a share.
    expect(Math.abs(dropped - rate)).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / count));
    expect(new Set(output.filter((value) => value !== 0).map((value) => +value.toFixed(6)))).toEqual(
      new Set([+(1 / (1 - rate)).toFixed(6)]),
    );
  });

  it("keeps a recurrent layer's mask over the timesteps of a run, another for each example, and one for each gate with recurrentDropout", () => {
    const factorsOf = (options: object) => {
      const net = sequential({ layers: [input({ shape: [6, 4] }), layers.lstm({ units: 3, ...options })] });
      const { forward } = gradientProgram(net, numbers([50, 6, 4]), numbers([50, 3]), { loss: "mse" });
      const { operation } = forward.outputs[0]!;
      if (operation.op !== "scan") throw new Error("an LSTM is a scan");
      return operation;
    };
    const both = factorsOf({ dropout: 0.5, recurrentDropout: 0.5 });
    expect(both.inputFactors.map(({ shape }) => shape)).toEqual(new Array(4).fill([50, 4]));
    expect(both.recurrentFactors.map(({ shape }) => shape)).toEqual(new Array(4).fill([50, 3]));
    const inputOnly = factorsOf({ dropout: 0.5 });
    expect(inputOnly.inputFactors).toHaveLength(1);
    expect(inputOnly.recurrentFactors).toHaveLength(0);
  });
});
