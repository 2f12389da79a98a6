/**
 * What `model.verify()` gives: the engine's numbers beside the by-hand ones, layer by layer, and the first place where they
 * differ. Data; verify.ts makes it.
 */
import type { ModelData } from "../model/data.ts";

export interface VerifyOptions {
  /** Largest difference allowed: absolute for numbers up to 1, relative for larger ones. By default 1e-5. */
  readonly tolerance?: number;
  /** Keras's own prediction for the same data, to be compared as well: one tensor for each output. */
  readonly keras?: ModelData;
}

/** A place in a layer's numbers. */
export interface Place {
  readonly layer: string;
  /** Example, from 0. */
  readonly sample: number;
  /** Undefined where the numbers have no time axis. */
  readonly timestep: number | undefined;
  /** Unit or feature, from 0. */
  readonly unit: number;
  /** The name in the cell's equations, or "output". */
  readonly symbol: string;
}

/** Two numbers that should be one. */
export interface Difference extends Place {
  readonly byHand: number;
  readonly engine: number;
  /** |engine − byHand| / max(1, |byHand|); Infinity where only one is finite. */
  readonly difference: number;
}

export interface LayerCheck {
  readonly layer: string;
  readonly className: string;
  /** Numbers compared: outputs, and every named value of every timestep. */
  readonly compared: number;
  /** The largest difference, or undefined where nothing was compared. */
  readonly largest: Difference | undefined;
}

/** A number that is not finite. */
export interface NotFinite extends Place {
  readonly value: number;
}

export interface Verification {
  readonly passed: boolean;
  readonly tolerance: number;
  readonly samples: number;
  /** What ran: the engine, or only the reference where there is no engine, with the reason. */
  readonly device: { readonly name: "wasm" | "reference"; readonly reason?: string };
  readonly layers: readonly LayerCheck[];
  /** The first place, in running order, where the difference is above the tolerance. */
  readonly first: Difference | undefined;
  /** The first number of the input that is not finite. */
  readonly badInput: NotFinite | undefined;
  /** Where the by-hand values stop being finite, and where the engine's do. */
  readonly notFinite: { readonly byHand: NotFinite | undefined; readonly engine: NotFinite | undefined };
  /** Predictions, `[examples, ...]` row-major, one for each output. */
  readonly predictions: readonly {
    readonly shape: readonly number[];
    readonly byHand: Float64Array;
    readonly engine: Float32Array;
    readonly keras: Float32Array | undefined;
  }[];
  /** The largest difference between the engine's prediction and Keras's, where that was given. */
  readonly keras: Difference | undefined;
  /** What to know about the result, each a sentence. */
  readonly remarks: readonly string[];
}
