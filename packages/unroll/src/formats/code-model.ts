/**
 * A model as the code that builds it: `toKerasPython` for Keras 3, `toTypeScript` for this library. Both walk the model in the
 * same way; a language says how values, layers and calls are written. Only options that are not the default are written.
 */
import { UnrollError } from "../core/errors.ts";
import { activationNamed } from "../equations/activations.ts";
import type { NamedFunction } from "../equations/expr.ts";
import type { Field, Fields } from "../layers/fields.ts";
import { layers, layerTypes } from "../layers/index.ts";
import type { Layer } from "../layers/layer.ts";
import type { LayerCall, SymbolicTensor } from "../layers/symbolic.ts";
import { Model } from "../model/model.ts";
import { pythonFunction } from "./code-python-equations.ts";
import { bracketed, type Code, Identifiers, layOut, nestedNumbers, prefixed, suffixed } from "./code-text.ts";
import { snakeCaseKey } from "./keras-config.ts";

/** Where the weights of generated code come from: nowhere, the code itself, or a file beside it. */
export type CodeWeights = "none" | "inline" | { readonly file: string };

export interface ModelCodeOptions {
  /**
   * `none` (default): the architecture alone. `inline`: as lists of numbers. `{ file }`: in Python a `.weights.h5` as
   * `writeWeightsH5` makes it; in TypeScript a `.json` of the list that `model.getWeights()` gives, nested.
   */
  readonly weights?: CodeWeights;
}

interface Language {
  readonly indent: string;
  readonly reserved: readonly string[];
  /** An option's value that is no layer. */
  value(field: Field | undefined, value: unknown, layer: Layer): Code;
  option(name: string, value: Code): Code;
  /** `units=4, name="lstm"` around which the class stands. */
  layer(layer: Layer, options: readonly Code[]): Code;
  list(parts: readonly Code[]): Code;
  input(layer: Layer): Code;
  sequential(model: Model, parts: readonly Code[]): Code;
  functional(model: Model, inputs: readonly string[], outputs: readonly string[]): Code;
  /** The call of a layer on tensors that have names. */
  call(layer: Code, call: LayerCall, inputs: readonly string[], states: readonly string[]): Code;
  assign(names: readonly string[], value: Code): Code;
  /** Switches training off for a model that has a name. */
  freeze(model: string): string;
}

/**
 * Python that builds the model with Keras 3.
 *
 * @throws UnrollError `unbuilt`; `unsupported` for a layer that Keras has no class for.
 * @example toKerasPython(net) // import keras ... model = keras.Sequential([...], name="sequential")
 */
export function toKerasPython(model: Model, { weights = "none" }: ModelCodeOptions = {}): string {
  const functions = functionsOf(model);
  const body = new CodeWriter(python).write(model);
  const imports = [
    "import keras",
    ...(weights === "inline" ? ["import numpy as np"] : []),
    "from keras import layers",
    ...(functions.length > 0 ? ["from keras import ops"] : []),
  ];
  const defined = functions.map((fn) => `\n\n${pythonFunction(fn, "ops")}`).join("");
  return `${imports.join("\n")}\n${defined}${defined === "" ? "" : "\n"}\n${body}${pythonWeights(model, weights)}`;
}

function pythonWeights(model: Model, weights: CodeWeights): string {
  if (weights === "none") return "";
  if (weights !== "inline") return `model.load_weights(${JSON.stringify(weights.file)})\n`;
  const arrays = model.variables.map(({ shape, data }) =>
    suffixed(prefixed("np.array(", nestedNumbers(shape, data)), ', dtype="float32")'),
  );
  return `model.set_weights(${layOut(bracketed("[", arrays, "]"), "    ")})\n`;
}

/**
 * TypeScript that builds the model with this library, and exports it as `model`.
 *
 * @throws UnrollError `unbuilt`; `unsupported` for a layer or a function of the user's own.
 * @example toTypeScript(net) // import { input, layers, sequential } from "unroll"; ...
 */
export function toTypeScript(model: Model, { weights = "none" }: ModelCodeOptions = {}): string {
  const body = new CodeWriter(typeScript).write(model);
  const used = ["input", "layers", "model", "sequential"].filter((name) =>
    new RegExp(`\\b${name === "model" ? "functional" : name}[(.]`).test(body),
  );
  const names = used.map((name) => (name === "model" ? "model as functional" : name)).join(", ");
  const file = typeof weights === "object" ? 'import { readFileSync } from "node:fs";\n' : "";
  return `${file}import { ${names} } from "unroll";\n\n${body.replace(/^const model = /m, "export const model = ")}${typeScriptWeights(model, weights)}`;
}

