/** Where code leaves something open or is shown only in part, the table printed below it says the rest. */
import "../../model/summaries.ts";
import { describe, expect, it } from "vitest";
import { summaryJson } from "../../model/summary-table.ts";
import { modelFromConfig } from "../keras-model.ts";
import { readKerasCode } from "./read.ts";
import type { CodeModel, CodeReading } from "./reading.ts";

type Row = readonly [name: string, type: string, shape: string, params: number, connected?: string];

/** A Keras 2 table of these rows. */
function printed(rows: readonly Row[]): string {
  const total = rows.reduce((sum, row) => sum + row[3], 0);
  const columns = ([name, type, shape, params, connected = ""]: Row): string =>
    `${`${name} (${type})`.padEnd(31)} ${shape.padEnd(20)} ${String(params).padEnd(11)} ${connected}`;
  return [
    'Model: "model"',
    "_".repeat(90),
    "Layer (type)                    Output Shape         Param #     Connected to",
    "=".repeat(90),
    ...rows.map(columns),
    "=".repeat(90),
    `Total params: ${total}`,
    `Trainable params: ${total}`,
    "Non-trainable params: 0",
  ].join("\n");
}

function read(source: string, table?: readonly Row[]): CodeReading {
  const outputs = table === undefined ? [] : [{ text: printed(table) }];
  return readKerasCode(JSON.stringify({ cells: [{ cell_type: "code", source, outputs }] }));
}

function rowsOf({ config }: CodeModel): unknown[] {
  const { layers } = summaryJson(modelFromConfig(config, { keepNames: true }).summaryTable("keras2"));
  return layers.map(({ name, type, outputShape, params }) => [name, type, outputShape, params]);
}

const imports = "from tensorflow.keras.layers import *\nfrom tensorflow.keras.models import *\n";

describe("a size that the code leaves open", () => {
  it("stays open where a dict is made from one that data fills", () => {
    const { unknowns } = read(`${imports}n = dict(zip(words, range(len(words))))
n = dict(**n, **more)
n = {**n, "<other>": len(n)}
n.update(**rare)
n["<pad>"] = len(n)
m = Sequential([Input((5,)), Embedding(len(n), 4)])`);
    expect(unknowns.map(({ expression }) => expression)).toEqual(["len(n)"]);
  });

  it("is one size however often an array is asked for it", () => {
    const code = `${imports}x = np.asarray([f(one) for one in data])
m = Sequential([Input((x.shape[1], x.shape[2])), Reshape((x.shape[2], x.shape[1])), GRU(x.shape[2])])
m.summary()`;
    const { models } = read(code, [
      ["reshape", "Reshape", "(None, 3, 8)", 0],
      ["gru", "GRU", "(None, 3)", 117],
    ]);
    expect(rowsOf(models[0]!)).toEqual([
      ["reshape", "Reshape", [null, 3, 8], 0],
      ["gru", "GRU", [null, 3], 117],
    ]);
  });

  it("is told by its row although the activation beside it is not known", () => {
    const code = `${imports}m = Sequential([Input((4,)), Dense(params.units, activation=params.activation)])\nm.summary()`;
    const { models } = read(code, [["dense", "Dense", "(None, 7)", 35]]);
    expect(rowsOf(models[0]!)).toEqual([["dense", "Dense", [null, 7], 35]]);
    expect(models[0]!.unknowns.map(({ name, value }) => [name, value])).toEqual([
      ["params.units", 7],
      ["params.activation", undefined],
    ]);
  });

  it("may be another in each table, where its variable has changed between two runs of the cells", () => {
    const made = `m = Sequential([Input((6,)), Embedding(words, 4), Dense(words)])\nm.summary()`;
    const rows = (words: number, number: string): string =>
      printed([
        [`embedding${number}`, "Embedding", "(None, 6, 4)", 4 * words],
        [`dense${number}`, "Dense", `(None, 6, ${words})`, 5 * words],
      ]);
    const cells = [
      { cell_type: "code", source: `${imports}words = len(load())\n${made}`, outputs: [{ text: rows(50, "") }] },
      { cell_type: "code", source: made, outputs: [{ text: rows(70, "_1") }] },
    ];
    const { models, unknowns: all } = readKerasCode(JSON.stringify({ cells }));
    expect(models.map((model) => rowsOf(model).map((row) => (row as unknown[])[3]))).toEqual([
      [200, 250],
      [280, 350],
    ]);
    expect(models.map(({ unknowns }) => unknowns.map(({ value }) => value))).toEqual([[50], [70]]);
    expect(all.map(({ name, value }) => [name, value])).toEqual([
      ["words", 50],
      ["words", 70],
    ]);
    const set = readKerasCode(JSON.stringify({ cells }), { set: { words: 9 } }).models;
    expect(set.map((model) => (rowsOf(model)[0] as unknown[])[3])).toEqual([36, 36]);
  });

  it("is told of a class that is not built here under its shorter name too", () => {
    const code = `${imports}m = Sequential([Conv3D(2, 3, input_shape=(6, 8, 8, 1)), MaxPool3D((1, 2, 2))])\nm.summary()`;
    const { models } = read(code, [
      ["conv3d", "Conv3D", "(None, 4, 6, 6, 2)", 56],
      ["max_pooling3d", "MaxPooling3D", "(None, 4, 3, 3, 2)", 0],
    ]);
    expect(rowsOf(models[0]!)[1]).toEqual(["max_pooling3d", "MaxPooling3D", [null, 4, 3, 3, 2], 0]);
  });
});

