/**
 * A CSV file as the series to learn from: which columns, in which order of time, and what is missing where. Reading,
 * sorting and filling are data/'s work; here is what the command line decides about them.
 */
import { createHash } from "node:crypto";
import { didYouMean, UnrollError } from "../core/errors.ts";
import {
  type FilledCell,
  fillMissing,
  type Matrix,
  type NumberColumn,
  parseCsv,
  selectColumns,
  sortRows,
  type Table,
  tableToMatrix,
  takeRows,
} from "../data/index.ts";
import { readFileBytes } from "../formats/read-bytes.ts";
import { gapFiller } from "./fill-pieces.ts";
import type { ForecastSettings } from "./settings.ts";

export interface Series {
  /** The path as given. */
  readonly file: string;
  /** Of the file's bytes, hexadecimal. */
  readonly sha256: string;
  readonly target: string;
  readonly features: readonly string[];
  /** The features, with the target behind them where it is none of them: the columns of `matrix`. */
  readonly columns: readonly string[];
  /** `[rows, columns]`, oldest row first, in the units of the file; NaN is missing. */
  readonly matrix: Matrix;
  /** Line of each row in the file. */
  readonly lines: Uint32Array;
  /** Of each row, ms since 1970; undefined where the file has no dates. */
  readonly dates: { readonly name: string; readonly values: Float64Array } | undefined;
  /** Cells that are missing still. */
  readonly missing: readonly MissingCell[];
  readonly filled: readonly FilledCell[];
  /** Cells that hold something else than a number or a word for a missing one, and count as missing; they may be filled. */
  readonly unread: readonly MissingCell[];
  /** What was decided and could have been decided otherwise, a sentence each. */
  readonly notes: readonly string[];
}

/** A cell by its place in the file. */
export interface Cell {
  readonly line: number;
  readonly column: string;
}

export interface MissingCell extends Cell {
  /** What stands there. */
  readonly text: string;
}

type SeriesSettings = Pick<ForecastSettings, "data" | "target" | "features" | "date" | "missing">;

/** Some columns of a table, oldest row first. */
export type Rows = Pick<Series, "matrix" | "lines" | "dates" | "filled" | "unread">;

/** @throws UnrollError `file`, `data`, `unknown-name` */
export async function readSeries(settings: SeriesSettings): Promise<Series> {
  const bytes = await readFileBytes(settings.data);
  return seriesOf(readTable(bytes, settings.data), settings, sha256Of(bytes));
}

/**
 * One series for each value of the column `group`, in the order in which the values first appear.
 *
 * @throws UnrollError `file`, `data`, `unknown-name`
 */
export async function readGroups(settings: SeriesSettings, group: string): Promise<ReadonlyMap<string, Series>> {
  const { data: file } = settings;
  const bytes = await readFileBytes(file);
  const whole = readTable(bytes, file);
  const sha256 = sha256Of(bytes);
  const rowsByGroup = new Map<string, number[]>();
  groupTexts(whole, group, file).forEach((text, row) => {
    const rows = rowsByGroup.get(text) ?? [];
    rowsByGroup.set(text, rows);
    rows.push(row);
  });
  const others = selectColumns(
    whole,
    whole.names.filter((name) => name !== group),
  );
  return new Map(
    [...rowsByGroup].map(([text, rows]) => {
      const part = takeRows(others, Uint32Array.from(rows));
      return [text, seriesOf(part, { ...settings, data: `${file}, ${group} ${text}` }, sha256)];
    }),
  );
}

/** The group of each row, as text. */
function groupTexts(table: Table, name: string, file: string): string[] {
  const column = table.columns.find((one) => one.name === name);
  if (column === undefined) {
    throw new UnrollError({
      code: "unknown-name",
      path: file,
      expected: "--group-by must name a column of the file",
      received: name,
      hint: columnsHint(name, table.names),
    });
  }
  return Array.from({ length: table.rows }, (_, row) => {
    const value = column.values[row]!;
    if (value === null || Number.isNaN(value)) {
      throw dataError(`${file}, line ${table.lines[row]}`, `every row must have a ${name}`, "an empty cell");
    }
    return column.type === "date" ? isoDate(Number(value)) : String(value);
  });
}

