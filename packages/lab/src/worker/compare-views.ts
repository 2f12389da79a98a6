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

/** What is to be compared: the code of a model, or a kept run of one. */
export interface ComparedSource {
  /** Empty where the run's model came as a file. */
  readonly source: string;
  /** Which of the models that it builds; the first where it is left out. */
  readonly pick?: number;
  readonly run?: { readonly id: string; readonly seed: number };
}

export interface CompareRequest {
  /** True for the open model as the first one. */
  readonly withOpen: boolean;
  readonly sources: readonly ComparedSource[];
  readonly seed: number;
}

export interface ComparedModel {
  /** Its layers with their units: "LSTM(8) → Dense(1)". */
  readonly title: string;
  /** Why it could not be opened; the rest is empty then. */
  readonly error: string | undefined;
  /** Of a run: whether its weights are here. Without them the model has those of the run's beginning, and predicts nothing. */
  readonly run: "trained" | "untrained" | undefined;
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
