/**
 * What a layer type is: its options, its arrays, its shape rule and its program. A layer file exports one `defineLayer(...)`;
 * everything else (checks, names, counts, derivations, summary, reference, kernels, gradients, files) reads these facts.
 */
import type { CellGraph } from "../cells/define.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Expr, NamedFunction } from "../equations/expr.ts";
import type { Value } from "../program/program.ts";
import type { ConfigOf, Fields } from "./fields.ts";
import type { InitializerSpec } from "./initializers.ts";
import type { Layer } from "./layer.ts";
import type { ConstraintSpec, RegularizerSpec } from "./penalties.ts";

/** The sizes of an input or output: letters and formulas over them; a None size is a letter without a number. */
export type Sizes = readonly Expr[];

/** An array that a layer owns. */
export interface WeightSpec {
  /** Keras's name: "kernel", "recurrent_kernel", "bias", "gamma". */
  readonly name: string;
  /** One formula an axis, so that the count can be derived: `[i, g × h]`. */
  readonly shape: Sizes;
  readonly initializer: InitializerSpec;
  /** False for statistics that training updates in another way. */
  readonly trainable?: boolean;
  /** Names of the equal column blocks (gates), where the last axis has them. */
  readonly blocks?: readonly string[];
  /** The block that starts at one, whatever the initializer (LSTM's unit_forget_bias). */
  readonly onesInBlock?: string;
  readonly regularizer?: RegularizerSpec | null;
  readonly constraint?: ConstraintSpec | null;
  /**
   * Shapes that other versions or settings give this array, each with what to do: they make a wrong shape's error helpful.
   * `beyondKeras`: only with an option that Keras's layer of that name does not have.
   */
  readonly otherForms?: readonly { readonly shape: Sizes; readonly hint: string; readonly beyondKeras?: boolean }[];
}

/** What `compute` is given: one call of the layer on values of known shape. */
export interface Call<Config> {
  readonly config: Config;
  /** The layer's name, for errors. */
  readonly name: string;
  readonly inputs: readonly Value[];
  /** One for each input; undefined = every step counts. `[batch, timesteps]` */
  readonly masks: readonly (Value | undefined)[];
  /** The arrays by name. */
  readonly weights: Readonly<Record<string, Value>>;
  /** States before the first step that the caller gave, or undefined. */
  readonly initialStates: readonly Value[] | undefined;
  readonly training: boolean;
  /** The layer's `trainable` switch: a frozen BatchNormalization keeps to its moving statistics. */
  readonly trainable: boolean;
  /** Layers inside this one: Bidirectional's two, TimeDistributed's one. */
  readonly children: readonly Layer[];
  /** After the run the named array holds `value` (moving statistics). */
  update(weight: string, value: Value): void;
  /** A child's call on other values, with the child's own arrays. */
  callChild(child: Layer, inputs: readonly Value[], more?: ChildCall): Result;
}

export interface ChildCall {
  readonly masks?: readonly (Value | undefined)[];
  readonly initialStates?: readonly Value[];
}

export interface Result {
  readonly outputs: readonly Value[];
  /** One for each output; left out = the input's mask where `passesMask`, else no mask. */
  readonly masks?: readonly (Value | undefined)[];
  /** States after the last step, for layers with `stateSizes`: what a stateful layer keeps. */
  readonly states?: readonly Value[];
}

/** What a layer is: its options, arrays, shape rule and computation. */
export interface LayerType<F extends Fields = Fields> {
  /** Keras's class name: "LSTM", "MaxPooling1D". */
  readonly className: string;
  /** One sentence for help and docs. */
  readonly doc: string;
  /** The options, in Keras's argument order, each once: check, default, words. */
  readonly fields: F;
  /** Ranks of input it takes, batch included; undefined = any. */
  readonly inputRank?: { readonly min: number; readonly max?: number };
  /** How many inputs: 1 unless it merges several. */
  readonly inputCount?: { readonly min: number; readonly max?: number };
  /** Fits that the options alone decide; throws UnrollError. */
  check?(config: ConfigOf<F>, name: string): void;
  /** Refuses numbers that the layer cannot take, before anything runs; throws UnrollError `data`. */
  checkData?(config: ConfigOf<F>, inputs: readonly Tensor[], name: string): void;
  /** Layers inside. */
  children?(config: ConfigOf<F>, name: string): readonly Layer[];
  /** The arrays for inputs of these sizes. Children's arrays are not listed here. */
  weights?(config: ConfigOf<F>, inputs: readonly Sizes[], name: string): readonly WeightSpec[];
  /** One list of sizes for each output. Throws UnrollError `shape` when the input does not fit. */
  outputSizes(
    config: ConfigOf<F>,
    inputs: readonly Sizes[],
    children: readonly Layer[],
    name: string,
  ): readonly Sizes[];
  /** For each child, the inputs that it is built with; by default the layer's own inputs. */
  childInputs?(
    config: ConfigOf<F>,
    inputs: readonly Sizes[],
    children: readonly Layer[],
  ): readonly (readonly Sizes[])[];
  /** What it computes, as a program over values. */
  compute(call: Call<ConfigOf<F>>): Result;
  /** The function of each value that the layer is; it may then stand where an activation does. Throws UnrollError `option`. */
  functionOf?(config: ConfigOf<F>, name: string): NamedFunction;
  /** Sizes of its states `[batch, size]`, in order; a layer with the option `stateful` keeps them between calls. */
  stateSizes?(config: ConfigOf<F>, children: readonly Layer[]): readonly number[];
  /** The equations of the cell that it runs over time, for counts and texts; layers without a cell have none. */
  cell?(config: ConfigOf<F>): CellGraph;
  /** For a cell's one step: the layer type that runs it over the timesteps. */
  readonly overTime?: LayerType;
  /** True for a stand-in, which has sizes and cannot compute; Keras has no class for it. */
  readonly sizesOnly?: boolean;
  /** True where Keras hands the mask on unchanged (used by `computeMask` and when `compute` gives none). */
  readonly passesMask?: boolean;
}

/** Makes a layer type of what is stated about it. Identity at run time; gives the layer file its types. */
/* @__NO_SIDE_EFFECTS__ */
export function defineLayer<const F extends Fields>(type: LayerType<F>): LayerType<F> {
  return type;
}
