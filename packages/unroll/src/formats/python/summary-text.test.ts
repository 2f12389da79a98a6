import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { parseShape, parseSummaries } from "./summary-text.ts";

interface Row {
  readonly name: string;
  readonly className: string;
  readonly outputShapes?: readonly (readonly (number | null)[])[];
  readonly params?: number;
  readonly nested: readonly Row[];
}

interface Case {
  readonly id: string;
  readonly table: {
    readonly name: string;
    readonly rows: readonly Row[];
    readonly trainableParams: number;
    readonly nonTrainableParams: number;
  };
  readonly options: {
    readonly style?: string;
    readonly expandNested?: boolean;
    readonly width?: number;
    readonly terminal?: number;
    readonly layerRange?: readonly string[];
  };
  readonly text: string;
}

// Texts that Keras 2 and 3 printed, with what they show.
const fixture = new URL("../../../../../fixtures/keras/summary-texts.json.gz", import.meta.url);
const { cases: printed } = JSON.parse(gunzipSync(readFileSync(fixture)).toString()) as { cases: readonly Case[] };
/** Without those that leave rows out, or cut names and counts off in a terminal narrower than anyone's. */
const cases = printed.filter(({ options }) => options.layerRange === undefined && (options.terminal ?? 80) >= 60);

/** A printed name may be shortened; what is there must be the beginning of the real one. */
function begins(printed: string, whole: string): boolean {
  return printed === whole || whole.startsWith(printed.replace(/…$/, ""));
}

function countRows(rows: readonly Row[]): number {
  return rows.reduce((sum, row) => sum + 1 + countRows(row.nested), 0);
}

