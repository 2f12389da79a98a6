/** A model as Python that builds it with Keras 3. */
import { activationNamed } from "../equations/activations.ts";
import type { NamedFunction } from "../equations/expr.ts";
import { isLayerFunction } from "../layers/activations.ts";
import type { Layer } from "../layers/layer.ts";
import { snakeCase } from "../layers/naming.ts";
import { Model } from "../model/model.ts";
import { besidePython, importPath } from "./code-beside.ts";
import {
  type CodeWeights,
  isFunction,
  isSpec,
  type Language,
  type ModelCodeOptions,
  ModelCodeWriter,
  oneOrList,
  plain,
  refusal,
  refuseUnknown,
  type Stack,
} from "./code-model.ts";
import { pythonFunction } from "./code-python-equations.ts";
import { bracketed, layOut, nestedNumbers, prefixed, suffixed } from "./code-text.ts";
import { snakeCaseKey } from "./keras-config.ts";
import { kerasWeights } from "./plain-lstm.ts";

/**
 * Python that builds the model with Keras 3.
 *
 * @throws UnrollError `unbuilt`; `unsupported` for a layer that Keras has no class for.
 * @example toKerasPython(net) // import keras ... model = keras.Sequential([...], name="sequential")
 */
export function toKerasPython(model: Model, { weights = "none" }: ModelCodeOptions = {}): string {
  const body = new ModelCodeWriter(python).write(model);
  return `${pythonHead(functionsOf(model), weights)}${body}${pythonWeights(model, weights)}`;
}

/**
 * Python for layers one after another that need not fit together, as they are while somebody changes them. Names that Keras
 * would give by itself are left out.
 *
 * @throws UnrollError `unsupported` for a layer that Keras has no class for.
 */
export function stackToKerasPython(stack: Stack): string {
  const automatic = automaticallyNamed(stack.layers);
  const leavesName = (layer: Layer): boolean => automatic.has(layer) || python.leavesName(layer);
  const body = new ModelCodeWriter({ ...python, leavesName }).writeStack(stack);
  return `${pythonHead(stack.layers.flatMap(functionsOf), "none")}${body}`;
}

/** Layers whose name is the one that Keras gives when none is given: of a class, the first `gru`, then `gru_1`. */
function automaticallyNamed(layers: readonly Layer[]): ReadonlySet<Layer> {
  const counts = new Map<string, number>();
  return new Set(
    layers.filter(({ className, name }) => {
      const base = snakeCase(className);
      const count = counts.get(base) ?? 0;
      if (name !== (count === 0 ? base : `${base}_${count}`)) return false;
      counts.set(base, count + 1);
      return true;
    }),
  );
}

function pythonHead(used: readonly NamedFunction[], weights: CodeWeights): string {
  const functions = [...new Map(used.map((fn) => [fn.name, fn])).values()];
  const imports = [
    ...(typeof weights === "object" ? [importPath] : []),
    "import keras",
    ...(weights === "inline" ? ["import numpy as np"] : []),
    "from keras import layers",
    ...(functions.length > 0 ? ["from keras import ops"] : []),
  ];
  const defined = functions.map((fn) => `\n\n${pythonFunction(fn, "ops")}`).join("");
  return `${imports.join("\n")}\n${defined}${defined === "" ? "" : "\n"}\n`;
}

function pythonWeights(model: Model, weights: CodeWeights): string {
  if (weights === "none") return "";
  if (weights !== "inline") return `model.load_weights(${besidePython(weights.file)})\n`;
  const arrays = kerasWeights(model).map(({ shape, data }) =>
    suffixed(prefixed("np.array(", nestedNumbers(shape, data)), ', dtype="float32")'),
  );
  return `model.set_weights(${layOut(bracketed("[", arrays, "]"), "    ")})\n`;
}

/** Functions that Keras has no name for, each once. */
function functionsOf(layer: Layer): NamedFunction[] {
  const own = Object.values(layer.config).filter(
    (value): value is NamedFunction => isFunction(value) && !isLayerFunction(value),
  );
  const keras2 = Object.values(layer.config).includes("hard_sigmoid_keras2") ? ["hard_sigmoid_keras2"] : [];
  const inside = [...(layer instanceof Model ? layer.layers : []), ...layer.children];
  const all = [...own, ...keras2.map(activationNamed), ...inside.flatMap(functionsOf)];
  return [...new Map(all.map((fn) => [fn.name, fn])).values()];
}

