/**
 * Guesses what a CSV file does not say: its delimiter and whether its first line is a header. Looks at a sample only.
 */
import { UnrollError } from "../core/index.ts";
import { type CsvRecord, RecordReader } from "./csv-records.ts";
import { isNumberOrDate } from "./csv-types.ts";

const DELIMITERS = [",", ";", "\t", "|"];
/** Records looked at for each candidate. */
const RECORDS = 200;
/** Part of a column's cells that must be numbers or dates before a first cell of words tells that it is a name. */
const MOSTLY = 0.9;

/**
 * The delimiter under which most records have the same number of fields, at least two; then the one whose fields
 * read best as numbers and dates (`1,5;2,5` has two fields, not three). A comma when there is only one column.
 */
export function sniffDelimiter(sample: string, sampleIsWhole: boolean): string {
  let best = { delimiter: ",", agreement: 0, readable: 0, fields: 0 };
  for (const delimiter of DELIMITERS) {
    const records = readSample(sample, sampleIsWhole, delimiter);
    const fields = mostFrequent(records.map((record) => record.fields.length));
    if (fields < 2) continue;
    const agreement = records.filter((record) => record.fields.length === fields).length / records.length;
    const cells = records.flatMap((record) => record.fields);
    const readable = cells.filter((cell) => isNumberOrDate(cell.trim())).length / cells.length;
    const candidate = { delimiter, agreement, readable, fields };
    if (isBetter(candidate, best)) best = candidate;
  }
  return best.delimiter;
}

/** True when the first record holds names rather than data. */
export function looksLikeHeader(records: readonly CsvRecord[], isMissing: (cell: string) => boolean): boolean {
  const [first, ...rest] = records;
  let valueColumns = 0;
  for (const [c, name] of first!.fields.entries()) {
    const cells = rest.map((record) => record.fields[c]?.trim() ?? "").filter((cell) => !isMissing(cell));
    if (cells.length === 0 || cells.filter(isNumberOrDate).length < MOSTLY * cells.length) continue;
    valueColumns++;
    if (!isMissing(name.trim()) && !isNumberOrDate(name.trim())) return true;
  }
  // Columns of words only: a first line of names is far more usual than none.
  return valueColumns === 0 && !first!.fields.some((name) => isNumberOrDate(name.trim()));
}

function readSample(sample: string, sampleIsWhole: boolean, delimiter: string): CsvRecord[] {
  const reader = new RecordReader(delimiter, "sample");
  const records: CsvRecord[] = [];
  try {
    for (let start = 0; start < sample.length && records.length < RECORDS; start += 4096) {
      records.push(...reader.push(sample.slice(start, start + 4096)));
    }
    if (sampleIsWhole && records.length < RECORDS) records.push(...reader.end());
  } catch (error) {
    // Quotes that do not fit this delimiter: judge it by the records before them.
    if (!(error instanceof UnrollError)) throw error;
  }
  return records;
}

type Candidate = Readonly<Record<"agreement" | "readable" | "fields", number>>;

function isBetter(a: Candidate, b: Candidate): boolean {
  if (a.agreement !== b.agreement) return a.agreement > b.agreement;
  if (a.readable !== b.readable) return a.readable > b.readable;
  return a.fields > b.fields;
}

function mostFrequent(counts: readonly number[]): number {
  const frequency = new Map<number, number>();
  for (const count of counts) frequency.set(count, (frequency.get(count) ?? 0) + 1);
  let best = 0;
  for (const [count, times] of frequency) if (times > (frequency.get(best) ?? 0)) best = count;
  return best;
}
