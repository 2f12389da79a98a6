/**
 * Our graph as the JSON that Keras 3 writes: what `model.to_json()` gives and `modelFromConfig` takes.
 * Arguments that the code does not give are left out; readers fill in Keras's defaults.
 */

import { standInModule } from "../keras-config.ts";
import {
  type GraphNode,
  type InputSpec,
  type KerasLayer,
  KerasModel,
  orderGraph,
  type StandIn,
  SymbolicTensor,
} from "./keras-graph.ts";
import { Allowance, LimitReached } from "./runtime.ts";
import { type KnownShape, type Solution, sizeUnder, Unknown } from "./unknown.ts";
import {
  ArrayValue,
  type Axis,
  isObject,
  KerasClass,
  KerasObject,
  ModuleValue,
  PyDict,
  PyFunction,
  PyList,
  PyTuple,
  type Value,
} from "./values.ts";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A serialised Keras object. */
export interface SerializedObject {
  [key: string]: Json;
  module: string;
  class_name: string;
  config: { [key: string]: Json };
  /** The code's own class, where that only chooses options of Keras's: what a summary prints. */
  registered_name: string | null;
}

/** Counts a layer's parameters and gives its output shape from its serialised form; may throw where the layer does not fit. */
export type ShapeRules = (
  layer: { readonly module?: string; readonly class_name: string; readonly config: { readonly [key: string]: Json } },
  inputShape: KnownShape | readonly KnownShape[],
) => {
  readonly params: number;
  /** How many of `params` training leaves alone; 0 when left out. */
  readonly fixedParams?: number;
  readonly outputShape: KnownShape | readonly KnownShape[];
};

/** How to write what the code leaves open. */
export interface Writing {
  readonly solution: Solution;
  /** Told of every unknown that has no value and where it stands. */
  readonly missing: (unknown: Unknown, argument: string, layer: KerasLayer | KerasModel) => void;
  /** How deep in other layers and models this is, and how much may still be written; begins anew where left out. */
  readonly depth?: number;
  readonly allowance?: Allowance;
  /** What was written of each layer and model so far: what stands in two places is marked as one. */
  readonly written?: Map<KerasLayer | KerasModel, SerializedObject>;
}

/** Layers inside layers and models inside models may go this deep. */
const DEEPEST_LAYERS = 16;
/** Layers and values in one model. */
const LARGEST_MODEL = 50_000;

/** The writing of what is inside; throws LimitReached for models that hold themselves or too much. */
function inside(writing: Writing): Writing {
  const { depth = 0, allowance = new Allowance(LARGEST_MODEL), written = new Map() } = writing;
  if (depth >= DEEPEST_LAYERS) throw new LimitReached("layers or models are nested too deeply in each other");
  if (!allowance.take()) throw new LimitReached("a model holds too many layers");
  return { ...writing, depth: depth + 1, allowance, written };
}

const DEEPEST_JSON = 12;
const ACTIVATION_HOMES = /(^|\.)(activations|nn|ops|backend|activation)\.(\w+)$/;

/** A value as JSON; undefined where it has no such form or is not known. */
export function toJson(
  value: Value,
  writing: Writing,
  owner: KerasLayer | KerasModel,
  argument: string,
  depth = 0,
): Json | undefined {
  if (!isObject(value)) return value;
  if (depth > DEEPEST_JSON || writing.allowance?.take() === false) return undefined;
  const inner = (item: Value): Json | undefined => toJson(item, writing, owner, argument, depth + 1);
  if (value instanceof Unknown) {
    const size = sizeUnder(value, writing.solution);
    const shape = writing.solution.get(value);
    if (size === undefined && typeof shape !== "object") writing.missing(value, argument, owner);
    return size ?? (typeof shape === "object" ? [...shape] : undefined);
  }
  if (value instanceof PyTuple || value instanceof PyList) {
    if (writing.allowance?.take(value.items.length) === false) return undefined;
    return value.items.map((item) => inner(item) ?? null);
  }
  if (value instanceof PyDict) {
    const entries = [...value.entries.values()].map(
      ({ key, value: item }) => [String(inner(key) ?? ""), inner(item) ?? null] as const,
    );
    return Object.fromEntries(entries);
  }
  if (value instanceof KerasObject) return serializeObject(value, writing, owner);
  if (value.kind === "layer" || value instanceof KerasModel) return serializePart(value, writing);
  if (value instanceof KerasClass) return value.name;
  if (value instanceof ModuleValue) return ACTIVATION_HOMES.exec(value.path)?.[3] ?? value.path.split(".").at(-1)!;
  if (value instanceof PyFunction) return { class_name: "__lambda__", config: { code: value.text } };
  if (value instanceof ArrayValue && value.data !== undefined && value.shape.length <= 1) return [...value.data];
  return undefined;
}

