/**
 * A sweep from beginning to end: makes or takes up the plan, gives tasks to threads or to a queue as they become known, and
 * records each result once.
 */
import { availableParallelism } from "node:os";
import { UnrollError } from "../core/errors.ts";
import { checkFit } from "../forecast/model-fit.ts";
import type { Series } from "../forecast/series.ts";
import { type FileLock, lockFile } from "../formats/file-lock.ts";
import { writeFile } from "../formats/files.ts";
import { baselineScores } from "./baselines.ts";
import { type GivenModel, givenModel, optionsOfModel, variantOf } from "./given-model.ts";
import { beginSweep, dataName, openSweep, readAllSeries, type SweepFile } from "./open-sweep.ts";
import { checkOptions, type SweepOptions } from "./options.ts";
import { countToGo, makePlan, nextTasks, type SweepPlan, type Task, type TaskResult } from "./plan.ts";
import { openRecords, type Records } from "./records.ts";
import { resultsOf, type SweepResults } from "./results.ts";
import type { Runner } from "./runner.ts";
import { names, openShared, type SharedFiles } from "./shared-files.ts";
import { checkSpace, parametersOf, plainParameters, type Space } from "./space.ts";
import { checkTimeout } from "./timeout.ts";
import { runTask } from "./trial.ts";

/** Where a sweep is kept and who trains. */
export interface SweepPlace {
  /** Of plan, journal, checkpoints and models, or an s3:// URL. A sweep that was begun there goes on. */
  readonly folder: string;
  /** Worker threads; by default one a core. 0 trains in the calling thread. */
  readonly threads?: number;
  /** A Redis URL; then workers started elsewhere train, and no threads here. */
  readonly queue?: string;
  /** Seconds that a task may take (a trial's round, or its final model); then it is ended, and that is its result. By default no end. */
  readonly trialTimeout?: number;
  readonly onProgress?: (progress: SweepProgress) => void;
  /** Ends the sweep; what runs goes on from its checkpoint the next time. */
  readonly signal?: AbortSignal;
}

/** How far a sweep is. */
export interface SweepProgress {
  /** Tasks with a result. */
  readonly done: number;
  /** Tasks that are known to follow, the final models too. Rounds to come are not. */
  readonly open: number;
  /** Undefined at the beginning. */
  readonly last?: TaskResult;
}

/**
 * Searches the space. Called again with the same arguments it goes on where it was, and gives the same results.
 *
 * @param space parameter → list of values, range, or value
 * @throws UnrollError `option`, `unknown-name`, `file`, `data`, `usage` for a folder of another sweep or of one
 * that runs, `aborted`
 * @example
 * const { groups } = await sweep(
 *   { units: [8, 16], learningRate: { from: 1e-3, to: 1e-2, scale: "log" } },
 *   { data: "prices.csv", target: "close", trials: 10 }, { folder: "prices.sweep" });
 * groups[0].best // the winning settings and how the final model did
 */
export async function sweep(space: Space, options: SweepOptions, place: SweepPlace): Promise<SweepResults> {
  const { model, modelFile, spaceFile, ...others } = options;
  const checked = checkOptions(others);
  const { threads = availableParallelism(), queue, trialTimeout } = place;
  if (!Number.isSafeInteger(threads) || threads < 0) {
    throw new UnrollError({
      code: "option",
      path: "sweep",
      expected: "threads must be a whole number of 0 or more",
      received: `threads = ${threads}`,
    });
  }
  if (queue !== undefined && place.threads !== undefined) throw bothGiven(place.threads);
  checkTimeout(trialTimeout, queue === undefined ? threads : 1);
  const given = model === undefined ? undefined : givenModel(model, modelFile);
  const parameters = model === undefined ? plainParameters : parametersOf(optionsOfModel(model));
  const checkedSpace = checkSpace(space, spaceFile, parameters);
  const series = await readAllSeries(checked.data, checked);
  const plan = planOf(checkedSpace, checked, series, given);
  if (given !== undefined) checkGiven(given, plan, series);
  const baselines = new Map([...series].map(([group, one]) => [group, baselineScores(one, checked)]));
  const files = await openShared(place.folder);
  let lock: FileLock | undefined;
  try {
    lock = await lockOf(files);
    const begun = await beginSweep(plan, files, checked.data);
    const records = await openRecords(plan, files);
    try {
      if (nextTasks(plan, records.results).length > 0) {
        const runner = await runnerFor(files, begun, { threads, queue });
        try {
          await runAll(plan, records, runner, place);
        } finally {
          await runner.close();
        }
      }
      const results = resultsOf(plan, records.results, baselines);
      await writeResults(files, results);
      if (queue !== undefined) await forget(queue, begun);
      return results;
    } finally {
      await records.close();
    }
  } finally {
    await lock?.release();
    await files.close();
  }
}