it("Keras 2 takes the batch of an Embedding from batch_size", () => {
  const code = `${imports}m = Sequential([Embedding(9, 4, batch_size=16), LSTM(3, stateful=True)])\nm.summary()`;
  const { models } = read(code, [
    ["embedding", "Embedding", "(16, None, 4)", 36],
    ["lstm", "LSTM", "(16, 3)", 96],
  ]);
  expect(models[0]!.printedOnly).toBeUndefined();
  expect(rowsOf(models[0]!)).toEqual([
    ["embedding", "Embedding", [16, null, 4], 36],
    ["lstm", "LSTM", [16, 3], 96],
  ]);
});

describe("a model of which the code shows only a part is that of its table", () => {
  const table: readonly Row[] = [
    ["embedding_1", "Embedding", "(None, None, 8)", 80],
    ["lstm_1", "LSTM", "(None, 4)", 208],
  ];

  it("where an exercise leaves its layers out", () => {
    const { models } = read(`${imports}m = Sequential()\n# add the layers here\nm.summary()`, table);
    expect(models.map(({ printedOnly }) => printedOnly)).toEqual([true]);
    expect(rowsOf(models[0]!).map((row) => (row as unknown[])[3])).toEqual([80, 208]);
  });

  it("where a loop over data makes its layers, with its connections", () => {
    const code = `${imports}inputs, codes = [], []
for column in frame.columns:
    i = Input((1,))
    inputs.append(i)
    codes.append(Flatten()(Embedding(frame[column].nunique(), 2)(i)))
m = Model(inputs, Dense(1)(Concatenate()(codes)))
m.summary()`;
    const rows: readonly Row[] = [
      ["input_1", "InputLayer", "[(None, 1)]", 0],
      ["input_2", "InputLayer", "[(None, 1)]", 0],
      ["embedding", "Embedding", "(None, 1, 2)", 10, "input_1[0][0]"],
      ["embedding_1", "Embedding", "(None, 1, 2)", 14, "input_2[0][0]"],
      ["flatten", "Flatten", "(None, 2)", 0, "embedding[0][0]"],
      ["flatten_1", "Flatten", "(None, 2)", 0, "embedding_1[0][0]"],
      ["concatenate", "Concatenate", "(None, 4)", 0, "['flatten[0][0]', 'flatten_1[0][0]']"],
      ["dense", "Dense", "(None, 1)", 5, "concatenate[0][0]"],
    ];
    const [model] = read(code, rows).models;
    expect(model!.printedOnly).toBe(true);
    const { rows: made } = modelFromConfig(model!.config, { keepNames: true }).summaryTable("keras2");
    expect(made.map(({ name, params }) => [name, params])).toEqual(rows.map((row) => [row[0], row[3]]));
    expect(made[6]!.connectedTo.map(({ layer }) => layer)).toEqual(["flatten", "flatten_1"]);
  });

  it("with connections whose names are cut off, where one layer alone begins so", () => {
    const rows: readonly Row[] = [
      ["prices", "InputLayer", "[(None, 3)]", 0],
      ["volumes", "InputLayer", "[(None, 3)]", 0],
      ["dense", "Dense", "(None, 2)", 8, "prices[0]…"],
      ["dense_of_volumes", "Dense", "(None, 2)", 8, "vol…"],
      ["concatenate", "Concatenate", "(None, 4)", 0, "dense[0][0], dense_of_v…"],
      ["dense_2", "Dense", "(None, 1)", 5, "conc…"],
    ];
    const [model] = read(`${imports}m = load_model("both.h5")\nm.summary()`, rows).models;
    const { rows: made } = modelFromConfig(model!.config, { keepNames: true }).summaryTable("keras2");
    expect(made.map(({ connectedTo }) => connectedTo.map(({ layer }) => layer))).toEqual([
      [],
      [],
      ["prices"],
      ["volumes"],
      ["dense", "dense_of_volumes"],
      ["concatenate"],
    ]);
  });

  it("where long names are cut off alike, each row with a name of its own", () => {
    const cut = "time_distributed_of_a_long_n";
    const rows: readonly Row[] = [
      ["input_1", "InputLayer", "[(None, 5, 3)]", 0],
      [cut, "TimeDistributed", "(None, 5, 4)", 16, "input_1[0][0]"],
      [cut, "TimeDistributed", "(None, 5, 2)", 10, `${cut}[0][0]`],
      ["add_1", "Add", "(None, 5, 2)", 0, `['${cut}[0][0]', '${cut}[0][0]']`],
    ];
    const [model] = read(`${imports}m = load_model("long.h5")\nm.summary()`, rows).models;
    const { rows: made } = modelFromConfig(model!.config, { keepNames: true }).summaryTable("keras2");
    expect(made.map(({ name, params }) => [name, params])).toEqual([
      ["input_1", 0],
      [cut, 16],
      [`${cut}_1`, 10],
      ["add_1", 0],
    ]);
    expect(made[2]!.connectedTo.map(({ layer }) => layer)).toEqual([cut]);
    const stack = read(`${imports}m = load_model("long.h5")\nm.summary()`, [
      [cut, "LSTM", "(None, 5, 4)", 128],
      [cut, "LSTM", "(None, 4)", 144],
    ]).models;
    expect(modelFromConfig(stack[0]!.config).countParams()).toBe(272);
  });

  it("where a layer is called on data beside tensors", () => {
    const code = `${imports}i = Input((4, 3))
y, h, c = LSTM(2, return_state=True)(i)
z = LSTM(2)(np.zeros((10, 1, 3)), initial_state=[h, c])
m = Model(i, Dense(1)(z))
m.summary()`;
    const rows: readonly Row[] = [
      ["input_1", "InputLayer", "[(None, 4, 3)]", 0],
      ["lstm", "LSTM", "[(None, 2), (None, 2), (None, 2)]", 48],
      ["lstm_1", "LSTM", "(10, 2)", 48, "lstm[0][1]"],
      ["reshaped", "TFOpLambda", "(10, 2)", 0, "lstm_1[0][0]"],
      ["dense", "Dense", "(10, 1)", 3, "reshaped[0][0]"],
    ];
    const [model] = read(code, rows).models;
    expect(model!.printedOnly).toBe(true);
    expect(modelFromConfig(model!.config).countParams()).toBe(99);
  });

  it("but not where all of the code is known: then the table may be older than the code", () => {
    const { models } = read(`${imports}m = Sequential([Embedding(10, 8)])\nm.summary()`, table);
    expect(models.map(({ printedOnly }) => printedOnly)).toEqual([undefined]);
  });
});
