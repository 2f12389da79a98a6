/**
 * Layers whose code is not run: Lambda, classes of the code's own, operations on tensors, and classes that are not built here.
 * Their shapes and counts come from following the code on shapes alone; what that does not tell is an unknown.
 */
import { activationNames } from "../../equations/activations.ts";
import { axesOf } from "./array-shapes.ts";
import { bind } from "./bind.ts";
import { KerasLayer, type KerasModel, type StandIn, type SymbolicTensor } from "./keras-graph.ts";
import { misspeltLayer } from "./keras-layer-names.ts";
import type { KerasVersion } from "./keras-session.ts";
import { canBuild } from "./layer-rules.ts";
import type { KerasBuilder } from "./machine.ts";
import { PythonRaise, type Runtime } from "./runtime.ts";
import { tensorsOfSequential } from "./sequential-graph.ts";
import { serializeLayer } from "./serialize.ts";
import { tensorsIn } from "./tensors-in.ts";
import { type KnownShape, Unknown } from "./unknown.ts";
import {
  type Axis,
  type CallArguments,
  isObject,
  isSequence,
  ModuleValue,
  NativeFunction,
  PyDict,
  PyFunction,
  PyInstance,
  PyTuple,
  type Value,
} from "./values.ts";

/** Layers of the code's own may hold others this deep. */
const DEEPEST_PARTS = 8;

/** Facts for a layer of a class that is not built here; undefined where it is, and for a name that Keras does not have. */
export function standInFor(
  className: string,
  name: string,
  config: ReadonlyMap<string, Value>,
  rt: Runtime,
): StandIn | undefined {
  if (className === "Activation" && isOwnFunction(config.get("activation")))
    return { ...makeStandIn(className, name, 0, rt), reason: "its function is not one of Keras's own" };
  if (canBuild(className) || misspeltLayer(className) !== undefined) return undefined;
  const withoutParams = config.has("function") || TEXT_LAYERS.has(className);
  return makeStandIn(className, name, withoutParams ? 0 : undefined, rt);
}

/** True for a function of the code's own or of another package: of its result only the shape is known, that of what goes in. */
function isOwnFunction(value: Value | undefined): boolean {
  if (value instanceof ModuleValue)
    return !value.path.startsWith("keras.activations.") && !activationNames.includes(value.path.split(".").at(-1)!);
  return value instanceof PyFunction || value instanceof Unknown;
}

/** A stand-in of which nothing but perhaps the count is known yet. */
export function makeStandIn(className: string, name: string, params: number | undefined, rt: Runtime): StandIn {
  const reason =
    className === "Lambda"
      ? "a Lambda layer holds Python code, which is never run"
      : `${className} is not a layer that is computed here`;
  return {
    reason,
    params: params ?? rt.unknown(`${name}.params`, reason),
    fixedParams: 0,
    outputs: rt.unknown(`${name}.output_shape`, reason),
    further: [],
  };
}

/** The layer that an instance of the code's own class acts as; made once. */
export function layerOfInstance(instance: PyInstance, rt: Runtime): KerasLayer {
  if (instance.keras instanceof KerasLayer) return instance.keras;
  const { name: className } = instance.cls;
  const given = instance.members.get("name");
  const name = typeof given === "string" ? given : rt.session.layerName(className);
  const layer = new KerasLayer({ className, name, config: new Map(), at: rt.at, instance });
  const reason = `${className} is a class of the code's own, whose Python is never run`;
  layer.standIn = { ...makeStandIn(className, name, undefined, rt), reason };
  instance.keras = layer;
  return layer;
}

