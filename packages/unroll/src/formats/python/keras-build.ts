/**
 * What calling Keras's classes and methods does to our graph: making layers, applying them, adding to a Sequential, making a Functional.
 */

import { didYouMean } from "../../core/errors.ts";
import { axesOf } from "./array-shapes.ts";
import { GraphNode, type InputSpec, KerasLayer, type KerasModel, MOST_NODES, SymbolicTensor } from "./keras-graph.ts";
import { argumentName, INPUT_ARGUMENTS, layerSignature } from "./keras-layers.ts";
import type { KerasVersion } from "./keras-session.ts";
import { Allowance, LimitReached, type Runtime } from "./runtime.ts";
import { outputShapesOf, type ShapeRules } from "./serialize.ts";
import { followStandIn, layerOfInstance, makeStandIn, standInFor } from "./stand-in.ts";
import { Unknown } from "./unknown.ts";
import {
  ArrayValue,
  type Axis,
  type CallArguments,
  isObject,
  isSequence,
  isSize,
  PyDict,
  PyInstance,
  PyTuple,
  type Value,
} from "./values.ts";

const RECURRENT = new Set(["SimpleRNN", "LSTM", "GRU", "CuDNNLSTM", "CuDNNGRU", "RNN", "Bidirectional"]);
/** Layers whose samples have a time axis, so that `input_dim` alone leaves the length open. */
const SEQUENCE_LAYERS = new Set([...RECURRENT, "Conv1D", "TimeDistributed"]);

/** Making a layer counts as much as going through this many items. */
const WORK_OF_A_LAYER = 500;

export interface KerasBuilder {
  readonly rt: Runtime;
  readonly rules: ShapeRules;
  /** Every model made, in order. */
  readonly models: KerasModel[];
}

/** `LSTM(30, activation="relu")`: a layer object with its arguments under today's names. */
export function makeLayer(className: string, args: CallArguments, builder: KerasBuilder): KerasLayer {
  const { rt } = builder;
  rt.spend(WORK_OF_A_LAYER);
  const signature = layerSignature(className);
  const config = new Map<string, Value>();
  const inputArguments = new Map<string, Value>();
  let name: Value | undefined;
  let trainable: Value = true;
  const take = (key: string, value: Value): void => {
    if (key === "name") name = value;
    else if (key === "trainable") trainable = value;
    else if (value instanceof PyInstance && value.cls.kerasBase !== undefined)
      config.set(key, value.keras ?? layerOfInstance(value, rt));
    else if (key !== "dtype" || className === "InputLayer") config.set(key, value);
  };

  args.positional.forEach((value, i) => {
    const key = signature !== undefined && i < signature.byPosition ? signature.names[i] : undefined;
    if (key !== undefined) take(key, value);
    else if (signature === undefined) config.set(`argument_${i}`, value);
    else
      rt.problem(`${className} takes at most ${signature.byPosition} arguments without a name; the rest were skipped`);
  });
  for (const [key, value] of args.keywords) {
    const wantsInputDim = signature?.names.includes(key) === true && key === "input_dim";
    if (INPUT_ARGUMENTS.has(key) && !wantsInputDim && className !== "InputLayer") {
      inputArguments.set(key, value);
      continue;
    }
    const known = signature === undefined ? key : argumentName(signature, key);
    if (known === null) {
      const hint = didYouMean(key, signature!.names);
      rt.problem(`${className} has no argument called ${key}; it was skipped${hint === undefined ? "" : `. ${hint}`}`);
    } else if (known !== undefined) take(known, value);
  }
  const layerName = typeof name === "string" ? name : rt.session.layerName(signature?.className ?? className);
  if (className === "InputLayer") return inputLayer(layerName, config, builder);
  const layer = new KerasLayer({
    className: signature?.className ?? className,
    name: layerName,
    config,
    inputArguments,
    at: args.at,
  });
  layer.trainable = (trainable as Value) !== false;
  layer.standIn = standInFor(layer.className, layerName, config, rt);
  if (rt.session.version !== "3") spellOldActivations(layer, rt.session.version);
  // A config without it is an old one; standalone Keras counted one bias row, TensorFlow 2 and Keras 3 two.
  if (/^GRU(Cell)?$/.test(layer.className) && !config.has("reset_after")) {
    layer.learned.set("reset_after", rt.session.version !== "2-standalone");
  }
  return layer;
}

/** Keras 2's hard_sigmoid has a slope of its own, and was the gates' default before TensorFlow's Keras. */
function spellOldActivations({ className, config, learned }: KerasLayer, version: KerasVersion): void {
  for (const key of ["activation", "recurrent_activation"]) {
    if (config.get(key) === "hard_sigmoid") config.set(key, "hard_sigmoid_keras2");
  }
  const gated = /^(LSTM|GRU)(Cell)?$/.test(className) && !config.has("recurrent_activation");
  if (gated && version === "2-standalone") learned.set("recurrent_activation", "hard_sigmoid_keras2");
}

/** `Input(shape=(10, 3))`: the tensor that an InputLayer gives. */
export function makeInput(args: CallArguments, builder: KerasBuilder): SymbolicTensor {
  return tensorOfInput(makeLayer("InputLayer", args, builder));
}

function inputLayer(name: string, config: ReadonlyMap<string, Value>, { rt }: KerasBuilder): KerasLayer {
  const whole = config.get("batch_shape") ?? config.get("batch_input_shape");
  const shape = config.get("shape") ?? config.get("input_shape");
  const dtypeName = config.get("dtype");
  const dtype =
    typeof dtypeName === "string"
      ? dtypeName
      : isObject(dtypeName) && dtypeName.kind === "module"
        ? dtypeName.path.split(".").at(-1)
        : undefined;
  const input =
    whole !== undefined ? specOfBatch(whole, dtype, rt) : specOf(shape, config.get("batch_size"), dtype, rt);
  return new KerasLayer({ className: "InputLayer", name, config: new Map(), at: rt.at, input });
}

