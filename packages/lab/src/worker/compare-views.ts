/** What the worker tells the page about models side by side. */
import type { FormulaView, Shape } from "./model-views.ts";

/** A layer in the comparison of models. */
export interface ComparedLayer {
  readonly name: string;
  readonly className: string;
  readonly shape: Shape;
  readonly count: number | null;
  readonly formula: FormulaView;
  /** Count minus that of the first model's layer beside it, or the whole count where it has none there. */
  readonly difference: number;
  /** What makes the difference, each in a few words. */
  readonly causes: readonly string[];
}

export interface ComparedModel {
  /** Its layers with their units: "LSTM(8) → Dense(1)". */
  readonly title: string;
  /** Why it could not be opened; the rest is empty then. */
  readonly error: string | undefined;
  readonly inputShape: Shape;
  readonly total: number | null;
  /** Milliseconds for a prediction of one example, the mean over some time. */
  readonly milliseconds: number | undefined;
  /** What it predicts for one seeded example of its input shape. */
  readonly prediction: readonly number[];
  /** Largest difference to the first model's prediction, where both read and give the same shapes. */
  readonly apart: number | undefined;
}

export interface Comparison {
  readonly models: readonly ComparedModel[];
  /** Layers beside each other; undefined where a model has none there. */
  readonly rows: readonly (readonly (ComparedLayer | undefined)[])[];
}
