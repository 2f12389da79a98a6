/**
 * What a fit reads: its training batches and its validation, out of the data and options that it is given. The kinds of
 * sources are in fit-data.ts and batch-iterables.ts.
 */
import { UnrollError } from "../core/errors.ts";
import type { RandomState } from "../core/random.ts";
import { defaultThreads } from "../layers/threads.ts";
import type { ModelData } from "../model/data.ts";
import type { Model } from "../model/model.ts";
import { type BatchIterable, isBatchIterable, iterableSource } from "./batch-iterables.ts";
import { makeBreath } from "./breath.ts";
import type { Compiled } from "./compile.ts";
import { batchSizeFor, type Examples, readExamples, splitOff, splitPoint } from "./data.ts";
import { checkViewOptions, testBatch } from "./evaluate.ts";
import {
  arraySource,
  type BatchSource,
  type ExampleView,
  exampleBatches,
  isExampleView,
  type ModelView,
  modelView,
  viewBatches,
  viewSource,
} from "./fit-data.ts";
import type { FitOptions, ValidationData } from "./fit-options.ts";
import { Totals } from "./reports.ts";

/**
 * Loss and metrics after an epoch; undefined where the run was asked to stop meanwhile. The epoch and its order are for
 * iterables, which are read anew.
 */
type Validation = (epoch: number, order: RandomState) => Promise<Record<string, number> | undefined>;

export interface FitSources {
  readonly source: BatchSource;
  readonly validation: Validation | undefined;
}

/** @throws UnrollError `data`, `shape`, `option` for data and options that do not fit */
export function readSources(
  compiled: Compiled,
  x: ModelData | ExampleView | BatchIterable,
  y: ModelData | undefined,
  options: FitOptions,
): FitSources {
  if (isExampleView(x)) return viewSources(compiled, x, y, options);
  if (isBatchIterable(x) && y === undefined) return iterableSources(compiled, x, options);
  if (isBatchIterable(x)) throw targetsBesideBatches(compiled.model);
  return arraySources(compiled, x as ModelData, y as ModelData, options); // neither a view nor an iterable
}

function targetsBesideBatches({ name }: Model): UnrollError {
  return new UnrollError({
    code: "data",
    path: name,
    expected: "an iterable of batches brings its own targets",
    received: "a second argument",
    hint: "Give the options as the third: fit(batches, undefined, { epochs: 2 }).",
  });
}

/** An option that this kind of data would pass over in silence. */
function misplaced(option: string, model: Model, expected: string, received: string, hint: string): UnrollError {
  return new UnrollError({ code: "option", path: model.name, expected: `${option} ${expected}`, received, hint });
}

function arraySources(compiled: Compiled, x: ModelData, y: ModelData, options: FitOptions): FitSources {
  const { model } = compiled;
  checkSteps(model, options, "arrays");
  const { sampleWeight, classWeight, shuffle = true } = options;
  let examples = readExamples(model, x, y, { sampleWeight, classWeight });
  let held: Examples | undefined;
  const share = splitShare(options);
  if (share !== undefined) {
    [examples, held] = splitOff(examples, share, model.name);
    if (classWeight !== undefined) held = { ...held, sampleWeight: [] };
  }
  const batchSize = batchSizeFor(model, options.batchSize, examples.count);
  return {
    source: arraySource(examples, batchSize, shuffle),
    validation:
      held === undefined
        ? validationOf(compiled, options, batchSize)
        : validationOn(compiled, options, examplesOf(held, validationBatchSize(model, options, batchSize, held.count))),
  };
}

