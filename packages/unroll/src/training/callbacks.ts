/**
 * Callbacks that steer a fit: what they watch, when they stop, what they change. Those that write files are in
 * callback-files.ts. A user's own callback is any object with some of these methods.
 */
import { display } from "../core/display.ts";
import { badOption, UnrollError } from "../core/errors.ts";
import type { Model } from "../model/model.ts";
import { withDefaults } from "./options.ts";

/** Numbers of an epoch or batch by name: loss, metrics, `val_` names after validation. */
export type Logs = Readonly<Record<string, number>>;

/** What a callback sees of the running fit. */
export interface FitControl {
  readonly model: Model;
  /** Ends training after this batch. */
  stop(): void;
  readonly stopped: boolean;
  learningRate: number;
  /** Steps that the optimizer has taken. */
  readonly iterations: number;
  /** Copies of every weight, in `getWeights()` order. */
  weights(): Float32Array[];
  setWeights(weights: readonly Float32Array[]): void;
  /** Which way is better for this log name, where a metric or the loss says so. */
  better(name: string): "higher" | "lower" | undefined;
  /** Prints a line where progress is shown. */
  say(line: string): void;
}

/** What a callback keeps for a resumed run: plain data, with arrays of numbers as Float32Array. */
export type CallbackState =
  | null
  | boolean
  | number
  | string
  | Float32Array
  | readonly CallbackState[]
  | { readonly [name: string]: CallbackState };

/** What is told of a run of `fit`; any of its methods may be left out. */
export interface Callback {
  onTrainBegin?(control: FitControl): void | Promise<void>;
  onTrainEnd?(control: FitControl): void | Promise<void>;
  /** `epoch` counts from 0. */
  onEpochBegin?(epoch: number, control: FitControl): void | Promise<void>;
  /** A returned record of numbers is added to the epoch's logs; anything else is ignored. */
  onEpochEnd?(epoch: number, logs: Logs, control: FitControl): unknown;
  /** `batch` counts from 0 within the epoch. */
  onBatchBegin?(batch: number, control: FitControl): void | Promise<void>;
  /** `logs` are the numbers of the epoch so far, as in Keras. */
  onBatchEnd?(batch: number, logs: Logs, control: FitControl): void | Promise<void>;
  /** For checkpoints: what it needs to go on after a restart, and taking it back (after onTrainBegin). */
  save?(): CallbackState;
  restore?(state: CallbackState): void | Promise<void>;
}

export type Mode = "auto" | "min" | "max";

/** Remembers the best value of a watched number, and compares as Keras does: strictly better by more than `minDelta`. */
export class Watch {
  readonly monitor: string;
  readonly #name: string;
  readonly #mode: Mode;
  readonly #minDelta: number;
  /** undefined before the first value, which always counts as better. */
  best: number | undefined;

  /** @throws UnrollError `option` */
  constructor(callback: string, monitor: string, mode: Mode, minDelta = 0) {
    if (mode !== "auto" && mode !== "min" && mode !== "max") {
      throw new UnrollError({
        code: "option",
        path: callback,
        expected: "mode must be auto, min or max",
        received: `mode = ${display(mode)}`,
      });
    }
    this.#name = callback;
    this.monitor = monitor;
    this.#mode = mode;
    this.#minDelta = Math.abs(minDelta);
  }

  /** The watched number of these logs; undefined, with a word about it, where they have none. */
  valueIn(logs: Logs, control: FitControl): number | undefined {
    const value = logs[this.monitor];
    if (value === undefined) {
      const names = Object.keys(logs).join(", ");
      control.say(`${this.#name} watches ${this.monitor}, which this fit does not report. Available: ${names}.`);
    }
    return value;
  }

  /** @throws UnrollError `unknown-name` when nobody says which way is better. */
  isBetter(value: number, than: number | undefined, control: FitControl): boolean {
    const direction = this.#direction(control);
    if (than === undefined) return true;
    return direction === "max" ? value - this.#minDelta > than : value + this.#minDelta < than;
  }

  #direction(control: FitControl): "min" | "max" {
    if (this.#mode !== "auto") return this.#mode;
    const better = control.better(this.monitor);
    if (better !== undefined) return better === "higher" ? "max" : "min";
    throw new UnrollError({
      code: "unknown-name",
      path: this.#name,
      expected: `it is not known whether ${this.monitor} should grow or shrink`,
      hint: 'Give mode: "min" or mode: "max", or check the name.',
    });
  }
}