describe("printed summaries", () => {
  it.each(cases.map((one) => [`${one.id} ${JSON.stringify(one.options)}`, one] as const))(
    "are read back as the table they were printed from: %s",
    (_, { table, options, text }) => {
      const [summary, ...more] = parseSummaries(text);
      expect(more).toEqual([]);
      expect(summary!.style).toBe(options.style ?? "keras3");
      const rows = summary!.rows.filter((row) => row.depth === 0);
      expect(rows.map((row, i) => begins(row.name, table.rows[i]?.name ?? "-"))).toEqual(table.rows.map(() => true));
      expect(rows.map((row, i) => begins(row.type, table.rows[i]!.className))).toEqual(table.rows.map(() => true));
      expect(summary!.rows.length).toBe(options.expandNested === true ? countRows(table.rows) : table.rows.length);
      // A column too narrow for a number, or cut off by the terminal, does not tell it.
      for (const [i, row] of rows.entries())
        if (row.params !== null) expect(row.params).toBe(table.rows[i]!.params ?? 0);
      const narrow = (options.width ?? 76) < 50 || options.terminal === 84;
      if (!narrow) expect(rows.map((row) => row.params)).not.toContain(null);
      expect(summary!.trainable).toBe(table.trainableParams);
      expect(summary!.nonTrainable).toBe(table.nonTrainableParams);
      for (const [i, row] of rows.entries()) {
        const shapes = table.rows[i]!.outputShapes;
        if (shapes === undefined || row.shapeCut) continue;
        expect(row.outputShape).toEqual(shapes.length === 1 ? shapes[0] : shapes);
      }
    },
  );

  it("are read without their rules, indented, and joined to other output", () => {
    const text = [
      "Epoch 1/2 done",
      '    Model: "sequential_31"',
      "    _________________________________________________________________",
      "     Layer (type)                Output Shape              Param #   ",
      "     conv1d_31 (Conv1D)          (None, 20, 3)             57        ",
      "                                                                     ",
      "     max_pooling1d_31 (MaxPoolin  (None, 10, 3)            0         ",
      "     g1D)                                                            ",
      "                                                                     ",
      "     simple_rnn_15 (SimpleRNN)   (None, 30)                1020      ",
      "    Total params: 1,077",
      "    Trainable params: 1,077",
      "    Non-trainable params: 0",
      "    more text (of the notebook) 12",
    ].join("\n");
    const [summary] = parseSummaries(text);
    expect(summary).toMatchObject({
      modelName: "sequential_31",
      total: 1077,
      trainable: 1077,
      nonTrainable: 0,
      cut: false,
    });
    expect(summary!.rows.map(({ name, type, outputShape, params }) => [name, type, outputShape, params])).toEqual([
      ["conv1d_31", "Conv1D", [null, 20, 3], 57],
      ["max_pooling1d_31", "MaxPooling1D", [null, 10, 3], 0],
      ["simple_rnn_15", "SimpleRNN", [null, 30], 1020],
    ]);
  });

  it("leave the optimizer's numbers of a trained model out of the total", () => {
    const text = [
      "┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃",
      "│ dense (Dense)                   │ (None, 4)              │            76 │",
      "└─────────────────────────────────┴────────────────────────┴───────────────┘",
      " Total params: 230 (920.00 B)",
      " Trainable params: 76 (304.00 B)",
      " Non-trainable params: 0 (0.00 B)",
      " Optimizer params: 154 (616.00 B)",
    ].join("\n");
    expect(parseSummaries(text)[0]).toMatchObject({ total: 76, trainable: 76, nonTrainable: 0, cut: false });
    const twice = `${text}\n Optimizer params: 154 (616.00 B)`;
    expect(parseSummaries(twice)[0]).toMatchObject({ total: 76 });
  });

  it("keep the rows of a table that was cut off, the last one without its count", () => {
    const text = [
      "Layer (type)                Output Shape              Param #   ",
      "lstm_47 (LSTM)              (None, 10, 50)            18200     ",
      "lstm_48 (LSTM)              (None, 60)             ",
      "",
      "# The next heading of the notebook",
    ].join("\n");
    const [summary] = parseSummaries(text);
    expect(summary).toMatchObject({ cut: true, total: undefined });
    expect(summary!.rows.map(({ name, params }) => [name, params])).toEqual([
      ["lstm_47", 18200],
      ["lstm_48", null],
    ]);
  });

  it("complete the class name that Keras 2.6 and older cut, where the row's name tells it", () => {
    const text = [
      "Layer (type)                 Output Shape              Param #   ",
      "=================================================================",
      "spatial_dropout1d_1 (Spatial (None, 200, 64)           0         ",
      "_________________________________________________________________",
      "mine (Spatial                (None, 200, 64)           0         ",
    ].join("\n");
    const types = parseSummaries(text)[0]!.rows.map(({ type, typeCut }) => [type, typeCut]);
    expect(types).toEqual([
      ["SpatialDropout1D", false],
      ["Spatial", true],
    ]);
  });

  it("say unbuilt, multiple and several shapes", () => {
    const text = [
      "┃ Layer (type)        ┃ Output Shape      ┃    Param # ┃",
      "│ lstm (LSTM)         │ ?                 │ 0 (unbuilt) │",
      "│ encoder (LSTM)      │ [(None, 4),       │        112 │",
      "│                     │ (None, 4), (None, │            │",
      "│                     │ 4)]               │            │",
      "│ inner (Dense)       │ multiple          │      1,020 │",
    ].join("\n");
    const rows = parseSummaries(text)[0]!.rows.map(({ outputShape, params, built }) => [outputShape, params, built]);
    const four = [null, 4];
    expect(rows).toEqual([
      [null, 0, false],
      [[four, four, four], 112, true],
      [null, 1020, true],
    ]);
  });

  it("take the shape of a list of one for that shape", () => {
    expect(parseShape("[(None, 10, 3)]")).toEqual([null, 10, 3]);
    expect(parseShape("(None, 1)")).toEqual([null, 1]);
    expect(parseShape("?")).toBeNull();
  });

  it("take time in proportion to the text, whatever it is made of", () => {
    const header = "Layer (type)   Output Shape  Param #\n";
    const hostile = [
      `${header} x (LSTM) (None${", (".repeat(100_000)}`,
      `${header}${" ".repeat(1_000_000)}x`,
      header.repeat(20_000),
      `${header} x (LS   (None, 1)  3\n${"  y\n".repeat(100_000)}`,
      `┃ Layer (type) ┃\n${"│ a │\n".repeat(50_000)}`,
    ];
    const start = performance.now();
    for (const text of hostile) parseSummaries(text);
    expect(performance.now() - start).toBeLessThan(5_000);
  });
});
