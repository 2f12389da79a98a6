import { expect, it } from "vitest";
import { columnsOf, readTable } from "./own-series.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

it("offers the columns of numbers and gives one, without missing cells", () => {
  const table = bytes(
    "date;price;town;volume\n2024-01-01;1,5;Ulm;10\n2024-01-02;;Ulm;20\n2024-01-03;2,5;Bonn;30\n2024-01-04;3;Ulm;40\n",
  );
  expect(readTable(table, "prices.csv")).toEqual({ name: "prices.csv", rows: 4, columns: ["price", "volume"] });
  const { columns, ...counts } = columnsOf(["price"]);
  expect(columns).toEqual([{ name: "price", values: Float64Array.of(1.5, 2.5, 3) }]);
  expect(counts).toEqual({ present: 3, missing: 1, missingRows: [2] });
});

it("gives several columns with the rows that all of them have", () => {
  readTable(bytes("a,b,c\n1,10,5\n2,,6\n,30,7\n4,40,8\n"), "two.csv");
  const { columns, ...counts } = columnsOf(["b", "a"]);
  expect(columns).toEqual([
    { name: "b", values: Float64Array.of(10, 40) },
    { name: "a", values: Float64Array.of(1, 4) },
  ]);
  expect(counts).toEqual({ present: 2, missing: 2, missingRows: [2, 3] });
});

it("names the first rows without a number, and counts them all", () => {
  readTable(bytes("t,n\n1,1\n2,\n3,3\n4,\n5,\n6,\n7,7\n8,8\n9,9\n"), "holes.csv");
  expect(columnsOf(["n"])).toMatchObject({ present: 5, missing: 4, missingRows: [2, 4, 5] });
});

it("gives the latest numbers of a long column", () => {
  readTable(bytes(`n\n${Array.from({ length: 30_000 }, (_, row) => row).join("\n")}\n`), "long.csv");
  const { columns, present } = columnsOf(["n"]);
  const { values } = columns[0]!;
  expect([values.length, values[0], values[values.length - 1], present]).toEqual([20_000, 10_000, 29_999, 30_000]);
});

it("says which columns there are where none holds numbers", () => {
  expect(() => readTable(bytes("town,street\nUlm,Hauptgasse\nBonn,Ring\n"), "towns.csv")).toThrow(
    "towns.csv: a series needs a column of numbers. Received: columns = town (category), street (category).",
  );
});

it("refuses a column that the table does not have", () => {
  readTable(bytes("a\n1\n2\n"), "a.csv");
  expect(() => columnsOf(["a", "b"])).toThrow("series: the column must be one of the table's.");
});