function typeScriptWeights(model: Model, weights: CodeWeights): string {
  if (weights === "none") return "";
  if (weights !== "inline") {
    return `model.setWeights(JSON.parse(readFileSync(${JSON.stringify(weights.file)}, "utf8")));\n`;
  }
  const arrays = model.variables.map(({ shape, data }) => nestedNumbers(shape, data));
  return `model.setWeights(${layOut(bracketed("[", arrays, "]"), "  ")});\n`;
}

class CodeWriter {
  readonly #language: Language;
  readonly #names: Identifiers;
  readonly #lines: string[] = [];
  /** Models and shared layers that have a variable. */
  readonly #layerNames = new Map<Layer, string>();

  constructor(language: Language) {
    this.#language = language;
    this.#names = new Identifiers([...language.reserved, "model"]);
  }

  write(model: Model): string {
    this.#model(model, "model");
    return this.#lines.join("");
  }

  #assign(names: readonly string[], value: Code): void {
    this.#lines.push(`${layOut(this.#language.assign(names, value), this.#language.indent)}\n`);
  }

  #model(model: Model, name: string): void {
    this.#layerNames.set(model, name);
    if (model.className === "Sequential") {
      const given = model.hasGraph ? [this.#language.input(model.inputs[0]!.node.layer)] : [];
      const parts = model.layers.map((layer) => this.#layer(layer));
      this.#assign([name], this.#language.sequential(model, [...given, ...parts]));
    } else {
      this.#functional(model, name);
    }
    if (!model.trainable) this.#lines.push(`${this.#language.freeze(name)}\n`);
  }

  #functional(model: Model, name: string): void {
    const tensors = new Map<SymbolicTensor, string>();
    for (const tensor of model.inputs) {
      const own = this.#names.unique(tensor.node.layer.name);
      tensors.set(tensor, own);
      this.#assign([own], this.#language.input(tensor.node.layer));
    }
    const { calls } = model.graph;
    for (const call of calls) {
      const { layer } = call;
      const shared = calls.filter((other) => other.layer === layer).length > 1;
      if (shared && !this.#layerNames.has(layer)) {
        const value = this.#layer(layer);
        if (!this.#layerNames.has(layer)) {
          const own = this.#names.unique(`${layer.name}_layer`);
          this.#assign([own], value);
          this.#layerNames.set(layer, own);
        }
      }
      const written = this.#layer(layer);
      const names = call.outputs.map(() => this.#names.unique(layer.name));
      const nameOf = (tensor: SymbolicTensor): string => tensors.get(tensor)!; // calls are in running order
      this.#assign(names, this.#language.call(written, call, call.inputs.map(nameOf), call.initialStates.map(nameOf)));
      for (const [index, tensor] of call.outputs.entries()) tensors.set(tensor, names[index]!);
    }
    const [inputs, outputs] = [model.inputs, model.outputs].map((list) => list.map((tensor) => tensors.get(tensor)!));
    this.#assign([name], this.#language.functional(model, inputs!, outputs!));
  }

  /** The layer as an expression; a model inside gets its own lines first. */
  #layer(layer: Layer): Code {
    const known = this.#layerNames.get(layer);
    if (known !== undefined) return known;
    if (layer instanceof Model) {
      const name = this.#names.unique(layer.name);
      this.#model(layer, name);
      return name;
    }
    return this.#language.layer(layer, this.#options(layer));
  }

  #options(layer: Layer): Code[] {
    const language = this.#language;
    const options = Object.entries(layer.type.fields as Fields).flatMap(([name, field]) => {
      const value = layer.config[name];
      if (value === undefined || field.ignored || isDefault(field, value)) return [];
      if (field.kind === "layer") return [language.option(name, this.#layer(value as Layer))]; // checked by the field
      if (field.kind === "layers") {
        return [language.option(name, language.list((value as readonly Layer[]).map((inner) => this.#layer(inner))))];
      }
      return [language.option(name, language.value(field, value, layer))];
    });
    const frozen = layer.trainable ? [] : [language.option("trainable", language.value(undefined, false, layer))];
    return [...options, ...frozen, language.option("name", JSON.stringify(layer.name))];
  }
}

function isDefault(field: Field, value: unknown): boolean {
  return "default" in field && JSON.stringify(field.default) === JSON.stringify(value);
}

/** A list of one number is written as the number. */
function plain(field: Field | undefined, value: unknown): unknown {
  return field?.kind === "integers" && Array.isArray(value) && value.length === 1 ? value[0] : value;
}

/** Functions that Keras has no name for, each once. */
function functionsOf(layer: Layer): NamedFunction[] {
  const own = Object.values(layer.config).filter((value): value is NamedFunction => isFunction(value));
  const keras2 = Object.values(layer.config).includes("hard_sigmoid_keras2") ? ["hard_sigmoid_keras2"] : [];
  const inside = [...(layer instanceof Model ? layer.layers : []), ...layer.children];
  const all = [...own, ...keras2.map(activationNamed), ...inside.flatMap(functionsOf)];
  return [...new Map(all.map((fn) => [fn.name, fn])).values()];
}

const python: Language = {
  indent: "    ",
  reserved: [
    ...["and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else", "except"],
    ...["False", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "None", "nonlocal", "not"],
    ...["or", "pass", "raise", "return", "True", "try", "while", "with", "yield", "keras", "layers", "np", "ops"],
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
    if (layer.className === "ThresholdedReLU") {
      throw refusal(layer, "Keras 3 has no layer ThresholdedReLU", "Use ReLU with a threshold.");
    }
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

const factoryNames: ReadonlyMap<string, string> = new Map(
  Object.keys(layers).map((name) => [name.toLowerCase(), name]),
);

const typeScript: Language = {
  indent: "  ",
  reserved: [
    ...["break", "case", "catch", "class", "const", "continue", "debugger", "default", "delete", "do", "else", "enum"],
    ...["export", "extends", "false", "finally", "for", "function", "if", "import", "in", "instanceof", "new", "null"],
    ...["return", "super", "switch", "this", "throw", "true", "try", "typeof", "var", "void", "while", "with", "let"],
    ...["await", "yield", "static", "arguments", "eval", "input", "layers", "functional", "sequential", "readFileSync"],
  ],
  value: (field, value, layer) => {
    if (isFunction(value)) {
      throw refusal(
        layer,
        `the function ${value.name} is the user's own, and its code is not known`,
        "Use a named activation.",
      );
    }
    if (isSpec(value)) {
      const own = Object.entries(value.config).map(([key, entry]) => `${key}: ${JSON.stringify(entry)}`);
      return bracketed("{", [`className: ${JSON.stringify(value.className)}`, bracketed("config: {", own, "}")], "}");
    }
    return JSON.stringify(plain(field, value)).replaceAll(",", ", ");
  },
  option: (name, value) => prefixed(`${name}: `, value),
  layer(layer, options) {
    refuseUnknown(layer, "This library");
    return bracketed(`layers.${factoryNames.get(layer.className.toLowerCase())}({`, options, "})");
  },
  list: (parts) => bracketed("[", parts, "]"),
  input(layer) {
    const [batch, ...rest] = layer.config.batchShape as readonly (number | null)[]; // as every input layer has it
    const sizes = (list: readonly (number | null)[]): string => `[${list.map(String).join(", ")}]`;
    const shape = batch === null ? `shape: ${sizes(rest)}` : `batchShape: ${sizes([batch!, ...rest])}`;
    const dtype = layer.config.dtype === "int32" ? ['dtype: "int32"'] : [];
    return bracketed("input({", [shape, ...dtype, `name: ${JSON.stringify(layer.name)}`], "})");
  },
  sequential: (model, parts) =>
    bracketed(
      "sequential({",
      [prefixed("layers: ", bracketed("[", parts, "]")), `name: ${JSON.stringify(model.name)}`],
      "})",
    ),
  functional: (model, inputs, outputs) =>
    bracketed(
      "functional({",
      [`inputs: ${oneOrList(inputs)}`, `outputs: ${oneOrList(outputs)}`, `name: ${JSON.stringify(model.name)}`],
      "})",
    ),
  call(layer, call, inputs, states) {
    const options = [
      ...(states.length === 0 ? [] : [`initialState: [${states.join(", ")}]`]),
      ...(call.training === undefined ? [] : [`training: ${call.training}`]),
    ];
    const more = options.length === 0 ? "" : `, { ${options.join(", ")} }`;
    return suffixed(layer, `.apply(${oneOrList(inputs)}${more})`);
  },
  assign: (names, value) =>
    suffixed(prefixed(`const ${names.length === 1 ? names[0] : `[${names.join(", ")}]`} = `, value), ";"),
  freeze: (model) => `${model}.trainable = false;`,
};

function oneOrList(names: readonly string[]): string {
  return names.length === 1 ? names[0]! : `[${names.join(", ")}]`;
}

interface Spec {
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** An initializer, regularizer or constraint. */
function isSpec(value: unknown): value is Spec {
  return typeof value === "object" && value !== null && "className" in value && "config" in value;
}

function isFunction(value: unknown): value is NamedFunction {
  return typeof value === "object" && value !== null && "body" in value && "name" in value;
}

function refuseUnknown(layer: Layer, who: string): void {
  if (layerTypes.get(layer.className) === layer.type) return;
  throw refusal(
    layer,
    `${who} has no class for the layer ${layer.className}`,
    "toNumpy and toPlainTypeScript write any layer.",
  );
}

function refusal(layer: Layer | undefined, expected: string, hint: string): UnrollError {
  return new UnrollError({ code: "unsupported", path: layer?.name ?? "model", expected, hint });
}