/** What this library computes and Keras 3 refuses, and what to do instead. */
function notInKeras(layer: Layer): readonly [string, string] | undefined {
  const { className, config } = layer;
  if (className === "ThresholdedReLU") return ["layer ThresholdedReLU", "Use ReLU with a threshold."];
  if ((className === "SeparableConv1D" || className === "DepthwiseConv1D") && config.padding === "causal") {
    return [`causal ${className}`, 'Pad with ZeroPadding1D and use padding "valid".'];
  }
  if (className === "RNN" && config.returnState === true && layer.children.length > 1) {
    return [
      "flat list of the states of stacked cells",
      "Leave returnState out, or use one recurrent layer for each cell.",
    ];
  }
  return undefined;
}

const python: Language = {
  indent: "    ",
  isKeras: true,
  // Average pooling has no default for it in Keras 3.
  explicit: ["poolSize"],
  // Keras calls the operation that joins masks "concatenate" too, and then refuses a layer of that name.
  leavesName: ({ className, name }) => className === "Concatenate" && /^concatenate(_\d+)?$/.test(name),
  checkCall({ layer }) {
    if (layer.type.overTime === undefined && layer.className !== "StackedRNNCells") return;
    throw refusal(layer, "Keras calls a cell only with its states", "Wrap the cell in RNN.");
  },
  reserved: [
    ...["and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else", "except"],
    ...["False", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "None", "nonlocal", "not"],
    ...["or", "pass", "raise", "return", "True", "try", "while", "with", "yield", "keras", "layers", "np", "ops"],
    "Path",
  ],
  value: (field, value, layer) => {
    if (field?.kind === "activation") return isFunction(value) ? value.name : pythonActivation(String(value));
    if (isSpec(value)) {
      const module = { initializer: "initializers", regularizer: "regularizers", constraint: "constraints" }[
        field?.kind as "initializer" // the kinds that hold a specification
      ];
      const own = Object.entries(value.config).map(([key, entry]) => `${snakeCaseKey(key)}=${pythonLiteral(entry)}`);
      return bracketed(`keras.${module}.${value.className}(`, own, ")");
    }
    return pythonLiteral(plain(field, value), layer);
  },
  option: (name, value) => prefixed(`${snakeCaseKey(name)}=`, value),
  layer(layer, options) {
    refuseUnknown(layer, "Keras");
    const missing = notInKeras(layer);
    if (missing !== undefined) throw refusal(layer, `Keras 3 has no ${missing[0]}`, missing[1]);
    return bracketed(`layers.${layer.className}(`, options, ")");
  },
  list: (parts) => bracketed("[", parts, "]"),
  input(layer) {
    const [batch, ...rest] = layer.config.batchShape as readonly (number | null)[]; // as every input layer has it
    const tuple = (sizes: readonly (number | null)[]): string =>
      `(${sizes.map((size) => size ?? "None").join(", ")}${sizes.length === 1 ? "," : ""})`;
    const shape = batch === null ? `shape=${tuple(rest)}` : `batch_shape=${tuple([batch!, ...rest])}`;
    const dtype = layer.config.dtype === "int32" ? ['dtype="int32"'] : [];
    return bracketed("keras.Input(", [shape, ...dtype, `name=${JSON.stringify(layer.name)}`], ")");
  },
  sequential: (model, parts) =>
    bracketed("keras.Sequential(", [bracketed("[", parts, "]"), `name=${JSON.stringify(model.name)}`], ")"),
  functional: (model, inputs, outputs) =>
    bracketed(
      "keras.Model(",
      [`inputs=${oneOrList(inputs)}`, `outputs=${oneOrList(outputs)}`, `name=${JSON.stringify(model.name)}`],
      ")",
    ),
  call(layer, call, inputs, states) {
    const apart = inputs.length === 1 || call.layer.className === "MultiHeadAttention";
    const given = [
      apart ? inputs.join(", ") : `[${inputs.join(", ")}]`,
      ...(states.length === 0 ? [] : [`initial_state=[${states.join(", ")}]`]),
      ...(call.training === undefined ? [] : [`training=${call.training ? "True" : "False"}`]),
    ];
    return suffixed(layer, `(${given.join(", ")})`);
  },
  assign: (names, value) => prefixed(`${names.join(", ")} = `, value),
  freeze: (model) => `${model}.trainable = False`,
};

function pythonActivation(name: string): string {
  return name === "hard_sigmoid_keras2" ? name : JSON.stringify(name);
}

function pythonLiteral(value: unknown, layer?: Layer): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : `float("${value}")`;
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((entry) => pythonLiteral(entry, layer)).join(", ")}]`;
  throw refusal(layer, "an option's value has no form in Python", "Leave it at its default.");
}
