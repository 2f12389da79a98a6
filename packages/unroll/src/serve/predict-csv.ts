/**
 * Predictions for a CSV of any size, into a CSV: in the file's order, by several threads, in bounded memory, and resumable
 * after a kill. The output appears under its name only when it is whole.
 */
import { createReadStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { readCsvBatches } from "../data/csv-batches.ts";
import type { Table } from "../data/table.ts";
import { lockFile } from "../formats/file-lock.ts";
import { systemError } from "../formats/files.ts";
import { type ExampleChunk, examplesOf } from "./csv-examples.ts";
import { JournalledFile, type Progress, readProgress } from "./journal.ts";
import type { Runner } from "./runner.ts";

export interface PredictCsvOptions {
  readonly runner: Pick<Runner, "run" | "signature">;
  /** Anything that differs for another model, which must not go on where this one was. */
  readonly modelId: string;
  readonly input: string;
  readonly output: string;
  /** Chunks that are predicted at the same time. */
  readonly workers: number;
  /** Rows of the input that are read at a time; by default 4096. */
  readonly chunkRows?: number;
  /** Rows of a sliding window. */
  readonly lookback?: number;
  /** What the table's rows mean, where they are more than the model's plain numbers. */
  readonly layout?: CsvLayout;
  /** Told of the first NaN in the input. */
  readonly onNaN?: (line: number, column: string) => void;
  /** Told of the first number beyond float32, which becomes infinite. */
  readonly onInfinity?: (line: number, column: string) => void;
  /** Told after each chunk how many rows of output there are. */
  readonly onProgress?: (rows: number) => void;
}

/** How tables become examples, and outputs lines. */
export interface CsvLayout {
  /** Differs where the output would, beside model and input. */
  readonly id: string;
  /** Cut the same every time, into chunks numbered from 0. */
  examplesOf(tables: AsyncIterable<Table>): AsyncIterable<ExampleChunk>;
  /** The chunk's lines, behind the header where it is the first. */
  textOf(chunk: ExampleChunk, output: Tensor): string;
}

export interface PredictedCsv {
  /** Rows of output. */
  readonly rows: number;
  /** Chunks that an earlier run had finished. */
  readonly resumedChunks: number;
}

/** The output while it grows, and what is known of it. */
export function partsOf(output: string): { readonly part: string; readonly journal: string } {
  return { part: `${output}.part`, journal: `${output}.journal` };
}

/**
 * Predicts every example of a CSV. Beside the output lie `.part` and `.journal` while it runs, and after a failure where a chunk
 * was finished; the same call goes on with them.
 *
 * @throws UnrollError `data` as `examplesOf` and `model.predict` do, `file`, `usage` while another process writes the output
 */
export async function predictCsv(options: PredictCsvOptions): Promise<PredictedCsv> {
  const { output } = options;
  const lock = await lockFile(`${output}.lock`, output);
  try {
    return await predictAll(options);
  } finally {
    await lock.release();
  }
}

async function predictAll(options: PredictCsvOptions): Promise<PredictedCsv> {
  const { runner, input, output, workers, chunkRows = 4096, layout = plainLayout(options) } = options;
  const { part, journal } = partsOf(output);
  const job = await jobName(options, layout, chunkRows);
  const progress = await progressOf(part, journal, job);
  const forget = (): Promise<unknown> => Promise.all([part, journal].map((path) => rm(path, { force: true })));
  const file = await JournalledFile.open(part, journal, job, progress).catch(async (cause: unknown) => {
    if (progress === undefined) await forget();
    throw systemError(part, "the output must be writable", cause);
  });
  const finished = progress?.chunks ?? 0;
  let rows = 0;
  try {
    const tables = readCsvBatches(createReadStream(input), { name: input, rowsPerBatch: chunkRows });
    const chunks = layout.examplesOf(tables);
    // The oldest first: the output is in the order of the input.
    const running: Promise<{ text: string; rows: number }>[] = [];
    const writeOldest = async (): Promise<void> => {
      const result = await running.shift()!;
      await file.append(result.text).catch((cause: unknown) => {
        throw systemError(part, "the output must be writable", cause);
      });
      rows += result.rows;
      options.onProgress?.(rows);
    };
    for await (const chunk of chunks) {
      if (chunk.index < finished) {
        rows += chunk.lines.length;
        continue;
      }
      const result = predictChunk(runner, chunk, layout);
      // A failure is met when its turn comes; until then it must not count as unhandled.
      result.catch(() => {});
      running.push(result);
      // One more than there are workers waits, so that none of them idles.
      if (running.length > workers) await writeOldest();
    }
    while (running.length > 0) await writeOldest();
  } catch (error) {
    await file.close();
    // Nothing to go on with.
    if (file.chunks === 0) await forget();
    throw error;
  }
  await file.close();
  await rename(part, output);
  await rm(journal);
  return { rows, resumedChunks: finished };
}

async function predictChunk(
  runner: Pick<Runner, "run">,
  chunk: ExampleChunk,
  layout: CsvLayout,
): Promise<{ text: string; rows: number }> {
  const [output] = (await runner.run([chunk.inputs])) as readonly [Tensor];
  return { text: layout.textOf(chunk, output), rows: chunk.lines.length };
}

/** Rows, or windows of them, are the model's numbers as they stand; its outputs are written as they come. */
function plainLayout({ runner, input, lookback, onNaN, onInfinity }: PredictCsvOptions): CsvLayout {
  const { shape } = runner.signature.inputs[0]!; // a model has one
  const withLines = lookback !== undefined;
  return {
    id: String(lookback ?? 0),
    examplesOf: (tables) => examplesOf(tables, { path: input, shape, lookback, onNaN, onInfinity }),
    textOf({ index, lines }, output) {
      const width = Math.max(1, sizeOf(output.shape.slice(1)));
      const texts = lines.map((line, row) => {
        const values = output.data.subarray(row * width, (row + 1) * width).join(",");
        return withLines ? `${line},${values}\n` : `${values}\n`;
      });
      const names = Array.from({ length: width }, (_, i) => `output_${i}`);
      const head = index === 0 ? `${[...(withLines ? ["line"] : []), ...names].join(",")}\n` : "";
      return head + texts.join("");
    },
  };
}

/** One line that differs where the result would: model, input and how it is cut. */
async function jobName({ modelId, input }: PredictCsvOptions, { id }: CsvLayout, chunkRows: number): Promise<string> {
  const { size, mtimeMs } = await stat(input);
  return JSON.stringify({ job: "predict", modelId, input: { size, mtimeMs }, chunkRows, layout: id });
}

/** How far an earlier run came, where its output still has what its journal says. */
async function progressOf(part: string, journal: string, job: string): Promise<Progress | undefined> {
  const progress = await readProgress(journal, job);
  const size = await stat(part).then(
    (facts) => facts.size,
    () => -1,
  );
  return progress !== undefined && size >= progress.bytes ? progress : undefined;
}
