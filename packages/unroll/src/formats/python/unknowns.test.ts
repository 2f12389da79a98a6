import { describe, expect, it } from "vitest";
import { bisect } from "./infer.ts";
import { readKerasCode } from "./read.ts";
import type { Json } from "./serialize.ts";

type Config = { [key: string]: Json };

function layersOf(config: Config): Config[] {
  return ((config.config as Config).layers as Config[]).map((layer) => layer.config as Config);
}

/** A Keras 2 table of these rows: name, class, shape, count. */
function printed(rows: readonly (readonly [string, string, string, number])[]): string {
  const total = rows.reduce((sum, row) => sum + row[3], 0);
  return [
    'Model: "sequential"',
    " Layer (type)                Output Shape              Param #   ",
    "=".repeat(65),
    ...rows.map(([name, type, shape, params]) => ` ${`${name} (${type})`.padEnd(27)} ${shape.padEnd(25)} ${params}`),
    `Total params: ${total}`,
    `Trainable params: ${total}`,
    "Non-trainable params: 0",
  ].join("\n");
}

function notebook(...cells: readonly (readonly [string, string?])[]): string {
  return JSON.stringify({
    cells: cells.map(([source, output]) => ({
      cell_type: "code",
      source,
      outputs: output === undefined ? [] : [{ text: output }],
    })),
  });
}

const text =
  "vocab_size = len(tokenizer.word_index) + 1\nmodel = Sequential([Input((20,)), Embedding(vocab_size, 8), LSTM(4), Dense(vocab_size)])\nmodel.summary()";

