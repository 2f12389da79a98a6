/** Attributes and methods of Keras's layers, tensors and models: `add`, `compile`, `fit`, `summary`, `output`, `shape`. */
import { axesOf } from "./array-shapes.ts";
import { bind } from "./bind.ts";
import { buildSequential, seeData } from "./keras-apply.ts";
import { type InputSpec, KerasLayer, KerasModel, MOST_NODES, orderGraph, SymbolicTensor } from "./keras-graph.ts";
import { tensorOfInput } from "./keras-inputs.ts";
import { addTo } from "./keras-models.ts";
import type { Machine } from "./machine.ts";
import { tensorsOfSequential } from "./sequential-graph.ts";
import { addWeight, weightList } from "./stand-in.ts";
import { tensorsIn } from "./tensors-in.ts";
import {
  type CallArguments,
  isUnknown,
  ModuleValue,
  NativeFunction,
  PyFunction,
  type PyInstance,
  PyTuple,
  type Value,
} from "./values.ts";

const FIT_ORDER = [
  "x",
  "y",
  "batch_size",
  "epochs",
  "verbose",
  "callbacks",
  "validation_split",
  "validation_data",
  "shuffle",
];
const COMPILE_ORDER = ["optimizer", "loss", "metrics"];
const SUMMARY_ORDER = ["line_length", "positions", "print_fn", "expand_nested", "show_trainable", "layer_range"];

/** `model.name`; undefined for what is not followed. */
export function modelMember(model: KerasModel, name: string, machine: Machine): Value | undefined {
  const { rt } = machine;
  const native = (body: (args: CallArguments) => Value): Value => new NativeFunction(name, body);
  switch (name) {
    case "add":
      return native(({ positional: [layer], keywords }) => {
        addTo(model, layer ?? keywords.get("layer") ?? null, machine);
        return null;
      });
    case "pop":
      return native(() => {
        const [before, ...others] = model.outputs[0]?.node.inputs ?? [];
        // A Sequential that began with Merge.
        if (model.family === "Functional" && before !== undefined && others.length === 0) model.outputs = [before];
        model.layers.pop();
        return null;
      });
    case "summary":
      return native((args) => {
        snapshot(model, withNames(args, SUMMARY_ORDER), machine);
        return null;
      });
    case "compile":
      return native((args) => {
        model.compiled = withNames(args, COMPILE_ORDER);
        return null;
      });
    case "fit":
    case "fit_generator":
    case "train_on_batch":
      return native((args) => {
        const given = withNames(args, name === "fit" ? FIT_ORDER : ["x", "steps_per_epoch", "epochs"]);
        if (name !== "train_on_batch") model.fitted = given;
        seeData(
          model,
          given.get("x") ?? given.get("generator") ?? rt.unknown("data", "is data that the code does not show"),
          machine,
          (samples) => (name === "train_on_batch" ? samples : firstStep(samples, given)),
        );
        return rt.unknown("history", "is what training gives");
      });
    case "predict":
    case "evaluate":
    case "predict_on_batch":
      return native((args) => {
        const given = withNames(args, name === "predict" ? ["x", "batch_size"] : ["x", "y", "batch_size"]);
        seeData(
          model,
          given.get("x") ?? rt.unknown("data", "is data that the code does not show"),
          machine,
          (samples) => (name === "predict_on_batch" ? samples : firstStep(samples, given)),
        );
        return rt.unknown(`${model.name}.${name}(...)`, "is what a model computes");
      });
    case "save":
      return native(({ positional: [path], keywords }) => {
        const given = path ?? keywords.get("filepath");
        if (typeof given === "string") machine.saved.set(given, model);
        return null;
      });
    case "build":
      return native(({ positional: [shape], keywords }) => {
        build(model, shape ?? keywords.get("input_shape") ?? null, machine);
        return null;
      });
    case "layers":
      return rt.list([...layersOf(model)]);
    case "get_layer":
      return native(({ positional: [key, index], keywords }) => {
        const wanted = keywords.get("name") ?? (typeof key === "string" ? key : undefined);
        const at = keywords.get("index") ?? index ?? key;
        const found =
          layersOf(model).find((layer) => layer.name === wanted) ??
          (typeof at === "number" ? layersOf(model).at(at) : undefined);
        return found ?? rt.unknown("get_layer(...)", "is a layer that is not in the model");
      });
    case "input":
    case "inputs":
    case "output":
    case "outputs":
      return tensorsOf(model, name, machine);
    case "name":
      return model.name;
    case "trainable":
      return model.trainable;
    case "output_shape":
    case "input_shape": {
      const tensor = tensorsIn(tensorsOf(model, name === "output_shape" ? "output" : "input", machine))[0];
      return tensor === undefined ? undefined : tensorMember(tensor, "shape", machine);
    }
    default:
      return undefined;
  }
}

