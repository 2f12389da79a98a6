/**
 * CSV in, a whole text at once; for files larger than memory see csv-batches.ts.
 * Nothing is guessed silently: what could have been read otherwise is in `notes`, every unusable cell in `issues`.
 */
import { TableBuilder } from "./csv-builder.ts";
import { checkFields, layoutOf, planTypes, weigh } from "./csv-layout.ts";
import { type CsvOptions, checkRowCount, limitsOf, SAMPLE_CHARACTERS, SAMPLE_ROWS } from "./csv-options.ts";
import { type CsvRecord, RecordReader } from "./csv-records.ts";
import { sniffDelimiter } from "./csv-sniff.ts";
import { TextInput } from "./csv-text.ts";
import { ColumnEvidence } from "./csv-types.ts";
import type { Table } from "./table.ts";

/** Characters read at a time. */
const SLICE = 262_144;

/**
 * Reads a whole CSV text: delimiter, header, decimal mark, dates and types are found out unless given. Cells are
 * trimmed. A column is numbers (or dates) when nine of ten cells are, or all but one of at least four; the others become
 * missing and are in `issues`.
 *
 * @throws UnrollError `data` for an empty file, a row with too few or too many fields, a missing or repeated column
 *   name, broken quotes or binary content, each with its line; `option` and `unknown-name` for wrong options.
 * @example parseCsv("day;value\n31.12.2024;1,5\n").numbers("value") // Float64Array [1.5]
 */
export function parseCsv(source: string | Uint8Array, options: CsvOptions = {}): Table {
  const limits = limitsOf("parseCsv", options, [], { maxBytes: 512 * 1024 * 1024, maxRows: 20_000_000 });
  const input = new TextInput(limits.name, limits.maxBytes, options.encoding);
  const text = input.push(source) + input.end();
  const delimiter =
    options.delimiter ?? sniffDelimiter(text.slice(0, SAMPLE_CHARACTERS), text.length <= SAMPLE_CHARACTERS);
  const layout = layoutOf(
    firstRecords(text, delimiter, limits.name),
    delimiter,
    options,
    limits.name,
    limits.maxColumns,
  );

  // Two passes over the text, so that no cell is kept as a string before its column's type is known.
  const evidence = layout.names.map(() => new ColumnEvidence());
  let rows = 0;
  for (const record of recordsOf(text, delimiter, limits.name)) {
    if (record.line === layout.headerLine) continue;
    checkFields(layout, record);
    checkRowCount(++rows, limits);
    weigh(layout, record, evidence);
  }
  const builder = new TableBuilder(layout, planTypes(layout, evidence, options), rows, limits.maxIssues);
  for (const record of recordsOf(text, delimiter, limits.name)) {
    if (record.line !== layout.headerLine) builder.add(record);
  }
  return builder.finish();
}

function* recordsOf(text: string, delimiter: string, name: string): Generator<CsvRecord> {
  const reader = new RecordReader(delimiter, name);
  for (let start = 0; start < text.length; start += SLICE) yield* reader.push(text.slice(start, start + SLICE));
  yield* reader.end();
}

function firstRecords(text: string, delimiter: string, name: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  for (const record of recordsOf(text, delimiter, name)) {
    records.push(record);
    if (records.length > SAMPLE_ROWS) break;
  }
  return records;
}
