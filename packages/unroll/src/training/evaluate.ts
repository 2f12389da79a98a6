/** Loss and metrics of a model on data, without training it; and single steps of training and testing. */
import { checkOptionNames, UnrollError } from "../core/errors.ts";
import type { Random } from "../core/random.ts";
import { nextRandom } from "../layers/seed.ts";
import { checkThreads, defaultThreads } from "../layers/threads.ts";
import type { ModelData } from "../model/data.ts";
import type { Model } from "../model/model.ts";
import { type BatchIterable, isBatchIterable, iterableSource } from "./batch-iterables.ts";
import { type Compiled, compiledOf, trainedVariables } from "./compile.ts";
import { batchSizeFor, type ClassWeight, checkOneBatch, type Examples, readExamples } from "./data.ts";
import { type ExampleView, exampleBatches, isExampleView, modelView, viewBatches } from "./fit-data.ts";
import { shapesOf } from "./forward.ts";
import { checkLabels } from "./labels.ts";
import { checkNumber } from "./options.ts";
import { type Report, Totals } from "./reports.ts";
import { type BatchData, type Step, stepFor } from "./step.ts";

/** Options of `evaluate` and `evaluateBatches`. */
export interface EvaluateOptions {
  readonly batchSize?: number;
  /** `[examples]`, or `[examples, timesteps]`; a list for several outputs. */
  readonly sampleWeight?: ModelData;
  /** Most threads that share a batch, 1 to 64, or what `setThreads` says; another number of them gives other last places. */
  readonly threads?: number;
}

/**
 * Loss and metrics over all of `x`, in order, by name.
 *
 * @param y left out when `x` is a view, which holds the targets
 * @throws UnrollError `unbuilt` before `compile`, `data`, `shape`, `option`, `unknown-name` for a misspelt option
 * @example evaluate(net, x, y) // { loss: 0.12, mae: 0.3 }
 */
export function evaluate(
  model: Model,
  x: ModelData | ExampleView,
  y?: ModelData,
  options: EvaluateOptions = {},
): Record<string, number> {
  checkOptionNames("evaluate", options, ["batchSize", "sampleWeight", "threads"]);
  const threads = readThreads(options);
  const compiled = compiledOf(model);
  if (isExampleView(x)) {
    checkViewOptions(model, y, options);
    const view = modelView(model, x);
    return evaluated(compiled, viewBatches(view, batchSizeFor(model, options.batchSize, view.count)), threads);
  }
  if (isBatchIterable(x)) {
    throw new UnrollError({
      code: "data",
      path: model.name,
      expected: "evaluate takes arrays or a view",
      received: "an iterable of batches",
      hint: "await evaluateBatches(batches) reads it.",
    });
  }
  const examples = readExamples(model, x, y as ModelData, options); // missing targets are told there
  return evaluated(compiled, exampleBatches(examples, batchSizeFor(model, options.batchSize, examples.count)), threads);
}

/**
 * Loss and metrics over the batches of an iterable, which may be larger than memory.
 *
 * @param steps most batches that are read; all, when left out
 * @throws UnrollError as `evaluate` does; `data` for an iterable without batches
 * @example await evaluateBatches(net, [{ x, y }, { x: x2, y: y2 }]) // { loss: 0.12, mae: 0.3 }
 */
export async function evaluateBatches(
  model: Model,
  batches: BatchIterable,
  options: { readonly steps?: number; readonly threads?: number } = {},
): Promise<Record<string, number>> {
  checkOptionNames("evaluateBatches", options, ["steps", "threads"]);
  const threads = readThreads(options);
  const { steps } = options;
  const compiled = compiledOf(model);
  if (steps !== undefined) checkNumber("evaluateBatches", "steps", steps, { least: 1, whole: true });
  const totals = new Totals();
  const source = iterableSource(model, batches, { stepsPerEpoch: steps });
  for await (const batch of source.batches(0, 0, nextRandom().state)) testBatch(compiled, batch, { totals, threads });
  await source.close?.();
  return totals.logs();
}

function evaluated(compiled: Compiled, batches: Iterable<Examples>, threads: number): Record<string, number> {
  const totals = new Totals();
  for (const batch of batches) testBatch(compiled, batch, { totals, threads });
  return totals.logs();
}

function readThreads({ threads = defaultThreads() }: { readonly threads?: number }): number {
  checkThreads(threads);
  return threads;
}