/** An optimizer, initialiser or the like; arguments without a JSON form are left out. */
function serializeObject(object: KerasObject, writing: Writing, owner: KerasLayer | KerasModel): SerializedObject {
  const config = [...object.config].flatMap(([key, value]) => {
    const json = toJson(value, writing, owner, key);
    return json === undefined ? [] : [[key, json] as const];
  });
  return {
    module: object.module,
    class_name: object.className,
    config: Object.fromEntries(config),
    registered_name: null,
  };
}

/** A layer; wrapped layers inside it, by their own names: Bidirectional calls both of its copies after the one that it is given. */
export function serializeLayer(layer: KerasLayer, around: Writing): SerializedObject {
  const writing = inside(around);
  const config: { [key: string]: Json } = { name: layer.name, trainable: layer.trainable };
  if (layer.standIn !== undefined) return serializeStandIn(layer, layer.standIn, config, writing);
  const fields: [string, Json][] = [];
  for (const [key, value] of [...layer.config, ...layer.learned]) {
    const json = toJson(value, writing, layer, key);
    if (json !== undefined) fields.push([key, json]);
  }
  if (layer.input !== undefined) {
    fields.push(
      ["batch_shape", batchShape(layer.input, writing, layer) ?? null],
      ["dtype", layer.input.dtype ?? "float32"],
    );
  }
  return {
    module: layer.instance === undefined ? "keras.layers" : "custom",
    class_name: layer.className,
    config: { ...config, ...Object.fromEntries(fields) },
    registered_name: layer.printedClass === layer.className ? null : layer.printedClass,
  };
}

/** A layer by its sizes; what a custom class or a Lambda computes is not written. */
function serializeStandIn(
  layer: KerasLayer,
  { params, fixedParams, outputs, further, reason }: StandIn,
  common: { [key: string]: Json },
  writing: Writing,
): SerializedObject {
  const config = { ...common, reason };
  const count = toJson(params, writing, layer, "params");
  const first = outputs instanceof Unknown ? toJson(outputs, writing, layer, "output_shapes") : undefined;
  const told: Json[] =
    outputs instanceof Unknown
      ? [first ?? null, ...further.map((shape) => [...shape])]
      : outputs.map((axes) => axes.map((axis) => known(axis, writing)));
  // One shape for each output that the code takes; of what neither code nor table tells, the batch alone.
  const taken = Math.max(told.length, ...layer.nodes.map((node) => node.outputs.length));
  const shapes = Array.from({ length: taken }, (_, i) => told[i] ?? [null]);
  return {
    module: standInModule,
    class_name: layer.className,
    config: {
      ...config,
      ...(count === undefined ? {} : { params: count }),
      ...(outputs instanceof Unknown && first === undefined ? {} : { output_shapes: shapes }),
      ...(fixedParams === 0 ? {} : { fixed_params: fixedParams }),
    },
    registered_name: null,
  };
}

function known(axis: Axis, { solution }: Writing): number | null {
  return axis === null ? null : (sizeUnder(axis, solution) ?? null);
}

