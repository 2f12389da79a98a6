/**
 * Calling layers and models, on tensors or on data: a node in the graph for each call, and what comes out of it.
 * A layer whose code is not run is followed by stand-in.ts.
 */

import { makeLayer } from "./keras-build.ts";
import { GraphNode, type InputSpec, KerasLayer, type KerasModel, MOST_NODES, SymbolicTensor } from "./keras-graph.ts";
import type { KerasBuilder } from "./machine.ts";
import { LimitReached, type Runtime } from "./runtime.ts";
import { outputShapesOf } from "./serialize.ts";
import { followStandIn, makeStandIn } from "./stand-in.ts";
import { isOpen, tensorsIn } from "./tensors-in.ts";
import { Unknown } from "./unknown.ts";
import { ArrayValue, type Axis, type CallArguments, isSequence, type Value } from "./values.ts";

/** Calls a layer or model on tensors and gives what comes out: a tensor, or a list of them. */
export function applyTo(owner: KerasLayer | KerasModel, args: CallArguments, builder: KerasBuilder): Value {
  const { rt } = builder;
  const named = [...args.keywords.values()].flatMap((value) => tensorsIn(value));
  const inputs = [...args.positional.flatMap((value) => tensorsIn(value)), ...named];
  if (inputs.length === 0) return calledOnData(owner, args, builder);
  if (owner.nodes.length >= MOST_NODES) throw new LimitReached("a layer is used too many times");
  if (owner.kind === "model") {
    owner.nested = true;
    if (owner.family === "Sequential" && owner.input === undefined && inputs[0]!.shape !== undefined) {
      buildSequential(
        owner,
        { batch: inputs[0]!.shape[0] ?? null, axes: inputs[0]!.shape.slice(1), dtype: inputs[0]!.dtype },
        builder,
      );
    }
  }
  if (owner.kind === "layer" && owner.className === "MultiHeadAttention" && owner.nodes.length === 0)
    // Where it is built it makes a layer of each, which takes their names.
    for (const inner of ["Softmax", "Dropout"]) rt.session.layerName(inner);
  const node = new GraphNode(owner, args.positional, args.keywords, inputs);
  const given = [...args.positional, ...args.keywords.values()];
  node.guessed = rt.uncertain > 0 || given.some((value) => isOpen(value)) || readsData(args);
  owner.nodes.push(node);
  const followed = owner.kind === "layer" ? followStandIn(owner, args, inputs, builder) : undefined;
  const shapes = followed ?? outputShapesOf(owner, node, builder.rules);
  const count = numberOfOutputs(owner, shapes?.length);
  for (let i = 0; i < count; i++) node.outputs.push(new SymbolicTensor(node, i, shapes?.[i]));
  return count === 1 ? node.outputs[0]! : rt.list([...node.outputs]);
}

/** True where a layer is called on data beside tensors, as in a decoder that begins with an array of its own: not followed. */
function readsData({ positional: [first] }: CallArguments): boolean {
  return first instanceof ArrayValue || (isSequence(first) && first.items.some((item) => item instanceof ArrayValue));
}

/** How many tensors come out: more than one with `return_state`, or from a model with several outputs. */
function numberOfOutputs(owner: KerasLayer | KerasModel, shapes: number | undefined): number {
  if (owner.kind === "model") return owner.family === "Functional" ? Math.max(1, owner.outputs.length) : 1;
  const states = stateCount(owner);
  if (states > 0) return 1 + states;
  return shapes ?? 1;
}

function stateCount(layer: KerasLayer, depth = 0): number {
  const inner = layer.config.get("layer");
  if (layer.className === "Bidirectional")
    return inner instanceof KerasLayer && depth < 8 ? 2 * stateCount(inner, depth + 1) : 0;
  if (layer.config.get("return_state") !== true) return 0;
  const cell = layer.config.get("cell");
  const kind = cell instanceof KerasLayer ? cell.className : layer.className;
  return kind.includes("LSTM") ? 2 : 1;
}

function calledOnData(owner: KerasLayer | KerasModel, args: CallArguments, builder: KerasBuilder): Value {
  if (owner.kind === "model") seeData(owner, args.positional[0] ?? args.keywords.get("inputs"), builder);
  const first = args.positional[0];
  // Inside of a layer's own code, arrays go through layers as tensors do.
  if (builder.rt.followed > 0 && first instanceof ArrayValue && !first.open)
    return applyTo(
      owner,
      { ...args, positional: [tensorOfArray(first, builder.rt), ...args.positional.slice(1)] },
      builder,
    );
  const text = first instanceof Unknown ? first.name : "...";
  return builder.rt.unknown(`${owner.name}(${text})`, "is what a layer computes from data");
}

function tensorOfArray(array: ArrayValue, rt: Runtime): SymbolicTensor {
  const source = new KerasLayer({ className: "InputLayer", name: "array", config: new Map(), at: rt.at });
  return new SymbolicTensor(new GraphNode(source, [], new Map(), []), 0, array.shape);
}

/**
 * Data of a known shape builds a Sequential that did not know its input. Keras 3 takes the batch too, of the first step:
 * `stepOf` says of how many samples it is.
 */