/** A layer for something that the code got from elsewhere (`CRF(5)`, a downloaded network), by the name of what made it. */
export function layerOfUnknown(value: Unknown, rt: Runtime): KerasLayer | undefined {
  const known = fromElsewhere.get(value);
  if (known !== undefined) return known;
  const className = /^(?:[\w.]*\.)?([A-Z]\w*)\(/.exec(value.text)?.[1];
  if (className === undefined) return undefined;
  // As after `from keras.layers import *`, which brings all that Keras has. Nearly every name of three letters is near another.
  const meant =
    className.length > 3 && value.reason.endsWith("is not defined in the code shown")
      ? misspeltLayer(className)
      : undefined;
  if (meant !== undefined) rt.problem(`${className} is not defined in the code shown. ${meant}`);
  // Keras's own pretrained networks are models, named after their function.
  const isNetwork = value.reason.startsWith("keras.applications.");
  const name = isNetwork ? className.toLowerCase() : rt.session.layerName(className);
  const layer = new KerasLayer({
    className: isNetwork ? "Functional" : className,
    name,
    config: new Map(),
    at: value.at,
  });
  layer.standIn = makeStandIn(className, name, undefined, rt);
  fromElsewhere.set(value, layer);
  return layer;
}

const fromElsewhere = new WeakMap<Unknown, KerasLayer>();

/** Layers that turn text or categories into numbers: they learn nothing. */
const TEXT_LAYERS = new Set([
  "TextVectorization",
  "StringLookup",
  "IntegerLookup",
  "CategoryEncoding",
  "Hashing",
  "Discretization",
]);

type Shape = readonly Axis[];

/** Works out what comes out of a stand-in at one call, and keeps what it tells; undefined where that is not followed. */
export function followStandIn(
  layer: KerasLayer,
  args: CallArguments,
  inputs: readonly SymbolicTensor[],
  builder: KerasBuilder,
): readonly (Shape | undefined)[] | undefined {
  const { standIn } = layer;
  if (standIn === undefined) return undefined;
  const { rt } = builder;
  const shapes = rt.following(() => shapesOfCall(layer, args, inputs, builder));
  const known = shapes?.every((shape) => shape !== undefined) === true && shapes.length > 0;
  // Checked in the line above.
  if (known && standIn.outputs instanceof Unknown) standIn.outputs = shapes as readonly Shape[];
  return shapes ?? (standIn.outputs instanceof Unknown ? undefined : standIn.outputs);
}

function shapesOfCall(
  layer: KerasLayer,
  args: CallArguments,
  inputs: readonly SymbolicTensor[],
  builder: KerasBuilder,
): readonly (Shape | undefined)[] | undefined {
  const { instance } = layer;
  if (instance !== undefined) return shapesOfInstance(layer, instance, args, inputs, builder);
  const fn = layer.config.get("function");
  if (fn instanceof PyFunction) {
    const extra = layer.config.get("arguments");
    const keywords = extra instanceof PyDict ? keywordsOf(extra) : new Map<string, Value>();
    const result = called(fn, { positional: args.positional, keywords, at: args.at }, builder.rt);
    return shapesIn(result) ?? declaredShape(layer.config.get("output_shape"), inputs);
  }
  if (layer.className === "Activation") return [inputs[0]?.shape];
  const text = shapeOfText(layer, inputs[0]?.shape, builder.rt.session.version);
  return text ?? declaredShape(layer.config.get("output_shape"), inputs);
}

function keywordsOf(dict: PyDict): Map<string, Value> {
  return new Map(
    [...dict.entries.values()].flatMap(({ key, value }) => (typeof key === "string" ? [[key, value] as const] : [])),
  );
}

/** A call whose raising is no more than an unknown result. */
function called(fn: Value, args: CallArguments, rt: Runtime): Value {
  try {
    return rt.inCall(() => rt.call(fn, args));
  } catch (error) {
    if (error instanceof PythonRaise) return null;
    throw error;
  }
}

function shapesIn(result: Value): readonly (Shape | undefined)[] | undefined {
  const tensors = tensorsIn(result);
  return tensors.length === 0 ? undefined : tensors.map(({ shape }) => shape);
}

/** `output_shape=(10,)`: without the batch. */
function declaredShape(value: Value | undefined, inputs: readonly SymbolicTensor[]): readonly Shape[] | undefined {
  const axes = isSequence(value) ? axesOf(value) : undefined;
  return axes === undefined ? undefined : [[inputs[0]?.shape?.[0] ?? null, ...axes]];
}

function shapeOfText(
  { className, config }: KerasLayer,
  input: Shape | undefined,
  version: KerasVersion,
): readonly Shape[] | undefined {
  if (!TEXT_LAYERS.has(className)) return undefined;
  const size = (name: string): Axis => axesOf(config.get(name) ?? null)?.[0] ?? null;
  const mode = config.get("output_mode") ?? (className === "CategoryEncoding" ? "multi_hot" : "int");
  const batch = input?.[0] ?? null;
  if (className === "TextVectorization") {
    if (mode !== "int") return [[batch, size("max_tokens")]];
    const length = size("output_sequence_length");
    if (version === "3" || input === undefined) return [[batch, length]];
    // Keras 2 splits what stands alone on the last axis, and lets be what `split=None` has split already.
    const isSplit = config.get("split") === null && input.length > 1;
    return [[batch, ...input.slice(1, -1), isSplit ? (length ?? input.at(-1)!) : length]];
  }
  if (mode === "int") return input === undefined ? undefined : [input];
  return [[batch, className === "CategoryEncoding" ? size("num_tokens") : size("max_tokens")]];
}

/** Follows `build` and `call` of the code's own class on shapes. */
function shapesOfInstance(
  layer: KerasLayer,
  instance: PyInstance,
  args: CallArguments,
  inputs: readonly SymbolicTensor[],
  builder: KerasBuilder,
): readonly (Shape | undefined)[] | undefined {
  const { rt } = builder;
  const { cls } = instance;
  const build = cls.find("build");
  if (build instanceof PyFunction && !instance.members.has(BUILT)) {
    const shapes = inputs.map(({ shape }) =>
      shape === undefined ? rt.unknown("input_shape", "is not worked out") : new PyTuple([...shape]),
    );
    const shape = isSequence(args.positional[0]) ? rt.list(shapes) : (shapes[0] ?? null);
    called(bind(build, instance), { positional: [shape], keywords: new Map(), at: args.at }, rt);
  }
  instance.members.set(BUILT, true);
  const call = cls.find("call");
  const result = call instanceof PyFunction ? called(bind(call, instance), args, rt) : null;
  settleCount(layer, instance, builder);
  const output = cls.find("compute_output_shape");
  const told = shapesIn(result);
  if (told?.every((shape) => shape !== undefined) === true || !(output instanceof PyFunction)) return told;
  const first = inputs[0]?.shape;
  const shape = called(
    bind(output, instance),
    { positional: [first === undefined ? null : new PyTuple([...first])], keywords: new Map(), at: args.at },
    rt,
  );
  const axes = isSequence(shape) ? axesOf(shape) : undefined;
  return axes === undefined ? told : [axes];
}

/** Lists of a layer that its own code may add to; what is in them is then not counted here. */
const WEIGHT_LISTS = ["trainable_weights", "_trainable_weights", "non_trainable_weights", "_non_trainable_weights"];

/** What code reads as such a list of a layer; it is remembered that it did. */
export function weightList(instance: PyInstance, name: string, rt: Runtime): Value | undefined {
  if (!WEIGHT_LISTS.includes(name)) return undefined;
  const list = rt.unknown(name, "holds what the layer's own code adds to it");
  instance.members.set(name, list);
  return list;
}

/** Kept among an instance's attributes under names that no Python code can write. */
const BUILT = "(built)";
const ARRAYS = "(arrays)";

/** `self.add_weight(...)`: an array of that shape, remembered for the count. */
export function addWeight(instance: PyInstance, rt: Runtime): NativeFunction {
  return new NativeFunction("add_weight", ({ positional, keywords }) => {
    const shape = keywords.get("shape") ?? positional.find((value) => isSequence(value)) ?? new PyTuple([]);
    const axes = axesOf(shape);
    const arrays = instance.members.get(ARRAYS);
    const entry = new PyTuple([shape, keywords.get("trainable") !== false]);
    if (isSequence(arrays)) instance.members.set(ARRAYS, rt.list([...arrays.items, entry]));
    else instance.members.set(ARRAYS, rt.list([entry]));
    return axes === undefined ? rt.unknown("weight", "has a shape that is not known") : rt.array(axes);
  });
}

/** The number of parameters of everything that an instance holds, where all of it is known. */
function settleCount({ standIn }: KerasLayer, instance: PyInstance, builder: KerasBuilder): void {
  // What a layer of Keras's makes inside is not among the instance's attributes.
  if (!(standIn?.params instanceof Unknown) || instance.cls.kerasLayer !== undefined) return;
  if (WEIGHT_LISTS.some((name) => instance.members.has(name))) return;
  const seen = new Set<object>();
  const count = countOf(instance, builder, seen, 0);
  if (count === undefined) return;
  standIn.params = count.params;
  standIn.fixedParams = count.fixed;
}

interface Count {
  readonly params: number;
  readonly fixed: number;
}

const NOTHING: Count = { params: 0, fixed: 0 };

function sum(counts: readonly (Count | undefined)[]): Count | undefined {
  let total: Count | undefined = NOTHING;
  for (const count of counts) {
    if (count === undefined) return undefined;
    total = { params: total.params + count.params, fixed: total.fixed + count.fixed };
  }
  return total;
}

function countOf(value: Value, builder: KerasBuilder, seen: Set<object>, depth: number): Count | undefined {
  if (!isObject(value) || seen.has(value) || depth > DEEPEST_PARTS) return NOTHING;
  seen.add(value);
  builder.rt.step();
  const inner = (item: Value): Count | undefined => countOf(item, builder, seen, depth + 1);
  if (value instanceof PyInstance) {
    const arrays = value.members.get(ARRAYS);
    const own = isSequence(arrays) ? arrays.items.map(countOfArray) : [];
    const parts = [...value.members].filter(([name]) => name !== ARRAYS).map(([, member]) => inner(member));
    return sum([...own, ...parts]);
  }
  if (isSequence(value)) return sum(value.items.map(inner));
  if (value instanceof PyDict) return sum([...value.entries.values()].map((entry) => inner(entry.value)));
  if (value.kind === "model") return countOfModel(value, builder, seen, depth);
  return value.kind === "layer" ? countOfLayer(value, builder, inner) : NOTHING;
}

function countOfArray(entry: Value): Count | undefined {
  if (!isSequence(entry)) return NOTHING;
  let size = 1;
  for (const axis of axesOf(entry.items[0]) ?? [null]) {
    if (typeof axis !== "number") return undefined;
    size *= axis;
  }
  return entry.items[1] === true ? { params: size, fixed: 0 } : { params: 0, fixed: size };
}

function countOfModel(model: KerasModel, builder: KerasBuilder, seen: Set<object>, depth: number): Count | undefined {
  if (model.family === "Sequential") tensorsOfSequential(model, builder.rt);
  const parts: readonly (KerasLayer | KerasModel)[] =
    model.family === "Sequential" ? model.layers : [...new Set(model.outputs.flatMap((tensor) => behind(tensor)))];
  return sum(parts.map((part) => countOf(part, builder, seen, depth + 1)));
}

/** The layers on the ways to a tensor. */
function behind(output: SymbolicTensor): (KerasLayer | KerasModel)[] {
  const met = new Set([output.node]);
  for (const node of met) for (const { node: before } of node.inputs) met.add(before);
  return [...met].map(({ owner }) => owner);
}

function countOfLayer(
  layer: KerasLayer,
  { rules }: KerasBuilder,
  inner: (value: Value) => Count | undefined,
): Count | undefined {
  if (layer.instance !== undefined && layer.standIn?.params instanceof Unknown) return inner(layer.instance);
  if (layer.standIn !== undefined) {
    const { params, fixedParams } = layer.standIn;
    return typeof params === "number" ? { params, fixed: fixedParams } : undefined;
  }
  const node = layer.nodes[0];
  // A layer that is never called has no arrays.
  if (node === undefined || layer.className === "InputLayer") return NOTHING;
  const shapes = node.inputs.map(({ shape }) => shape);
  if (shapes.some((shape) => shape === undefined || shape.some((axis) => axis instanceof Unknown))) return undefined;
  let missing = false;
  const { class_name, config } = serializeLayer(layer, { solution: new Map(), missing: () => (missing = true) });
  if (missing) return undefined;
  try {
    // Checked above: every shape is known.
    const known = shapes as readonly KnownShape[];
    const { params, fixedParams = 0 } = rules({ class_name, config }, known.length === 1 ? known[0]! : known);
    return { params: params - fixedParams, fixed: fixedParams };
  } catch {
    return undefined;
  }
}
