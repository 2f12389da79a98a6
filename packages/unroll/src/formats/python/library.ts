/**
 * What the paths of imported names stand for. Names that are not modelled stay paths; calling them gives a named unknown.
 */
import { arrayFunction, arrayResult } from "./array-library.ts";
import { callBuildersIn } from "./builders.ts";
import { applyOpaque, applyOperation, applyTo } from "./keras-apply.ts";
import { makeInput, makeLayer } from "./keras-build.ts";
import { KerasLayer, KerasModel } from "./keras-graph.ts";
import { classInCapitals, misspeltLayer } from "./keras-layer-names.ts";
import { layerClassNames, layerSignature } from "./keras-layers.ts";
import { tensorMember } from "./keras-members.ts";
import { makeFunctional, makeSequential } from "./keras-models.ts";
import { makeMerge } from "./keras1-merge.ts";
import type { Machine } from "./machine.ts";
import { nameOf } from "./operators.ts";
import { pythonMember } from "./python-library.ts";
import { asArray, shapeAfter } from "./tensor-shapes.ts";
import { tensorsIn } from "./tensors-in.ts";
import {
  type CallArguments,
  KerasClass,
  KerasObject,
  ModuleValue,
  NativeFunction,
  PyDict,
  PyInstance,
  PyList,
  type Value,
} from "./values.ts";

const USUAL_ALIASES: ReadonlyMap<string, string> = new Map([
  ["np", "numpy"],
  ["numpy", "numpy"],
  ["tf", "tensorflow"],
  ["tensorflow", "tensorflow"],
  ["keras", "keras"],
  ["layers", "keras.layers"],
  ["models", "keras.models"],
  ["optimizers", "keras.optimizers"],
  ["regularizers", "keras.regularizers"],
  ["K", "keras.backend"],
  ["pd", "pandas"],
  ["plt", "matplotlib.pyplot"],
  ["os", "os"],
  ["math", "math"],
  ["random", "random"],
]);

/** Folders of `keras` whose classes are configured objects rather than layers; the value is the module Keras writes. */
const OBJECT_HOMES: ReadonlyMap<string, string> = new Map([
  ["optimizers", "keras.optimizers"],
  ["schedules", "keras.optimizers.schedules"],
  ["initializers", "keras.initializers"],
  ["regularizers", "keras.regularizers"],
  ["constraints", "keras.constraints"],
  ["losses", "keras.losses"],
  ["metrics", "keras.metrics"],
  ["callbacks", "keras.callbacks"],
]);

/** Positional arguments of the objects that are written so. */
const OBJECT_ARGUMENTS: ReadonlyMap<string, readonly string[]> = new Map([
  ["Adam", ["learning_rate", "beta_1", "beta_2", "epsilon"]],
  ["AdamW", ["learning_rate", "weight_decay", "beta_1", "beta_2", "epsilon"]],
  ["Nadam", ["learning_rate", "beta_1", "beta_2", "epsilon"]],
  ["Adamax", ["learning_rate", "beta_1", "beta_2", "epsilon"]],
  ["SGD", ["learning_rate", "momentum", "nesterov"]],
  ["RMSprop", ["learning_rate", "rho", "momentum", "epsilon"]],
  ["Adagrad", ["learning_rate"]],
  ["Adadelta", ["learning_rate", "rho", "epsilon"]],
  ["L1", ["l1"]],
  ["L2", ["l2"]],
  ["L1L2", ["l1", "l2"]],
  ["EarlyStopping", ["monitor", "min_delta", "patience", "verbose", "mode", "baseline", "restore_best_weights"]],
  ["ModelCheckpoint", ["filepath", "monitor", "verbose", "save_best_only"]],
  ["ReduceLROnPlateau", ["monitor", "factor", "patience"]],
  ["RandomUniform", ["minval", "maxval", "seed"]],
  ["RandomNormal", ["mean", "stddev", "seed"]],
  ["Constant", ["value"]],
  ["MaxNorm", ["max_value"]],
]);