function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function seriesOf(whole: Table, settings: SeriesSettings, sha256: string): Series {
  const { data: file, target } = settings;
  const notes = [...whole.notes];
  checkColumn(whole, target, "--target", file);
  const dateName = dateColumn(whole, settings, notes);
  const features = settings.features === undefined ? allNumbers(whole, target, notes) : chosen(whole, settings, file);
  const columns = features.includes(target) ? features : [...features, target];
  const { table, filled } = orderedRows(whole, { columns, date: dateName, missing: settings.missing, file, notes });
  return {
    ...rowsOf(table, columns, dateName),
    file,
    sha256,
    target,
    features,
    columns,
    missing: missingCells(table, columns),
    filled,
    notes,
  };
}

/**
 * Columns of a table of new rows, for a model that was trained on them; in the order of `date`, where the table has it.
 *
 * @throws UnrollError `file`, `data`, `unknown-name`
 */
export async function readNewRows(
  file: string,
  {
    columns,
    date,
    missing,
  }: {
    readonly columns: readonly string[];
    readonly date: string | undefined;
    readonly missing: ForecastSettings["missing"];
  },
): Promise<Rows> {
  const whole = readTable(await readFileBytes(file), file);
  for (const name of columns) checkNumbers(whole, name, "the model's column", file);
  const dateName = whole.columns.find(({ name, type }) => name === date && type === "date")?.name;
  const { table, filled } = orderedRows(whole, { columns, date: dateName, missing, file, notes: [] });
  return { ...rowsOf(table, columns, dateName), filled };
}

/**
 * The same piece by piece, for a file larger than memory, which must lie in the order of its dates already. Gaps are filled as
 * at once; with `linear` pieces wait for the end of a gap, which may have a million rows.
 *
 * @throws UnrollError `data` too for rows that are not in order and for longer gaps
 */
export async function* readNewRowBatches(
  tables: AsyncIterable<Table>,
  file: string,
  {
    columns,
    date,
    missing,
  }: {
    readonly columns: readonly string[];
    readonly date: string | undefined;
    readonly missing: ForecastSettings["missing"];
  },
): AsyncGenerator<Omit<Rows, "filled">> {
  const filler = gapFiller<Omit<Rows, "filled">>(file, columns, missing);
  let newest: { readonly value: number; readonly line: number } | undefined;
  for await (const table of tables) {
    for (const name of columns) checkNumbers(table, name, "the model's column", file);
    const dateName = table.columns.find(({ name, type }) => name === date && type === "date")?.name;
    const ordered = dateName === undefined ? table : inOrder(table, dateName, file, []);
    const rows = rowsOf(ordered, columns, dateName);
    if (rows.dates !== undefined) {
      const [first] = rows.dates.values;
      const isBehind = newest === undefined || first! > newest.value;
      if (ordered !== table || !isBehind) throw notInOrder(file, rows.dates.name, newest?.line, rows.lines);
      newest = { value: rows.dates.values.at(-1)!, line: rows.lines.at(-1)! };
    }
    yield* filler.take(rows);
  }
  yield* filler.end();
}

function notInOrder(file: string, name: string, before: number | undefined, lines: Uint32Array): UnrollError {
  return dataError(
    file,
    `rows that are read piece by piece must be in the order of ${name}`,
    before === undefined ? `line ${lines[0]} is the oldest` : `line ${lines[0]} is not newer than line ${before}`,
    `Sort the file by ${name} first.`,
  );
}

function readTable(bytes: Uint8Array, file: string): Table {
  const table = parseCsv(bytes, { name: file });
  if (table.rows === 0) throw dataError(file, "the file must have rows behind its header", "rows = 0");
  return table;
}

