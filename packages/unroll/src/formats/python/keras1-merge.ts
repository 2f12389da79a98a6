/**
 * Keras 1's Merge: one class for every way to join, told by its mode. As the first layer of a Sequential it joins other models;
 * such a model has several inputs, so that it is kept as a graph.
 */
import { applyTo } from "./keras-apply.ts";
import { makeLayer } from "./keras-build.ts";
import { KerasLayer, KerasModel, type SymbolicTensor } from "./keras-graph.ts";
import { inputLayer, inputOfLayer, tensorOfInput } from "./keras-inputs.ts";
import type { KerasBuilder } from "./machine.ts";
import { tensorsOfSequential } from "./sequential-graph.ts";
import { tensorsIn } from "./tensors-in.ts";
import { type CallArguments, isSequence, type Value } from "./values.ts";

/** Today's classes for the modes. */
const CLASSES: ReadonlyMap<Value | undefined, string> = new Map([
  ["sum", "Add"],
  ["mul", "Multiply"],
  ["ave", "Average"],
  ["max", "Maximum"],
  ["concat", "Concatenate"],
  ["dot", "Dot"],
  ["cos", "Dot"],
]);

/** Options under today's names, by the class that takes them. */
const OPTIONS: ReadonlyMap<string, readonly [string, string, Value | undefined]> = new Map([
  ["Concatenate", ["concat_axis", "axis", -1]],
  ["Dot", ["dot_axes", "axes", -1]],
]);

/** In their order. Those after the axes are of a mode that is a function. */
const ARGUMENTS = ["layers", "mode", "concat_axis", "dot_axes", "output_shape", "output_mask", "arguments"];
const WITHOUT_EFFECT: ReadonlySet<string> = new Set(["inputs", "node_indices", "tensor_indices"]);

/** The models and layers that a Merge was given. */
const joined = new WeakMap<KerasLayer, Value>();

/** `Merge([left, right], mode="concat")`; with a function as its mode a layer of which only its place is known. */
export function makeMerge(args: CallArguments, builder: KerasBuilder): KerasLayer {
  const byPlace = args.positional.slice(0, ARGUMENTS.length).map((value, i) => [ARGUMENTS[i]!, value] as const);
  const given = new Map([...byPlace, ...args.keywords]);
  const mode = given.get("mode") ?? "sum";
  const className = CLASSES.get(mode);
  const dropped = className === undefined ? ["layers"] : ARGUMENTS;
  // Others go along, so that a wrong name is told.
  const keywords = new Map([...given].filter(([name]) => !dropped.includes(name) && !WITHOUT_EFFECT.has(name)));
  const [old = "", now = "", usual = null] = OPTIONS.get(className ?? "") ?? [];
  if (now !== "") keywords.set(now, given.get(old) ?? usual);
  if (mode === "cos") keywords.set("normalize", true);
  const layer = makeLayer(className ?? "Merge", { positional: [], keywords, at: args.at }, builder, "Merge");
  joined.set(layer, given.get("layers") ?? null);
  return layer;
}

/** True for a first layer that joins other models. */
export function joinsModels(layer: KerasLayer | KerasModel): layer is KerasLayer {
  return layer.kind === "layer" && layer.printedClass === "Merge" && isSequence(joined.get(layer));
}

/** Makes a Sequential without layers the graph of what the layer joins. */
export function beginWithMerge(model: KerasModel, layer: KerasLayer, builder: KerasBuilder): void {
  const { rt } = builder;
  const list = joined.get(layer);
  const branches = isSequence(list) ? list.items.map((item) => branchOf(item, builder)) : [];
  const known = branches.filter((branch) => branch !== undefined);
  if (known.length < branches.length) {
    rt.problem(`${model.name}: what Merge joins is not understood, or has no input size; the model is read without it`);
    return;
  }
  model.family = "Functional";
  model.inputs = [...new Set(known.flatMap(({ inputs }) => inputs))];
  model.built = true;
  extendJoined(model, layer, rt.list(known.map(({ output }) => output)), builder);
}

/** Puts a layer behind what such a model gives so far. */
export function extendJoined(
  model: KerasModel,
  layer: KerasLayer | KerasModel,
  input: Value,
  builder: KerasBuilder,
): void {
  const result = applyTo(layer, { positional: [input], keywords: new Map(), at: builder.rt.at }, builder);
  model.outputs = tensorsIn(result).slice(0, 1);
}

interface Branch {
  readonly inputs: readonly SymbolicTensor[];
  readonly output: SymbolicTensor;
}

function branchOf(value: Value, builder: KerasBuilder): Branch | undefined {
  const { rt } = builder;
  if (value instanceof KerasLayer) {
    const input = inputOfLayer(value, rt);
    if (input === undefined) return undefined;
    const layer = new KerasLayer({ ...inputLayer(`${value.name}_input`, new Map(), rt), input });
    const tensor = tensorOfInput(layer);
    const output = tensorsIn(applyTo(value, { positional: [tensor], keywords: new Map(), at: rt.at }, builder))[0];
    return output === undefined ? undefined : { inputs: [tensor], output };
  }
  if (!(value instanceof KerasModel)) return undefined;
  value.nested = true;
  const graph = value.family === "Sequential" ? tensorsOfSequential(value, rt) : undefined;
  const inputs = graph === undefined ? value.inputs : [graph.input];
  const output = graph === undefined ? value.outputs[0] : graph.outputs.at(-1);
  return output === undefined ? undefined : { inputs, output };
}