const LOWER_CASE_CLASSES: ReadonlyMap<string, string> = new Map([
  ["l1", "L1"],
  ["l2", "L2"],
  ["l1_l2", "L1L2"],
  ["max_norm", "MaxNorm"],
  ["maxnorm", "MaxNorm"],
  ["non_neg", "NonNeg"],
]);

/** Functions that make a layer of this class and call it on a list of tensors. */
const MERGES: ReadonlyMap<string, string> = new Map([
  ["add", "Add"],
  ["subtract", "Subtract"],
  ["multiply", "Multiply"],
  ["average", "Average"],
  ["maximum", "Maximum"],
  ["minimum", "Minimum"],
  ["concatenate", "Concatenate"],
  ["concat", "Concatenate"],
  ["dot", "Dot"],
]);

/** `tensorflow.python.keras.x`, `tf_keras.x`, `keras.src.x` and the like are all `keras.x`. */
function canonical(path: string): string {
  return path
    .replace(/^\.+/, "")
    .replace(/^tensorflow\.compat\.v[12](?=\.|$)/, "tensorflow")
    .replace(/^(tensorflow\.(python\.|contrib\.|_api\.v2\.)?keras|tf_keras|keras_core)(?=\.|$)/, "keras")
    .replace(/^keras\.(api\.(_v[12]\.)?(keras\.)?|src\.|_tf_keras\.keras\.)/, "keras.")
    .replace(/^(tensorflow\.experimental\.numpy|jax\.numpy|cupy)(?=\.|$)/, "numpy");
}

/** The lookup that a machine uses: from a path to a value, the same each time. */
export function makeLibrary(machine: () => Machine): (path: string) => Value {
  const known = new Map<string, Value>();
  return (written) => {
    const path = canonical(written);
    const before = known.get(path);
    if (before !== undefined) return before;
    const value = find(path, machine());
    if (known.size < 10_000) known.set(path, value);
    return value;
  };
}

function find(path: string, machine: Machine): Value {
  if (path.startsWith("usual.")) return usual(path.slice("usual.".length), machine) ?? new ModuleValue(path);
  if (path.startsWith("star:")) return starOf(canonical(path.slice("star:".length)), machine);
  const constant = constantOf(path); // may be None, which is null here
  if (constant !== undefined) return constant;
  return (
    pythonMember(path, machine) ?? kerasMember(path, machine) ?? arrayFunction(path, machine) ?? new ModuleValue(path)
  );
}

function constantOf(path: string): Value | undefined {
  if (path === "numpy.newaxis" || path === "tensorflow.newaxis") return null;
  if (path === "numpy.pi") return Math.PI;
  return path === "typing.TYPE_CHECKING" ? false : undefined;
}

/** A name that was never imported, as in a README: what everybody means by it. */
function usual(name: string, machine: Machine): Value | undefined {
  const module = USUAL_ALIASES.get(name);
  if (module !== undefined) return new ModuleValue(module);
  if (layerSignature(name) !== undefined || ["Sequential", "Model", "Input"].includes(name))
    return kerasMember(`keras.layers.${name}`, machine);
  for (const [folder] of OBJECT_HOMES) {
    const className = LOWER_CASE_CLASSES.get(name) ?? name;
    if (OBJECT_ARGUMENTS.has(className)) return kerasMember(`keras.${folder}.${name}`, machine);
  }
  if (name === "pad_sequences" || name === "to_categorical") return arrayFunction(`keras.utils.${name}`, machine);
  return name === "train_test_split" ? arrayFunction("sklearn.train_test_split", machine) : undefined;
}

