/**
 * Walks a model to write the code that builds it: inputs, layers with the options that are not the default, calls, models
 * inside. A language (code-keras.ts, code-unroll.ts) says what each piece looks like.
 */

import { UnrollError } from "../core/errors.ts";
import type { NamedFunction } from "../equations/expr.ts";
import { isLayerFunction } from "../layers/activations.ts";
import type { Field, Fields } from "../layers/fields.ts";
import { layerTypes } from "../layers/index.ts";
import { Layer } from "../layers/layer.ts";
import type { LayerCall, SymbolicTensor } from "../layers/symbolic.ts";
import { Model } from "../model/model.ts";
import { type Code, Identifiers, layOut } from "./code-text.ts";
import { layerOfFunction } from "./keras-config.ts";

/** Where the weights of generated code come from: nowhere, the code itself, or a file beside it. */
export type CodeWeights = "none" | "inline" | { readonly file: string };

export interface ModelCodeOptions {
  /**
   * `none` (default): the architecture alone. `inline`: as lists of numbers. `{ file }`: in Python a `.weights.h5` as
   * `writeWeightsH5` makes it; in TypeScript a `.json` of the list that `model.getWeights()` gives, nested.
   */
  readonly weights?: CodeWeights;
}

/** How one library's code is written. */
export interface Language {
  readonly indent: string;
  /** Options that Keras's layers do not have are left out. */
  readonly isKeras: boolean;
  readonly reserved: readonly string[];
  /** An option's value that is no layer. */
  value(field: Field | undefined, value: unknown, layer: Layer): Code;
  option(name: string, value: Code): Code;
  /** `units=4, name="lstm"` around which the class stands. */
  layer(layer: Layer, options: readonly Code[]): Code;
  list(parts: readonly Code[]): Code;
  input(layer: Layer): Code;
  sequential(model: { readonly name: string }, parts: readonly Code[]): Code;
  functional(model: Model, inputs: readonly string[], outputs: readonly string[]): Code;
  /** The call of a layer on tensors that have names. */
  call(layer: Code, call: LayerCall, inputs: readonly string[], states: readonly string[]): Code;
  assign(names: readonly string[], value: Code): Code;
  /** Options that are written even at their default. */
  readonly explicit: readonly string[];
  /** Whether the name is left for the library to choose. */
  leavesName(layer: Layer): boolean;
  /** Throws where the library cannot be called like this. */
  checkCall(call: LayerCall): void;
  /** Switches training off for a model that has a name. */
  freeze(model: string): string;
}

/** Layers one after another, not built. */
export interface Stack {
  readonly name: string;
  readonly input: Layer | undefined;
  readonly layers: readonly Layer[];
}

/** Writes a model line by line; the last line gives it the name `model`. */
export class ModelCodeWriter {
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

  /** A stack that nobody has built: its layers need not fit together. */
  writeStack(stack: Stack): string {
    this.#stack(stack, "model", stack.input);
    return this.#lines.join("");
  }

  #assign(names: readonly string[], value: Code): void {
    this.#lines.push(`${layOut(this.#language.assign(names, value), this.#language.indent)}\n`);
  }

  #model(model: Model, name: string): void {
    this.#layerNames.set(model, name);
    if (model.className === "Sequential") {
      this.#stack(model, name, model.hasGraph ? model.inputs[0]!.node.layer : undefined);
    } else {
      this.#functional(model, name);
    }
    if (!model.trainable) this.#lines.push(`${this.#language.freeze(name)}\n`);
  }

  #stack(stack: Pick<Stack, "name" | "layers">, name: string, input: Layer | undefined): void {
    const given = input === undefined ? [] : [this.#language.input(input)];
    const parts = stack.layers.map((layer) => this.#layer(layer));
    this.#assign([name], this.#language.sequential(stack, [...given, ...parts]));
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
      this.#language.checkCall(call);
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
      if (value === undefined || field.ignored || (field.beyondKeras && language.isKeras)) return [];
      if (isLayerFunction(value)) return [language.option(name, this.#layer(layerOfFunction(value)))];
      if (isDefault(field, value) && !language.explicit.includes(name)) return [];
      if (field.kind === "layer" && "default" in field && isImplied(layer, name, field)) return [];
      if (field.kind === "layer") return [language.option(name, this.#layer(value as Layer))]; // checked by the field
      if (field.kind === "layers") {
        return [language.option(name, language.list((value as readonly Layer[]).map((inner) => this.#layer(inner))))];
      }
      return [language.option(name, language.value(field, value, layer))];
    });
    const frozen = layer.trainable ? [] : [language.option("trainable", language.value(undefined, false, layer))];
    const named = language.leavesName(layer) ? [] : [language.option("name", JSON.stringify(layer.name))];
    return [...options, ...frozen, ...named];
  }
}

/** Whether the layers inside come out the same without this one: a backward layer like the forward one. */
function isImplied(layer: Layer, name: string, field: Field): boolean {
  const without = new Layer(layer.type, { ...layer.config, [name]: field.default }, { name: layer.name });
  const configs = (from: Layer): string => JSON.stringify(from.children.map(({ config }) => config));
  return configs(without) === configs(layer);
}

function isDefault(field: Field, value: unknown): boolean {
  return "default" in field && JSON.stringify(field.default) === JSON.stringify(value);
}

/** A list of one number is written as the number. */
export function plain(field: Field | undefined, value: unknown): unknown {
  return field?.kind === "integers" && Array.isArray(value) && value.length === 1 ? value[0] : value;
}

export function oneOrList(names: readonly string[]): string {
  return names.length === 1 ? names[0]! : `[${names.join(", ")}]`;
}

export interface Spec {
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** An initializer, regularizer or constraint. */
export function isSpec(value: unknown): value is Spec {
  return typeof value === "object" && value !== null && "className" in value && "config" in value;
}

export function isFunction(value: unknown): value is NamedFunction {
  return typeof value === "object" && value !== null && "body" in value && "name" in value;
}

export function refuseUnknown(layer: Layer, who: string): void {
  if (layerTypes.get(layer.className) === layer.type) return;
  throw refusal(
    layer,
    `${who} has no class for the layer ${layer.className}`,
    "toNumpy and toPlainTypeScript write any layer.",
  );
}

export function refusal(layer: Layer | undefined, expected: string, hint: string): UnrollError {
  return new UnrollError({ code: "unsupported", path: layer?.name ?? "model", expected, hint });
}
