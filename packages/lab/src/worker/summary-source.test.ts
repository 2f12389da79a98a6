import { expect, it } from "vitest";
import { Session } from "./session.ts";
import { codeOfSummary } from "./summary-source.ts";
import { table } from "./testing.ts";

/** Rows as Keras prints them in the teaching notebooks. */
const tables = {
  stack: [
    ["gru (GRU)", "(None, 30, 4)", 132],
    ["gru_1 (GRU)", "(None, 30, 2)", 48],
    ["simple_rnn (SimpleRNN)", "(None, 25)", 700],
    ["dense (Dense)", "(None, 1)", 26],
  ],
  "textbook's GRU": [
    ["lstm (LSTM)", "(None, 30, 5)", 220],
    ["gru (GRU)", "(None, 4)", 120],
  ],
  both: [
    ["bidirectional (Bidirectional)", "(None, 21, 60)", 9600],
    ["bidirectional_1 (Bidirectional)", "(None, 20)", 5680],
    ["dense (Dense)", "(None, 1)", 21],
  ],
} as const;

it.each(Object.entries(tables))("counts what the printed table counts, row by row: %s", async (_, rows) => {
  const code = codeOfSummary(table(rows))!;
  const opened = await new Session().open({ source: code, seed: 7 });
  expect(opened.error).toBeUndefined();
  const layers = opened.model!.layers.filter(({ className }) => className !== "InputLayer");
  expect(layers.map(({ count }) => count.result)).toEqual(rows.map(([, , count]) => count));
  expect(layers.map(({ name, className }) => `${name} (${className})`)).toEqual(rows.map(([name]) => name));
});

it("works out what the first layer reads, and writes reset_after where only it gives the count", () => {
  expect(codeOfSummary(table(tables.stack))).toContain("model.add(Input((30, 5)))");
  expect(codeOfSummary(table(tables["textbook's GRU"]))).toContain('GRU(4, reset_after=False, name="gru")');
});

it("works out the kernel size behind an input that is printed", () => {
  const code = codeOfSummary(
    table([
      ["input_1 (InputLayer)", "(None, 21, 9)", 0],
      ["conv1d (Conv1D)", "(None, 20, 3)", 57],
      ["max_pooling1d (MaxPooling1D)", "(None, 10, 3)", 0],
      ["simple_rnn (SimpleRNN)", "(None, 30)", 1020],
    ]),
  );
  expect(code).toContain("Input((21, 9))");
  expect(code).toContain("Conv1D(3, 2, ");
  expect(code).toContain("MaxPooling1D(2, ");
});

it("names the row that no layer follows from", () => {
  expect(() => codeOfSummary(table([["mine (Mine)", "(None, 4)", 7]]))).toThrow("mine (Mine): the layer must follow");
  expect(() => codeOfSummary(table([["gru (GRU)", "(None, 4)", 121]]))).toThrow("parameters = 121");
});

it("leaves code alone", () => {
  expect(codeOfSummary("model = Sequential([LSTM(4)])")).toBeUndefined();
});