/** Everything that `from module import *` brings and that is modelled. */
function starOf(module: string, machine: Machine): PyDict {
  const names = new PyDict();
  if (!module.startsWith("keras")) return names;
  const configured = module.split(".").some((part) => OBJECT_HOMES.has(part));
  const candidates = configured
    ? [...OBJECT_ARGUMENTS.keys(), ...LOWER_CASE_CLASSES.keys()]
    : [...layerClassNames(), "Merge", "Sequential", "Model", "Input", ...MERGES.keys()];
  for (const name of candidates) {
    const value = kerasMember(`${module}.${name}`, machine);
    if (value !== undefined && !(value instanceof ModuleValue)) names.set(name, value);
  }
  // Keras 1's function.
  if (/\.layers$/.test(module)) names.set("merge", new ModuleValue(`${module}.merge`));
  return names;
}

/** A name inside of Keras, or undefined for one that is not modelled. */
function kerasMember(path: string, machine: Machine): Value | undefined {
  const parts = path.split(".");
  const name = parts.at(-1)!;
  if (parts[0] !== "keras" || parts.length < 2) return undefined;
  const { rt } = machine;
  const home = parts.slice(1, -1).findLast((part) => OBJECT_HOMES.has(part));
  const isClass = /^[A-Z]/.test(name);
  if (home !== undefined) {
    const className =
      LOWER_CASE_CLASSES.get(name) ?? (isClass ? name : home === "initializers" ? camelCase(name) : undefined);
    return className === undefined
      ? undefined
      : new NativeFunction(className, (args) => makeObject(OBJECT_HOMES.get(home)!, className, args));
  }
  if (name === "Input") return new NativeFunction(name, (args) => makeInput(args, machine));
  if (name === "Sequential") return new KerasClass(name, "model");
  if (name === "Model" || name === "Functional") return new KerasClass("Model", "model");
  const inLayers = parts.includes("layers") || parts.includes("legacy") || parts.includes("engine");
  if (isClass && (layerSignature(name) !== undefined || inLayers)) {
    const meant = misspeltLayer(name);
    if (meant !== undefined) rt.problem(`Keras has no layer called ${name}. ${meant}`);
    return new KerasClass(name, "layer");
  }
  const merge = MERGES.get(name);
  if (merge !== undefined && (inLayers || parts.includes("backend") || parts.includes("ops")))
    return mergeFunction(merge, machine);
  if (name === "clear_session") {
    return new NativeFunction(name, () => {
      rt.session.clear();
      return null;
    });
  }
  if (name === "int_shape") {
    return new NativeFunction(name, ({ positional: [value] }) => {
      const tensor = tensorsIn(value)[0];
      return (
        (tensor === undefined ? undefined : tensorMember(tensor, "shape", machine)) ??
        rt.unknown("int_shape(...)", "is not worked out")
      );
    });
  }
  return undefined;
}

function camelCase(name: string): string {
  return name
    .split("_")
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join("");
}

function makeObject(module: string, className: string, args: CallArguments): KerasObject {
  const names = OBJECT_ARGUMENTS.get(className) ?? [];
  const config = new Map<string, Value>();
  args.positional.forEach((value, i) => {
    if (names[i] !== undefined) config.set(names[i], value);
  });
  for (const [key, value] of args.keywords) config.set(key === "lr" ? "learning_rate" : key, value);
  return new KerasObject(module, className, config);
}

function mergeFunction(className: string, machine: Machine): NativeFunction {
  return new NativeFunction(className.toLowerCase(), (args) => {
    const [tensors, ...rest] = args.positional;
    const given =
      tensors ?? args.keywords.get("inputs") ?? args.keywords.get("tensors") ?? args.keywords.get("values") ?? null;
    if (tensorsIn(given).length === 0)
      return machine.rt.unknown(`${className.toLowerCase()}(...)`, "joins data that the code does not show");
    const keywords = new Map([...args.keywords].filter(([key]) => !["inputs", "tensors", "values"].includes(key)));
    const layer = makeLayer(className, { positional: rest, keywords, at: args.at }, machine);
    return applyTo(layer, { positional: [given], keywords: new Map(), at: args.at }, machine);
  });
}