describe("what the code does not tell", () => {
  it("is named with its expression, its reason, its place and where it is used", () => {
    const { models, unknowns, problems } = readKerasCode(`tokenizer = load('t.pickle')\n${text}`);
    expect(problems).toEqual([]);
    expect(unknowns).toEqual([
      {
        name: "vocab_size",
        expression: "len(tokenizer.word_index) + 1",
        reason: "load is not defined in the code shown",
        cell: 1,
        line: 2,
        usedBy: [
          { layer: "embedding", argument: "input_dim" },
          { layer: "dense", argument: "units" },
        ],
      },
    ]);
    expect(models[0]!.complete).toBe(false);
    expect(layersOf(models[0]!.config)[1]).toEqual({ name: "embedding", trainable: true, output_dim: 8 });
  });

  it("can be set by the variable's name, by the expression, or by the name of something undefined", () => {
    const sizes = (code: string, set: Record<string, number | string>): unknown[] =>
      readKerasCode(code, { set }).models.flatMap(({ config }) =>
        layersOf(config).map((layer) => layer.units ?? layer.input_dim ?? layer.batch_shape),
      );
    expect(sizes(text, { vocab_size: 10_000 })).toEqual([[null, 20], 10_000, 4, 10_000]);
    expect(sizes(text, { "len(tokenizer.word_index)": 99 })).toEqual([[null, 20], 100, 4, 100]);
    expect(
      sizes("Sequential([Input((STEPS, X.shape[2])), LSTM(UNITS)])", { UNITS: 3, STEPS: 7, "X.shape[2]": 2 }),
    ).toEqual([[null, 7, 2], 3]);
  });

  it("is not changed by a setting where the code does know it; the setting is named", () => {
    const { models, problems } = readKerasCode("n = 5\nSequential([Input((n,)), Dense(hidden_units)])", {
      set: { m: 6, hidden_unit: 2 },
    });
    expect(layersOf(models[0]!.config)[0]!.batch_shape).toEqual([null, 5]);
    expect(problems.map(({ message }) => message)).toEqual([
      "nothing that the code leaves open is called m; this setting was not used",
      "nothing that the code leaves open is called hidden_unit; this setting was not used. Did you mean hidden_units?",
    ]);
  });

  it("is inferred from the table printed in the same notebook, and settles what follows from it", () => {
    const table = printed([
      ["embedding", "Embedding", "(None, 20, 8)", 4000],
      ["lstm", "LSTM", "(None, 4)", 208],
      ["dense", "Dense", "(None, 500)", 2500],
    ]);
    const { models, unknowns } = readKerasCode(
      notebook([`${text}`, table], ["Sequential([Input((len(tokenizer.word_index),)), Dense(1)])"]),
    );
    expect(unknowns.map(({ name, value, inferredFrom }) => [name, value, inferredFrom])).toEqual([
      ["vocab_size", 500, "embedding"],
      ["len(tokenizer.word_index)", 499, "embedding"],
    ]);
    expect(models.map(({ complete }) => complete)).toEqual([true, true]);
    expect(layersOf(models[1]!.config)[0]!.batch_shape).toEqual([null, 499]);
  });

  it.each<[string, string, readonly (readonly [string, string, string, number])[], Record<string, unknown>]>([
    [
      "features from the first count, length from a shape that shows it",
      "m = Sequential()\nm.add(LSTM(4, return_sequences=True, input_shape=(X.shape[1], X.shape[2])))\nm.add(Dense(1))\nm.summary()",
      [
        ["lstm", "LSTM", "(None, 30, 4)", 160],
        ["dense", "Dense", "(None, 30, 1)", 5],
      ],
      { "X.shape[1]": 30, "X.shape[2]": 5 },
    ],
    [
      "features but no length where no shape shows it",
      "m = Sequential()\nm.add(GRU(2, input_shape=(X.shape[1], X.shape[2])))\nm.add(Dense(k))\nm.summary()",
      [
        ["gru", "GRU", "(None, 2)", 42],
        ["dense", "Dense", "(None, 3)", 9],
      ],
      { "X.shape[1]": undefined, "X.shape[2]": 3, k: 3 },
    ],
    [
      "a whole shape that comes from data",
      "m = Sequential([SimpleRNN(5), Dense(2)])\nm.fit(X, y)\nm.summary()",
      [
        ["simple_rnn", "SimpleRNN", "(None, 5)", 45],
        ["dense", "Dense", "(None, 2)", 12],
      ],
      { "X.shape[1:]": [null, 3] },
    ],
    [
      "the input's own row",
      "i = Input(shape=X.shape[1:])\nm = Model(i, Dense(n)(LSTM(h)(i)))\nm.summary()",
      [
        ["input_1", "InputLayer", "[(None, 10, 3)]", 0],
        ["lstm", "LSTM", "(None, 5)", 180],
        ["dense", "Dense", "(None, 2)", 12],
      ],
      { "X.shape[1:]": [10, 3], h: 5, n: 2 },
    ],
    [
      "filters and kernel size of one layer together",
      "m = Sequential()\nm.add(Conv1D(f, k, input_shape=(21, 9)))\nm.add(MaxPooling1D(2))\nm.summary()",
      [
        ["conv1d", "Conv1D", "(None, 20, 3)", 57],
        ["max_pooling1d", "MaxPooling1D", "(None, 10, 3)", 0],
      ],
      { f: 3, k: 2 },
    ],
    [
      "units inside of Bidirectional",
      "m = Sequential()\nm.add(Bidirectional(LSTM(u), input_shape=(21, 9)))\nm.add(Dense(1))\nm.summary()",
      [
        ["bidirectional", "Bidirectional", "(None, 60)", 9600],
        ["dense", "Dense", "(None, 1)", 61],
      ],
      { u: 30 },
    ],
  ])("is solved: %s", (_, code, rows, expected) => {
    const { models, unknowns } = readKerasCode(notebook([code, printed(rows)]));
    expect(Object.fromEntries(unknowns.map(({ name, value }) => [name, value]))).toEqual(expected);
    expect(models[0]!.printedSummary!.rows).toHaveLength(rows.length);
  });

  it("stays unknown where a table contradicts every size", () => {
    const table = printed([["dense", "Dense", "(None, 2)", 7]]);
    const [unknown] = readKerasCode(
      notebook(["m = Sequential([Dense(2, input_shape=(n,))])\nm.summary()", table]),
    ).unknowns;
    expect(unknown).toMatchObject({ name: "n" });
    expect(unknown!.value).toBeUndefined();
  });

  it("a count that fits only one bias row makes GRU(2) reset before, where the code does not say", () => {
    const code = "m = Sequential()\nm.add(GRU(2, input_shape=(50, 3)))\nm.summary()";
    const read = (params: number) =>
      readKerasCode(notebook([code, printed([["gru", "GRU", "(None, 2)", params]])])).models[0]!;
    const reset = (params: number): unknown => layersOf(read(params).config)[1]!.reset_after;
    expect(reset(36)).toBe(false);
    expect(read(36).learned).toEqual([
      { layer: "gru", row: "gru", option: "reset_after", value: false, params: 36, otherwise: 42 },
    ]);
    expect(reset(42)).toBe(true);
    expect(read(42).learned).toEqual([]);
    expect(read(37).learned).toEqual([]);
  });

  it("the same of a GRU inside Bidirectional, told of the wrapper's row", () => {
    const code = "m = Sequential()\nm.add(Bidirectional(GRU(2), input_shape=(50, 3)))\nm.summary()";
    const row = ["bidirectional", "Bidirectional", "(None, 4)", 72] as const;
    expect(readKerasCode(notebook([code, printed([row])])).models[0]!.learned).toEqual([
      { layer: "bidirectional", row: "bidirectional", option: "reset_after", value: false, params: 72, otherwise: 84 },
    ]);
  });

  it("windows cut out of unknown data keep the length that the code gives them", () => {
    const code = [
      "data = pd.read_csv('x.csv').values",
      "X = []",
      "for i in range(60, len(data)):",
      "    X.append(data[i-60:i, 0])",
      "X = np.array(X)",
      "X = np.reshape(X, (X.shape[0], X.shape[1], 1))",
      "m = Sequential([LSTM(5, input_shape=(X.shape[1], X.shape[2]))])",
    ].join("\n");
    const { models, unknowns } = readKerasCode(code);
    expect(unknowns).toEqual([]);
    expect(layersOf(models[0]!.config)[0]!.batch_shape).toEqual([null, 60, 1]);
  });

  it("counts up in loops over unknown data: what they change is unknown, what they leave alone is not", () => {
    const code = [
      "longest, units, lines = 0, 4, 0",
      "for line in open('x'):",
      "    if len(line) > longest:",
      "        longest = len(line)",
      "    unused = 7",
      "    lines += 1",
      "m = Sequential([Input((longest,)), Dense(units), Dense(unused), Dense(lines)])",
    ].join("\n");
    const { models, unknowns } = readKerasCode(code);
    expect(unknowns.map(({ name }) => name)).toEqual(["longest", "lines"]);
    expect(layersOf(models[0]!.config).map((layer) => layer.units)).toEqual([undefined, 4, 7, undefined]);
  });
});

describe("bisect", () => {
  it("finds the only size that gives a number, and nothing where none or several do", () => {
    const count = (units: number): number => 4 * (units * (units + 3) + units);
    expect(bisect(count, count(30))).toBe(30);
    expect(bisect(count, count(30) + 1)).toBeUndefined();
    expect(bisect((n) => Math.floor(n / 2), 5)).toBeUndefined();
    expect(bisect((n) => (n < 4 ? undefined : n - 3), 9)).toBe(12);
    expect(bisect(() => undefined, 9)).toBeUndefined();
  });
});
