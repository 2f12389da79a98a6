/** Layers of which the code shows only a part: several outputs, functions from elsewhere, and what only the table can tell. */
import "../../model/summaries.ts";
import { describe, expect, it } from "vitest";
import { summaryJson } from "../../model/summary-table.ts";
import { modelFromConfig } from "../keras-model.ts";
import { readKerasCode } from "./read.ts";
import type { CodeModel, CodeReading } from "./reading.ts";

/** Name, class, shape and count of each row, as the summary has them. */
function rowsOf({ config }: CodeModel): unknown[] {
  const { layers } = summaryJson(modelFromConfig(config, { keepNames: true }).summaryTable("keras2"));
  return layers.map(({ name, type, outputShape, params }) => [name, type, outputShape, params]);
}

type Row = readonly [name: string, type: string, shape: string, params: number, connected?: string];

/** A cell of code with a Keras 2 table of these rows below. */
function read(source: string, rows: readonly Row[]): CodeReading {
  const total = rows.reduce((sum, row) => sum + row[3], 0);
  const table = [
    'Model: "model"',
    `${" Layer (type)".padEnd(32)}${"Output Shape".padEnd(34)}${"Param #".padEnd(12)}Connected to`,
    "=".repeat(100),
    ...rows.map(
      ([name, type, shape, params, connected = ""]) =>
        ` ${`${name} (${type})`.padEnd(31)}${shape.padEnd(34)}${String(params).padEnd(12)}${connected}`,
    ),
    "=".repeat(100),
    `Total params: ${total}`,
  ].join("\n");
  return readKerasCode(JSON.stringify({ cells: [{ cell_type: "code", source, outputs: [{ text: table }] }] }));
}

const imports = "from tensorflow.keras.layers import *\nfrom tensorflow.keras.models import *\n";

describe("what the code shows only in part", () => {
  it("has as many outputs as the code takes from it, with the shapes of its row", () => {
    const { models } = read(
      `${imports}i = Input((5, 3))
whole, last = Encoder(8)(i)
y = Dense(2)(last)
model = Model(i, Blend()([whole, y]))
model.summary()`,
      [
        ["input_1", "InputLayer", "[(None, 5, 3)]", 0],
        ["encoder", "Encoder", "[(None, 5, 8), (None, 8)]", 40, "input_1[0][0]"],
        ["dense", "Dense", "(None, 2)", 18, "encoder[0][1]"],
        ["blend", "Blend", "(None, 2)", 0, "encoder[0][0]"],
      ],
    );
    expect(rowsOf(models[0]!)).toEqual([
      ["input_1", "InputLayer", [null, 5, 3], 0],
      [
        "encoder",
        "Encoder",
        [
          [null, 5, 8],
          [null, 8],
        ],
        40,
      ],
      ["dense", "Dense", [null, 2], 18],
      ["blend", "Blend", [null, 2], 0],
    ]);
  });

  it("keeps an activation from elsewhere in its place, with the shape that goes in", () => {
    const { models } = readKerasCode(`${imports}from helpers import sharpen
def double(x):
    return x * 2
model = Sequential([Input((5, 3)), LSTM(4), Activation(sharpen, name="a"), Activation(double, name="b"), Dense(2)])`);
    expect(models[0]!.complete).toBe(true);
    expect(rowsOf(models[0]!).slice(1)).toEqual([
      ["a", "Activation", [null, 4], 0],
      ["b", "Activation", [null, 4], 0],
      ["dense", "Dense", [null, 2], 10],
    ]);
  });

  it("is read from its table where the code leaves a size open that the table does not name", () => {
    const source = `${imports}inner = Sequential([Embedding(words, size), GRU(6)], name="inner")
i = Input((4,))
model = Model(i, Dense(1)(inner(i)))
model.summary()`;
    const rows: Row[] = [
      ["input_1", "InputLayer", "[(None, 4)]", 0],
      ["inner", "Sequential", "(None, 6)", 500, "input_1[0][0]"],
      ["dense", "Dense", "(None, 1)", 7, "inner[0][0]"],
    ];
    const { models, problems } = read(source, rows);
    expect(models.map(({ printedOnly }) => printedOnly)).toEqual([true]);
    expect(rowsOf(models[0]!).map((row) => (row as unknown[])[3])).toEqual([0, 500, 7]);
    expect(problems.map(({ message }) => message)).toContain(
      "model: neither the code nor its table tells words, size; the model is read from the table alone",
    );
  });
});

describe("text that is vectorised", () => {
  it("keeps in Keras 2 the axes that stand before the text, and what split=None lets be", () => {
    const { models } = readKerasCode(
      `${imports}i = Input((1,), dtype="string")
words = TextVectorization(output_sequence_length=7)(i)
lines = RepeatVector(3)(i)
letters = TextVectorization(output_sequence_length=5, split=cut)(lines)
given = TextVectorization(split=None)(i)
model = Model(i, [words, letters, given])`,
      { kerasVersion: "2" },
    );
    expect(rowsOf(models[0]!).flatMap((row) => ((row as unknown[])[1] === "TextVectorization" ? [row] : []))).toEqual([
      ["text_vectorization", "TextVectorization", [null, 7], 0],
      ["text_vectorization_1", "TextVectorization", [null, 3, 5], 0],
      ["text_vectorization_2", "TextVectorization", [null, 1], 0],
    ]);
  });
});

describe("operations on tensors", () => {
  it("have the names and classes of TensorFlow 2's Keras, where that is what the code is for", () => {
    const { models } = readKerasCode(
      `import tensorflow as tf
${imports}i = Input((5, 3))
x = LSTM(4, return_sequences=True)(i)
y = x[:, -1] + tf.reduce_mean(x, axis=1)
y = tf.reshape(-y * 2, (-1, 2, 2))
y = tf.nn.relu(tf.matmul(y, y)) + y
model = Model(i, y)`,
      { kerasVersion: "2" },
    );
    expect(rowsOf(models[0]!).map((row) => (row as unknown[]).slice(0, 3))).toEqual([
      ["input_1", "InputLayer", [null, 5, 3]],
      ["lstm", "LSTM", [null, 5, 4]],
      ["tf.__operators__.getitem", "SlicingOpLambda", [null, 4]],
      ["tf.math.reduce_mean", "TFOpLambda", [null, 4]],
      ["tf.__operators__.add", "TFOpLambda", [null, 4]],
      ["tf.math.negative", "TFOpLambda", [null, 4]],
      ["tf.math.multiply", "TFOpLambda", [null, 4]],
      ["tf.reshape", "TFOpLambda", [null, 2, 2]],
      ["tf.linalg.matmul", "TFOpLambda", [null, 2, 2]],
      ["tf.nn.relu", "TFOpLambda", [null, 2, 2]],
      ["tf.__operators__.add_1", "TFOpLambda", [null, 2, 2]],
    ]);
  });
});
