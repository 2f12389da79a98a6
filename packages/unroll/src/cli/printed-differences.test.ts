import { describe, expect, it } from "vitest";
import { modelFromConfig } from "../formats/keras-model.ts";
import { readKerasCode } from "../formats/python/index.ts";
import { printedDifferences } from "./printed-differences.ts";

/** A table of the layout that tf.keras 2.0 printed. */
function printed(rows: readonly (readonly [string, string, number])[]): string {
  const total = rows.reduce((sum, row) => sum + row[2], 0).toLocaleString("en-US");
  return [
    'Model: "sequential"',
    "_".repeat(65),
    "Layer (type)                 Output Shape              Param #   ",
    "=".repeat(65),
    ...rows.map(([name, shape, params]) => `${name.padEnd(28)} ${shape.padEnd(25)} ${params}`),
    "=".repeat(65),
    `Total params: ${total}`,
    `Trainable params: ${total}`,
    "Non-trainable params: 0",
  ].join("\n");
}

function differences(target: string, rows: Parameters<typeof printed>[0]): string[] {
  return differencesOf(
    `from tensorflow.keras.layers import *
from tensorflow.keras.models import Sequential
model = Sequential([Dense(24, input_shape=(5,)), Reshape(${target}), LSTM(3, return_sequences=True), Dense(1)])
model.summary()`,
    printed(rows),
  );
}

function differencesOf(source: string, text: string): string[] {
  const cells = [{ cell_type: "code", source, outputs: [{ text }] }];
  const code = readKerasCode(JSON.stringify({ cells })).models[0]!;
  const model = modelFromConfig(code.config);
  const common = { error: undefined, repairs: [], hasWeights: false, inputs: undefined, outputs: undefined };
  return printedDifferences({ ...common, name: model.name, model, code });
}

const rows = [
  ["dense (Dense)", "(None, 24)", 144],
  ["reshape (Reshape)", "(None, None, 4)", 0],
  ["lstm (LSTM)", "(None, None, 3)", 96],
  ["dense_1 (Dense)", "(None, None, 1)", 4],
] as const;

describe("a printed table", () => {
  it("of tf.keras 2.0 leaves open what Reshape works out, which is no difference", () => {
    expect(differences("(-1, 4)", rows)).toEqual([]);
  });

  it("of standalone Keras leaves open what a model inside reads, which is no difference", () => {
    const source = `from keras.layers import *
from keras.models import Sequential, Model
words = Sequential([Embedding(9, 4)])
i = Input((6,))
model = Model(i, LSTM(3)(words(i)))
model.summary()`;
    const text = printed([
      ["input_1 (InputLayer)", "(None, 6)", 0],
      ["sequential_1 (Sequential)", "(None, None, 4)", 36],
      ["lstm_1 (LSTM)", "(None, 3)", 96],
    ]);
    expect(differencesOf(source, text)).toEqual([]);
  });

  it("of Keras 2.0 begins with Merge, and has what that joins in its total alone", () => {
    const source = `from keras.layers import *
from keras.models import Sequential
left, right = Sequential([Dense(n, input_dim=2)]), Sequential([Dense(4, input_dim=3)])
model = Sequential()
model.add(Merge([left, right], mode='concat'))
model.add(Dense(1))
model.summary()`;
    const text = (joined: number): string =>
      printed([
        ["merge_1 (Merge)", `(None, ${joined})`, 0],
        ["dense_3 (Dense)", "(None, 1)", joined + 1],
      ]).replace(/Total params: .*/, "Total params: 33");
    expect(differencesOf(`n = 3\n${source}`, text(7))).toEqual([]);
    expect(differencesOf(`n = 3\n${source}`, text(8))).toEqual([
      "merge_1: the printed shape is (None, 8), the code's is (None, 7).",
      "dense_3: the printed count is 9, the code's is 8.",
    ]);
  });

  it("that leaves other sizes open differs", () => {
    expect(differences("(6, 4)", rows)).toEqual([
      "reshape: the printed shape is (None, None, 4), the code's is (None, 6, 4).",
      "lstm: the printed shape is (None, None, 3), the code's is (None, 6, 3).",
      "dense_1: the printed shape is (None, None, 1), the code's is (None, 6, 1).",
    ]);
    const [first, ...others] = rows;
    expect(differences("(-1, 4)", [["dense (Dense)", "(None, None)", first[2]], ...others])).toEqual([
      "dense: the printed shape is (None, None), the code's is (None, 24).",
    ]);
  });

  it("with another size behind Reshape differs", () => {
    const other = rows.map(([name, shape, params]) => [name, shape.replace("None, None", "None, 5"), params] as const);
    expect(differences("(-1, 4)", other)).toHaveLength(3);
  });
});
