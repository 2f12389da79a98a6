/** Keras 1's Merge. Its functions are those of today's layers: counts and shapes by hand. */
import "../../model/summaries.ts";
import { describe, expect, it } from "vitest";
import { summaryJson } from "../../model/summary-table.ts";
import { modelFromConfig } from "../keras-model.ts";
import { readKerasCode } from "./read.ts";
import type { CodeReading } from "./reading.ts";

const imports = `from keras.models import Sequential, Model
from keras.layers import *
left = Sequential()
left.add(LSTM(output_dim=4, input_shape=(5, 3)))
right = Sequential()
right.add(Dense(4, input_dim=7))
`;

function rowsOf({ models }: CodeReading): unknown[] {
  const { layers } = summaryJson(modelFromConfig(models[0]!.config, { keepNames: true }).summaryTable("keras2"));
  return layers.map(({ name, type, outputShape, params }) => [name, type, outputShape, params]);
}

describe("Merge of Keras 1", () => {
  it("joins models as the first layer of a Sequential", () => {
    const reading = readKerasCode(
      `${imports}model = Sequential()
model.add(Merge([left, right], mode='concat', concat_axis=1))
model.add(Dense(2, activation='softmax'))
model.compile(loss='mse', optimizer='sgd')`,
      { kerasVersion: "2-standalone" },
    );
    expect(reading.problems).toEqual([]);
    expect(reading.models).toHaveLength(1);
    expect(rowsOf(reading)).toEqual([
      ["lstm_1_input", "InputLayer", [null, 5, 3], 0],
      ["dense_1_input", "InputLayer", [null, 7], 0],
      ["lstm_1", "LSTM", [null, 4], 128],
      ["dense_1", "Dense", [null, 4], 32],
      ["merge_1", "Merge", [null, 8], 0],
      ["dense_2", "Dense", [null, 2], 18],
    ]);
  });

  it.each([
    ["sum", [null, 4]],
    ["mul", [null, 4]],
    ["ave", [null, 4]],
    ["max", [null, 4]],
    ["concat", [null, 8]],
    ["dot", [null, 1]],
    ["cos", [null, 1]],
  ])("in mode %s gives the shape of today's layer", (mode, shape) => {
    const code = `${imports}model = Sequential([Merge([left, right], mode='${mode}'), Activation('relu')])`;
    expect(rowsOf(readKerasCode(code)).at(-2)).toEqual(["merge", "Merge", shape, 0]);
  });

  it("joins what is joined already", () => {
    const reading = readKerasCode(`${imports}
both = Sequential()
both.add(Merge([left, right]))
model = Sequential()
model.add(Merge([both, right], mode='max'))
model.add(Dense(1))`);
    expect(reading.models.map(({ name }) => name)).toEqual(["sequential_3"]);
    expect(rowsOf(reading).at(-1)).toEqual(["dense_1", "Dense", [null, 1], 5]);
  });

  it("gives its last layer back", () => {
    const reading = readKerasCode(`${imports}model = Sequential()
model.add(Merge([left, right]))
model.add(Dense(9))
model.pop()
model.add(Activation('relu'))`);
    const classes = rowsOf(reading).map((row) => (row as unknown[])[1]);
    expect(classes).toEqual(["InputLayer", "InputLayer", "LSTM", "Dense", "Merge", "Activation"]);
  });

  it.each(["Input, Dense, merge", "*"])("is a function of tensors too, out of keras.layers import %s", (names) => {
    const reading = readKerasCode(`from keras.layers import ${names}
from keras.models import Model
a = Input(shape=(6,))
x = merge([Dense(4)(a), Dense(3)(a)], mode='concat')
model = Model(input=a, output=Dense(1)(x))`);
    expect(reading.problems).toEqual([]);
    expect(rowsOf(reading).slice(-2)).toEqual([
      ["merge", "Merge", [null, 7], 0],
      ["dense_2", "Dense", [null, 1], 8],
    ]);
  });

  it("tells a name that it does not have, as every layer tells what only Merge has", () => {
    const { problems } = readKerasCode(`${imports}
model = Sequential([Merge([left, right], mdoe='concat'), Dense(2, layers=3)])`);
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^Add has no argument called mdoe; it was skipped/),
      expect.stringMatching(/^Dense has no argument called layers; it was skipped/),
    ]);
  });

  it("of a branch without an input size says so", () => {
    const { problems } = readKerasCode(`from keras.models import Sequential
from keras.layers import Merge, Dense
model = Sequential()
model.add(Merge([Sequential([Dense(3)]), Sequential([Dense(3)])], mode='sum'))`);
    expect(problems.map(({ message }) => message)).toEqual([
      "sequential: what Merge joins is not understood, or has no input size; the model is read without it",
    ]);
  });
});
