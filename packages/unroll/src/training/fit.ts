/**
 * Training: epochs of batches with validation, callbacks, checkpoints and a way to stop. What a step computes is in step.ts,
 * where batches come from in fit-sources.ts, what a checkpoint holds in checkpoint.ts.
 */
import { Random, type RandomState } from "../core/random.ts";
import { nextRandom } from "../layers/seed.ts";
import { defaultThreads } from "../layers/threads.ts";
import type { ModelData } from "../model/data.ts";
import type { Model } from "../model/model.ts";
import type { BatchIterable } from "./batch-iterables.ts";
import { makeBreath } from "./breath.ts";
import type { Callback, FitControl, Logs } from "./callbacks.ts";
import { type Compiled, compiledOf } from "./compile.ts";
import type { Examples } from "./data.ts";
import { betterOf, dataOf, type TrainedBatch, trainBatch } from "./evaluate.ts";
import type { BatchSource, ExampleView } from "./fit-data.ts";
import { checkFitOptions, epochLine, type FitOptions, type FitResult, type Progress } from "./fit-options.ts";
import { type FitSources, readSources } from "./fit-sources.ts";
import { shapesOf } from "./forward.ts";
import { readCallbacks } from "./read-callbacks.ts";
import { inOrder, type Report, Totals } from "./reports.ts";
import { stepFor } from "./step.ts";

/**
 * Trains the model.
 *
 * A batch whose loss is not a finite number changes nothing and ends the run, with the place where that began.
 *
 * @param x arrays; a view, such as `windows` gives, of which only one batch at a time is copied; or an iterable of batches
 * @param y left out when `x` is a view or an iterable of batches
 * @throws UnrollError `unbuilt` before `compile`; `data`, `shape`, `option` for data and options that do not fit; `file` for
 * checkpoints of another run; `aborted` when a worker dies
 * @example const { history } = await fit(net, x, y, { epochs: 10, validationSplit: 0.2 });
 */
export async function fit(
  model: Model,
  x: ModelData | ExampleView | BatchIterable,
  y?: ModelData,
  options: FitOptions = {},
): Promise<FitResult> {
  return new FitRun(model, x, y, options).run();
}

class FitRun {
  readonly #model: Model;
  readonly #compiled: Compiled;
  readonly #options: FitOptions;
  readonly #callbacks: readonly Callback[];
  readonly #source: BatchSource;
  readonly #validation: FitSources["validation"];
  readonly #history: Record<string, number[]> = {};
  readonly #epochs: number[] = [];
  readonly #control: FitControl;
  readonly #lastEpoch: number;
  readonly #threads: number;
  #random: Random;
  #order: RandomState;
  #totals = new Totals();
  #reports: readonly Report[] = [];
  #epoch: number;
  #batch = 0;
  #stopped: FitResult["stopped"];
  #stopAsked = false;
  readonly #breathe = makeBreath();
  #batchesOfEpoch: number | undefined;

