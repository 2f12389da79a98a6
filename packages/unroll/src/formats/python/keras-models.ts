/** Models as code makes them: Sequential by list and by `add`, Functional from tensors. */

import { type InputSpec, KerasLayer, KerasModel, MOST_NODES, orderGraph, SymbolicTensor } from "./keras-graph.ts";
import { inputOfLayer } from "./keras-inputs.ts";
import { beginWithMerge, extendJoined, joinsModels } from "./keras1-merge.ts";
import type { KerasBuilder } from "./machine.ts";
import { LimitReached, type Runtime } from "./runtime.ts";
import { layerOfInstance, layerOfUnknown } from "./stand-in.ts";
import { isOpen, tensorsIn } from "./tensors-in.ts";
import { Unknown } from "./unknown.ts";
import { type CallArguments, isSequence, PyInstance, type Value } from "./values.ts";

const MOST_MODELS = 500;

/** `Sequential.add`: a layer, an input, or another model. */
export function addTo(model: KerasModel, value: Value, builder: KerasBuilder, rebuild = true): void {
  const { rt } = builder;
  const layer = partOf(value, rt);
  if (rt.uncertain > model.madeIn) model.guessed = true;
  if (layer === undefined) {
    const what = value instanceof Unknown ? value.name : "this value";
    rt.problem(
      `${model.name}: a layer was expected; ${what} is not one that is understood, so the model is read without it`,
    );
    return;
  }
  if (model.layers.length >= MOST_NODES) throw new LimitReached("a model has too many layers");
  // A Sequential that began with Merge.
  if (model.family === "Functional") {
    extendJoined(model, layer, model.outputs[0] ?? null, builder);
    return;
  }
  if (model.layers.length === 0 && joinsModels(layer)) {
    beginWithMerge(model, layer, builder);
    return;
  }
  if (layer.kind === "layer" && layer.className === "InputLayer") {
    model.input = layer.input;
    model.inputName = layer.name;
    model.built = true;
    return;
  }
  if (layer.kind === "model") layer.nested = true;
  const first = model.layers.length === 0;
  model.layers.push(layer);
  if (first && model.input === undefined) {
    const input = layer.kind === "layer" ? inputOfLayer(layer, rt) : inputOfModel(layer);
    if (input !== undefined) {
      // Keras 3 takes no size from `input_length`: it waits for data, but the size is told all the same.
      const told = rt.session.version !== "3" || layer.kind === "model" || !onlyInputLength(layer);
      model.input = input;
      model.built = told;
      if (told && rt.session.version === "3") model.inputName = rt.session.inputName();
    }
  }
  if (model.built && rebuild) rt.session.rebuildSequential();
}

function onlyInputLength(layer: KerasLayer): boolean {
  return (
    layer.className === "Embedding" &&
    !["input_shape", "batch_input_shape", "batch_shape"].some((name) => layer.inputArguments.has(name))
  );
}

/** The part of a model that a value stands for, made where it is code of its own or comes from elsewhere. */
function partOf(value: Value, rt: Runtime): KerasLayer | KerasModel | undefined {
  if (value instanceof PyInstance && value.cls.kerasBase !== undefined)
    return value.keras ?? layerOfInstance(value, rt);
  return value instanceof Unknown ? layerOfUnknown(value, rt) : layerOf(value);
}

/** The layer or model that a value is or acts as. */
export function layerOf(value: Value | undefined): KerasLayer | KerasModel | undefined {
  if (value instanceof KerasLayer || value instanceof KerasModel) return value;
  if (
    value instanceof SymbolicTensor &&
    value.node.owner instanceof KerasLayer &&
    value.node.owner.className === "InputLayer"
  ) {
    return value.node.owner;
  }
  return value instanceof PyInstance ? value.keras : undefined;
}

/** What goes into a model, where it is known and one. */
export function inputOfModel(model: KerasModel): InputSpec | undefined {
  if (model.family === "Sequential") return model.input;
  const owner = model.inputs[0]?.node.owner;
  return model.inputs.length === 1 && owner instanceof KerasLayer ? owner.input : undefined;
}

/** `Sequential([...], name=...)`. */
export function makeSequential(args: CallArguments, builder: KerasBuilder): KerasModel {
  const { rt } = builder;
  checkCount(builder);
  const name = args.keywords.get("name") ?? args.positional[1];
  const model = new KerasModel({
    family: "Sequential",
    name: typeof name === "string" ? name : rt.session.modelName("Sequential"),
    at: args.at,
  });
  model.madeIn = rt.uncertain;
  builder.models.push(model);
  const layers = args.positional[0] ?? args.keywords.get("layers") ?? null;
  if (isSequence(layers)) {
    // A list in the constructor is built once, at its end.
    for (const layer of layers.items) addTo(model, layer, builder, false);
    if (model.built) rt.session.rebuildSequential();
    if (isOpen(layers)) model.guessed = true;
    if (layers.kind === "list" && layers.open)
      rt.problem(`${model.name}: its layers are made in a loop of unknown length; one round was read`);
  } else if (layers !== null) rt.problem(`${model.name}: the list of layers is not understood`);
  return model;
}

function checkCount({ models }: KerasBuilder): void {
  if (models.length >= MOST_MODELS) throw new LimitReached(`the code makes more than ${MOST_MODELS} models`);
}

/** `Model(inputs, outputs, name=...)`. */
export function makeFunctional(args: CallArguments, builder: KerasBuilder): Value {
  const { rt } = builder;
  const argument = (names: readonly string[], i: number): Value | undefined =>
    names.map((key) => args.keywords.get(key)).find((value) => value !== undefined) ?? args.positional[i];
  const [given, made] = [argument(["inputs", "input"], 0), argument(["outputs", "output"], 1)];
  const [inputs, outputs] = [tensorsIn(given), tensorsIn(made)];
  const name = args.keywords.get("name") ?? args.positional[2];
  if (inputs.length === 0 || outputs.length === 0) {
    rt.problem("a model was expected to have inputs and outputs that come from layers; it was skipped");
    return rt.unknown("Model(...)", "is made of tensors that are not understood");
  }
  checkCount(builder);
  const order = orderGraph(inputs, outputs);
  if (order.cut) throw new LimitReached(`the graph of a model has more than ${MOST_NODES} nodes`);
  const model = new KerasModel({
    family: "Functional",
    name: typeof name === "string" ? name : rt.session.modelName("Functional"),
    at: args.at,
    inputs,
    outputs,
  });
  model.built = true;
  const nodes = [...order.nodesOf.values()].flat();
  model.guessed = isOpen(given) || isOpen(made) || nodes.some(({ guessed }) => guessed);
  for (const layer of order.layers) if (layer.kind === "model") layer.nested = true;
  builder.models.push(model);
  return model;
}