/** Layers as `model.layers` has them: without the input of a Sequential. */
function layersOf(model: KerasModel): readonly (KerasLayer | KerasModel)[] {
  return model.family === "Sequential" ? model.layers : orderGraph(model.inputs, model.outputs).layers;
}

function tensorsOf(model: KerasModel, name: string, machine: Machine): Value {
  const { rt } = machine;
  // Code that builds on a model's tensors makes it a part of something else.
  model.nested = true;
  const graph = model.family === "Sequential" ? tensorsOfSequential(model, machine.rt) : undefined;
  const last = graph?.outputs.at(-1);
  const inputs = graph === undefined ? model.inputs : [graph.input];
  const outputs = graph === undefined ? model.outputs : last === undefined ? [] : [last];
  const tensors = name.startsWith("input") ? inputs : outputs;
  if (tensors.length === 0) return rt.unknown(`${model.name}.${name}`, "is not known before the model has an input");
  return tensors.length === 1 && !name.endsWith("s") ? tensors[0]! : rt.list([...tensors]);
}

/** How many samples the first step of training or prediction reads; null where the code does not tell. */
function firstStep(samples: number, given: ReadonlyMap<string, Value>): number | null {
  const [size, split] = [given.get("batch_size") ?? 32, given.get("validation_split") ?? 0];
  if (typeof size !== "number" || typeof split !== "number") return null;
  const kept = (given.get("validation_data") ?? null) === null ? Math.floor(samples * (1 - split)) : samples;
  const step = Math.min(size, kept);
  return Number.isInteger(step) && step > 0 ? step : null;
}

function withNames({ positional, keywords }: CallArguments, names: readonly string[]): Map<string, Value> {
  const given = new Map<string, Value>();
  positional.forEach((value, i) => {
    if (names[i] !== undefined) given.set(names[i], value);
  });
  for (const [key, value] of keywords) given.set(key, value);
  return given;
}

/** Keeps the model as it is where its summary is printed. */
function snapshot(model: KerasModel, call: ReadonlyMap<string, Value>, { rt, models }: Machine): void {
  const order = models.reduce((sum, one) => sum + one.snapshots.length, 0);
  const layers = model.family === "Sequential" ? [...model.layers] : model.layers;
  const { built, input } = model;
  model.snapshots.push({ at: rt.running, order, layers, built, input, call, printed: undefined });
}

function build(model: KerasModel, shape: Value, machine: Machine): void {
  const axes = axesOf(shape);
  const input: InputSpec =
    axes === undefined
      ? {
          batch: null,
          axes: isUnknown(shape)
            ? shape.part("[1:]", machine.rt.at)
            : machine.rt.unknown("input_shape", "is not understood"),
          dtype: undefined,
        }
      : { batch: axes[0] ?? null, axes: axes.slice(1), dtype: undefined };
  if (model.family === "Sequential") buildSequential(model, input, machine);
}

/** `layer.name`; arguments are attributes too. */
export function layerMember(layer: KerasLayer, name: string, machine: Machine): Value | undefined {
  const { rt } = machine;
  switch (name) {
    case "name":
      return layer.name;
    case "trainable":
      return layer.trainable;
    case "output":
    case "input": {
      if (layer.className === "InputLayer") return tensorOfInput(layer);
      if (layer.nodes.length === 0) {
        const model = machine.models.find((candidate) => candidate.layers.includes(layer));
        if (model !== undefined) tensorsOfSequential(model, machine.rt);
      }
      const node = layer.nodes[0];
      if (node === undefined) return undefined;
      const tensors = name === "output" ? node.outputs : node.inputs;
      return tensors.length === 1 ? tensors[0] : rt.list([...tensors]);
    }
    case "output_shape": {
      const output = layerMember(layer, "output", machine);
      return output instanceof SymbolicTensor ? tensorMember(output, "shape", machine) : undefined;
    }
    default: {
      const own = layer.instance?.members.get(name);
      return own ?? layer.config.get(name);
    }
  }
}

/** `tensor.name`. */
export function tensorMember(tensor: SymbolicTensor, name: string, { rt }: Machine): Value | undefined {
  const { owner } = tensor.node;
  if (name === "shape" || name === "_keras_shape" || name === "get_shape") {
    const axes = tensor.shape?.map((axis): Value => axis);
    const shape: Value =
      axes === undefined ? rt.unknown(`${owner.name}.shape`, "is a shape that is not worked out") : new PyTuple(axes);
    return name === "get_shape" ? new NativeFunction(name, () => shape) : shape;
  }
  if (name === "name") return owner.name;
  return name === "dtype" ? new ModuleValue(tensor.dtype ?? "float32") : undefined;
}

