/**
 * The open model as something to change: its layers with their options out of Keras's config, and each change as code again.
 * A stack may be written while its layers do not fit together; what is wrong is then told when the code is opened.
 */

import { activationNames } from "unroll/equations/activations.ts";
import type { Repair } from "unroll/explain/repairs/index.ts";
import { stackToKerasPython, toKerasPython } from "unroll/formats/code-keras.ts";
import { camelCase, type KerasObject, layerFromConfig, snakeCaseKey } from "unroll/formats/keras-config.ts";
import { modelFromConfig } from "unroll/formats/keras-model.ts";
import { isKerasObject, isModelObject, isRecord } from "unroll/formats/keras-objects.ts";
import type { Field } from "unroll/layers/fields.ts";
import { type Layer, type LayerType, layerTypes, snakeCase } from "unroll/layers/index.ts";
import { addable } from "./addable.ts";
import { UnrollError } from "./library.ts";
import { hasOwnCell, ownCells } from "./own-cells.ts";
import type { ModelChange, OptionView, Outline, OutlineLayer } from "./protocol.ts";

type Config = Readonly<Record<string, unknown>>;

/** The parts of a stack: what it reads, and its layers. */
interface Stack {
  readonly name: string;
  readonly input: KerasObject | undefined;
  readonly layers: readonly KerasObject[];
}

/** What can be changed about a model, given by its config. */
export function outlineOf(model: KerasObject): Outline {
  const stack = stackOf(model);
  const layers = stack?.layers ?? layersOf(model).filter(({ class_name: name }) => name !== "InputLayer");
  return {
    isStack: stack !== undefined,
    input: stack === undefined ? undefined : shapeWritten(stack.input?.config.batch_shape),
    layers: layers.map(outlineLayer),
    addable: stack === undefined ? [] : addable.map(({ className, does }) => ({ className, does })),
  };
}

/**
 * The model's code after the change.
 *
 * @throws UnrollError `option` and others for values that the layer does not take, `usage` for what a functional model cannot
 */
export function changedCode(model: KerasObject, change: ModelChange): string {
  const stack = stackOf(model);
  if (change.kind === "option") {
    const apply = (layer: KerasObject): KerasObject =>
      nameOf(layer) === change.layer ? withOption(layer, change) : layer;
    if (stack !== undefined) return stackCode({ ...stack, layers: stack.layers.map(apply) });
    return codeOf({ ...model, config: { ...model.config, layers: layersOf(model).map(apply) } });
  }
  if (stack === undefined) {
    throw new UnrollError({
      code: "usage",
      path: nameOf(model),
      expected: "only a stack of layers can be put together here",
      hint: "Change the wiring of this model in its code.",
    });
  }
  return stackCode(changedStack(stack, change));
}

/** The model's code with the edits of a repair made. */
export function repairedCode(model: KerasObject, { edits }: Repair): string {
  let current = model;
  for (const edit of edits) {
    const stack = stackOf(current);
    if (edit.kind === "option") {
      const apply = (layer: KerasObject): KerasObject =>
        nameOf(layer) === edit.layer
          ? { ...layer, config: setOption(layer, snakeCaseKey(edit.option), edit.value) }
          : layer;
      current = { ...current, config: { ...current.config, layers: layersOf(current).map(apply) } };
    } else if (stack !== undefined) {
      current = restacked(current, edit.kind === "input" ? withInput(stack, edit.shape) : inserted(stack, edit));
    } else {
      throw new UnrollError({
        code: "usage",
        path: nameOf(model),
        expected: "this repair changes the wiring of a functional model",
        hint: "Make it in the code.",
      });
    }
  }
  const stack = stackOf(current);
  return stack === undefined ? codeOf(current) : stackCode(stack);
}

function changedStack(stack: Stack, change: Exclude<ModelChange, { kind: "option" }>): Stack {
  const { layers } = stack;
  const at = "layer" in change ? layers.findIndex((layer) => nameOf(layer) === change.layer) : -1;
  if ("layer" in change && at === -1) return stack;
  switch (change.kind) {
    case "input":
      return withInput(stack, [null, ...readShape(change.shape)]);
    case "add": {
      const found = addable.find(({ className }) => className === change.className);
      if (found === undefined) return stack;
      const layer = {
        class_name: found.className,
        config: { ...found.config, name: freeName(stack, found.className) },
      };
      return { ...stack, layers: layers.toSpliced(change.at, 0, layer) };
    }
    case "remove":
      return { ...stack, layers: layers.toSpliced(at, 1) };
    case "duplicate": {
      const copy = { ...layers[at]!, config: { ...layers[at]!.config, name: freeName(stack, layers[at]!.class_name) } };
      return { ...stack, layers: layers.toSpliced(at + 1, 0, copy) };
    }
    case "move": {
      const to = Math.max(0, Math.min(layers.length - 1, change.to));
      return { ...stack, layers: layers.toSpliced(at, 1).toSpliced(to, 0, layers[at]!) };
    }
  }
}

