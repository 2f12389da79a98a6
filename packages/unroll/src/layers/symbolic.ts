/** The symbolic graph that calling layers on symbolic tensors leaves behind; models read it. Data only. */
import type { Shape } from "../core/shape.ts";
import type { Layer } from "./layer.ts";

/** A tensor that will exist when data comes: the result of calling a layer on symbolic tensors. */
export class SymbolicTensor {
  /** `[batch, ...]`, null = None. */
  readonly shape: Shape;
  readonly dtype: "float32" | "int32";
  /** The call that made it. */
  readonly node: LayerCall;
  /** Which of the call's outputs. */
  readonly index: number;

  constructor(shape: Shape, dtype: "float32" | "int32", node: LayerCall, index: number) {
    this.shape = shape;
    this.dtype = dtype;
    this.node = node;
    this.index = index;
  }
}

/** One call of a layer in the symbolic graph (Keras's node). */
export interface LayerCall {
  readonly layer: Layer;
  /** Which call of this layer it is, from 0. */
  readonly callIndex: number;
  readonly inputs: readonly SymbolicTensor[];
  readonly initialStates: readonly SymbolicTensor[];
  /** Fixed by the caller, or undefined: as the model runs. */
  readonly training: boolean | undefined;
  readonly outputs: readonly SymbolicTensor[];
}

/** Records a call whose inputs have been checked; the outputs are float32. */
export function recordCall(
  layer: Layer,
  inputs: readonly SymbolicTensor[],
  outputShapes: readonly Shape[],
  more: {
    readonly initialStates?: readonly SymbolicTensor[];
    readonly training?: boolean | undefined;
    readonly dtype?: "float32" | "int32";
  } = {},
): LayerCall {
  const outputs: SymbolicTensor[] = [];
  const call: LayerCall = {
    layer,
    callIndex: layer.calls.length,
    inputs,
    initialStates: more.initialStates ?? [],
    training: more.training,
    outputs,
  };
  for (const [index, shape] of outputShapes.entries()) {
    outputs.push(new SymbolicTensor(shape, more.dtype ?? "float32", call, index));
  }
  return call;
}
