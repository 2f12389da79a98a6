/** What a fit is asked for and what it gives back, with the checks and the words of its progress. */
import { display } from "../core/display.ts";
import { checkOptionNames, UnrollError } from "../core/errors.ts";
import { checkThreads } from "../layers/threads.ts";
import type { ModelData } from "../model/data.ts";
import type { Model } from "../model/model.ts";
import type { BatchIterable } from "./batch-iterables.ts";
import type { Callback, Logs } from "./callbacks.ts";
import type { CheckpointOptions } from "./checkpoint.ts";
import type { ClassWeight } from "./data.ts";
import type { ExampleView } from "./fit-data.ts";
import type { NotANumber } from "./not-a-number.ts";
import { checkNumber } from "./options.ts";

/** Options of `fit`. */
export interface FitOptions {
  /** Index of the epoch after the last; default 1. */
  readonly epochs?: number;
  /** Default 32, or the batch size that the input was declared with. */
  readonly batchSize?: number;
  /** A new order of the examples each epoch. Default true. */
  readonly shuffle?: boolean;
  /** Share of the examples, taken from the end before anything is shuffled. */
  readonly validationSplit?: number;
  readonly validationData?: ValidationData;
  /** By default the batch size. */
  readonly validationBatchSize?: number;
  /** Validate after every so many epochs; default 1. */
  readonly validationFreq?: number;
  /** One, or a list that is gone through in order. */
  readonly callbacks?: Callback | readonly Callback[];
  /** Decides the order of the examples and what dropout drops. By default from the stream that `setSeed` starts. */
  readonly seed?: number;
  /** Ends the run after the batch at hand. */
  readonly signal?: AbortSignal;
  /** `[examples]`, or `[examples, timesteps]`; a list for several outputs. */
  readonly sampleWeight?: ModelData;
  readonly classWeight?: ClassWeight;
  /** The epoch to begin with, from 0. */
  readonly initialEpoch?: number;
  /** For iterables: batches that make an epoch. */
  readonly stepsPerEpoch?: number;
  /** True prints a line an epoch. */
  readonly verbose?: boolean;
  /** Takes printed lines instead of the console. */
  readonly print?: (line: string) => void;
  readonly onProgress?: (progress: Progress) => void;
  /** Saves what a run needs to go on after it was killed. */
  readonly checkpoint?: CheckpointOptions;
  /** Go on from the checkpoint, where there is one. */
  readonly resume?: boolean;
  /**
   * Threads that may share a step, each a part of the batch; by default what `setThreads` says, which is 1 at first. As many
   * threads give the same bits in every run; another number of them gives others in the last places, for gradients are added up
   * part by part. Little work, states, batch statistics and the reference stay on one: `model.device().training` says why.
   */
  readonly threads?: number;
}

/** Examples that are evaluated after each epoch. */
export type ValidationData =
  | readonly [ModelData, ModelData]
  | readonly [ModelData, ModelData, ModelData]
  | { readonly x: ModelData; readonly y: ModelData; readonly sampleWeight?: ModelData }
  | ExampleView
  | BatchIterable;

/** How far a run is. Told after each batch, and after each epoch with `done`. */
export interface Progress {
  readonly epoch: number;
  readonly epochs: number;
  /** Batches done in this epoch. */
  readonly batch: number;
  /** Batches of an epoch; undefined before an iterable has told. */
  readonly batches: number | undefined;
  readonly logs: Logs;
  readonly done: boolean;
  /** Since the epoch began, ms. */
  readonly milliseconds: number;
}

/** Why a run ended before its last epoch. */
export type StopReason = "aborted" | "callback" | "not-a-number";

