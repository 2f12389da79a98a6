/**
 * The options of the CSV readers and their checks.
 */
import { checkOptionNames, UnrollError } from "../core/index.ts";
import { checkChoice, checkWhole } from "./checks.ts";
import type { CsvEncoding } from "./csv-text.ts";
import type { DateOrder, DecimalMark } from "./csv-values.ts";
import type { ColumnType } from "./table.ts";

/** How a CSV is read; what is left out is found out. */
export interface CsvOptions {
  /** One character; found out when not given. */
  readonly delimiter?: string;
  /** Whether the first line holds names; found out when not given. */
  readonly header?: boolean;
  /** Names of the columns, for a file without a header. */
  readonly columns?: readonly string[];
  /** Types by column name; the others are found out. */
  readonly types?: Readonly<Record<string, ColumnType>>;
  readonly decimal?: DecimalMark;
  readonly dateOrder?: DateOrder;
  /** Words, in any case, for a missing value besides an empty cell. Default: NA, N/A, NaN, null, none, -, ? and the like. */
  readonly missing?: readonly string[];
  readonly encoding?: CsvEncoding;
  /** What messages call the file. Default "CSV". */
  readonly name?: string;
  /** Default 512 MiB for parseCsv, none for readCsvBatches. */
  readonly maxBytes?: number;
  /** Default 20 million for parseCsv, none for readCsvBatches. */
  readonly maxRows?: number;
  /** Default 10,000. */
  readonly maxColumns?: number;
  /** Issues kept in a table, default 10,000; `issueCount` goes on counting. */
  readonly maxIssues?: number;
}

/** Characters from which the delimiter is found out; the same however the text is chunked. */
export const SAMPLE_CHARACTERS = 65_536;
/** Rows from which the header is found out, and the types too when a file is read in pieces. */
export const SAMPLE_ROWS = 1000;

/** The options that bound memory, with their defaults filled in. */
export interface CsvLimits {
  readonly name: string;
  readonly maxBytes: number;
  readonly maxRows: number;
  readonly maxColumns: number;
  readonly maxIssues: number;
}

const OPTION_NAMES: readonly (keyof CsvOptions)[] = [
  "delimiter",
  "header",
  "columns",
  "types",
  "decimal",
  "dateOrder",
  "missing",
  "encoding",
  "name",
  "maxBytes",
  "maxRows",
  "maxColumns",
  "maxIssues",
];

/** Checks every option. */
export function limitsOf(
  path: string,
  options: CsvOptions,
  more: readonly string[],
  defaults: { maxBytes: number; maxRows: number },
): CsvLimits {
  checkOptionNames(path, options, [...OPTION_NAMES, ...more]);
  const { name = "CSV", maxColumns = 10_000, maxIssues = 10_000 } = options;
  const { maxBytes = defaults.maxBytes, maxRows = defaults.maxRows } = options;
  if (maxBytes !== defaults.maxBytes) checkWhole(path, "maxBytes", maxBytes, 1);
  if (maxRows !== defaults.maxRows) checkWhole(path, "maxRows", maxRows, 1);
  checkWhole(path, "maxColumns", maxColumns, 1);
  checkWhole(path, "maxIssues", maxIssues, 0);
  const { delimiter, decimal, dateOrder, encoding, types = {} } = options;
  if (delimiter !== undefined && (delimiter.length !== 1 || '"\r\n'.includes(delimiter))) {
    throw new UnrollError({
      code: "option",
      path,
      expected: "delimiter must be one character other than a quote or a line break",
      received: `delimiter = ${JSON.stringify(delimiter)}`,
    });
  }
  if (decimal !== undefined) checkChoice(path, "decimal", decimal, [".", ","]);
  if (dateOrder !== undefined) checkChoice(path, "dateOrder", dateOrder, ["iso", "dmy", "mdy", "compact", "monthName"]);
  if (encoding !== undefined)
    checkChoice(path, "encoding", encoding, ["utf-8", "utf-16le", "utf-16be", "windows-1252"]);
  for (const [column, type] of Object.entries(types)) {
    checkChoice(path, `types.${column}`, type, ["number", "date", "category"]);
  }
  return { name, maxBytes, maxRows, maxColumns, maxIssues };
}

export function checkRowCount(rows: number, { name, maxRows }: CsvLimits): void {
  if (rows <= maxRows) return;
  throw new UnrollError({
    code: "data",
    path: name,
    expected: `must have at most ${maxRows} rows`,
    received: `${rows} rows or more`,
    hint: "Raise maxRows, or read it in pieces with readCsvBatches.",
  });
}
