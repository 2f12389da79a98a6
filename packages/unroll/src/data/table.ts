/**
 * A column store: numbers and dates in Float64Arrays, words in string arrays, all of one length.
 * It knows where each row stood in its file, so that every report can name a line. Filling gaps is in missing.ts.
 */
import { dsvFormat } from "d3-dsv";
import { didYouMean, UnrollError } from "../core/index.ts";
import type { Matrix } from "./matrix.ts";

/** What the cells of a column are. */
export type ColumnType = "number" | "date" | "category";

/** Numbers; NaN is missing. */
export interface NumberColumn {
  readonly name: string;
  readonly type: "number";
  readonly values: Float64Array;
}

/** Milliseconds since 1970-01-01T00:00Z; NaN is missing. */
export interface DateColumn {
  readonly name: string;
  readonly type: "date";
  readonly values: Float64Array;
}

/** Words; null is missing. */
export interface CategoryColumn {
  readonly name: string;
  readonly type: "category";
  readonly values: readonly (string | null)[];
}

/** A column of a table. */
export type Column = NumberColumn | DateColumn | CategoryColumn;

/** A cell that could not be used as it stood. */
export interface CellIssue {
  /** The line in the file on which the row begins, counted from 1 as editors do; in a table made of arrays, the row counted from 1. */
  readonly row: number;
  readonly column: string;
  /** The cell's text. */
  readonly value: string;
  readonly reason: string;
}

/** What a table knows of the file that it was read from. */
export interface TableExtras {
  /** `[rows]`: the line of each row. */
  readonly lines?: Uint32Array;
  readonly issues?: readonly CellIssue[];
  /** All of them, when `issues` was cut short. */
  readonly issueCount?: number;
  readonly notes?: readonly string[];
}

/**
 * Columns of equal length under unique names.
 *
 * @throws UnrollError `data` for unequal lengths or a repeated name.
 * @example const table = parseCsv("date,price\n2024-01-02,185.6\n2024-01-03,184.2\n");
 *          table.column("price").values // Float64Array [185.6, 184.2]
 */
export class Table {
  readonly columns: readonly Column[];
  readonly rows: number;
  readonly lines: Uint32Array;
  /** Cells that could not be used, in file order: the first `maxIssues`; `issueCount` counts all. */
  readonly issues: readonly CellIssue[];
  readonly issueCount: number;
  /** What the reader decided and could have decided otherwise, one sentence each. */
  readonly notes: readonly string[];

  constructor(columns: readonly Column[], extras: TableExtras = {}) {
    this.columns = columns;
    this.rows = columns[0]?.values.length ?? 0;
    const seen = new Set<string>();
    for (const { name, values } of columns) {
      if (values.length !== this.rows) {
        throw new UnrollError({
          code: "data",
          path: `column ${name}`,
          expected: `every column must have ${this.rows} rows, as ${columns[0]!.name} has`,
          received: `${values.length} rows`,
        });
      }
      if (seen.has(name)) {
        throw new UnrollError({
          code: "data",
          path: "table",
          expected: "every column must have its own name",
          received: `two columns named ${name}`,
        });
      }
      seen.add(name);
    }
    this.lines = extras.lines ?? Uint32Array.from({ length: this.rows }, (_, i) => i + 1);
    this.issues = extras.issues ?? [];
    this.issueCount = extras.issueCount ?? this.issues.length;
    this.notes = extras.notes ?? [];
  }

  get names(): string[] {
    return this.columns.map((column) => column.name);
  }

  /** @throws UnrollError `unknown-name`, with the nearest name. */
  column(name: string): Column {
    const found = this.columns.find((column) => column.name === name);
    if (found !== undefined) return found;
    throw new UnrollError({
      code: "unknown-name",
      path: "table",
      expected: `has no column named ${name}`,
      hint: didYouMean(name, this.names) ?? `Its columns are ${listed(this.names)}.`,
    });
  }

  /**
   * The column, where it holds numbers or dates.
   *
   * @throws UnrollError `data` when it holds words, `unknown-name` when there is none of that name.
   */
  numbers(name: string): Float64Array {
    const column = this.column(name);
    if (column.type !== "category") return column.values;
    throw new UnrollError({
      code: "data",
      path: `column ${name}`,
      expected: "must hold numbers or dates",
      received: `words, such as ${JSON.stringify(column.values.find((value) => value !== null) ?? "")}`,
      hint: "Turn words into numbers with encodeCategories, or leave the column out with selectColumns.",
    });
  }