  constructor(model: Model, x: ModelData | ExampleView | BatchIterable, y: ModelData | undefined, options: FitOptions) {
    checkFitOptions(model, options);
    this.#model = model;
    this.#compiled = compiledOf(model);
    this.#options = options;
    this.#callbacks = readCallbacks(options.callbacks);
    this.#epoch = options.initialEpoch ?? 0;
    this.#lastEpoch = options.epochs ?? 1;
    this.#threads = options.threads ?? defaultThreads();
    this.#random = options.seed === undefined ? nextRandom() : new Random(options.seed);
    this.#order = this.#random.state;
    const { source, validation } = readSources(this.#compiled, x, y, options);
    this.#source = source;
    this.#validation = validation;
    this.#batchesOfEpoch = this.#source.steps;
    this.#control = this.#makeControl();
  }

  async run(): Promise<FitResult> {
    try {
      return await this.#run();
    } finally {
      await this.#source.close?.();
    }
  }

  async #run(): Promise<FitResult> {
    for (const callback of this.#callbacks) await callback.onTrainBegin?.(this.#control);
    const finished = await this.#resume();
    if (!finished) {
      while (this.#epoch < this.#lastEpoch && this.#stopped === undefined) await this.#runEpoch();
      if (this.#stopped?.reason !== "callback") await this.#checkpoint(false);
      for (const callback of this.#callbacks) await callback.onTrainEnd?.(this.#control);
      if (this.#stopped === undefined || this.#stopped.reason === "callback") await this.#checkpoint(true);
    }
    return {
      history: this.#history,
      epochs: this.#epochs,
      ...(this.#stopped === undefined ? {} : { stopped: this.#stopped }),
    };
  }

  async #runEpoch(): Promise<void> {
    const epoch = this.#epoch;
    const began = now();
    if (this.#batch === 0) {
      this.#totals = new Totals();
      this.#order = this.#random.split().state;
      for (const callback of this.#callbacks) await callback.onEpochBegin?.(epoch, this.#control);
    }
    for await (const batch of this.#source.batches(epoch, this.#batch, this.#order)) {
      await this.#runBatch(batch, began);
      if (this.#stopped !== undefined) return;
      if (this.#stopAsked) break;
    }
    this.#batchesOfEpoch = this.#batch;
    await this.#endEpoch(began);
  }

  async #runBatch(batch: Examples, began: number): Promise<void> {
    for (const callback of this.#callbacks) await callback.onBatchBegin?.(this.#batch, this.#control);
    const random = this.#random.split();
    const before = random.state;
    const trained = trainBatch(this.#compiled, batch, { random, totals: this.#totals, threads: this.#threads });
    this.#reports = trained.step.reports;
    const wantsLogs =
      this.#options.onProgress !== undefined || this.#callbacks.some(({ onBatchEnd }) => onBatchEnd !== undefined);
    const logs = wantsLogs || !trained.finite ? this.#totals.logs() : {};
    for (const callback of this.#callbacks) await callback.onBatchEnd?.(this.#batch, logs, this.#control);
    if (!trained.finite) {
      await this.#stopAtNotANumber(trained, batch, new Random(before));
      return;
    }
    this.#batch++;
    this.#options.onProgress?.(this.#progress(logs, false, began));
    await this.#breathe();
    if (this.#options.signal?.aborted) this.#stopAborted();
    else if (this.#checkpointIsDue()) await this.#checkpoint(false);
  }

  async #endEpoch(began: number): Promise<void> {
    const epoch = this.#epoch;
    const freq = this.#options.validationFreq ?? 1;
    let logs: Record<string, number> = this.#totals.logs();
    if (this.#validation !== undefined && (epoch + 1) % freq === 0) {
      const found = await this.#validation(epoch, this.#order);
      if (found === undefined) {
        this.#stopAborted();
        return;
      }
      logs = inOrder({ ...logs, ...prefixed("val_", found) });
    }
    for (const callback of this.#callbacks) {
      const more = await callback.onEpochEnd?.(epoch, logs, this.#control);
      if (isLogs(more)) logs = { ...logs, ...more };
    }
    for (const [name, value] of Object.entries(logs)) {
      this.#history[name] ??= [];
      this.#history[name].push(value);
    }
    this.#epochs.push(epoch);
    this.#options.onProgress?.(this.#progress(logs, true, began));
    if (this.#options.verbose) this.#control.say(epochLine(epoch, this.#lastEpoch, this.#batch, now() - began, logs));
    const batch = this.#batch;
    this.#epoch++;
    this.#batch = 0;
    if (this.#stopAsked) {
      this.#stopped = { reason: "callback", epoch, batch, message: `A callback ended the run in epoch ${epoch + 1}.` };
    } else if (this.#epochCheckpointIsDue()) await this.#checkpoint(false);
  }

  #stopAborted(): void {
    const { checkpoint } = this.#options;
    const place = `Stopped as asked after batch ${this.#batch} of epoch ${this.#epoch + 1}.`;
    this.#stopped = {
      reason: "aborted",
      epoch: this.#epoch,
      batch: this.#batch,
      message:
        checkpoint === undefined
          ? `${place} The model keeps what it has learnt.`
          : `${place} Run again with resume: true to go on from ${checkpoint.path}.`,
    };
    this.#control.say(this.#stopped.message);
  }

  async #stopAtNotANumber({ step, factors }: TrainedBatch, batch: Examples, random: Random): Promise<void> {
    const { findNotANumber } = await import("./not-a-number.ts");
    const notANumber = findNotANumber(this.#model, step, dataOf(batch), random, factors);
    const message = `The loss of batch ${this.#batch + 1} of epoch ${this.#epoch + 1} is not a finite number: ${notANumber.message} The weights are those from before this batch.`;
    this.#stopped = { reason: "not-a-number", epoch: this.#epoch, batch: this.#batch, message, notANumber };
    this.#control.say(message);
  }

  #makeControl(): FitControl {
    const run = this;
    const { optimizer } = this.#compiled;
    const print = this.#options.print ?? ((line: string) => console.log(line));
    return {
      model: this.#model,
      stop() {
        run.#stopAsked = true;
      },
      get stopped() {
        return run.#stopAsked;
      },
      get learningRate() {
        return optimizer.learningRate;
      },
      set learningRate(rate: number) {
        optimizer.learningRate = rate;
      },
      get iterations() {
        return optimizer.iterations;
      },
      weights: () => run.#model.variables.map(({ data }) => data.slice()),
      setWeights(weights) {
        for (const [index, variable] of run.#model.variables.entries()) variable.assign(weights[index]!);
      },
      better: (name) => betterOf(run.#reports, name),
      say: (line) => print(line),
    };
  }

  #progress(logs: Logs, done: boolean, began: number): Progress {
    return {
      epoch: this.#epoch,
      epochs: this.#lastEpoch,
      batch: this.#batch,
      batches: this.#batchesOfEpoch,
      logs,
      done,
      milliseconds: now() - began,
    };
  }

  #checkpointIsDue(): boolean {
    const every = this.#options.checkpoint?.everyBatches;
    return every !== undefined && this.#compiled.optimizer.iterations % every === 0;
  }

  #epochCheckpointIsDue(): boolean {
    const { checkpoint } = this.#options;
    if (checkpoint === undefined) return false;
    const every = checkpoint.everyEpochs ?? (checkpoint.everyBatches === undefined ? 1 : undefined);
    return every !== undefined && this.#epoch % every === 0;
  }

  async #checkpoint(finished: boolean): Promise<void> {
    const { checkpoint } = this.#options;
    if (checkpoint === undefined || this.#stopped?.reason === "not-a-number") return;
    const { saveCheckpoint } = await import("./checkpoint.ts");
    await saveCheckpoint(checkpoint.path, this.#compiled, {
      data: this.#source.describe,
      place: this.#source.place,
      epoch: this.#epoch,
      batch: this.#batch,
      random: this.#random.state,
      order: this.#order,
      totals: this.#totals.sums,
      history: this.#history,
      epochs: this.#epochs,
      finished,
      stopped: finished ? this.#stopped : undefined,
      callbacks: this.#callbacks.map((callback) => callback.save?.() ?? null),
    });
  }

  /** Writes the first step, with which the states of stateful layers appear and the reports are known. */
  async #prepareFirst(): Promise<void> {
    const { x, y, sampleWeight } = await this.#source.first(this.#epoch);
    const shapes = shapesOf(x, y, sampleWeight);
    this.#reports = stepFor({ mode: "train", compiled: this.#compiled, shapes, threads: this.#threads }).reports;
  }

  /** Takes up a saved run. True when there is nothing left to do. */
  async #resume(): Promise<boolean> {
    const { checkpoint, resume } = this.#options;
    if (checkpoint === undefined || !resume) return false;
    const { readCheckpoint, restoreCheckpoint } = await import("./checkpoint.ts");
    const bytes = await readCheckpoint(checkpoint.path);
    if (bytes === undefined) return false;
    await this.#prepareFirst();
    const { describe } = this.#source;
    const saved = restoreCheckpoint(bytes, checkpoint.path, this.#compiled, describe, this.#callbacks.length);
    this.#epoch = saved.epoch;
    this.#batch = saved.batch;
    this.#random = new Random(saved.random);
    this.#order = saved.order;
    this.#totals.restore(this.#reports, saved.totals);
    Object.assign(this.#history, saved.history);
    this.#epochs.push(...saved.epochs);
    for (const [index, callback] of this.#callbacks.entries()) await callback.restore?.(saved.callbacks[index]!);
    if (saved.finished) this.#stopped = saved.stopped;
    if (saved.finished && (saved.stopped !== undefined || saved.epoch >= this.#lastEpoch)) return true;
    await this.#source.goTo?.(saved.place ?? { began: saved.epoch, read: saved.batch });
    return false;
  }
}

function prefixed(prefix: string, logs: Logs): Record<string, number> {
  return Object.fromEntries(Object.entries(logs).map(([name, value]) => [`${prefix}${name}`, value]));
}

function isLogs(value: unknown): value is Record<string, number> {
  return (
    typeof value === "object" && value !== null && Object.values(value).every((entry) => typeof entry === "number")
  );
}

function now(): number {
  return performance.now();
}
