/**
 * A layer object: a type, its checked options, its name, and once built its variables. Also the symbolic graph that
 * calling layers on symbolic tensors leaves behind; models read that graph.
 */
import type { Shape } from "../core/shape.ts";
import type { Variable } from "../core/variable.ts";
import type { LayerType } from "./contract.ts";

/** A tensor that will exist when data comes: the result of calling a layer on symbolic tensors. */
export interface SymbolicTensor {
  /** `[batch, ...]`, null = None. */
  readonly shape: Shape;
  readonly dtype: "float32" | "int32";
  /** The call that made it. */
  readonly node: LayerCall;
  /** Which of the call's outputs. */
  readonly index: number;
}

/** One call of a layer in the symbolic graph (Keras's node). */
export interface LayerCall {
  readonly layer: Layer;
  /** Which call of this layer it is, from 0. */
  readonly callIndex: number;
  readonly inputs: readonly SymbolicTensor[];
  readonly initialStates: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
}

export interface Layer {
  readonly type: LayerType;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly children: readonly Layer[];
  readonly built: boolean;
  trainable: boolean;
  /** In `get_weights()` order: own trainable, children's, then non-trainable. */
  readonly variables: readonly Variable[];
}