/** A journal has one writer. A store needs none: it writes each result once, whoever brings it. */
async function lockOf(files: SharedFiles): Promise<FileLock | undefined> {
  if (files.store !== undefined) return undefined;
  await files.pull(names.lock);
  return await lockFile(files.pathOf(names.lock), "a sweep's folder");
}

/** The last that is written: workers end where it is. */
async function writeResults(files: SharedFiles, results: SweepResults): Promise<void> {
  await files.pull(names.results);
  const text = `${JSON.stringify(results, undefined, 2)}\n`;
  await writeFile(files.pathOf(names.results), new TextEncoder().encode(text));
  await files.push(names.results);
}

/** A queue that does not answer any more takes nothing from the results; the same command forgets it the next time. */
async function forget(queue: string, begun: SweepFile): Promise<void> {
  const { forgetQueue } = await import("./queue.ts");
  await forgetQueue(queue, begun).catch(() => {});
}

function bothGiven(threads: number): UnrollError {
  return new UnrollError({
    code: "option",
    path: "sweep",
    expected: "with a queue the workers train, and no threads here",
    received: `threads = ${threads}`,
    hint: "Leave threads or queue out.",
  });
}

function planOf(
  space: ReturnType<typeof checkSpace>,
  options: ReturnType<typeof checkOptions>,
  series: ReadonlyMap<string | null, Series>,
  given: GivenModel | undefined,
): SweepPlan {
  const [first] = series.values();
  const groups = options.groupBy === null ? null : [...series.keys()].map(String);
  return makePlan(space, options, { file: dataName(options.data), sha256: first!.sha256, groups }, given); // a file has a row
}

/** Before any work: whether windows of the series go into the model of the first trial, and forecasts come out. */
function checkGiven(
  given: GivenModel,
  { options, trials }: SweepPlan,
  series: ReadonlyMap<string | null, Series>,
): void {
  const [first] = series.values();
  const { settings, seed } = trials[0]!; // at least one
  const sizes = { lookback: settings.lookback, horizon: options.horizon, features: first!.features.length };
  checkFit(variantOf(given, settings, seed), { model: given.name }, sizes);
}

async function runnerFor(
  files: SharedFiles,
  begun: SweepFile,
  { threads, queue }: { readonly threads: number; readonly queue: string | undefined },
): Promise<Runner> {
  if (queue !== undefined) {
    const { queueRunner } = await import("./queue.ts");
    return await queueRunner(queue, begun);
  }
  if (threads === 0) {
    const open = await openSweep(files);
    let last: Promise<unknown> = Promise.resolve();
    return {
      width: 1,
      run(task) {
        const result = runTask(open, task);
        last = result.catch(() => {});
        return result;
      },
      close: async () => void (await last),
    };
  }
  const { threadRunner } = await import("./threads.ts");
  return threadRunner(files.place, threads);
}

/** Until no task is left. */
async function runAll(
  plan: SweepPlan,
  records: Records,
  runner: Runner,
  { onProgress, signal, trialTimeout }: SweepPlace,
): Promise<void> {
  const running = new Map<string, Promise<TaskResult>>();
  const aborted = new Promise<never>((_, reject) => {
    const stop = (): void => reject(new UnrollError({ code: "aborted", path: "sweep", expected: "stopped as asked" }));
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
  aborted.catch(() => {});
  for (let last: TaskResult | undefined; ; ) {
    const open: readonly Task[] = nextTasks(plan, records.results);
    const toGo = countToGo(plan, records.results);
    onProgress?.({ done: records.results.size, open: toGo, ...(last === undefined ? {} : { last }) });
    if (open.length === 0) return;
    for (const task of open) {
      if (running.size >= runner.width) break;
      if (!running.has(task.id)) running.set(task.id, runner.run(task, trialTimeout));
    }
    last = await Promise.race([...running.values(), aborted]);
    running.delete(last.task);
    await records.record(last);
  }
}