function specOfBatch(value: Value, dtype: string | undefined, rt: Runtime): InputSpec {
  const axes = axesOf(value);
  if (axes === undefined) return { batch: null, axes: wholeShape(value, rt), dtype };
  return { batch: axes[0] ?? null, axes: axes.slice(1), dtype };
}

function specOf(shape: Value | undefined, batch: Value | undefined, dtype: string | undefined, rt: Runtime): InputSpec {
  const axes = shape === undefined ? undefined : axesOf(shape);
  const size = isSize(batch) ? batch : null;
  // A lone unknown may be a whole shape, as in `Input(shape=input_shape)`.
  if (axes === undefined || shape instanceof Unknown)
    return { batch: size, axes: wholeShape(shape ?? null, rt), dtype };
  return { batch: size, axes, dtype };
}

function wholeShape(value: Value, rt: Runtime): Unknown {
  return value instanceof Unknown
    ? value
    : rt.unknown("input_shape", "no input size that can be read is written in the code");
}

/** The tensor of an InputLayer; made once. */
export function tensorOfInput(layer: KerasLayer): SymbolicTensor {
  const known = layer.nodes[0]?.outputs[0];
  if (known !== undefined) return known;
  const node = new GraphNode(layer, [], new Map(), []);
  layer.nodes.push(node);
  const spec = layer.input;
  const shape = spec === undefined || spec.axes instanceof Unknown ? undefined : [spec.batch, ...spec.axes];
  const tensor = new SymbolicTensor(node, 0, shape, spec?.dtype);
  node.outputs.push(tensor);
  return tensor;
}

/** The input that a first layer's own arguments give: `input_shape`, `batch_input_shape`, `input_dim`, `input_length`. */
export function inputOfLayer(layer: KerasLayer, rt: Runtime, depth = 0): InputSpec | undefined {
  const given = layer.inputArguments;
  const dtype = layer.className === "Embedding" ? "int32" : undefined;
  const batch = given.get("batch_input_shape") ?? given.get("batch_shape");
  if (batch !== undefined) return specOfBatch(batch, dtype, rt);
  const shape = given.get("input_shape");
  if (shape !== undefined) return specOf(shape, given.get("batch_size"), dtype, rt);
  const length = given.get("input_length");
  const dim = given.get("input_dim");
  if (layer.className === "Embedding") {
    if (length !== undefined)
      return specOf(
        axesOf(length) === undefined ? length : new PyTuple(axesOf(length)!),
        given.get("batch_size"),
        dtype,
        rt,
      );
    // Keras 2 takes sequences of any length; Keras 3 waits for data.
    return rt.session.version === "3" ? undefined : { batch: null, axes: [null], dtype };
  }
  if (dim !== undefined) {
    const axes = SEQUENCE_LAYERS.has(layer.className) || length !== undefined ? [length ?? null, dim] : [dim];
    return specOf(new PyTuple(axes), given.get("batch_size"), dtype, rt);
  }
  const inner = layer.config.get("layer");
  return inner instanceof KerasLayer && depth < 8 ? inputOfLayer(inner, rt, depth + 1) : undefined;
}

/** The tensors in a value, in order: alone, or inside lists, tuples and dicts. */
export function tensorsIn(value: Value | undefined, depth = 0, allowance = new Allowance()): SymbolicTensor[] {
  if (value instanceof SymbolicTensor) return [value];
  if (depth > 4 || !allowance.take()) return [];
  if (isSequence(value)) return value.items.flatMap((item) => tensorsIn(item, depth + 1, allowance));
  if (value instanceof PyDict)
    return [...value.entries.values()].flatMap((entry) => tensorsIn(entry.value, depth + 1, allowance));
  return [];
}

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
  const node = new GraphNode(owner, args.positional, args.keywords, inputs);
  owner.nodes.push(node);
  const followed = owner.kind === "layer" ? followStandIn(owner, args, inputs, builder) : undefined;
  const shapes = followed ?? outputShapesOf(owner, node, builder.rules);
  const count = numberOfOutputs(owner, shapes?.length);
  for (let i = 0; i < count; i++) node.outputs.push(new SymbolicTensor(node, i, shapes?.[i]));
  return count === 1 ? node.outputs[0]! : rt.list([...node.outputs]);
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

/** Data of a known shape builds a Sequential that did not know its input. */
export function seeData(model: KerasModel, data: Value | undefined, builder: KerasBuilder): void {
  if (model.built || model.family !== "Sequential" || data === undefined) return;
  const { rt } = builder;
  const known = data instanceof ArrayValue && !data.open ? data.shape.slice(1) : undefined;
  const source =
    data instanceof Unknown
      ? data.part(".shape[1:]", rt.at)
      : rt.unknown("input_shape", "is the shape of the data given to the model");
  buildSequential(model, { batch: null, axes: known ?? source, dtype: undefined }, builder);
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

/** A layer that stands for an operation on tensors, such as `x + y`. */
export function applyOperation(className: string, tensors: Value, builder: KerasBuilder): Value {
  const layer = makeLayer(className, { positional: [], keywords: new Map(), at: builder.rt.at }, builder);
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
  const layer = new KerasLayer({
    className: "TFOpLambda",
    name: rt.session.layerName(name),
    config: new Map<string, Value>([["function", name]]),
    at: rt.at,
  });
  layer.standIn = makeStandIn("TFOpLambda", layer.name, 0, rt);
  if (shape !== undefined) layer.standIn.outputs = [shape];
  const result = applyTo(layer, { positional: args, keywords: new Map(), at: rt.at }, builder);
  return result;
}