/** The rows in order of time, with their gaps filled as asked. */
function orderedRows(
  whole: Table,
  {
    columns,
    date,
    missing,
    file,
    notes,
  }: {
    readonly columns: readonly string[];
    readonly date: string | undefined;
    readonly missing: ForecastSettings["missing"];
    readonly file: string;
    readonly notes: string[];
  },
): { readonly table: Table; readonly filled: readonly FilledCell[] } {
  const needed = selectColumns(whole, date === undefined ? columns : [...columns, date]);
  const ordered = date === undefined ? needed : inOrder(needed, date, file, notes);
  return missing === "skip" ? { table: ordered, filled: [] } : fillMissing(ordered, { method: missing, columns });
}

function rowsOf(table: Table, columns: readonly string[], date: string | undefined): Omit<Rows, "filled"> {
  return {
    matrix: tableToMatrix(table, columns),
    lines: table.lines,
    dates: date === undefined ? undefined : { name: date, values: table.numbers(date) },
    unread: unreadCells(table, columns),
  };
}

/** Every column of numbers, the target first: its own past is what a forecast starts from. */
function allNumbers(table: Table, target: string, notes: string[]): string[] {
  const others = table.columns.filter(({ name }) => name !== target);
  const numbers = others.filter(({ type }) => type === "number");
  const constant = numbers.filter(({ values }) => isConstant(values as Float64Array)); // of numbers
  const words = others.filter(({ type }) => type === "category");
  if (constant.length > 0) notes.push(`Left out, because every row is the same: ${namesOf(constant)}.`);
  if (words.length > 0) notes.push(`Left out, because they hold words: ${namesOf(words)}.`);
  return [target, ...numbers.filter((column) => !constant.includes(column)).map(({ name }) => name)];
}

function chosen(table: Table, { features = [] }: SeriesSettings, file: string): string[] {
  const names = features.flatMap((text) => {
    // A column's own name may have commas.
    if (table.names.includes(text)) return [text];
    return text.split(",").map((name) => name.trim());
  });
  for (const name of names) checkColumn(table, name, "--features", file);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) throw dataError(file, "--features must name a column once", `${repeated} twice`);
  return names;
}

/** A column that is there and holds numbers that are not all the same. */
function checkColumn(table: Table, name: string, flag: string, file: string): void {
  const { values } = checkNumbers(table, name, flag, file);
  if (!isConstant(values)) return;
  const value = values.find((one) => !Number.isNaN(one));
  const received = value === undefined ? "no numbers at all" : `${value} in every row`;
  throw dataError(file, `${flag} ${name} must change from row to row, or nothing can be learnt`, received);
}

/** A column that is there and holds numbers. */
function checkNumbers(table: Table, name: string, flag: string, file: string): NumberColumn {
  const column = table.columns.find((one) => one.name === name);
  if (column === undefined) {
    throw new UnrollError({
      code: "unknown-name",
      path: file,
      expected: flag.startsWith("--")
        ? `${flag} must name a column of the file`
        : `${flag} ${name} must be in the file`,
      ...(flag.startsWith("--") ? { received: name } : {}),
      hint: columnsHint(name, table.names),
    });
  }
  if (column.type === "number") return column;
  const words = column.type === "category" ? column.values : [];
  const row = words.findIndex((value) => !isNumeric(value));
  const received = row === -1 ? "dates" : `${JSON.stringify(words[row])} in line ${table.lines[row]}`;
  throw dataError(file, `${flag} ${name} must be a column of numbers`, received);
}

function isNumeric(value: string | null): boolean {
  return value === null || Number.isFinite(Number(value));
}

function isConstant(values: Float64Array): boolean {
  const first = values.find((value) => !Number.isNaN(value));
  return values.every((value) => Number.isNaN(value) || value === first);
}