/** Options of `EarlyStopping`; names and defaults are Keras's. */
export interface EarlyStoppingOptions {
  /** Default "val_loss". */
  readonly monitor?: string;
  readonly minDelta?: number;
  /** Epochs without improvement after which the run stops; 0 and 1 act the same, as in Keras. */
  readonly patience?: number;
  readonly mode?: Mode;
  /** Waiting starts anew only when the number is also better than this. */
  readonly baseline?: number | null;
  readonly restoreBestWeights?: boolean;
  /** Epochs before this one are ignored. */
  readonly startFromEpoch?: number;
  readonly verbose?: boolean;
}

/** Stops when the watched number has not improved for `patience` epochs. */
export class EarlyStopping implements Callback {
  readonly options: Required<EarlyStoppingOptions>;
  /** Epoch (from 0) in which it stopped the run; 0 when it did not. */
  stoppedEpoch = 0;
  bestEpoch = 0;
  #wait = 0;
  #watch: Watch;
  #bestWeights: readonly Float32Array[] | undefined;

  constructor(options: EarlyStoppingOptions = {}) {
    const defaults: Required<EarlyStoppingOptions> = {
      monitor: "val_loss",
      minDelta: 0,
      patience: 0,
      mode: "auto",
      baseline: null,
      restoreBestWeights: false,
      startFromEpoch: 0,
      verbose: false,
    };
    this.options = withDefaults("EarlyStopping", { ...defaults }, { ...options });
    this.#watch = this.#newWatch();
  }

  /** The best value so far; undefined before the first. */
  get best(): number | undefined {
    return this.#watch.best;
  }

