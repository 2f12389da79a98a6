/**
 * The frame of a CSV file: the names of its columns, how many fields a row has, which words mean "missing".
 * Made once from the first records; every later row is checked against it.
 */
import { didYouMean, UnrollError } from "../core/index.ts";
import type { CsvOptions } from "./csv-options.ts";
import { atLine, type CsvRecord } from "./csv-records.ts";
import { looksLikeHeader } from "./csv-sniff.ts";
import { type ColumnEvidence, type ColumnPlan, planColumns } from "./csv-types.ts";
import { MISSING_WORDS, missingTest } from "./csv-values.ts";

export interface CsvLayout {
  readonly name: string;
  readonly delimiter: string;
  readonly names: readonly string[];
  /** The header's line, or 0 without a header. */
  readonly headerLine: number;
  /** Every row, and the header, ends in a delimiter with nothing behind it. */
  readonly hasTrailingDelimiter: boolean;
  /** Tells of a trimmed cell whether it states no value. */
  readonly isMissing: (cell: string) => boolean;
  readonly notes: readonly string[];
}

/** The layout that the first records show. */
export function layoutOf(
  sample: readonly CsvRecord[],
  delimiter: string,
  options: CsvOptions,
  name: string,
  maxColumns: number,
): CsvLayout {
  const first = sample[0];
  if (first === undefined) {
    throw new UnrollError({
      code: "data",
      path: name,
      expected: "must hold a header and at least one row",
      received: "an empty file",
      hint: "Look whether it was written to its end.",
    });
  }
  if (first.fields.length > maxColumns) {
    throw new UnrollError({
      code: "data",
      path: atLine(name, first.line),
      expected: `must have at most ${maxColumns} columns`,
      received: `${first.fields.length} columns`,
      hint: "Raise maxColumns if that is right.",
    });
  }
  const isMissing = missingTest(options.missing ?? MISSING_WORDS);
  const notes: string[] = [];
  const hasHeader = options.header ?? (options.columns === undefined && looksLikeHeader(sample, isMissing));
  const hasTrailingDelimiter =
    first.fields.length > 1 &&
    sample.every(({ fields }) => fields.length === first.fields.length && fields.at(-1) === "");
  const width = first.fields.length - (hasTrailingDelimiter ? 1 : 0);
  const names = hasHeader
    ? headerNames(first, width, name, notes)
    : givenNames(options.columns, first, width, name, notes);
  checkNames(names, atLine(name, first.line));
  if (hasHeader && sample.length === 1) {
    throw new UnrollError({
      code: "data",
      path: name,
      expected: "must have at least one row below the header",
      received: "a header only",
      hint: "If that line is data, pass header: false.",
    });
  }
  for (const typed of Object.keys(options.types ?? {})) {
    if (names.includes(typed)) continue;
    throw new UnrollError({
      code: "unknown-name",
      path: "types",
      expected: `${name} has no column named ${typed}`,
      hint: didYouMean(typed, names) ?? `Its columns begin with ${names.slice(0, 20).join(", ")}.`,
    });
  }
  const headerLine = hasHeader ? first.line : 0;
  return { name, delimiter, names, headerLine, hasTrailingDelimiter, isMissing, notes };
}

/** Throws `data` when the record has too few or too many fields. */
export function checkFields(layout: CsvLayout, record: CsvRecord): void {
  const width = layout.names.length + (layout.hasTrailingDelimiter ? 1 : 0);
  const received = record.fields.length;
  if (received === width && (!layout.hasTrailingDelimiter || record.fields.at(-1)!.trim() === "")) return;
  const shown = JSON.stringify(layout.delimiter);
  throw new UnrollError({
    code: "data",
    path: atLine(layout.name, record.line),
    expected: `every row must have ${width} ${width === 1 ? "field" : "fields"}, as the first has`,
    received: `fields = ${received}`,
    hint: [
      received < width
        ? `Look for a missing ${shown}, or a line break inside a value that is not quoted.`
        : `Look for a ${shown} inside a value that is not quoted, or a title above the header.`,
      `Pass delimiter if the fields are not parted by ${shown}.`,
    ].join(" "),
  });
}

/** Adds the record's cells to what is known about their columns. */
export function weigh(layout: CsvLayout, record: CsvRecord, evidence: readonly ColumnEvidence[]): void {
  for (let c = 0; c < layout.names.length; c++) {
    const cell = record.fields[c]!.trim();
    if (!layout.isMissing(cell)) evidence[c]!.add(cell);
  }
}

/** How each column is read, with the layout's notes and those of the types. */
export function planTypes(
  layout: CsvLayout,
  evidence: readonly ColumnEvidence[],
  options: CsvOptions,
): { plans: ColumnPlan[]; notes: string[] } {
  const { plans, notes } = planColumns(layout.names, evidence, {
    types: options.types ?? {},
    decimal: options.decimal,
    dateOrder: options.dateOrder,
    delimiter: layout.delimiter,
  });
  return { plans, notes: [...layout.notes, ...notes] };
}

function headerNames(first: CsvRecord, width: number, name: string, notes: string[]): string[] {
  const names = first.fields.slice(0, width).map((field) => field.trim());
  if (names.every((field) => field !== "" && Number.isFinite(Number(field)))) {
    throw new UnrollError({
      code: "data",
      path: atLine(name, first.line),
      expected: "the first line must hold the names of the columns",
      received: `numbers only, ${names.slice(0, 5).join(", ")}`,
      hint: "Pass header: false, and columns with the names.",
    });
  }
  // Tables saved with their row numbers have no name above them.
  if (names[0] === "" && names.length > 1 && !names.includes("index")) {
    names[0] = "index";
    notes.push("the first column has no name; it is called index.");
  }
  return names;
}

function givenNames(
  columns: readonly string[] | undefined,
  first: CsvRecord,
  width: number,
  name: string,
  notes: string[],
): string[] {
  if (columns === undefined) {
    const names = Array.from({ length: width }, (_, c) => `column${c + 1}`);
    notes.push(
      `no header was found; the columns are called ${names.slice(0, 3).join(", ")}${width > 3 ? " and so on" : ""}.`,
    );
    return names;
  }
  if (columns.length !== width) {
    throw new UnrollError({
      code: "data",
      path: atLine(name, first.line),
      expected: `columns must name all ${width} columns of the file`,
      received: `${columns.length} names`,
      hint: "Name every column, or pass delimiter if the fields are cut in the wrong places.",
    });
  }
  return [...columns];
}

function checkNames(names: readonly string[], path: string): void {
  const places = new Map<string, number>();
  names.forEach((name, c) => {
    const other = places.get(name);
    if (name !== "" && other === undefined) {
      places.set(name, c);
      return;
    }
    throw new UnrollError({
      code: "data",
      path,
      expected: name === "" ? "every column must have a name in the header" : "every column must have its own name",
      received: name === "" ? `no name for column ${c + 1}` : `columns ${other! + 1} and ${c + 1} = ${name}`,
      hint: name === "" ? "Add the name, or pass header: false if the first line is data." : "Rename one of them.",
    });
  });
}