/** Calls a Keras class, a layer or model, or a library function that is not modelled. */
export function callLibrary(
  callee: KerasClass | KerasLayer | KerasModel | ModuleValue,
  args: CallArguments,
  machine: Machine,
): Value {
  const { rt } = machine;
  if (callee instanceof KerasLayer || callee instanceof KerasModel) return applyTo(callee, args, machine);
  if (callee instanceof KerasClass) {
    if (callee.family === "layer")
      return callee.name === "Layer"
        ? rt.unknown("Layer()", "has no weights of its own")
        : callee.name === "Merge"
          ? makeMerge(args, machine)
          : makeLayer(callee.name, args, machine);
    return callee.name === "Sequential" ? makeSequential(args, machine) : makeFunctional(args, machine);
  }
  return callModule(callee, args, machine);
}

function callModule(callee: ModuleValue, args: CallArguments, machine: Machine): Value {
  const { rt } = machine;
  const name = callee.path.split(".").at(-1)!;
  const tensors = [...args.positional, ...args.keywords.values()].flatMap((value) => tensorsIn(value));
  if (tensors.length > 0) {
    const merge = MERGES.get(name);
    const [first] = args.positional;
    if (name === "merge" && callee.path.startsWith("keras."))
      // Keras 1: `merge([a, b], mode="concat")`.
      return applyTo(
        makeMerge({ ...args, positional: [null, ...args.positional.slice(1)] }, machine),
        { positional: [first ?? args.keywords.get("inputs") ?? null], keywords: new Map(), at: args.at },
        machine,
      );
    if (merge === "Concatenate" && first instanceof PyList) {
      const axis = args.positional[1] ?? args.keywords.get("axis") ?? -1;
      const layer = makeLayer("Concatenate", { positional: [axis], keywords: new Map(), at: args.at }, machine);
      return applyTo(layer, { positional: [first], keywords: new Map(), at: args.at }, machine);
    }
    if (merge !== undefined && tensors.length === 2 && args.positional.length === 2)
      return applyOperation(merge, new PyList([...tensors]), machine);
    const keywords = new Map([...args.keywords].map(([key, value]) => [key, asArray(value, rt)] as const));
    const arrays = { ...args, positional: args.positional.map((value) => asArray(value, rt)), keywords };
    const shape = shapeAfter(() => arrayResult(callee.path, arrays, rt), rt);
    const given = [...args.positional, ...args.keywords.values()];
    return applyOpaque(callee.path.replace(/^tensorflow\./, "tf."), given, machine, shape);
  }
  const model = args.positional.find((value) => value instanceof KerasModel || value instanceof PyInstance);
  const path = args.positional.find((value) => typeof value === "string") ?? args.keywords.get("filepath");
  if (typeof path === "string") {
    if (name === "save_model" && model instanceof KerasModel) machine.saved.set(path, model);
    const saved = name === "load_model" ? machine.saved.get(path) : undefined;
    if (saved !== undefined) return saved;
  }
  if (name === "clone_model" && model !== undefined) return model;
  const meant = /^keras\.layers\.\w+$/.test(callee.path) && !MERGES.has(name) ? classInCapitals(name) : undefined;
  if (meant !== undefined) rt.problem(`Keras has no layer called ${name}. Did you mean ${meant}?`);
  callBuildersIn(args, machine);
  const shown = args.positional.map(nameOf).join(", ");
  return rt.unknown(`${name}(${shown})`, reasonFor(callee.path, name));
}

function reasonFor(path: string, name: string): string {
  if (/^(read_|load|open|fetch|download|get_file|urlopen|genfromtxt)/.test(name))
    return `${name} reads data that the code does not show`;
  if (name === "load_model" || name === "model_from_json") return `${name} reads a model from a file`;
  return `${path} is not followed`;
}