/** What `fit` gives: the history, and why it ended early if it did. */
export interface FitResult {
  /** One number an epoch by name, in Keras 3's order. */
  readonly history: Readonly<Record<string, readonly number[]>>;
  /** Index of each epoch in the history. */
  readonly epochs: readonly number[];
  readonly stopped?: {
    readonly reason: StopReason;
    readonly epoch: number;
    /** Batches done in that epoch. */
    readonly batch: number;
    /** A sentence for people; says how to resume where that is possible. */
    readonly message: string;
    /** For "not-a-number": where it began. The weights are those from before that batch. */
    readonly notANumber?: NotANumber;
  };
}

/** A number as Keras prints it: four decimals, or scientific below 0.001. */
export function formatLog(value: number): string {
  return Math.abs(value) > 1e-3 || value === 0
    ? value.toFixed(4)
    : value.toExponential(4).replace(/e([+-])(\d)$/, "e$10$2");
}

export function epochLine(epoch: number, epochs: number, batches: number, milliseconds: number, logs: Logs): string {
  const numbers = Object.entries(logs).map(([name, value]) => `${name}: ${formatLog(value)}`);
  const time = `${Math.round(milliseconds / 1000)}s - ${Math.max(1, Math.round(milliseconds / batches))}ms/step`;
  return [`Epoch ${epoch + 1}/${epochs} - ${batches}/${batches} - ${time}`, ...numbers].join(" - ");
}

/** Every option of `fit`; the type asks for a name here for each one above. */
const optionNames: Readonly<Record<keyof FitOptions, true>> = {
  epochs: true,
  batchSize: true,
  shuffle: true,
  validationSplit: true,
  validationData: true,
  validationBatchSize: true,
  validationFreq: true,
  callbacks: true,
  seed: true,
  signal: true,
  sampleWeight: true,
  classWeight: true,
  initialEpoch: true,
  stepsPerEpoch: true,
  verbose: true,
  print: true,
  onProgress: true,
  checkpoint: true,
  resume: true,
  threads: true,
};

/** @throws UnrollError `unknown-name`, `option` */
export function checkFitOptions(model: Model, options: FitOptions): void {
  checkOptionNames("fit", options, Object.keys(optionNames));
  const whole: readonly (keyof FitOptions)[] = [
    "epochs",
    "batchSize",
    "initialEpoch",
    "validationBatchSize",
    "validationFreq",
    "stepsPerEpoch",
  ];
  for (const name of whole) {
    const value = options[name];
    const least = name === "initialEpoch" || name === "epochs" ? 0 : 1;
    if (value === undefined || (Number.isInteger(value) && (value as number) >= least)) continue;
    throw new UnrollError({
      code: "option",
      path: model.name,
      expected: `${name} must be a whole number of at least ${least}`,
      received: `${name} = ${display(value)}`,
    });
  }
  const { validationSplit } = options;
  if (validationSplit !== undefined) checkNumber(model.name, "validationSplit", validationSplit);
  if (options.threads !== undefined) checkThreads(options.threads);
  checkCheckpointOptions(options.checkpoint);
  if (options.resume && options.checkpoint === undefined) {
    throw new UnrollError({
      code: "option",
      path: model.name,
      expected: "resume needs a checkpoint to go on from",
      received: "checkpoint = undefined",
      hint: "Give checkpoint: { path }.",
    });
  }
}

function checkCheckpointOptions(given: CheckpointOptions | undefined): void {
  if (given === undefined) return;
  if (typeof given !== "object" || given === null || typeof given.path !== "string" || given.path === "") {
    throw new UnrollError({
      code: "option",
      path: "fit: checkpoint",
      expected: "must say the path of a file",
      received: typeof given === "object" ? "no path" : `checkpoint = ${display(given)}`,
      hint: 'For instance { path: "run.checkpoint" }.',
    });
  }
  checkOptionNames("fit: checkpoint", given, ["path", "everyBatches", "everyEpochs"]);
  const { everyBatches, everyEpochs } = given;
  for (const [name, value] of Object.entries({ everyBatches, everyEpochs })) {
    if (value !== undefined) checkNumber("fit: checkpoint", name, value, { least: 1, whole: true });
  }
}