/** A view brings its targets along, and its examples count alike. Throws UnrollError `option`. */
export function checkViewOptions(
  model: Model,
  y: ModelData | undefined,
  { sampleWeight }: { readonly sampleWeight?: ModelData | undefined },
): void {
  if (y === undefined && sampleWeight === undefined) return;
  throw new UnrollError({
    code: "option",
    path: model.name,
    expected: "a view of examples has its own targets, and takes no sampleWeight",
    received: y === undefined ? "sampleWeight" : "y",
    hint: "Leave it out, or give arrays: view.all() copies them.",
  });
}

/** One batch without training, on so many threads or fewer. */
export function testBatch(
  compiled: Compiled,
  batch: Examples,
  { totals, threads }: { readonly totals: Totals; readonly threads: number },
): Step {
  const shapes = shapesOf(batch.x, batch.y, batch.sampleWeight);
  const step = stepFor({ mode: "test", compiled, shapes, threads });
  checkLabels(step.labels, batch.y);
  totals.add(step, step.run(dataOf(batch), nextRandom(), []));
  return step;
}

/** What a training step did. */
export interface TrainedBatch {
  readonly step: Step;
  /** Whether the loss was a finite number; if not, nothing has changed. */
  readonly finite: boolean;
  readonly factors: readonly number[];
}

/** One batch of training, on so many threads or fewer. */
export function trainBatch(
  compiled: Compiled,
  batch: Examples,
  { random, totals, threads }: { readonly random: Random; readonly totals: Totals; readonly threads: number },
): TrainedBatch {
  const { optimizer, model } = compiled;
  const shapes = shapesOf(batch.x, batch.y, batch.sampleWeight);
  const step = stepFor({ mode: "train", compiled, shapes, threads });
  checkLabels(step.labels, batch.y);
  const factors = optimizer.factors();
  const given = step.factorNames.map((name) => factors[name]!);
  const numbers = step.run(dataOf(batch), random, given);
  totals.add(step, numbers);
  const finite = Number.isFinite(numbers[0]!);
  if (finite) {
    optimizer.advance(factors);
    if (model.optimizerSize === undefined) {
      const params = optimizer.size(trainedVariables(model));
      model.optimizerSize = { params, bytes: 4 * params };
    }
  }
  return { step, finite, factors: given };
}

export function dataOf({ x, y, sampleWeight }: Examples): BatchData {
  const numbers = (list: Examples["x"]): BatchData["x"] => list.map(({ data }) => data);
  return { x: numbers(x), y: numbers(y), sampleWeight: numbers(sampleWeight) };
}

/** Options of `trainOnBatch` and `testOnBatch`. */
export interface OnBatchOptions {
  readonly sampleWeight?: ModelData;
  readonly classWeight?: ClassWeight;
  /** As in `fit`. */
  readonly threads?: number;
}

/** One step on one batch; gives the numbers of this batch. Throws UnrollError as `fit` does. */
export function trainOnBatch(
  model: Model,
  x: ModelData,
  y: ModelData,
  options: OnBatchOptions = {},
): Record<string, number> {
  checkOptionNames("trainOnBatch", options, ["sampleWeight", "classWeight", "threads"]);
  const threads = readThreads(options);
  const totals = new Totals();
  const examples = readExamples(model, x, y, options);
  checkOneBatch(model, examples);
  trainBatch(compiledOf(model), examples, { random: nextRandom(), totals, threads });
  return totals.logs();
}

/** Loss and metrics of one batch, without training. Throws UnrollError as `evaluate` does. */
export function testOnBatch(
  model: Model,
  x: ModelData,
  y: ModelData,
  options: Omit<OnBatchOptions, "classWeight"> = {},
): Record<string, number> {
  checkOptionNames("testOnBatch", options, ["sampleWeight", "threads"]);
  const threads = readThreads(options);
  const totals = new Totals();
  const examples = readExamples(model, x, y, options);
  checkOneBatch(model, examples);
  testBatch(compiledOf(model), examples, { totals, threads });
  return totals.logs();
}

/** Which way is better for a log name, `val_` ones included. */
export function betterOf(reports: readonly Report[], name: string): "higher" | "lower" | undefined {
  const plain = name.replace(/^val_/, "");
  return reports.find(({ names }) => names.includes(plain))?.better;
}
