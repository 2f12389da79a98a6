/** Numbers of models that are counted by hand: where each comes from, all ways that tie. */
import { expect, it } from "vitest";
import { toText } from "../../equations/render.ts";
import { input, layers } from "../../layers/index.ts";
import { sequential } from "../../model/sequential.ts";
import { explainNumber, type NumberOrigin } from "./explain-number.ts";

/** GRU(4) on 5 features 60 + 48 + 24 = 132, GRU(2) on 4 24 + 12 + 12 = 48, SimpleRNN(25) on 2 700, Dense 26: 906. */
const stack = sequential({
  name: "stack",
  layers: [
    input({ shape: [30, 5] }),
    layers.gru({ units: 4, returnSequences: true, name: "gru_1" }),
    layers.gru({ units: 2, returnSequences: true, name: "gru_2" }),
    layers.simpleRNN({ units: 25, name: "rnn" }),
    layers.dense({ units: 1, name: "dense" }),
  ],
});

const conv = sequential({
  name: "conv",
  layers: [
    input({ shape: [21, 9] }),
    layers.conv1d({ filters: 3, kernelSize: 2, name: "conv" }),
    layers.maxPooling1d({ poolSize: 3, name: "pool" }),
    layers.bidirectional({ layer: layers.lstm({ units: 10 }), name: "bi" }),
    layers.batchNormalization({ name: "norm" }),
  ],
});

/** What a number is, right first: "the parameters of gru_2", "the parameters of gru_1 (second-bias-row)". */
const ways = (origins: readonly NumberOrigin[]): string[] =>
  origins.map(({ what, slips }) => `${what}${slips.length === 0 ? "" : ` (${slips.map(({ id }) => id).join(", ")})`}`);

it.each([
  [stack, 906, "the parameters of stack"],
  [stack, 132, "the parameters of gru_1"],
  [stack, 48, "the parameters of gru_2", "recurrent_kernel of gru_1"],
  [stack, 180, "the parameters of the layers down to gru_2"],
  [stack, 880, "the parameters of the layers down to rnn", "the parameters of stack (layer-left-out)"],
  [stack, 120, "the numbers in the output of gru_1 for one example", "the parameters of gru_1 (second-bias-row)"],
  [stack, 60, "kernel of gru_1", "the numbers in the output of gru_2 for one example"],
  [stack, 20, "kernel, z of gru_1"],
  // 4 × 5 + 4 × 4 + 2 × 4.
  [stack, 44, "one gate of gru_1"],
  [stack, 4 * 906, "the bytes of the weights of stack, 4 for each in float32"],
  [stack, 30, "the timesteps of gru_1", "the timesteps of rnn"],
  [stack, 25, "the units of rnn"],
  [stack, 888, "the parameters of stack (second-bias-row, second-bias-row)"],
  [stack, 3, "the gates of gru_1", "the gates of gru_2"],
  // floor((20 − 3) / 3) + 1 = 6 of 20 timesteps; with the remainder kept 7.
  [conv, 20, "axis 1 of the output of conv"],
  [conv, 6, "axis 1 of the output of pool"],
  [conv, 7, "axis 1 of the output of pool (remainder-kept)"],
  // 4 × [10 × (10 + 3) + 10] = 560 in each direction.
  [conv, 1120, "the parameters of bi"],
  [conv, 560, "the parameters of bi (one-direction)"],
  [conv, 57 + 1120 + 40, "the parameters of conv that are trained"],
] as const)("%s: %i is %s", (model, number, ...expected) => {
  const origins = explainNumber(model, number);
  for (const one of expected) expect(ways(origins)).toContain(one);
  for (const { derivation } of origins) expect(derivation.result).toBe(number);
  // What the model has goes before what slips make.
  const slips = origins.map(({ kind }) => kind === "slip");
  expect(slips).toEqual([...slips].sort());
});

it("derives what it finds", () => {
  const [first] = explainNumber(stack, 132);
  if (first === undefined || "axes" in first.derivation) throw new Error("132 is a count");
  expect([toText(first.derivation.formula), ...first.derivation.steps.map((step) => toText(step))]).toEqual([
    "g × [h(h+i)+2h]",
    "3 × [4 × (4 + 5) + 2 × 4]",
    "3 × (4 × 9 + 8)",
    "3 × (36 + 8)",
    "3 × 44",
    "132",
  ]);
});

it("says each way once", () => {
  for (const number of [1, 2, 4, 12, 24, 30, 48, 120, 700]) {
    const all = ways(explainNumber(stack, number));
    expect(new Set(all).size).toBe(all.length);
  }
});

it("finds shapes, and the slips that give one", () => {
  expect(ways(explainNumber(stack, [null, 30, 4]))).toContain("the output shape of gru_1");
  expect(ways(explainNumber(stack, [30, 5]))).toContain("the shape of input_layer");
  expect(ways(explainNumber(stack, [null, 4]))).toContain("the output shape of gru_1 (sequences-overlooked)");
});

it("finds nothing for a number that the model has nothing to do with", () => {
  expect(explainNumber(stack, 999_983)).toEqual([]);
  expect(explainNumber(stack, [null, 999_983])).toEqual([]);
});
