/** Worked solutions in a real spreadsheet program: every formula calculated there, against the engine and the values beside it. */
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { defineCell, factory, input, layers, type Model, recurrentLayer, sequential } from "unroll";
import { beforeAll, describe, expect, it } from "vitest";
import { Random } from "../src/core/random.ts";
import { type Expr, one, select, unary } from "../src/equations/expr.ts";
import { solveModel } from "../src/explain/worked/solve.ts";
import type { ModelData } from "../src/model/data.ts";
import { type CalculatedSheet, calculateWorkbooks, hasSpreadsheetProgram } from "./spreadsheet-program.ts";
import { readWorkbook } from "./xlsx-reader.ts";

/** Every function that a formula may use. */
const everyFunction = factory(
  recurrentLayer(
    defineCell({
      kind: "EveryFunction",
      gates: ["a"],
      state: ["h"],
      equations({ x, state, gate }) {
        const a = gate.a(x, state.h);
        const positive = a.squared().plus(0.5);
        const terms: readonly Expr[] = [
          a.abs().log(),
          positive.sqrt(),
          positive.power(1.5),
          a.tanh().times(a.sigmoid()),
          a.erf().negated(),
          unary("sin", a).minus(unary("cos", a)),
          a.times(3).floor().plus(a.times(5).ceil()),
          a.sign().max(a.min(0.25)),
          a.negated().exp().over(a.exp().plus(1)),
          select(a.lessThan(0.1), a, a.times(2)),
          select(a.atMost(state.h), one, a.equals(a)),
        ];
        const sum = terms.reduce((total, term) => total.plus(term)).over(terms.length);
        return { a, sum, h: sum.tanh() };
      },
    }),
  ),
);

const sequence = () => input({ shape: [3, 2] });
const activations = ["relu", "elu", "selu", "softplus", "softsign", "gelu", "silu", "exponential", "softmax", "mish"];
const models: Readonly<Record<string, () => Model>> = {
  SimpleRNN: () => sequential({ layers: [sequence(), layers.simpleRNN({ units: 2 }), layers.dense({ units: 1 })] }),
  LSTM: () => sequential({ layers: [sequence(), layers.lstm({ units: 2 }), layers.dense({ units: 1 })] }),
  "LSTM of Keras 2.2": () =>
    sequential({
      layers: [sequence(), layers.lstm({ units: 2, activation: "relu", recurrentActivation: "hard_sigmoid" })],
    }),
  GRU: () => sequential({ layers: [sequence(), layers.gru({ units: 2 })] }),
  "GRU with reset before": () => sequential({ layers: [sequence(), layers.gru({ units: 2, resetAfter: false })] }),
  Bidirectional: () => sequential({ layers: [sequence(), layers.bidirectional({ layer: layers.lstm({ units: 2 }) })] }),
  "convolution, pooling and normalization": () =>
    sequential({
      layers: [
        sequence(),
        layers.conv1d({ filters: 2, kernelSize: 2, activation: "relu" }),
        layers.layerNormalization(),
        layers.globalMaxPooling1d(),
      ],
    }),
  "every function": () => sequential({ layers: [sequence(), everyFunction({ units: 2 })] }),
  "an embedding": () =>
    sequential({
      layers: [input({ shape: [3] }), layers.embedding({ inputDim: 5, outputDim: 2 }), layers.gru({ units: 2 })],
    }),
  ...Object.fromEntries(
    activations.map((activation) => [
      activation,
      () =>
        sequential({ layers: [sequence(), layers.simpleRNN({ units: 2 }), layers.dense({ units: 3, activation })] }),
    ]),
  ),
};

function drawn(build: () => Model): { net: Model; x: ModelData } {
  const net = build();
  const random = new Random(9);
  net.setWeights(net.getWeights().map(({ shape, data }) => ({ shape, data: data.map(() => random.normal() * 0.7) })));
  const [, timesteps, features] = net.inputs[0]!.shape as (number | null)[];
  const list = <T>(count: number | null | undefined, make: () => T): T[] => Array.from({ length: count ?? 0 }, make);
  const x =
    features === undefined
      ? [list(timesteps, () => random.below(5))]
      : [list(timesteps, () => list(features, () => random.normal()))];
  return { net, x };
}

/** The file with other numbers beside its formulas, which calculating must take the place of. */
function withWrongValues(bytes: Uint8Array): Uint8Array {
  const files = unzipSync(bytes);
  for (const [path, data] of Object.entries(files)) {
    if (!path.startsWith("xl/worksheets/sheet")) continue;
    files[path] = strToU8(strFromU8(data).replaceAll(/<\/f><v>[^<]*<\/v>/g, "</f><v>12345</v>"));
  }
  return zipSync(files);
}

/** "AB12" → row 11, column 27 */
function placeOf(cell: string): { row: number; column: number } {
  const [, letters, row] = /^([A-Z]+)(\d+)$/.exec(cell)!;
  const column = [...letters!].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
  return { row: Number(row) - 1, column };
}

const title = `worked solutions in LibreOffice${hasSpreadsheetProgram ? "" : " (skipped: no soffice on the path)"}`;

describe.skipIf(!hasSpreadsheetProgram)(title, () => {
  const written = Object.entries(models).map(([name, build]) => ({ name, ...drawn(build) }));
  let books: readonly { name: string; bytes: Uint8Array; sheets: ReadonlyMap<string, CalculatedSheet> }[];

  beforeAll(async () => {
    const files = await Promise.all(written.map(({ net, x }) => solveModel(net, x).toXlsx()));
    const calculated = calculateWorkbooks(files.map(withWrongValues));
    books = files.map((bytes, index) => ({ name: written[index]!.name, bytes, sheets: calculated[index]! }));
  }, 300_000);

  it.each(written)("$name: its formulas come to the engine's prediction", ({ name, net, x }) => {
    const [, ...results] = books.find((book) => book.name === name)!.sheets.get("prediction")!;
    const predicted = [...[net.predict(x)].flat()[0]!.data];
    expect(results.map(([, byHand]) => Number(byHand))).toEqual(predicted.map((value) => expect.closeTo(value, 5)));
  });

  it.each(written)("$name: every formula comes to the number that the file shows", ({ name }) => {
    const { bytes, sheets } = books.find((book) => book.name === name)!;
    const { formulas, shown } = readWorkbook(bytes);
    expect(formulas.size).toBeGreaterThan(10);
    for (const at of formulas.keys()) {
      const [sheet, cell] = at.split("!") as [string, string];
      const { row, column } = placeOf(cell);
      expect(Number(sheets.get(sheet)![row]![column]), `${at}: ${formulas.get(at)}`).toBeCloseTo(shown.get(at)!, 10);
    }
  });
});