function viewSources(compiled: Compiled, view: ExampleView, y: ModelData | undefined, options: FitOptions): FitSources {
  const { model } = compiled;
  const { classWeight, shuffle = true } = options;
  checkViewOptions(model, y, options);
  checkSteps(model, options, "a view");
  const share = splitShare(options);
  const end = share === undefined ? view.count : splitPoint(view.count, share, model.name);
  const training = modelView(model, view, { classWeight, to: end });
  const held = share === undefined ? undefined : modelView(model, view, { from: end });
  const batchSize = batchSizeFor(model, options.batchSize, training.count);
  return {
    source: viewSource(training, batchSize, shuffle),
    validation:
      held === undefined
        ? validationOf(compiled, options, batchSize)
        : validationOn(compiled, options, viewOf(held, validationBatchSize(model, options, batchSize, held.count))),
  };
}

function iterableSources(compiled: Compiled, batches: BatchIterable, options: FitOptions): FitSources {
  const { model } = compiled;
  const { validationSplit, stepsPerEpoch, classWeight, sampleWeight } = options;
  const received = "an iterable of batches";
  if (validationSplit !== undefined && validationSplit !== 0) {
    throw misplaced("validationSplit", model, "needs arrays or a view", received, "Give validationData.");
  }
  if (sampleWeight !== undefined) {
    const hint = "Give each batch its own: { x, y, sampleWeight }.";
    throw misplaced("sampleWeight", model, "needs arrays", received, hint);
  }
  return {
    source: iterableSource(model, batches, { stepsPerEpoch, classWeight }),
    validation: validationOf(compiled, options, options.batchSize ?? 32),
  };
}

/** Arrays and views say themselves how many batches they have. */
function checkSteps(model: Model, { stepsPerEpoch }: FitOptions, received: string): void {
  if (stepsPerEpoch === undefined) return;
  throw misplaced("stepsPerEpoch", model, "needs an iterable of batches", received, "Leave it out.");
}

/** The share to cut off for validation; undefined when none is, or when validation data is given. */
function splitShare({ validationSplit, validationData }: FitOptions): number | undefined {
  return validationSplit === 0 || validationData !== undefined ? undefined : validationSplit;
}

function validationOf(compiled: Compiled, options: FitOptions, batchSize: number): Validation | undefined {
  const { model } = compiled;
  const data: ValidationData | undefined = options.validationData;
  if (data === undefined) return undefined;
  if (isExampleView(data)) {
    const view = modelView(model, data);
    return validationOn(compiled, options, viewOf(view, validationBatchSize(model, options, batchSize, view.count)));
  }
  if (!Array.isArray(data) && isBatchIterable(data)) {
    const source = iterableSource(model, data, {});
    return validationOn(compiled, options, (epoch, order) => source.batches(epoch, 0, order));
  }
  const [x, y, sampleWeight] = Array.isArray(data)
    ? (data as readonly ModelData[]) // told apart from the record
    : [(data as { x: ModelData }).x, (data as { y: ModelData }).y, (data as { sampleWeight?: ModelData }).sampleWeight];
  const examples = readExamples(model, x!, y!, { sampleWeight });
  const size = validationBatchSize(model, options, batchSize, examples.count);
  return validationOn(compiled, options, examplesOf(examples, size));
}

type Batches = (epoch: number, order: RandomState) => AsyncIterable<Examples> | Iterable<Examples>;

function examplesOf(examples: Examples, batchSize: number): Batches {
  return () => exampleBatches(examples, batchSize);
}

function viewOf(view: ModelView, batchSize: number): Batches {
  return () => viewBatches(view, batchSize);
}

function validationOn(compiled: Compiled, options: FitOptions, batches: Batches): Validation {
  const { signal, threads = defaultThreads() } = options;
  const breathe = makeBreath();
  return async (epoch, order) => {
    const totals = new Totals();
    for await (const batch of batches(epoch, order)) {
      testBatch(compiled, batch, { totals, threads });
      await breathe();
      if (signal?.aborted) return undefined;
    }
    return totals.logs();
  };
}

function validationBatchSize(model: Model, options: FitOptions, batchSize: number, count: number): number {
  return batchSizeFor(model, options.validationBatchSize ?? batchSize, count, "validationBatchSize");
}
