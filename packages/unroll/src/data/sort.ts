/**
 * Rows of a table in the order of one of its columns, for series whose file has the newest row first or no order at all.
 */
import { UnrollError } from "../core/index.ts";
import { type Column, Table } from "./table.ts";

/**
 * The rows by the growing values of a column of numbers or dates; rows with equal values keep their order. Lines and issues
 * stay with their rows. Gives the same table where it is in order already.
 *
 * @throws UnrollError `unknown-name`; `data` for a column of words, or where a value is missing
 * @example sortRows(tableOf({ day: [2, 1], price: [20, 10] }), "day").numbers("price") // Float64Array [10, 20]
 */
export function sortRows(table: Table, name: string): Table {
  const values = table.numbers(name);
  const missing = values.findIndex((value) => Number.isNaN(value));
  if (missing !== -1) {
    throw new UnrollError({
      code: "data",
      path: `column ${name}`,
      expected: "must have a value in every row, to sort by it",
      received: `none in line ${table.lines[missing]}`,
      hint: "Take those rows out with dropMissing first.",
    });
  }
  if (values.every((value, row) => row === 0 || value >= values[row - 1]!)) return table;
  const order = Uint32Array.from(values.keys()).sort((a, b) => values[a]! - values[b]! || a - b);
  return takeRows(table, order);
}

/**
 * The rows of these indices (from 0), in this order; each keeps its line.
 *
 * @example takeRows(tableOf({ day: [1, 2, 3] }), Uint32Array.of(2, 0)).numbers("day") // Float64Array [3, 1]
 */
export function takeRows(table: Table, rows: Uint32Array): Table {
  const columns = table.columns.map(
    (column): Column =>
      column.type === "category"
        ? { ...column, values: Array.from(rows, (row) => column.values[row]!) }
        : { ...column, values: Float64Array.from(rows, (row) => column.values[row]!) },
  );
  const lines = rows.map((row) => table.lines[row]!);
  if (rows.length === table.rows) {
    const { issues, issueCount, notes } = table;
    return new Table(columns, { lines, issues, issueCount, notes });
  }
  const kept = new Set(lines);
  return new Table(columns, { lines, issues: table.issues.filter(({ row }) => kept.has(row)), notes: table.notes });
}
