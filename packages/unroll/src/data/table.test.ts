import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type CategoryColumn,
  type Column,
  dropMissing,
  encodeCategories,
  fillMissing,
  formatCsv,
  parseCsv,
  selectColumns,
  Table,
  tableOf,
  tableToMatrix,
} from "./index.ts";

const table = parseCsv("date,a,b,kind\n2024-01-01,1,,x\n2024-01-02,,5,\n2024-01-03,,7,y\n2024-01-05,4,,x\n");

describe("a table", () => {
  test("finds columns by name, or suggests the nearest", () => {
    expect(table.names).toEqual(["date", "a", "b", "kind"]);
    expect([...table.numbers("a")]).toEqual([1, Number.NaN, Number.NaN, 4]);
    expect(() => table.column("kinds")).toThrow("table: has no column named kinds. Did you mean kind?");
    expect(() => table.column("volume")).toThrow(
      "table: has no column named volume. Its columns are date, a, b, kind.",
    );
    expect(() => table.numbers("kind")).toThrow(
      'column kind: must hold numbers or dates. Received: words, such as "x". Turn words into numbers with encodeCategories, or leave the column out with selectColumns.',
    );
  });

  test("keeps the chosen columns, in the chosen order, with their issues", () => {
    const chosen = selectColumns(table, ["b", "a"]);
    expect(chosen.names).toEqual(["b", "a"]);
    expect(chosen.issues.map(({ row, column }) => [row, column])).toEqual([
      [2, "b"],
      [3, "a"],
      [4, "a"],
      [5, "b"],
    ]);
  });

  test("becomes a matrix of its number columns, or of those named", () => {
    expect(tableToMatrix(table)).toEqual({
      shape: [4, 2],
      data: Float64Array.of(1, Number.NaN, Number.NaN, 5, Number.NaN, 7, 4, Number.NaN),
    });
    expect(tableToMatrix(table, ["date"]).data[0]).toBe(Date.UTC(2024, 0, 1));
    expect(() => tableToMatrix(selectColumns(table, ["kind"]))).toThrow(/at least one column of numbers/);
  });

  test("refuses columns of different length and repeated names", () => {
    const column = (name: string, length: number): Column => ({
      name,
      type: "number",
      values: new Float64Array(length),
    });
    expect(() => new Table([column("a", 2), column("b", 3)])).toThrow(
      "column b: every column must have 2 rows, as a has. Received: 3 rows.",
    );
    expect(() => new Table([column("a", 2), column("a", 2)])).toThrow(/two columns named a/);
  });

  test("numbers the words of a column, alike for later rows", () => {
    const kind = table.column("kind") as CategoryColumn;
    const { codes, categories } = encodeCategories(kind);
    expect([[...codes], categories]).toEqual([
      [0, -1, 1, 0],
      ["x", "y"],
    ]);
    const later = tableOf({ kind: ["y", "new"] }).column("kind") as CategoryColumn;
    expect([...encodeCategories(later, categories).codes]).toEqual([1, -1]);
  });
});

describe("formatCsv", () => {
  const word = fc.constantFrom(
    "plain",
    "two words",
    'q"uote',
    "a,b",
    "line\nbreak",
    "ä€💧",
    "semi;colon",
    "\r",
    "x\ny\n\nz",
  );
  const rows = fc.array(
    fc.tuple(
      fc.option(fc.double({ noDefaultInfinity: true, noNaN: true })),
      fc.option(word),
      fc.integer({ min: 0, max: 1e12 }),
    ),
    { minLength: 1, maxLength: 20 },
  );

  test("writes what parseCsv reads back", () => {
    fc.assert(
      fc.property(rows, fc.constantFrom(",", ";", "\t", "|"), (list, delimiter) => {
        const source = new Table([
          { name: "number", type: "number", values: Float64Array.from(list, ([n]) => n ?? Number.NaN) },
          { name: 'kind, "of"', type: "category", values: list.map(([, w]) => w?.trim() || null) },
          { name: "when", type: "date", values: Float64Array.from(list, ([, , t]) => t) },
        ]);
        const back = parseCsv(formatCsv(source, delimiter), {
          delimiter,
          header: true,
          types: { number: "number", 'kind, "of"': "category", when: "date" },
          missing: [],
        });
        // -0 is written as 0.
        const plain = (t: Table) => t.columns.map(({ values }) => [...values].map((v) => (v === 0 ? 0 : v)));
        expect(plain(back)).toEqual(plain(source));
      }),
    );
  });

  test("keeps missing cells of a single column apart from blank lines", () => {
    const source = tableOf({ x: [1, Number.NaN, 3] });
    expect(formatCsv(source)).toBe('x\n1\n""\n3\n');
    expect([...parseCsv(formatCsv(source)).numbers("x")]).toEqual([1, Number.NaN, 3]);
  });
});

describe("missing cells", () => {
  test("are dropped with their rows, which are named", () => {
    const { table: left, dropped } = dropMissing(table, { columns: ["a"] });
    expect([...left.lines]).toEqual([2, 5]);
    expect(left.column("kind").values).toEqual(["x", "x"]);
    expect(dropped).toEqual([
      { row: 3, columns: ["a"] },
      { row: 4, columns: ["a"] },
    ]);
    expect(dropMissing(table).table.rows).toBe(0);
  });

  test("are filled forward, except at the beginning", () => {
    const { table: full, filled, left } = fillMissing(table, { method: "forward", columns: ["a", "b", "kind"] });
    expect([...full.numbers("a")]).toEqual([1, 1, 1, 4]);
    expect([...full.numbers("b")]).toEqual([Number.NaN, 5, 7, 7]);
    expect(full.column("kind").values).toEqual(["x", "x", "y", "x"]);
    expect(left).toBe(1);
    expect(filled).toEqual([
      { row: 3, column: "a", value: 1 },
      { row: 3, column: "kind", value: "x" },
      { row: 4, column: "a", value: 1 },
      { row: 5, column: "b", value: 7 },
    ]);
    expect([...table.numbers("a")]).toEqual([1, Number.NaN, Number.NaN, 4]);
  });

  test("are filled along a line between their neighbours, never beyond them", () => {
    const { table: full, left } = fillMissing(table, { method: "linear", columns: ["a", "b"] });
    expect([...full.numbers("a")]).toEqual([1, 2, 3, 4]);
    expect([...full.numbers("b")]).toEqual([Number.NaN, 5, 7, Number.NaN]);
    expect(left).toBe(2);
  });

  test("are filled with the mean, of the training part where it is given", () => {
    const fill = (meansFrom?: Table) =>
      fillMissing(table, { method: "mean", columns: ["a", "b"], meansFrom }).table.numbers("b");
    expect([...fill()]).toEqual([6, 5, 7, 6]);
    expect([...fill(table.slice(0, 2))]).toEqual([5, 5, 7, 5]);
  });

  test("of words have no mean", () => {
    expect(() => fillMissing(table, { method: "mean" })).toThrow(
      "column kind: must hold numbers to be filled by mean. Received: words. Use forward, or leave the column out with columns.",
    );
    expect(() => fillMissing(table, { method: "median" as "mean" })).toThrow(
      /method must be one of forward, linear, mean/,
    );
  });
});
