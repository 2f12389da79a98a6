/** The user's own table of numbers, read by the library here in the worker; the page gets one column of it at a time. */
import { parseCsv } from "unroll/data/csv.ts";
import type { NumberColumn, Table } from "unroll/data/table.ts";
import { UnrollError } from "./library.ts";
import type { ColumnView, TableView } from "./protocol.ts";

/** Numbers of a series; of a longer one the latest. */
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

/** The column's numbers in the order of the rows, without missing ones. */
export function columnOf(name: string): ColumnView {
  const column = table === undefined ? undefined : numeric(table).find((one) => one.name === name);
  if (column === undefined) {
    throw new UnrollError({ code: "unknown-name", path: "series", expected: "the column must be one of the table's" });
  }
  const present = column.values.filter(Number.isFinite);
  const missingRows: number[] = [];
  for (const [row, value] of column.values.entries()) {
    if (!Number.isFinite(value) && missingRows.push(row + 1) === mostRows) break;
  }
  return {
    values: present.slice(-mostNumbers),
    present: present.length,
    missing: column.values.length - present.length,
    missingRows,
  };
}
