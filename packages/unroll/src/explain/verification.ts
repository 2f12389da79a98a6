/**
 * What `model.verify()` gives: the engine's numbers beside the by-hand ones, layer by layer, and the first place where they
 * differ. Data that writes itself out; verify.ts makes it.
 */
import type { ModelData } from "../model/data.ts";
import { verificationToText } from "./verification-text.ts";

/** Options of `verify`. */
export interface VerifyOptions {
  /** Largest difference allowed: absolute for numbers up to 1, relative for larger ones. By default 1e-5. */
  readonly tolerance?: number;
  /**
   * Keras's own prediction for the same data, compared as well: one tensor for each output. Keras's sums run in another
   * order in 32 bits, so it may differ ten times as much.
   */
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
  /** The name in the cell's equations, or "output", "prediction", "input". */
  readonly symbol: string;
}

/** Two numbers that should be one. */
export interface Difference extends Place {
  /** Of the by-hand evaluation, or of Keras where it is compared. */
  readonly expected: number;
  readonly engine: number;
  /** |engine − expected| / max(1, |expected|); Infinity where only one is finite. */
  readonly difference: number;
}

/** A number that is not finite. */
export interface NotFinite extends Place {
  readonly value: number;
}

/** One call of a layer. */
export interface LayerCheck {
  readonly layer: string;
  readonly className: string;
  /** Numbers compared: outputs, and every named value of every timestep. */
  readonly compared: number;
  /** The largest difference; undefined where nothing was compared. */
  readonly largest: Difference | undefined;
}

/** Predictions of one output, `[examples, ...]` row-major. */
export interface PredictionCheck {
  readonly layer: string;
  readonly shape: readonly number[];
  readonly byHand: Float64Array;
  /** Undefined where there is no engine. */
  readonly engine: Float32Array | undefined;
  readonly keras: Float32Array | undefined;
}

/** The facts of a verification. */
export interface VerificationFacts {
  /** The model's name. */
  readonly name: string;
  readonly tolerance: number;
  readonly samples: number;
  /** What was compared with the by-hand evaluation: the engine, or nothing where there is none, with the reason. */
  readonly device: { readonly name: "wasm" | "none"; readonly reason?: string };
  /** In running order. */
  readonly layers: readonly LayerCheck[];
  readonly predictions: readonly PredictionCheck[];
  /** The first place, in running order, where the difference is above the tolerance. */
  readonly first: Difference | undefined;
  /** The largest difference between the predictions and Keras's, where those were given. */
  readonly keras: Difference | undefined;
  /** The first number of the data that is not finite. */
  readonly badInput: NotFinite | undefined;
  /** The first place where the by-hand evaluation is not finite, and where the engine is not. */
  readonly notFinite: { readonly byHand: NotFinite | undefined; readonly engine: NotFinite | undefined };
  /** The first NaN that is predicted by hand and by the engine alike: NaN equals nothing, so it says nothing. */
  readonly unverifiable: NotFinite | undefined;
  /** What to know about the result, each a sentence. */
  readonly remarks: readonly string[];
}

/** The result of a verification. */
export class Verification implements VerificationFacts {
  readonly name: string;
  readonly tolerance: number;
  readonly samples: number;
  readonly device: VerificationFacts["device"];
  readonly layers: readonly LayerCheck[];
  readonly predictions: readonly PredictionCheck[];
  readonly first: Difference | undefined;
  readonly keras: Difference | undefined;
  readonly badInput: NotFinite | undefined;
  readonly notFinite: VerificationFacts["notFinite"];
  readonly unverifiable: NotFinite | undefined;
  readonly remarks: readonly string[];

  constructor(facts: VerificationFacts) {
    this.name = facts.name;
    this.tolerance = facts.tolerance;
    this.samples = facts.samples;
    this.device = facts.device;
    this.layers = facts.layers;
    this.predictions = facts.predictions;
    this.first = facts.first;
    this.keras = facts.keras;
    this.badInput = facts.badInput;
    this.notFinite = facts.notFinite;
    this.unverifiable = facts.unverifiable;
    this.remarks = facts.remarks;
  }

  /** True when nothing differs by more than the tolerance, and no prediction is NaN. */
  get passed(): boolean {
    if (this.unverifiable !== undefined) return false;
    return this.first === undefined && (this.keras === undefined || this.keras.difference <= 10 * this.tolerance);
  }

  /** For a terminal. */
  toText(options?: { readonly width?: number }): string {
    return verificationToText(this, options);
  }

  /** Plain data; NaN and infinities as text, because JSON has none. */
  toJSON(): unknown {
    return plain(Object.assign({ passed: this.passed }, this));
  }
}

function plain(value: unknown): unknown {
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (value instanceof Float64Array || value instanceof Float32Array) return Array.from(value, plain);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
}