/** `[null, 10, 3]`; undefined where not even the number of axes is known. */
export function batchShape(
  input: InputSpec,
  writing: Writing,
  owner: KerasLayer | KerasModel,
): (number | null)[] | undefined {
  const known = (axis: Axis): number | null => {
    if (axis === null) return null;
    const size = sizeUnder(axis, writing.solution);
    // A unknown length stays open: counts do not need it.
    if (size === undefined && axis instanceof Unknown) writing.missing(axis, "input_shape", owner);
    return size ?? null;
  };
  if (!(input.axes instanceof Unknown)) return [known(input.batch), ...input.axes.map(known)];
  const shape = writing.solution.get(input.axes);
  if (typeof shape === "object") return [known(input.batch), ...shape];
  if (typeof shape === "number") return [known(input.batch), shape];
  writing.missing(input.axes, "input_shape", owner);
  return undefined;
}

/** A model with the given layers and input (of a Sequential) or its whole graph (of a Functional). */
export function serializeModel(
  model: KerasModel,
  layers: readonly (KerasLayer | KerasModel)[],
  input: InputSpec | undefined,
  around: Writing,
): SerializedObject {
  const writing = inside(around);
  if (model.family === "Functional") return serializeGraph(model, writing);
  const shape = input === undefined ? undefined : batchShape(input, writing, model);
  const parts: SerializedObject[] = [];
  if (shape !== undefined) {
    const name = model.inputName ?? `${layers[0]?.name ?? model.name}_input`;
    parts.push({
      module: "keras.layers",
      class_name: "InputLayer",
      config: { batch_shape: shape, dtype: input?.dtype ?? "float32", name },
      registered_name: null,
    });
  }
  parts.push(...layers.map((layer) => serializePart(layer, writing)));
  return {
    module: "keras",
    class_name: "Sequential",
    config: { name: model.name, trainable: model.trainable, layers: parts },
    registered_name: null,
  };
}

/** A layer or model inside of another; where it stands in two places, each has the number by which Keras says that they are one. */
function serializePart(part: KerasLayer | KerasModel, writing: Writing): SerializedObject {
  const object =
    part.kind === "layer" ? serializeLayer(part, writing) : serializeModel(part, part.layers, part.input, writing);
  const { written } = writing;
  const before = written?.get(part);
  if (before === undefined) written?.set(part, object);
  else {
    before.shared_object_id ??= [...written!.keys()].indexOf(part) + 1;
    object.shared_object_id = before.shared_object_id;
  }
  return object;
}