/** What an instance of a user's class inherits from Keras: a layer's or model's methods, once its `call` has been followed. */
export function subclassMember(instance: PyInstance, name: string, machine: Machine): Value | undefined {
  if (instance.cls.kerasBase === "Layer") {
    if (name === "name") return instance.keras?.name;
    if (instance.keras instanceof KerasLayer && instance.keras.standIn === undefined) {
      const known = layerMember(instance.keras, name, machine);
      if (known !== undefined) return known;
    }
    const weights = weightList(instance, name, machine.rt);
    if (weights !== undefined) return weights;
    if (name === "add_weight" || name === "add_variable") return addWeight(instance, machine.rt);
    return ["build", "get_config", "call"].includes(name)
      ? new NativeFunction(name, () => machine.rt.unknown(`${name}()`, "is not followed"))
      : undefined;
  }
  if (instance.cls.kerasBase === "Sequential") {
    instance.keras ??= sequentialOf(instance, machine);
    return modelMember(instance.keras as KerasModel, name, machine);
  }
  if (!["summary", "compile", "fit", "build", "predict", "evaluate", "layers"].includes(name)) return undefined;
  return new NativeFunction(name, (args) => {
    const shape = name === "build" ? (args.positional[0] ?? args.keywords.get("input_shape")) : undefined;
    if (shape !== undefined) instance.members.set("(input shape)", shape);
    // Compiling needs no shape; the graph is followed where one is needed or the model is shown.
    if (name !== "compile") instance.keras ??= traced(instance, machine);
    if (instance.keras instanceof KerasModel) {
      const member = modelMember(instance.keras, name, machine);
      return member === undefined ? null : machine.rt.call(member, args);
    }
    return null;
  });
}

function sequentialOf(instance: PyInstance, machine: Machine): KerasModel {
  const given = instance.members.get("name");
  const model = new KerasModel({
    family: "Sequential",
    name: typeof given === "string" ? given : machine.rt.session.layerName(instance.cls.name),
    at: machine.rt.at,
    instance,
  });
  machine.models.push(model);
  return model;
}

/** Follows `call` of a model subclass on a symbolic input; undefined where what comes out is no tensor. */
function traced(instance: PyInstance, machine: Machine): KerasModel | undefined {
  const { rt } = machine;
  const call = instance.cls.find("call");
  if (!(call instanceof PyFunction)) return undefined;
  const shape = instance.members.get("(input shape)");
  const axes = shape === undefined ? undefined : axesOf(shape);
  const input = new KerasLayer({
    className: "InputLayer",
    name: rt.session.inputName(),
    config: new Map(),
    at: rt.at,
    input: {
      batch: null,
      axes: axes?.slice(1) ?? rt.unknown("input_shape", "is the shape of the data given to the model"),
      dtype: undefined,
    },
  });
  const tensor = tensorOfInput(input);
  const output = rt.call(bind(call, instance), { positional: [tensor], keywords: new Map(), at: rt.at });
  const outputs = tensorsIn(output);
  if (outputs.length === 0) {
    rt.problem(`${instance.cls.name}: what its call() gives is not understood, so the model was skipped`);
    return undefined;
  }
  const given = instance.members.get("name");
  const name = typeof given === "string" ? given : rt.session.layerName(instance.cls.name);
  const chain = outputs.length === 1 ? chainTo(outputs[0]!, tensor) : undefined;
  const model =
    chain === undefined
      ? new KerasModel({ family: "Functional", name, at: rt.at, inputs: [tensor], outputs, instance })
      : new KerasModel({ family: "Sequential", name, at: rt.at, instance });
  // Such a model lists its layers alone, as a Sequential does; where they are a chain it is one.
  if (chain !== undefined) {
    model.layers.push(...chain);
    model.input = input.input;
    model.inputName = input.name;
  }
  model.built = true;
  machine.models.push(model);
  return model;
}

/** The layers between two tensors where each reads the one before and nothing else; undefined for any other graph. */
function chainTo(output: SymbolicTensor, input: SymbolicTensor): (KerasLayer | KerasModel)[] | undefined {
  const chain: (KerasLayer | KerasModel)[] = [];
  for (let tensor = output; tensor !== input; ) {
    const { owner, inputs, outputs } = tensor.node;
    if (inputs.length !== 1 || outputs.length !== 1 || chain.includes(owner) || chain.length >= MOST_NODES)
      return undefined;
    chain.push(owner);
    tensor = inputs[0]!;
  }
  return chain.length === 0 ? undefined : chain.reverse();
}