  #newWatch(): Watch {
    const { monitor, mode, minDelta } = this.options;
    return new Watch("EarlyStopping", monitor, mode, minDelta);
  }

  onTrainBegin(): void {
    this.#watch = this.#newWatch();
    this.#wait = 0;
    this.stoppedEpoch = 0;
    this.bestEpoch = 0;
    this.#bestWeights = undefined;
  }

  onEpochEnd(epoch: number, logs: Logs, control: FitControl): void {
    const { startFromEpoch, restoreBestWeights, patience, baseline } = this.options;
    const current = this.#watch.valueIn(logs, control);
    if (current === undefined || epoch < startFromEpoch) return;
    if (restoreBestWeights && this.#bestWeights === undefined) {
      this.#bestWeights = control.weights();
      this.bestEpoch = epoch;
    }
    this.#wait++;
    if (this.#watch.isBetter(current, this.#watch.best, control)) {
      this.#watch.best = current;
      this.bestEpoch = epoch;
      if (restoreBestWeights) this.#bestWeights = control.weights();
      if (baseline === null || this.#watch.isBetter(current, baseline, control)) this.#wait = 0;
      return;
    }
    if (this.#wait >= patience && epoch > 0) {
      this.stoppedEpoch = epoch;
      control.stop();
    }
  }

  onTrainEnd(control: FitControl): void {
    const { verbose, restoreBestWeights } = this.options;
    if (verbose && this.stoppedEpoch > 0) control.say(`Epoch ${this.stoppedEpoch + 1}: early stopping`);
    if (!restoreBestWeights || this.#bestWeights === undefined) return;
    if (verbose) control.say(`Restoring model weights from the end of the best epoch: ${this.bestEpoch + 1}.`);
    control.setWeights(this.#bestWeights);
  }

  save(): CallbackState {
    return {
      best: this.#watch.best ?? null,
      wait: this.#wait,
      bestEpoch: this.bestEpoch,
      stoppedEpoch: this.stoppedEpoch,
      weights: this.#bestWeights ?? null,
    };
  }

  restore(state: CallbackState): void {
    const saved = state as unknown as {
      // what save() gave
      best: number | null;
      wait: number;
      bestEpoch: number;
      stoppedEpoch: number;
      weights: Float32Array[] | null;
    };
    this.#watch.best = saved.best ?? undefined;
    this.#wait = saved.wait;
    this.bestEpoch = saved.bestEpoch;
    this.stoppedEpoch = saved.stoppedEpoch;
    this.#bestWeights = saved.weights ?? undefined;
  }
}

/** Options of `ReduceLROnPlateau`; names and defaults are Keras's. */
export interface ReduceLROnPlateauOptions {
  /** Default "val_loss". */
  readonly monitor?: string;
  /** Less than 1. */
  readonly factor?: number;
  /** Epochs without improvement after which the rate is reduced. */
  readonly patience?: number;
  readonly mode?: Mode;
  readonly minDelta?: number;
  /** Epochs after a reduction in which nothing is counted. */
  readonly cooldown?: number;
  /** The rate goes no lower. */
  readonly minLr?: number;
  readonly verbose?: boolean;
}

/** Multiplies the learning rate by `factor` when the watched number has not improved for `patience` epochs. */
export class ReduceLROnPlateau implements Callback {
  readonly options: Required<ReduceLROnPlateauOptions>;
  #watch: Watch;
  #wait = 0;
  #cooldown = 0;

  /** @throws UnrollError `option` */
  constructor(options: ReduceLROnPlateauOptions = {}) {
    const defaults: Required<ReduceLROnPlateauOptions> = {
      monitor: "val_loss",
      factor: 0.1,
      patience: 10,
      mode: "auto",
      minDelta: 1e-4,
      cooldown: 0,
      minLr: 0,
      verbose: false,
    };
    this.options = withDefaults("ReduceLROnPlateau", { ...defaults }, { ...options });
    if (this.options.factor >= 1) {
      throw new UnrollError({
        code: "option",
        path: "ReduceLROnPlateau",
        expected: "factor must be less than 1",
        received: `factor = ${this.options.factor}`,
      });
    }
    this.#watch = this.#newWatch();
  }

  #newWatch(): Watch {
    const { monitor, mode, minDelta } = this.options;
    return new Watch("ReduceLROnPlateau", monitor, mode, minDelta);
  }

  onTrainBegin(): void {
    this.#watch = this.#newWatch();
    this.#wait = 0;
    this.#cooldown = 0;
  }

  onEpochEnd(epoch: number, logs: Logs, control: FitControl): Logs {
    const seen = { learning_rate: control.learningRate };
    const current = this.#watch.valueIn(logs, control);
    if (current === undefined) return seen;
    if (this.#cooldown > 0) {
      this.#cooldown--;
      this.#wait = 0;
    }
    if (this.#watch.isBetter(current, this.#watch.best, control)) {
      this.#watch.best = current;
      this.#wait = 0;
    } else if (this.#cooldown === 0) {
      this.#wait++;
      if (this.#wait >= this.options.patience) this.#reduce(epoch, control);
    }
    return seen;
  }

  #reduce(epoch: number, control: FitControl): void {
    const { factor, minLr, cooldown, verbose } = this.options;
    const before = control.learningRate;
    // Keras keeps the rate in float32, so its floor is rounded as well.
    if (Math.fround(before) <= Math.fround(minLr)) return;
    control.learningRate = Math.max(before * factor, minLr);
    if (verbose) {
      control.say(`Epoch ${epoch + 1}: ReduceLROnPlateau reducing learning rate to ${control.learningRate}.`);
    }
    this.#cooldown = cooldown;
    this.#wait = 0;
  }

  save(): CallbackState {
    return { best: this.#watch.best ?? null, wait: this.#wait, cooldown: this.#cooldown };
  }

  restore(state: CallbackState): void {
    const saved = state as unknown as { best: number | null; wait: number; cooldown: number }; // what save() gave
    this.#watch.best = saved.best ?? undefined;
    this.#wait = saved.wait;
    this.#cooldown = saved.cooldown;
  }
}

/** Sets the learning rate before each epoch: `schedule(epoch, current rate)`, epochs from 0. */
export class LearningRateScheduler implements Callback {
  readonly schedule: (epoch: number, learningRate: number) => number;
  readonly #verbose: boolean;

  /** @throws UnrollError `option` */
  constructor(schedule: (epoch: number, learningRate: number) => number, { verbose = false } = {}) {
    if (typeof schedule !== "function") {
      throw badOption(
        "LearningRateScheduler",
        "schedule",
        "a function (epoch, learningRate) => learningRate",
        schedule,
      );
    }
    this.schedule = schedule;
    this.#verbose = verbose;
  }

  /** @throws UnrollError `option` when the schedule gives something else than a number. */
  onEpochBegin(epoch: number, control: FitControl): void {
    const rate = this.schedule(epoch, control.learningRate);
    if (typeof rate !== "number" || !Number.isFinite(rate)) {
      throw new UnrollError({
        code: "option",
        path: "LearningRateScheduler",
        expected: "the schedule must give a number",
        received: `schedule(${epoch}) = ${display(rate)}`,
      });
    }
    control.learningRate = rate;
    if (this.#verbose) control.say(`Epoch ${epoch + 1}: LearningRateScheduler setting learning rate to ${rate}.`);
  }

  onEpochEnd(_epoch: number, _logs: Logs, control: FitControl): Logs {
    return { learning_rate: control.learningRate };
  }
}

/** Stops at the first batch whose loss is not a finite number. A fit stops there by itself; this is for Keras's habits. */
export class TerminateOnNaN implements Callback {
  onBatchEnd(batch: number, logs: Logs, control: FitControl): void {
    if (logs.loss === undefined || Number.isFinite(logs.loss)) return;
    control.say(`Batch ${batch}: Invalid loss, terminating training`);
    control.stop();
  }
}