/** The column with the dates: the one that is named, or the first of the file. */
function dateColumn(table: Table, { date }: SeriesSettings, notes: string[]): string | undefined {
  if (date === null) return undefined;
  const found = table.columns.filter(({ type }) => type === "date").map(({ name }) => name);
  if (date === undefined) {
    if (found.length > 1) notes.push(`The dates are those of ${found[0]}; --date COL takes another column.`);
    return found[0];
  }
  if (found.includes(date)) return date;
  throw new UnrollError({
    code: table.names.includes(date) ? "data" : "unknown-name",
    path: "--date",
    expected: "must name a column of dates, or be none",
    received: date,
    hint: didYouMean(date, found) ?? (found.length === 0 ? "The file has none." : `There is ${listed(found)}.`),
  });
}

/** The rows by their dates, of which every row has one and no two have the same. */
function inOrder(table: Table, name: string, file: string, notes: string[]): Table {
  const dates = table.numbers(name);
  const missing = dates.findIndex((value) => Number.isNaN(value));
  if (missing !== -1) {
    const cell = table.issues.find(({ row, column }) => column === name && row === table.lines[missing]);
    throw dataError(
      `${file}, line ${table.lines[missing]}, column ${name}`,
      "every row must have a date",
      cell === undefined || cell.value === "" ? "an empty cell" : JSON.stringify(cell.value),
      "Correct it, or give --date none to take the rows as they stand.",
    );
  }
  const sorted = sortRows(table, name);
  if (sorted !== table) notes.push(`The rows were put in the order of ${name}, oldest first.`);
  const values = sorted.numbers(name);
  const twice = values.findIndex((value, row) => row > 0 && value === values[row - 1]);
  if (twice === -1) return sorted;
  throw dataError(
    file,
    `every row must have a ${name} of its own`,
    `${isoDate(values[twice]!)} in lines ${sorted.lines[twice - 1]} and ${sorted.lines[twice]}`,
    "Give each series a column of its own, or --date none to take the rows as they stand.",
  );
}

/** The first number that float32 holds as infinite; undefined where there is none. The columns are those of the matrix. */
export function firstBeyondFloat32(
  { data }: Matrix,
  { lines, columns }: { readonly lines: Uint32Array; readonly columns: readonly string[] },
): Cell | undefined {
  const at = data.findIndex((value) => Math.abs(Math.fround(value)) === Number.POSITIVE_INFINITY);
  if (at === -1) return undefined;
  return { line: lines[Math.floor(at / columns.length)]!, column: columns[at % columns.length]! };
}

/** `2024-01-31`, with the time of day where there is one. */
export function isoDate(milliseconds: number): string {
  const text = new Date(milliseconds).toISOString();
  return text.endsWith("T00:00:00.000Z") ? text.slice(0, 10) : text.slice(0, 16).replace("T", " ");
}

function missingCells(table: Table, columns: readonly string[]): MissingCell[] {
  const texts = new Map(table.issues.map(({ row, column, value }) => [`${row} ${column}`, value]));
  const cells: MissingCell[] = [];
  for (const name of columns) {
    table.numbers(name).forEach((value, row) => {
      const line = table.lines[row]!;
      if (Number.isNaN(value)) cells.push({ line, column: name, text: texts.get(`${line} ${name}`) ?? "" });
    });
  }
  return cells.sort((a, b) => a.line - b.line);
}

function unreadCells({ issues }: Table, columns: readonly string[]): MissingCell[] {
  return issues
    .filter(({ column, reason }) => columns.includes(column) && reason.startsWith("not a number"))
    .map(({ row, column, value }) => ({ line: row, column, text: value }));
}

function namesOf(columns: readonly { readonly name: string }[]): string {
  return listed(columns.map(({ name }) => name));
}

/** The column that may be meant, and those that there are. */
function columnsHint(name: string, names: readonly string[]): string {
  const meant = didYouMean(name, names);
  return `${meant === undefined ? "" : `${meant} `}Its columns are ${listed(names)}.`;
}

/** At most ten, for messages. */
function listed(names: readonly string[]): string {
  return names.length > 10 ? `${names.slice(0, 10).join(", ")} and ${names.length - 10} more` : names.join(", ");
}

function dataError(path: string, expected: string, received: string, hint?: string): UnrollError {
  return new UnrollError({ code: "data", path, expected, received, ...(hint === undefined ? {} : { hint }) });
}