  /** Rows `start` (inclusive) to `end` (exclusive); numbers and dates are shared, not copied. */
  slice(start: number, end: number): Table {
    const columns = this.columns.map(
      (column): Column =>
        column.type === "category"
          ? { ...column, values: column.values.slice(start, end) }
          : { ...column, values: column.values.subarray(start, end) },
    );
    const lines = this.lines.subarray(start, end);
    const kept = new Set(lines);
    return new Table(columns, { lines, issues: this.issues.filter(({ row }) => kept.has(row)), notes: this.notes });
  }
}

/** A table of arrays by name: numbers, or words. Numbers are dates where `dates` names the column. */
export function tableOf(
  columns: Readonly<Record<string, ArrayLike<number> | readonly (string | null)[]>>,
  options: { dates?: readonly string[] } = {},
): Table {
  return new Table(
    Object.entries(columns).map(([name, values]): Column => {
      if (typeof values[0] === "string" || (values[0] === null && Array.isArray(values))) {
        return { name, type: "category", values: Array.from(values as readonly (string | null)[]) };
      }
      const numbers = values instanceof Float64Array ? values : Float64Array.from(values as ArrayLike<number>);
      return { name, type: options.dates?.includes(name) ? "date" : "number", values: numbers };
    }),
  );
}

/** The named columns only, in that order, sharing their values. */
export function selectColumns(table: Table, names: readonly string[]): Table {
  const columns = names.map((name) => table.column(name));
  const { lines, notes } = table;
  return new Table(columns, { lines, notes, issues: table.issues.filter(({ column }) => names.includes(column)) });
}

/**
 * `[rows, columns]` of the named columns, or of all number columns: what scalers and windows take.
 *
 * @throws UnrollError `data` for a column of words or a table without numbers.
 */
export function tableToMatrix(table: Table, names?: readonly string[]): Matrix {
  const chosen = names ?? table.columns.filter((column) => column.type === "number").map((column) => column.name);
  if (chosen.length === 0) {
    throw new UnrollError({
      code: "data",
      path: "table",
      expected: "must have at least one column of numbers",
      received: `columns = ${listed(table.columns.map(({ name, type }) => `${name} (${type})`))}`,
    });
  }
  const columns = chosen.map((name) => table.numbers(name));
  const data = new Float64Array(table.rows * columns.length);
  columns.forEach((values, c) => {
    for (let r = 0; r < table.rows; r++) data[r * columns.length + c] = values[r]!;
  });
  return { shape: [table.rows, columns.length], data };
}

/**
 * Numbers for the words of a column: `codes[row]` is the place of its word in `categories`, or -1 where it is missing.
 * Pass the `categories` of the training part to encode later rows alike; unknown words become -1.
 */
export function encodeCategories(
  column: CategoryColumn,
  categories: readonly string[] = categoriesOf(column),
): { codes: Int32Array; categories: readonly string[] } {
  const places = new Map(categories.map((word, i) => [word, i]));
  return {
    codes: Int32Array.from(column.values, (word) => (word === null ? -1 : (places.get(word) ?? -1))),
    categories,
  };
}

/** The table as CSV text with a header; missing cells stay empty, dates are written as ISO 8601 in UTC. */
export function formatCsv(table: Table, delimiter = ","): string {
  const format = dsvFormat(delimiter);
  const lines = [format.formatRows([table.names])];
  for (let r = 0; r < table.rows; r++) {
    const line = format.formatRows([table.columns.map((column) => cellText(column, r))]);
    // A row of one empty cell would read as a blank line.
    lines.push(line === "" ? '""' : line);
  }
  return `${lines.join("\n")}\n`;
}

function cellText(column: Column, row: number): string {
  if (column.type === "category") return column.values[row] ?? "";
  const value = column.values[row]!;
  if (Number.isNaN(value)) return "";
  if (column.type === "number") return String(value);
  const text = new Date(value).toISOString();
  return text.endsWith("T00:00:00.000Z") ? text.slice(0, -14) : text;
}

function categoriesOf(column: CategoryColumn): string[] {
  return [...new Set(column.values.filter((word) => word !== null))].sort();
}

/** At most twenty, for messages. */
function listed(names: readonly string[]): string {
  return names.length > 20 ? `${names.slice(0, 20).join(", ")} and ${names.length - 20} more` : names.join(", ");
}
