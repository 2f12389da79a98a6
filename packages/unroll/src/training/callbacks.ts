/**
 * Callbacks that steer a fit: what they watch, when they stop, what they change. Those that write files are in
 * callback-files.ts. A user's own callback is any object with some of these methods.
 */

/** Numbers of an epoch or batch by name: loss, metrics, `val_` names after validation. */
export type Logs = Readonly<Record<string, number>>;

/** What a callback sees of the running fit. */
export interface FitControl {
  /** Ends training after this batch. */
  stop(): void;
  readonly stopped: boolean;
  learningRate: number;
  /** Copies of every weight, in `getWeights()` order. */
  weights(): Float32Array[];
  setWeights(weights: readonly Float32Array[]): void;
  /** "higher" or "lower" is better for this log name, where a metric or the loss says so. */
  better(name: string): "higher" | "lower" | undefined;
  /** Prints a line where progress is shown. */
  say(line: string): void;
}

export interface Callback {
  onTrainBegin?(control: FitControl): void | Promise<void>;
  onTrainEnd?(control: FitControl): void | Promise<void>;
  /** `epoch` counts from 0. */
  onEpochBegin?(epoch: number, control: FitControl): void | Promise<void>;
  /** Returned numbers are added to the epoch's logs; anything else is ignored. */
  onEpochEnd?(epoch: number, logs: Logs, control: FitControl): unknown;
  onBatchBegin?(batch: number, control: FitControl): void | Promise<void>;
  onBatchEnd?(batch: number, logs: Logs, control: FitControl): void | Promise<void>;
}

export type Mode = "auto" | "min" | "max";

/** Compares as Keras does: strictly better by more than `minDelta`. */
export function improves(mode: "min" | "max", current: number, best: number, minDelta: number): boolean {
  return mode === "max" ? current > best + minDelta : current < best - minDelta;
}

function direction(mode: Mode, monitor: string, control: FitControl): "min" | "max" {
  if (mode !== "auto") return mode;
  return control.better(monitor) === "higher" ? "max" : "min";
}

const worst = (mode: "min" | "max"): number => (mode === "max" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY);

export interface EarlyStoppingOptions {
  readonly monitor?: string;
  readonly minDelta?: number;
  readonly patience?: number;
  readonly mode?: Mode;
  readonly baseline?: number | null;
  readonly restoreBestWeights?: boolean;
  readonly startFromEpoch?: number;
  readonly verbose?: boolean;
}

/** Stops when the watched number has not improved for `patience` epochs; patience 0 and 1 act the same, as in Keras. */
export class EarlyStopping implements Callback {
  readonly options: Required<EarlyStoppingOptions>;
  /** Epoch (from 0) in which it stopped the run; 0 when it did not. */
  stoppedEpoch = 0;
  best = Number.NaN;
  bestEpoch = 0;
  #wait = 0;
  #mode: "min" | "max" = "min";
  #bestWeights: Float32Array[] | undefined;

  constructor(options: EarlyStoppingOptions = {}) {
    this.options = {
      monitor: "val_loss",
      minDelta: 0,
      patience: 0,
      mode: "auto",
      baseline: null,
      restoreBestWeights: false,
      startFromEpoch: 0,
      verbose: false,
      ...options,
    };
  }