function serializeGraph(model: KerasModel, writing: Writing): SerializedObject {
  const { layers, nodesOf } = orderGraph(model.inputs, model.outputs);
  const history = (tensor: SymbolicTensor): [string, number, number] => {
    const index = nodesOf.get(tensor.node.owner)?.indexOf(tensor.node) ?? 0;
    return [tensor.node.owner.name, Math.max(0, index), tensor.index];
  };
  // Here, and only here, Keras counts a functional model's own making as a call.
  const outputHistory = (tensor: SymbolicTensor): Json[] => {
    const [name, index, output] = history(tensor);
    const { owner } = tensor.node;
    return [name, owner.kind === "model" && owner.family === "Functional" ? index + 1 : index, output];
  };
  const write = (value: Value, node: GraphNode, depth = 0): Json | undefined => {
    if (value instanceof SymbolicTensor) {
      const shape = value.shape?.map((axis) => (axis === null ? null : (sizeUnder(axis, writing.solution) ?? null)));
      return {
        class_name: "__keras_tensor__",
        config: { shape: shape ?? null, dtype: value.dtype ?? "float32", keras_history: history(value) },
      };
    }
    if ((value instanceof PyList || value instanceof PyTuple) && depth < DEEPEST_JSON) {
      if (writing.allowance?.take(value.items.length) === false) return undefined;
      return value.items.map((item) => write(item, node, depth + 1) ?? null);
    }
    return isObject(value) && value.kind !== "unknown" ? undefined : toJson(value, writing, node.owner, "call");
  };
  const parts = layers.map((layer): SerializedObject => {
    const nodes = (nodesOf.get(layer) ?? [])
      .filter((node) => node.inputs.length > 0)
      .map((node): Json => {
        // What else its code was called with means nothing without the code.
        if (layer.kind === "layer" && layer.standIn !== undefined)
          return { args: node.inputs.map((tensor) => write(tensor, node) ?? null), kwargs: {} };
        const keywords = [...node.keywords].flatMap(([key, value]) => {
          const json = write(value, node);
          return json === undefined ? [] : [[key, json] as const];
        });
        return { args: node.args.map((value) => write(value, node) ?? null), kwargs: Object.fromEntries(keywords) };
      });
    const numbers = (nodesOf.get(layer) ?? []).map((node) => layer.nodes.indexOf(node));
    const part = Object.assign(serializePart(layer, writing), { name: layer.name, inbound_nodes: nodes });
    return numbers.some((number, place) => number !== place) ? Object.assign(part, { call_numbers: numbers }) : part;
  });
  return {
    module: "keras",
    class_name: "Functional",
    config: {
      name: model.name,
      trainable: model.trainable,
      layers: parts,
      input_layers: model.inputs.map(history),
      output_layers: model.outputs.map(outputHistory),
    },
    registered_name: null,
  };
}

/** Shapes of what comes out of `owner` at `node`, by the rules; undefined where they, or sizes, are missing. */
export function outputShapesOf(
  owner: KerasLayer | KerasModel,
  node: GraphNode,
  rules: ShapeRules,
): readonly (readonly Axis[])[] | undefined {
  const shapes: KnownShape[] = [];
  for (const tensor of node.inputs) {
    // Only the first argument's tensors decide, but states must be known as well for the layer to be read.
    if (tensor.shape === undefined || tensor.shape.some((axis) => axis instanceof Unknown)) return undefined;
    if (!isKeyword(node, tensor)) shapes.push(tensor.shape as KnownShape);
  }
  return shapesThrough(owner, shapes.length === 1 ? shapes[0]! : shapes, rules, {
    solution: new Map(),
    missing: () => {},
  });
}

function isKeyword(node: GraphNode, tensor: SymbolicTensor): boolean {
  return [...node.keywords.values()].some(
    (value) =>
      value === tensor || ((value instanceof PyList || value instanceof PyTuple) && value.items.includes(tensor)),
  );
}

function shapesThrough(
  owner: KerasLayer | KerasModel,
  input: KnownShape | readonly KnownShape[],
  rules: ShapeRules,
  around: Writing,
): readonly KnownShape[] | undefined {
  const writing = inside(around);
  if (owner.kind === "model") {
    if (owner.family === "Functional") {
      const shapes = owner.outputs.map((tensor) => tensor.shape);
      const known = shapes.every((shape) => shape !== undefined && !shape.some((axis) => axis instanceof Unknown));
      // Checked in the line above.
      return known ? (shapes as KnownShape[]) : undefined;
    }
    let current: readonly KnownShape[] = [input as KnownShape];
    for (const layer of owner.layers) {
      const next = shapesThrough(layer, current[0]!, rules, writing);
      if (next === undefined) return undefined;
      current = next;
    }
    return current;
  }
  let missing = false;
  const layer = serializeLayer(owner, { ...writing, missing: () => (missing = true) });
  if (missing) return undefined;
  try {
    const { outputShape } = rules(layer, input);
    return isShapeList(outputShape) ? outputShape : [outputShape];
  } catch {
    // A layer that does not fit its input is reported when the model is built, with the layer's own words.
    return undefined;
  }
}

/** True for several shapes, false for one. */
export function isShapeList(shape: KnownShape | readonly KnownShape[]): shape is readonly KnownShape[] {
  return Array.isArray(shape[0]);
}
