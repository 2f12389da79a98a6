/**
 * What to do about missing cells. Every function says what it changed; none of them guesses unasked.
 */
import { checkOptionNames, UnrollError } from "../core/index.ts";
import { checkChoice } from "./checks.ts";
import { type Column, Table } from "./table.ts";

/** A row that was left out, and why. */
export interface DroppedRow {
  /** Its line in the file. */
  readonly row: number;
  /** The columns whose cell was missing. */
  readonly columns: readonly string[];
}

/** A cell that was missing and has a value now. */
export interface FilledCell {
  /** Its line in the file. */
  readonly row: number;
  readonly column: string;
  /** What stands there now. */
  readonly value: number | string;
}

/** How missing cells are filled. */
export type FillMethod = "forward" | "linear" | "mean";

/** Options of `fillMissing`. */
export interface FillOptions {
  readonly method: FillMethod;
  /** The columns to fill; default all. */
  readonly columns?: readonly string[];
  /** For `mean`: where the means are taken. Give the training part, or the means look into the future. Default: the table. */
  readonly meansFrom?: Table;
}

/**
 * Leaves out the rows that miss a value in any of `columns` (default: all).
 *
 * @throws UnrollError `unknown-name` for a column that is not there.
 */
export function dropMissing(
  table: Table,
  options: { columns?: readonly string[] } = {},
): { table: Table; dropped: readonly DroppedRow[] } {
  checkOptionNames("dropMissing", options, ["columns"]);
  const watched = (options.columns ?? table.names).map((name) => table.column(name));
  const kept: number[] = [];
  const dropped: DroppedRow[] = [];
  for (let r = 0; r < table.rows; r++) {
    const missing = watched.filter((column) => isMissing(column, r));
    if (missing.length === 0) kept.push(r);
    else dropped.push({ row: table.lines[r]!, columns: missing.map(({ name }) => name) });
  }
  const columns = table.columns.map(
    (column): Column =>
      column.type === "category"
        ? { ...column, values: kept.map((r) => column.values[r]!) }
        : { ...column, values: Float64Array.from(kept, (r) => column.values[r]!) },
  );
  const lines = Uint32Array.from(kept, (r) => table.lines[r]!);
  return { table: new Table(columns, { lines, notes: table.notes }), dropped };
}

/**
 * Fills missing cells: `forward` repeats the value before, `linear` draws a line by row number between the values
 * around a gap, `mean` takes the column's mean. A gap at the beginning has no value before it, and for `linear` none
 * at the end either: such cells stay missing and are counted in `left`.
 *
 * @throws UnrollError `data` for linear or mean over words, `option` for an unknown method.
 */
export function fillMissing(
  table: Table,
  options: FillOptions,
): { table: Table; filled: readonly FilledCell[]; left: number } {
  checkOptionNames("fillMissing", options, ["method", "columns", "meansFrom"]);
  checkChoice("fillMissing", "method", options.method, ["forward", "linear", "mean"]);
  const names = options.columns ?? table.names;
  for (const name of names) table.column(name);
  const filled: FilledCell[] = [];
  let left = 0;
  const columns = table.columns.map((column): Column => {
    if (!names.includes(column.name)) return column;
    const full = filledColumn(column, options, table);
    for (let r = 0; r < table.rows; r++) {
      if (!isMissing(column, r)) continue;
      if (isMissing(full, r)) left++;
      else filled.push({ row: table.lines[r]!, column: column.name, value: full.values[r]! });
    }
    return full;
  });
  filled.sort((a, b) => a.row - b.row);
  const { lines, notes, issues, issueCount } = table;
  return { table: new Table(columns, { lines, notes, issues, issueCount }), filled, left };
}

function isMissing(column: Column, row: number): boolean {
  return column.type === "category" ? column.values[row] === null : Number.isNaN(column.values[row]);
}

function filledColumn(column: Column, { method, meansFrom }: FillOptions, table: Table): Column {
  if (column.type === "category") {
    if (method !== "forward") {
      if (!column.values.includes(null)) return column;
      throw new UnrollError({
        code: "data",
        path: `column ${column.name}`,
        expected: `must hold numbers to be filled by ${method}`,
        received: "words",
        hint: "Use forward, or leave the column out with columns.",
      });
    }
    let last: string | null = null;
    return { ...column, values: column.values.map((value) => (last = value ?? last)) };
  }
  const values = column.values.slice();
  if (method === "forward") fillForward(values);
  else if (method === "linear") fillLinear(values);
  else fillWith(values, meanOf((meansFrom ?? table).numbers(column.name)));
  return { ...column, values };
}

function fillForward(values: Float64Array): void {
  for (let r = 1; r < values.length; r++) if (Number.isNaN(values[r])) values[r] = values[r - 1]!;
}

function fillLinear(values: Float64Array): void {
  let before = -1;
  for (let r = 0; r < values.length; r++) {
    if (Number.isNaN(values[r])) continue;
    if (before >= 0) {
      const slope = (values[r]! - values[before]!) / (r - before);
      for (let gap = before + 1; gap < r; gap++) values[gap] = values[before]! + slope * (gap - before);
    }
    before = r;
  }
}

function fillWith(values: Float64Array, value: number): void {
  for (let r = 0; r < values.length; r++) if (Number.isNaN(values[r])) values[r] = value;
}

function meanOf(values: Float64Array): number {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
  }
  return sum / count;
}
