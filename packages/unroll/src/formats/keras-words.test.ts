import { expect, it } from "vitest";
import { explainModel } from "../explain/index.ts";
import { input, layers } from "../layers/index.ts";
import { sequential } from "../model/sequential.ts";
import { explanationInKerasWords, inKerasWords } from "./keras-words.ts";

const camel = /\b[a-z]+[A-Z]\w*/g;

it.each([
  ["with resetAfter: false.", "with reset_after=False."],
  ["returnSequences: true and returnState: false", "return_sequences=True and return_state=False"],
  ["option kernelSize", "option kernel_size"],
  ["option valueDim, or keyDim", "option value_dim, or key_dim"],
  ["option units", "option units"],
  ["last axis of (None, 30, 5) from maxPool", "last axis of (None, 30, 5) from maxPool"],
])("%s is %s in Keras", (said, expected) => {
  expect(inKerasWords(said)).toBe(expected);
});

it("an explanation has every option as Keras's code writes it, inside of wrappers too", () => {
  const model = sequential([
    input({ shape: [20] }),
    layers.embedding({ inputDim: 50, outputDim: 8 }),
    layers.conv1d({ filters: 4, kernelSize: 3 }),
    layers.maxPooling1d({ poolSize: 2 }),
    layers.timeDistributed({ layer: layers.reshape({ targetShape: [2, 2] }) }),
    layers.timeDistributed({ layer: layers.conv1d({ filters: 2, kernelSize: 2 }) }),
    layers.reshape({ targetShape: [9, 2] }),
    layers.gru({ units: 2 }),
  ]);
  // Names of values, such as hPrev, are no options.
  const options = (text: string): string[] => (text.match(camel) ?? []).filter((word) => !/^h(Prev|Hat)$/.test(word));
  const plain = explainModel(model);
  expect(new Set(options(plain.toText()))).toContain("kernelSize");
  const told = explanationInKerasWords(plain);
  expect(options(told.toText())).toEqual([]);
  expect(options(told.toMarkdown())).toEqual([]);
  expect(told.toText()).toContain("k = 3  window size (option kernel_size)");
  expect(told.toText()).toContain("GRU with\n  reset_after=False.");
  expect(told.toText().split("\n").length).toBe(plain.toText().split("\n").length);
});

it("an LSTM's second bias, which Keras's LSTM does not have, is in no explanation of it", () => {
  const lstm = (recurrentBias: boolean): string => {
    const model = sequential([input({ shape: [3, 2] }), layers.lstm({ units: 2, recurrentBias })]);
    return explainModel(model)
      .layers.flatMap(({ remarks }) => remarks)
      .join(" ");
  };
  expect(lstm(false)).not.toMatch(/recurrentBias|would make it/);
  expect(lstm(true)).toContain("would make it 40. That is the bias of LSTM with recurrentBias: false.");
});