export function seeData(
  model: KerasModel,
  data: Value | undefined,
  builder: KerasBuilder,
  stepOf: (samples: number) => Axis = (samples) => samples,
): void {
  if (model.built || model.family !== "Sequential" || data === undefined) return;
  const { rt } = builder;
  const known = data instanceof ArrayValue && !data.open ? data.shape.slice(1) : undefined;
  const source =
    data instanceof Unknown
      ? data.part(".shape[1:]", rt.at)
      : rt.unknown("input_shape", "is the shape of the data given to the model");
  const samples = known === undefined || rt.session.version !== "3" ? undefined : (data as ArrayValue).shape[0];
  const batch = typeof samples === "number" ? stepOf(samples) : null;
  buildSequential(model, { batch, axes: known ?? source, dtype: undefined }, builder);
}

/** Gives a Sequential its input, as `build`, `fit` or a first call does. */
export function buildSequential(model: KerasModel, input: InputSpec, { rt }: KerasBuilder): void {
  if (model.built) return;
  // A size written in the code says more than unknown data does.
  if (model.input === undefined || !(input.axes instanceof Unknown)) model.input = input;
  model.built = true;
  if (rt.session.version === "3") model.inputName ??= rt.session.inputName();
  rt.session.rebuildSequential();
}

/** A layer that stands for an operation on tensors, such as `x + y`: where an operator is given, under its name in Keras 2. */
export function applyOperation(className: string, tensors: Value, builder: KerasBuilder, operator?: string): Value {
  const { session, at } = builder.rt;
  const asLambda = session.version === "2" && operator !== undefined;
  const name = asLambda ? session.operationName(keras2Operation(operator)) : undefined;
  const keywords = new Map<string, Value>(name === undefined ? [] : [["name", name]]);
  const layer = makeLayer(className, { positional: [], keywords, at }, builder, asLambda ? "TFOpLambda" : undefined);
  return applyTo(layer, { positional: [tensors], keywords: new Map(), at: builder.rt.at }, builder);
}

/** An operation that no layer stands for: it keeps its place in the graph with the shape that it gives, where `shape` tells. */
export function applyOpaque(
  name: string,
  args: readonly Value[],
  builder: KerasBuilder,
  shape?: readonly Axis[] | undefined,
): Value {
  const { rt } = builder;
  rt.problem(`${name} on a layer's output is not a layer; it keeps its place in the model but cannot be computed`);
  const { session } = rt;
  const className =
    (session.version === "3" ? operationClass(name) : undefined) ??
    (session.version === "2" && name === "slicing" ? "SlicingOpLambda" : "TFOpLambda");
  const layer = new KerasLayer({
    className,
    name:
      session.version === "3"
        ? session.layerName(className === "TFOpLambda" ? name : className)
        : session.operationName(keras2Operation(name)),
    config: new Map<string, Value>([["function", name]]),
    at: rt.at,
  });
  layer.standIn = makeStandIn(className, layer.name, 0, rt);
  if (shape !== undefined) layer.standIn.outputs = [shape];
  const result = applyTo(layer, { positional: args, keywords: new Map(), at: rt.at }, builder);
  return result;
}

/** The names under which TensorFlow 2's Keras lists what operators, indexing and functions do to tensors. */
const KERAS_2_OPERATIONS: ReadonlyMap<string, string> = new Map([
  ["operator +", "tf.__operators__.add"],
  ["operator -", "tf.math.subtract"],
  ["operator *", "tf.math.multiply"],
  ["operator /", "tf.math.truediv"],
  ["operator //", "tf.math.floordiv"],
  ["operator **", "tf.math.pow"],
  ["operator @", "tf.linalg.matmul"],
  ["negative", "tf.math.negative"],
  ["slicing", "tf.__operators__.getitem"],
  ["tf.matmul", "tf.linalg.matmul"],
  ["tf.shape", "tf.compat.v1.shape"],
  ["tf.squeeze", "tf.compat.v1.squeeze"],
  ["tf.transpose", "tf.compat.v1.transpose"],
]);

/** Functions that TensorFlow keeps in its module math and offers by a shorter name as well. */
const SHORT_MATH =
  /^tf\.(reduce_\w+|abs|add|subtract|multiply|divide|exp|log|sqrt|square|pow|maximum|minimum|tanh|sigmoid|sin|cos|argmax|argmin|negative|sign|equal|not_equal|greater|less)$/;

function keras2Operation(name: string): string {
  return KERAS_2_OPERATIONS.get(name) ?? name.replace(SHORT_MATH, "tf.math.$1");
}

/** Keras 3's classes of what operators and indexing do to tensors. */
const OPERATIONS: ReadonlyMap<string, string> = new Map([
  ["operator +", "Add"],
  ["operator -", "Subtract"],
  ["operator *", "Multiply"],
  ["operator /", "TrueDivide"],
  ["operator //", "FloorDivide"],
  ["operator **", "Power"],
  ["operator @", "Matmul"],
  ["negative", "Negative"],
  ["slicing", "GetItem"],
]);

/** The class under which Keras 3 lists an operation: `keras.ops.expand_dims` is ExpandDims. */
function operationClass(name: string): string | undefined {
  const word = /^keras\.ops\.(?:\w+\.)?(\w+)$/.exec(name)?.[1];
  if (word === undefined) return OPERATIONS.get(name);
  return word.replaceAll(/(?:^|_)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