  onTrainBegin(control: FitControl): void {
    this.#mode = direction(this.options.mode, this.options.monitor, control);
    this.#wait = 0;
    this.stoppedEpoch = 0;
    this.bestEpoch = 0;
    this.best = worst(this.#mode);
    this.#bestWeights = undefined;
  }

  onEpochEnd(epoch: number, logs: Logs, control: FitControl): void {
    const { monitor, startFromEpoch, restoreBestWeights, patience, baseline, verbose } = this.options;
    const current = logs[monitor];
    if (current === undefined) {
      control.say(missing("EarlyStopping", monitor, logs));
      return;
    }
    if (epoch < startFromEpoch) return;
    if (restoreBestWeights && this.#bestWeights === undefined) {
      this.#bestWeights = control.weights();
      this.bestEpoch = epoch;
    }
    this.#wait++;
    const minDelta = Math.abs(this.options.minDelta);
    if (improves(this.#mode, current, this.best, minDelta)) {
      this.best = current;
      this.bestEpoch = epoch;
      if (restoreBestWeights) this.#bestWeights = control.weights();
      if (baseline === null || improves(this.#mode, current, baseline, minDelta)) this.#wait = 0;
      return;
    }
    if (this.#wait >= patience && epoch > 0) {
      this.stoppedEpoch = epoch;
      if (verbose) control.say(`Epoch ${epoch + 1}: early stopping`);
      control.stop();
    }
  }

  onTrainEnd(control: FitControl): void {
    if (!this.options.restoreBestWeights || this.#bestWeights === undefined) return;
    if (this.options.verbose) {
      control.say(`Restoring model weights from the end of the best epoch: ${this.bestEpoch + 1}.`);
    }
    control.setWeights(this.#bestWeights);
  }
}

export interface ReduceLROnPlateauOptions {
  readonly monitor?: string;
  readonly factor?: number;
  readonly patience?: number;
  readonly mode?: Mode;
  readonly minDelta?: number;
  readonly cooldown?: number;
  readonly minLr?: number;
  readonly verbose?: boolean;
}

/** Multiplies the learning rate by `factor` when the watched number has not improved for `patience` epochs. */
export class ReduceLROnPlateau implements Callback {
  readonly options: Required<ReduceLROnPlateauOptions>;
  #best = 0;
  #wait = 0;
  #cooldown = 0;
  #mode: "min" | "max" = "min";

  constructor(options: ReduceLROnPlateauOptions = {}) {
    this.options = {
      monitor: "val_loss",
      factor: 0.1,
      patience: 10,
      mode: "auto",
      minDelta: 1e-4,
      cooldown: 0,
      minLr: 0,
      verbose: false,
      ...options,
    };
  }

  onTrainBegin(control: FitControl): void {
    this.#mode = direction(this.options.mode, this.options.monitor, control);
    this.#best = worst(this.#mode);
    this.#wait = 0;
    this.#cooldown = 0;
  }

  onEpochEnd(epoch: number, logs: Logs, control: FitControl): Logs {
    const { monitor, minDelta, patience, factor, minLr, cooldown, verbose } = this.options;
    const seen = { learning_rate: control.learningRate };
    const current = logs[monitor];
    if (current === undefined) {
      control.say(missing("ReduceLROnPlateau", monitor, logs));
      return seen;
    }
    if (this.#cooldown > 0) {
      this.#cooldown--;
      this.#wait = 0;
    }
    if (improves(this.#mode, current, this.#best, minDelta)) {
      this.#best = current;
      this.#wait = 0;
      return seen;
    }
    if (this.#cooldown > 0) return seen;
    this.#wait++;
    const before = control.learningRate;
    if (this.#wait >= patience && before > Math.fround(minLr)) {
      control.learningRate = Math.max(before * factor, minLr);
      if (verbose) {
        control.say(`Epoch ${epoch + 1}: ReduceLROnPlateau reducing learning rate to ${control.learningRate}.`);
      }
      this.#cooldown = cooldown;
      this.#wait = 0;
    }
    return seen;
  }
}

/** Sets the learning rate before each epoch: `schedule(epoch, current rate)`. */
export class LearningRateScheduler implements Callback {
  readonly schedule: (epoch: number, learningRate: number) => number;

  constructor(schedule: (epoch: number, learningRate: number) => number) {
    this.schedule = schedule;
  }

  onEpochBegin(epoch: number, control: FitControl): void {
    control.learningRate = this.schedule(epoch, control.learningRate);
  }

  onEpochEnd(_epoch: number, _logs: Logs, control: FitControl): Logs {
    return { learning_rate: control.learningRate };
  }
}

/** Stops at the first batch whose loss is not a finite number. */
export class TerminateOnNaN implements Callback {
  onBatchEnd(batch: number, logs: Logs, control: FitControl): void {
    if (logs.loss === undefined || Number.isFinite(logs.loss)) return;
    control.say(`Batch ${batch}: Invalid loss, terminating training`);
    control.stop();
  }
}

function missing(callback: string, monitor: string, logs: Logs): string {
  return `${callback} watches ${monitor}, which this fit does not report. Available: ${Object.keys(logs).join(", ")}.`;
}
