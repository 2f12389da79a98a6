/** The tally of notebooks counts what it says: tables rebuilt from code, with help of the table, from the table alone, or not. */
import { expect, test } from "vitest";
import { compareNotebook } from "./notebook-tally.ts";

function notebook(source: string, rows: readonly string[], total: number): string {
  const table = [
    'Model: "m"',
    " Layer (type)       Output Shape       Param #",
    "=".repeat(50),
    ...rows,
    `Total params: ${total}`,
  ];
  return JSON.stringify({ cells: [{ cell_type: "code", source, outputs: [{ text: table.join("\n") }] }], nbformat: 4 });
}

const gru = " gru (GRU)          (None, 4)          132";
const statusOf = (source: string, rows: readonly string[], total: number): unknown =>
  compareNotebook("x.ipynb", notebook(source, rows, total)).tables.map(({ status }) => status);

test("a table that the code gives is exact, one that told a size is inferred", () => {
  expect(statusOf("m = Sequential([Input((30, 5)), GRU(4)])\nm.summary()", [gru], 132)).toEqual(["exact"]);
  expect(statusOf("m = Sequential([Input((30, 5)), GRU(units)])\nm.summary()", [gru], 132)).toEqual(["inferred"]);
});

test("a table without code is printed only, and one that the code contradicts differs", () => {
  expect(statusOf("from elsewhere import m\nm.summary()", [gru], 132)).toEqual(["printed"]);
  expect(statusOf("m = Sequential([Input((30, 5)), GRU(3)])\nm.summary()", [gru], 132)).toEqual(["differs"]);
  expect(
    statusOf("m = Sequential([Input((30, 5)), LSTM(4)])\nm.summary()", [gru.replace("132", "160")], 160),
  ).not.toEqual(["exact"]);
});

test("a file that is no notebook is unreadable, with the reason", () => {
  const [table] = compareNotebook("x.ipynb", "{}").tables;
  expect(table).toMatchObject({ status: "unreadable", reason: expect.stringContaining("must be a Jupyter notebook") });
});
