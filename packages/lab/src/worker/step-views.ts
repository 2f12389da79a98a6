/** What the Step screen is told: a cell as a drawing, its run over time, the way back, and the user's changes. */
import type { OpenedValue } from "unroll/explain/open-value.ts";
import type { EquationView } from "./model-views.ts";

/** A box of the drawing of a cell. */
export interface SceneNode {
  readonly name: string;
  readonly role: "input" | "state" | "value";
  /** Column of the drawing, from 0. */
  readonly rank: number;
  /** The gate whose arrays it uses; -1 where it uses none or several. */
  readonly gate: number;
  /** What makes it: "σ", "tanh", "+". */
  readonly operator: string;
  readonly meaning: string;
  /** The next value of this state. */
  readonly next: string | undefined;
  readonly uses: readonly { readonly from: string; readonly through: readonly string[] }[];
  readonly equation: EquationView | undefined;
}

export interface Scene {
  readonly kind: string;
  readonly gates: readonly string[];
  readonly nodes: readonly SceneNode[];
}

/** A cell run over time: `values[name]` is `[steps, units]`, row-major, in order of processing. */
export interface RunView {
  readonly name: string;
  readonly backwards: boolean;
  readonly units: number;
  readonly features: number;
  readonly timesteps: readonly number[];
  readonly masked: readonly boolean[];
  readonly names: readonly string[];
  readonly x: Float64Array;
  readonly values: Readonly<Record<string, Float64Array>>;
  readonly before: Readonly<Record<string, Float64Array>>;
  readonly scene: Scene;
  readonly arrays: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** True where `x` is an input of the model itself, which can be changed. */
  readonly readsInput: boolean;
  /** Which of the model's inputs that is; -1 where it is none. */
  readonly inputIndex: number;
  /** The same numbers before the user's changes; undefined where nothing was changed. */
  readonly was: RunNumbers | undefined;
}

/** The numbers of a run, as in `RunView`. */
export type RunNumbers = Pick<RunView, "x" | "values" | "before">;

/** A layer that reads in both directions. */
export interface PairView {
  readonly layer: string;
  /** How the two outputs become one; undefined where both are handed on. */
  readonly merge: "concat" | "sum" | "mul" | "ave" | undefined;
  /** Their places among the runs, as they are merged. */
  readonly runs: readonly [number, number];
  /** What it hands on, `[timesteps, width]` in order of time, or the last alone, `[1, width]`. */
  readonly output: Float64Array;
  readonly width: number;
  readonly sequences: boolean;
}

export interface TraceView {
  readonly runs: readonly RunView[];
  readonly pairs: readonly PairView[];
  /** What the model gives for this example. */
  readonly outputs: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly data: Float64Array;
  }[];
  readonly input: { readonly shape: readonly number[]; readonly data: Float64Array };
  /** What each edit replaced; undefined for one that fits no number of the model, as a link may have. */
  readonly replaced: readonly (number | undefined)[];
  /** Present where fewer timesteps are traced than the model declares. */
  readonly shortened: number | undefined;
}

/** An opened value, and the same before the user's changes where there are any. */
export interface OpenedNow extends OpenedValue {
  readonly was?: OpenedValue;
}

/** A GRU's candidate and output in one of its two forms. */
export interface ResetForm {
  /** The candidate's; the part in which the forms differ has the class "differs". */
  readonly equation: EquationView;
  readonly candidate: OpenedValue;
  readonly output: OpenedValue;
}

/** The same step of a GRU with the reset gate before the product with the recurrent kernel and after it. */
export interface ResetView {
  /** True where the layer's own is the second. */
  readonly isAfter: boolean;
  readonly hasBias: boolean;
  readonly before: ResetForm;
  readonly after: ResetForm;
}

/** An array's gradient on the way back through time. */
export interface BackArray {
  readonly name: string;
  readonly shape: readonly number[];
  /** ‖what each step adds‖, `[steps]`. */
  readonly added: Float64Array;
  /** ‖sum of what the last step down to this one add‖, `[steps]`; at step 0 the whole gradient. */
  readonly soFar: Float64Array;
  /** These sums themselves, `[steps, ...shape]`; undefined where they would be too many to show. */
  readonly sums: Float64Array | undefined;
}

/** The numbers of a way back through a run, in order of processing. */
export interface BackNumbers extends RunNumbers {
  readonly loss: number;
  /** By how much the gradient of the states grows or shrinks in each step, and the product from the last step down to this one. */
  readonly factors: Float64Array;
  readonly products: Float64Array;
  readonly arrays: readonly BackArray[];
}

/** The way back through a run: ∂L/∂ of what `RunNumbers` has, each in the place of its value. */
export interface BackView extends BackNumbers {
  /** What every output should have been: L is the mean of (output − target)². */
  readonly target: number;
  /** The same numbers before the user's changes; undefined where nothing was changed. */
  readonly was: BackNumbers | undefined;
  /** How ∂L/∂value comes about, by the value's name. */
  readonly equations: Readonly<Record<string, EquationView>>;
  /** Whether the gradient vanishes. */
  readonly sentence: string;
}

/** A number that the user changed, or a whole input that stands in place of the example. */
export type Edit =
  | {
      readonly kind: "weight";
      readonly run: number;
      readonly array: string;
      readonly index: readonly number[];
      readonly value: number;
    }
  | {
      readonly kind: "input";
      /** Which of the model's inputs; the first where it is left out. */
      readonly input?: number;
      readonly index: number;
      readonly value: number;
    }
  | {
      /** The window of a series in place of the first input: what is changed besides is compared with it. */
      readonly kind: "window";
      readonly values: readonly number[];
    };