function inserted(
  stack: Stack,
  edit: { readonly before: string; readonly className: string; readonly options: Config },
): Stack {
  const at = stack.layers.findIndex((layer) => nameOf(layer) === edit.before);
  const options = Object.fromEntries(Object.entries(edit.options).map(([name, value]) => [snakeCaseKey(name), value]));
  const layer = { class_name: edit.className, config: { ...options, name: freeName(stack, edit.className) } };
  return { ...stack, layers: stack.layers.toSpliced(at, 0, layer) };
}

function withInput(stack: Stack, shape: readonly (number | null)[]): Stack {
  const before = stack.input ?? { class_name: "InputLayer", config: { name: "input" } };
  return { ...stack, input: { ...before, config: { ...before.config, batch_shape: shape } } };
}

function stackCode(stack: Stack): string {
  const { name, input, layers } = stack;
  const read = (layer: KerasObject): Layer => layerFromConfig(layer, { customTypes: ownCells });
  // Read even where JSON is written: a layer says what it does not take.
  const built = layers.map(read);
  if (hasOwnCell(layers)) return jsonOf(restacked({ class_name: "Sequential", config: { name } }, stack));
  return stackToKerasPython({ name, input: input === undefined ? undefined : read(input), layers: built });
}

function codeOf(model: KerasObject): string {
  const built = modelFromConfig(model, { keepNames: true, customTypes: ownCells });
  return hasOwnCell(layersOf(model)) ? jsonOf(model) : toKerasPython(built);
}

/** Code has no word for a cell of one's own; Keras's JSON has. */
function jsonOf(model: KerasObject): string {
  return JSON.stringify(model, null, 2);
}

function typeOf(className: string): LayerType | undefined {
  return ownCells.get(className) ?? layerTypes.get(className);
}

/** Undefined for a functional model, and for a stack with models inside. */
function stackOf(model: KerasObject): Stack | undefined {
  const layers = layersOf(model);
  if (model.class_name !== "Sequential" || layers.some(isModelObject)) return undefined;
  const [first] = layers;
  const isInput = first?.class_name === "InputLayer";
  // Older code gives the first layer the shape.
  const shape = first?.config.batch_shape ?? first?.config.batch_input_shape;
  const rest = isInput ? layers.slice(1) : layers;
  const given = { class_name: "InputLayer", config: { name: "input", batch_shape: shape } };
  return {
    name: nameOf(model),
    input: isInput ? first : Array.isArray(shape) ? given : undefined,
    layers: rest.map((layer) => {
      const { batch_input_shape: _, batch_shape: __, ...config } = layer.config;
      return { ...layer, config };
    }),
  };
}

function restacked(model: KerasObject, { input, layers }: Stack): KerasObject {
  const { build_input_shape: _, ...config } = model.config;
  return { ...model, config: { ...config, layers: [...(input === undefined ? [] : [input]), ...layers] } };
}

function layersOf({ config }: KerasObject): readonly KerasObject[] {
  return Array.isArray(config.layers) ? config.layers.filter(isKerasObject) : [];
}

function nameOf({ name, config }: KerasObject): string {
  return typeof name === "string" ? name : typeof config.name === "string" ? config.name : "";
}

function freeName({ layers }: Stack, className: string): string {
  const taken = new Set(layers.map(nameOf));
  const base = snakeCase(className);
  let name = base;
  for (let number = 1; taken.has(name); number++) name = `${base}_${number}`;
  return name;
}

function outlineLayer(layer: KerasObject): OutlineLayer {
  const options = optionsOf(layer, "");
  return { name: nameOf(layer), className: layer.class_name, options };
}

