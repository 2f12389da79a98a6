/** `unroll predict` from a CSV into a CSV: chunk by chunk, so that neither has to fit into memory. */
import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { UnrollError } from "../core/errors.ts";
import { readFileBytes } from "../formats/read-bytes.ts";
import type { Model } from "../model/model.ts";
import type { CsvLayout } from "../serve/predict-csv.ts";
import type { FlagValues, Invocation } from "./command.ts";
import { printJson } from "./print.ts";
import { remarkOn } from "./read-data.ts";

/** What is read and written. */
interface CsvJob {
  readonly input: string;
  readonly output: string;
  readonly lookback: number | undefined;
  /** What was saved beside the model says how rows are read. */
  readonly layout?: CsvLayout;
}

/** From this size on the start of threads is paid back. */
const largeFile = 8 * 2 ** 20;
const mostWorkers = 16;

/**
 * The job where the flags ask for CSV to CSV and the model can take it in pieces; otherwise undefined.
 *
 * @throws UnrollError `usage` for `--lookback` or `--workers` with anything else
 */
export function csvJob(model: Model, flags: FlagValues): CsvJob | undefined {
  const paths = (flags.input ?? []) as readonly string[]; // a flag that may be repeated
  const [input] = paths;
  const output = flags.out;
  const lookback = typeof flags.lookback === "number" ? flags.lookback : undefined;
  const isCsv = paths.length === 1 && /\.csv$/i.test(input!) && typeof output === "string" && /\.csv$/i.test(output);
  if (isCsv && takesPieces(model, lookback)) return { input: input!, output, lookback };
  const asked = lookback !== undefined ? "--lookback" : flags.workers !== undefined ? "--workers" : undefined;
  if (asked === undefined) return undefined;
  throw new UnrollError({
    code: "usage",
    path: "unroll predict",
    expected: `${asked} goes with --input X.csv --out Y.csv and a model of one input, one output and any batch size`,
    hint: lookback === undefined ? "A model of open length also needs --lookback." : undefined,
  });
}

function takesPieces({ inputs, outputs }: Model, lookback: number | undefined): boolean {
  const [input] = inputs;
  if (inputs.length !== 1 || outputs.length !== 1 || input!.shape[0] !== null) return false;
  // A sequence of open length is the whole file, unless windows are asked for.
  return lookback !== undefined || input!.shape.length <= 2 || !input!.shape.slice(1).includes(null);
}

interface Loaded extends CsvJob {
  readonly file: string;
  readonly model: Model;
  readonly hasWeights: boolean;
}

/** Larger files are not read at once where they can be read in pieces. */
const mostAtOnce = 64 * 2 ** 20;

/** Whether forecasts of a table are made piece by piece: where threads are asked for, or the table is large. */
export async function readsInPieces(input: string, { out, workers }: FlagValues): Promise<boolean> {
  if (typeof out !== "string" || !out.endsWith(".csv")) return false;
  return workers !== undefined || (await sizeOfFile(input)) > mostAtOnce;
}

/** Runs the job. Throws UnrollError `file`, `data`, and as `model.predict` does. */
export async function predictLargeCsv(job: Loaded, { flags, terminal }: Invocation): Promise<0> {
  const { input, output, lookback, layout, model } = job;
  const size = await sizeOfFile(input);
  const batchSize = typeof flags.batch === "number" ? flags.batch : 32;
  // Threads open the model's file themselves, which must then say all there is to say.
  const byFile = job.hasWeights && flags.weights === undefined && flags.set === undefined && flags.model === undefined;
  const wished = typeof flags.workers === "number" ? flags.workers : size < largeFile ? 0 : availableParallelism();
  const workers = byFile ? Math.min(wished, mostWorkers) : 0;
  const { LoadedModel, runnerHere } = await import("../serve/runner.ts");
  const { runnerInThreads } = await import("../serve/thread-runner.ts");
  const { predictCsv } = await import("../serve/predict-csv.ts");
  const runner =
    workers === 0
      ? runnerHere(new LoadedModel(model, batchSize))
      : await runnerInThreads({ path: job.file, batchSize, threads: workers });
  try {
    const { rows, resumedChunks } = await predictCsv({
      runner,
      modelId: await identityOf(model),
      input,
      output,
      workers: Math.max(1, workers),
      ...(lookback === undefined ? {} : { lookback }),
      ...(layout === undefined ? {} : { layout }),
      onNaN: (line, column) => terminal.note(`${remarkOn("NaN", "", `on line ${line}, column ${column}`)}\n`),
      onInfinity: (line, column) => terminal.note(`${remarkOn("infinity", "", `on line ${line}, column ${column}`)}\n`),
      ...(terminal.interactive ? { onProgress: (done) => terminal.note(`\r${done} rows`) } : {}),
    });
    if (terminal.interactive) terminal.note("\r");
    if (resumedChunks > 0) terminal.note("Went on where an earlier run had ended.\n");
    terminal.note(`Wrote ${output}: ${rows} rows.\n`);
    if (flags.json === true) printJson(terminal, { out: output, rows, resumedChunks });
    return 0;
  } finally {
    await runner.close();
  }
}

async function sizeOfFile(path: string): Promise<number> {
  const facts = await stat(path).catch(() => undefined);
  if (facts?.isFile()) return facts.size;
  // It says why.
  return (await readFileBytes(path)).length;
}

/** A digest of the architecture and of every weight. */
async function identityOf(model: Model): Promise<string> {
  const { modelToConfig } = await import("../formats/keras-model-write.ts");
  const hash = createHash("sha256").update(JSON.stringify(modelToConfig(model)));
  for (const { data } of model.getWeights()) hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return hash.digest("hex");
}
