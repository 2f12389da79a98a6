/**
 * CSV in, piece by piece, for files larger than memory; the same rules and messages as parseCsv.
 */
import { checkWhole } from "./checks.ts";
import { TableBuilder } from "./csv-builder.ts";
import { type CsvLayout, checkFields, layoutOf, planTypes, weigh } from "./csv-layout.ts";
import {
  type CsvLimits,
  type CsvOptions,
  checkRowCount,
  limitsOf,
  SAMPLE_CHARACTERS,
  SAMPLE_ROWS,
} from "./csv-options.ts";
import { type CsvRecord, RecordReader } from "./csv-records.ts";
import { sniffDelimiter } from "./csv-sniff.ts";
import { TextInput } from "./csv-text.ts";
import { ColumnEvidence } from "./csv-types.ts";
import type { Table } from "./table.ts";

/** Options of `readCsvBatches`. */
export interface CsvBatchOptions extends CsvOptions {
  /** Rows per table, default 4096; fewer where a table would have more than 4 million cells. */
  readonly rowsPerBatch?: number;
  /** Rows from which the columns' types are found out, default 1000. */
  readonly sampleRows?: number;
}

const MOST_CELLS = 4_000_000;

/**
 * Reads CSV of any size as tables of `rowsPerBatch` rows, keeping only one in memory. The columns' types are found
 * out from the first `sampleRows` rows; later cells that do not fit are missing and in that table's `issues`.
 * How the source is chunked changes nothing.
 *
 * @throws UnrollError as parseCsv does, once the row in question is reached.
 * @example for await (const table of readCsvBatches(createReadStream("prices.csv"))) train(table);
 */
export async function* readCsvBatches(
  source: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>,
  options: CsvBatchOptions = {},
): AsyncGenerator<Table, void, undefined> {
  const { rowsPerBatch = 4096, sampleRows = SAMPLE_ROWS } = options;
  const limits = limitsOf("readCsvBatches", options, ["rowsPerBatch", "sampleRows"], {
    maxBytes: Number.POSITIVE_INFINITY,
    maxRows: Number.POSITIVE_INFINITY,
  });
  checkWhole("readCsvBatches", "rowsPerBatch", rowsPerBatch, 1);
  checkWhole("readCsvBatches", "sampleRows", sampleRows, 1);
  const input = new TextInput(limits.name, limits.maxBytes, options.encoding);
  const reader = new SniffingReader(options.delimiter, limits.name);
  const assembler = new BatchAssembler(options, limits, rowsPerBatch, sampleRows, () => reader.delimiter);
  for await (const chunk of source) yield* assembler.push(reader.push(input.push(chunk)));
  yield* assembler.push(reader.push(input.end()));
  yield* assembler.push(reader.end());
  yield* assembler.end();
}

/** A RecordReader that first waits for enough text to find out the delimiter. */
class SniffingReader {
  readonly #name: string;
  #reader: RecordReader | undefined;
  #waiting: string[] = [];
  #waitingLength = 0;
  delimiter = ",";

  constructor(delimiter: string | undefined, name: string) {
    this.#name = name;
    if (delimiter !== undefined) this.#start(delimiter);
  }

  push(text: string): CsvRecord[] {
    if (this.#reader !== undefined) return this.#reader.push(text);
    this.#waiting.push(text);
    this.#waitingLength += text.length;
    return this.#waitingLength > SAMPLE_CHARACTERS ? this.#sniff() : [];
  }

  end(): CsvRecord[] {
    const before = this.#reader === undefined ? this.#sniff() : [];
    return [...before, ...this.#reader!.end()];
  }

  #sniff(): CsvRecord[] {
    const text = this.#waiting.join("");
    this.#waiting = [];
    const sample = text.slice(0, SAMPLE_CHARACTERS);
    return this.#start(sniffDelimiter(sample, text.length <= SAMPLE_CHARACTERS)).push(text);
  }

  #start(delimiter: string): RecordReader {
    this.delimiter = delimiter;
    this.#reader = new RecordReader(delimiter, this.#name);
    return this.#reader;
  }
}

/** Collects records: a sample for the types first, then tables of `rowsPerBatch`. */
class BatchAssembler {
  readonly #options: CsvOptions;
  readonly #limits: CsvLimits;
  #rowsPerBatch: number;
  readonly #sampleRows: number;
  readonly #delimiter: () => string;
  #sample: CsvRecord[] = [];
  #plan: { layout: CsvLayout; typed: ReturnType<typeof planTypes> } | undefined;
  #builder: TableBuilder | undefined;
  #rows = 0;

  constructor(
    options: CsvOptions,
    limits: CsvLimits,
    rowsPerBatch: number,
    sampleRows: number,
    delimiter: () => string,
  ) {
    this.#options = options;
    this.#limits = limits;
    this.#rowsPerBatch = rowsPerBatch;
    this.#sampleRows = sampleRows;
    this.#delimiter = delimiter;
  }

  *push(records: readonly CsvRecord[]): Generator<Table> {
    for (const record of records) {
      if (this.#plan === undefined) {
        this.#sample.push(record);
        // One more than the sample, as the first may be a header.
        if (this.#sample.length > this.#sampleRows) yield* this.#begin();
      } else {
        yield* this.#add(record);
      }
    }
  }

  *end(): Generator<Table> {
    if (this.#plan === undefined) yield* this.#begin();
    if (this.#builder !== undefined) yield this.#builder.finish();
  }

  *#begin(): Generator<Table> {
    const sample = this.#sample;
    this.#sample = [];
    const { name, maxColumns } = this.#limits;
    const layout = layoutOf(sample, this.#delimiter(), this.#options, name, maxColumns);
    const rows = sample.filter((record) => record.line !== layout.headerLine);
    const evidence = layout.names.map(() => new ColumnEvidence());
    for (const record of rows) {
      checkFields(layout, record);
      weigh(layout, record, evidence);
    }
    this.#rowsPerBatch = Math.min(this.#rowsPerBatch, Math.max(1, Math.floor(MOST_CELLS / layout.names.length)));
    this.#plan = { layout, typed: planTypes(layout, evidence, this.#options) };
    for (const record of rows) yield* this.#add(record);
  }

  *#add(record: CsvRecord): Generator<Table> {
    const { layout, typed } = this.#plan!;
    checkFields(layout, record);
    checkRowCount(++this.#rows, this.#limits);
    this.#builder ??= new TableBuilder(layout, typed, this.#rowsPerBatch, this.#limits.maxIssues);
    this.#builder.add(record);
    if (this.#builder.rows < this.#rowsPerBatch) return;
    yield this.#builder.finish();
    this.#builder = undefined;
  }
}
