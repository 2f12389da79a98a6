import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UnrollError } from "../core/index.ts";
import { type CsvBatchOptions, parseCsv, readCsvBatches, type Table } from "./index.ts";

async function collect(chunks: Iterable<string | Uint8Array>, options?: CsvBatchOptions): Promise<Table[] | string> {
  const tables: Table[] = [];
  try {
    for await (const table of readCsvBatches(chunks, options)) tables.push(table);
  } catch (error) {
    if (error instanceof UnrollError) return `${tables.length} ${error.message}`;
    throw error;
  }
  return tables;
}

function chop<Part extends string | Uint8Array>(whole: Part, cuts: readonly number[]): Part[] {
  const places = [0, ...cuts.map((cut) => cut % (whole.length + 1)), whole.length].sort((a, b) => a - b);
  return places.slice(1).map((end, i) => whole.slice(places[i], end) as Part);
}

const plain = (tables: Table[] | string) =>
  typeof tables === "string"
    ? tables
    : tables.map((table) => [
        table.columns.map(({ name, type, values }) => [name, type, [...values]]),
        [...table.lines],
        table.issues,
        table.notes,
      ]);

/** Pieces that make rows whole, ragged and broken. */
const text = fc
  .array(
    fc.constantFrom("a", "1", "2.5", ",", ",", ";", "\n", "\n", "\r\n", "\r", '"', '""', '"x\r\ny"', "ä€", "NA", " "),
    { maxLength: 60 },
  )
  .map((pieces) => pieces.join(""));

describe("readCsvBatches", () => {
  test("gives the same however the text is chunked", async () => {
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.array(fc.nat(), { maxLength: 12 }),
        fc.integer({ min: 1, max: 5 }),
        // A given delimiter is used from the first chunk on; an unknown one first waits for a sample.
        fc.constantFrom(",", ";", undefined),
        async (t, cuts, rowsPerBatch, delimiter) => {
          const whole = delimiter === ";" ? t : `h1,h2\n1,2\n${t}`;
          const options = { rowsPerBatch, sampleRows: 3, delimiter };
          const expected = plain(await collect([whole], options));
          expect(plain(await collect(chop(whole, cuts), options))).toEqual(expected);
          expect(plain(await collect([...whole], options))).toEqual(expected);
          expect(plain(await collect(chop(new TextEncoder().encode(whole), cuts), options))).toEqual(expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("gives the same for files longer than the sample for the delimiter", async () => {
    const lines = Array.from({ length: 9000 }, (_, i) => `${i};"${i % 3 === 0 ? "a\r\nb" : "c"}";${i / 8}`);
    const whole = `n;w;x\r\n${lines.join("\r\n")}\r\n`;
    const [table] = (await collect([whole], { rowsPerBatch: 10_000 })) as Table[];
    const chunks = Array.from({ length: Math.ceil(whole.length / 777) }, (_, i) => whole.slice(i * 777, (i + 1) * 777));
    const [chunked] = (await collect(chunks, { rowsPerBatch: 10_000 })) as Table[];
    expect(plain([chunked!])).toEqual(plain([table!]));
    expect(plain([parseCsv(whole)])).toEqual(plain([table!]));
    expect([table!.rows, table!.lines[8999]]).toEqual([9000, 1 + 9000 + 3000]);
  });

  test("gives what parseCsv gives, for a file no longer than the sample", async () => {
    await fc.assert(
      fc.asyncProperty(text, async (t) => {
        let expected: unknown;
        try {
          expected = plain([parseCsv(t)]);
        } catch (error) {
          expected = `0 ${(error as Error).message}`;
        }
        expect(plain(await collect([...t]))).toEqual(expected);
      }),
      { numRuns: 400 },
    );
  });

  test("gives tables of rowsPerBatch rows with the lines of the file", async () => {
    const lines = Array.from({ length: 10 }, (_, i) => `${i},${i * i}`);
    const tables = (await collect([`a,b\n${lines.join("\n")}\n`], { rowsPerBatch: 4 })) as Table[];
    expect(tables.map(({ rows }) => rows)).toEqual([4, 4, 2]);
    expect([...tables[2]!.numbers("b")]).toEqual([64, 81]);
    expect([...tables[2]!.lines]).toEqual([10, 11]);
  });

  test("fixes types by the sample and reports later cells that do not fit", async () => {
    const tables = (await collect(["a,b\n1,x\n2,y\nlater,z\n"], { sampleRows: 2, rowsPerBatch: 10 })) as Table[];
    expect([...tables[0]!.numbers("a")]).toEqual([1, 2, Number.NaN]);
    expect(tables[0]!.issues).toEqual([{ row: 4, column: "a", value: "later", reason: "not a number" }]);
  });

  test("gives the rows before a broken one, then the error", async () => {
    expect(await collect(["a,b\n1,2\n3,4\n5\n"], { sampleRows: 1, rowsPerBatch: 1 })).toMatch(
      /^2 CSV, line 4: every row must have 2 fields/,
    );
  });

  test("reads on while the source runs, keeping one table only", async () => {
    let sent = 0;
    async function* endless() {
      yield "a,b\n";
      for (;;) {
        sent++;
        yield "1,2\n".repeat(1000);
      }
    }
    let rows = 0;
    for await (const table of readCsvBatches(endless(), { rowsPerBatch: 1000 })) {
      rows += table.rows;
      if (rows >= 200_000) break;
    }
    expect(rows).toBe(200_000);
    expect(sent).toBeLessThan(220);
  });

  test("stops at maxRows", async () => {
    expect(await collect(["a\n", ..."1\n2\n3\n4\n"], { maxRows: 3 })).toMatch(/CSV: must have at most 3 rows/);
  });
});