/** Options that have a control; those of the layer inside a wrapper come with its path. */
function optionsOf({ class_name: className, config }: KerasObject, path: string): OptionView[] {
  const fields: Readonly<Record<string, Field>> = typeOf(className)?.fields ?? {};
  return Object.entries(fields).flatMap(([option, field]): OptionView[] => {
    // The model's code is Keras's, and can say nothing else.
    if (field.ignored === true || field.beyondKeras === true) return [];
    const name = snakeCaseKey(option);
    const value = name in config ? config[name] : field.default;
    if (field.kind === "layer")
      return isKerasObject(value) && name === "layer" ? optionsOf(value, `${path}layer.`) : [];
    const shown = valueShown(field, value);
    if (shown === undefined) return [];
    const isDefault = "default" in field && JSON.stringify(shown) === JSON.stringify(valueShown(field, field.default));
    return [{ path: path + name, name, doc: field.doc, value: shown, choices: choicesOf(field, shown), isDefault }];
  });
}

/** As the control has it; undefined for what has none: the code says it. */
function valueShown({ kind }: Field, value: unknown): string | boolean | undefined {
  switch (kind) {
    case "boolean":
      return value === true;
    case "integer":
    case "number":
    case "rate":
      return value === undefined || value === null ? "" : String(value);
    case "integers":
      return Array.isArray(value) ? value.join(", ") : value === undefined || value === null ? "" : String(value);
    case "choice":
      return value === null || value === undefined ? "None" : String(value);
    case "activation":
      return typeof value === "string" ? value : value === null || value === undefined ? "linear" : undefined;
    default:
      return undefined;
  }
}

function choicesOf({ kind, choices }: Field, value: string | boolean): readonly string[] | undefined {
  if (kind === "choice") return (choices ?? []).map((choice) => choice ?? "None");
  if (kind !== "activation") return undefined;
  return activationNames.includes(String(value)) ? activationNames : [String(value), ...activationNames];
}

function withOption(layer: KerasObject, { path, value }: Extract<ModelChange, { kind: "option" }>): KerasObject {
  const [first, ...rest] = path.split(".");
  if (first === "layer" && rest.length > 0) {
    const change = { kind: "option", layer: "", path: rest.join("."), value } as const;
    const inner = (key: string): Config => {
      const one = layer.config[key];
      return isKerasObject(one) ? { [key]: withOption(one, change) } : {};
    };
    return { ...layer, config: { ...layer.config, ...inner("layer"), ...inner("backward_layer") } };
  }
  const field = typeOf(layer.class_name)?.fields[camelCase(path)];
  return { ...layer, config: { ...layer.config, [path]: field === undefined ? value : readOption(field, value) } };
}

/** An option of a repair: of the layer, or of the one that it wraps. */
function setOption({ config }: KerasObject, key: string, value: unknown): Config {
  const inside = (name: string): Config => {
    const inner = config[name];
    return isKerasObject(inner) ? { [name]: { ...inner, config: setOption(inner, key, value) } } : {};
  };
  if (key in config || !isKerasObject(config.layer)) return { ...config, [key]: value };
  return { ...config, ...inside("layer"), ...inside("backward_layer") };
}

/** What was typed, as the field wants it; what is no such thing is passed on, for the field says it best. */
function readOption({ kind }: Field, value: string | boolean): unknown {
  if (typeof value === "boolean") return value;
  const text = value.trim();
  switch (kind) {
    case "integer":
    case "number":
    case "rate":
      return /^(none|)$/i.test(text) ? null : numberOr(text);
    case "integers": {
      const parts = text
        .replaceAll(/[()[\]]/g, "")
        .split(",")
        .map((part) => part.trim())
        .filter((part) => part !== "");
      return parts.length === 1 ? numberOr(parts[0]!) : parts.map(numberOr);
    }
    case "choice":
      return text === "None" ? null : text;
    default:
      return text;
  }
}

function numberOr(text: string): number | string {
  const value = Number(text);
  return Number.isNaN(value) || text === "" ? text : value;
}

/** `30, 5` or `(None, 5)`, without the batch. */
function readShape(text: string): (number | null)[] {
  const parts = text
    .replaceAll(/[()[\]]/g, "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  const sizes = parts.map((part) =>
    /^(none|\?)$/i.test(part) ? null : /^\d{1,9}$/.test(part) ? Number(part) : Number.NaN,
  );
  if (sizes.length > 0 && sizes.every((size) => size === null || size > 0)) return sizes;
  throw new UnrollError({
    code: "shape",
    path: "input",
    expected: "the shape must be whole numbers above 0, or None, between commas",
    received: `shape = ${text}`,
    hint: "Write 30, 5 for 30 timesteps of 5 features.",
  });
}

function shapeWritten(shape: unknown): string {
  if (!Array.isArray(shape)) return "";
  return shape
    .slice(1)
    .map((size) => size ?? "None")
    .join(", ");
}

export function isConfig(value: unknown): value is KerasObject {
  return isRecord(value) && isKerasObject(value);
}
