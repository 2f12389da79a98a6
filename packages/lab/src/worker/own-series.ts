/** The user's own table of numbers, read by the library here in the worker; the page gets the columns that it asks for. */
import { parseCsv } from "unroll/data/csv.ts";
import type { NumberColumn, Table } from "unroll/data/table.ts";
import { UnrollError } from "./library.ts";
import type { ColumnsView, TableView } from "./protocol.ts";

/** Numbers of a column; of a longer one the latest. */
const mostNumbers = 20_000;
/** Rows without a number that are told one by one. */
const mostRows = 3;

let table: Table | undefined;

const numeric = ({ columns }: Table): NumberColumn[] => columns.filter((column) => column.type === "number");

/** @throws UnrollError `data` for what is no CSV, or has no column of numbers. */
export function readTable(bytes: Uint8Array, name: string): TableView {
  const read = parseCsv(bytes, { name });
  const columns = numeric(read).map(({ name: own }) => own);
  if (columns.length === 0) {
    throw new UnrollError({
      code: "data",
      path: name,
      expected: "a series needs a column of numbers",
      received: `columns = ${read.columns.map(({ name: own, type }) => `${own} (${type})`).join(", ")}`,
    });
  }
  table = read;
  return { name, rows: read.rows, columns };
}

/** These columns' numbers in the order of the rows, without rows in which one of them has none. */
export function columnsOf(names: readonly string[]): ColumnsView {
  const all = table === undefined ? [] : numeric(table);
  const chosen = names.map((name) => {
    const column = all.find((one) => one.name === name);
    if (column !== undefined) return column;
    throw new UnrollError({ code: "unknown-name", path: "series", expected: "the column must be one of the table's" });
  });
  const rows: number[] = [];
  const missingRows: number[] = [];
  const count = chosen[0]?.values.length ?? 0;
  for (let row = 0; row < count; row++) {
    if (chosen.every(({ values }) => Number.isFinite(values[row]))) rows.push(row);
    else if (missingRows.length < mostRows) missingRows.push(row + 1);
  }
  const latest = rows.slice(-mostNumbers);
  return {
    columns: chosen.map(({ name, values }) => ({ name, values: Float64Array.from(latest, (row) => values[row]!) })),
    present: rows.length,
    missing: count - rows.length,
    missingRows,
  };
}
