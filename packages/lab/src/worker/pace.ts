/**
 * How far a run trains before it waits: to its end, one batch, one epoch. A run that waits keeps everything it has, the order of
 * its batches and its random numbers included, so that it goes on to the same bits as one that never waited.
 */
import type { Callback, FitControl, Logs } from "unroll/training/callbacks.ts";
import type { Pace } from "./protocol.ts";

/** Where a run waits: `batch` of the epoch's batches are done, which is 0 between epochs. */
export interface Place {
  readonly batch: number;
  /** Mean loss of the batches of this epoch so far; undefined between epochs. */
  readonly loss: number | undefined;
}

interface PacerOptions {
  readonly pace: Pace;
  readonly epochs: number;
  /** Batches of an epoch. */
  readonly batches: number;
  /** Every epoch's numbers, before the run may wait. */
  readonly ended: (logs: Logs) => void;
  /** Told each time that the run begins to wait. */
  readonly waits: (place: Place) => void;
  readonly signal: AbortSignal;
}

/** A callback of `fit` that waits where it is told to. */
export class Pacer implements Callback {
  readonly #options: PacerOptions;
  #pace: Pace;
  #release: (() => void) | undefined;
  #batch = 0;

  constructor(options: PacerOptions) {
    this.#options = options;
    this.#pace = options.pace;
    options.signal.addEventListener("abort", () => this.#release?.());
  }

  /** A run that waits goes on; one that does not waits when it has done as much. */
  go(pace: Pace): void {
    this.#pace = pace;
    if (pace !== "pause") this.#release?.();
  }

  /** True while some batches of an epoch are done and others are not. */
  get isWithinEpoch(): boolean {
    return this.#batch > 0;
  }

  async onBatchEnd(batch: number, { loss }: Logs): Promise<void> {
    const done = batch + 1;
    this.#batch = done;
    // After its last batch an epoch is scored first; after a loss that is no number the run ends by itself.
    if (done === this.#options.batches || !Number.isFinite(loss)) return;
    if (this.#pace === "batch" || this.#pace === "pause") await this.#wait({ batch: done, loss });
  }

  async onEpochEnd(epoch: number, logs: Logs, control: FitControl): Promise<void> {
    const { ended, epochs, signal } = this.#options;
    this.#batch = 0;
    ended(logs);
    if (this.#pace !== "run" && epoch + 1 < epochs) await this.#wait({ batch: 0, loss: undefined });
    // The signal is looked at after batches only, and one more would change the weights.
    if (signal.aborted) control.stop();
  }

  async #wait(place: Place): Promise<void> {
    if (this.#options.signal.aborted) return;
    const released = new Promise<void>((resolve) => {
      this.#release = resolve;
    });
    this.#options.waits(place);
    await released;
    this.#release = undefined;
  }
}
