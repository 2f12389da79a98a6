/**
 * Keras's serialized models as a list of layers, and where each layer's variables lie in Keras 3's weights file.
 * One walk serves reading and writing. Knows class names only as far as they decide about paths; options are the layers' business.
 * Source: keras/src/saving/saving_lib.py and keras/src/utils/naming.py of Keras 3.15.
 */
import type { KerasObject } from "./container.ts";
import { fileError, quoted } from "./failure.ts";
import { isObject, property } from "./json.ts";

/** One layer of an architecture that is no model itself. */
export interface LayerSlot {
  /** Names of the models around it below the outermost, then its own. */
  readonly path: readonly string[];
  readonly className: string;
  readonly config: unknown;
  readonly trainable: boolean;
  /** Variable groups in `get_weights()` order. */
  readonly groups: readonly SlotGroup[];
}

export interface SlotGroup {
  /** `layers/bidirectional/forward_layer/cell`: the variables are in `vars` below it. */
  readonly path: string;
  /** How many variables it holds, where the config says it. */
  readonly count?: number;
  /** How many of them are trainable; they come first. Undefined = all of them. */
  readonly trainable?: number;
}

const recurrent = new Set([
  "SimpleRNN",
  "LSTM",
  "GRU",
  "ConvLSTM1D",
  "ConvLSTM2D",
  "ConvLSTM3D",
  "CuDNNLSTM",
  "CuDNNGRU",
]);
const attention = ["query_dense", "key_dense", "value_dense", "output_dense"];

/** Keras's rule for names of classes in paths: LSTM lstm, SimpleRNN simple_rnn, MaxPooling1D max_pooling1d. */
export function snakeCase(className: string): string {
  return className
    .replaceAll(/\W+/g, "")
    .replaceAll(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replaceAll(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

/**
 * Checks that a parsed JSON value is a serialized model without executable code, and returns it.
 * Takes config.json, model.to_json() and a model_config attribute; also `{ model_config }` as TensorFlow.js wraps it.
 *
 * @throws UnrollError `format` when it is none, `unsupported` for Lambda layers, naming the layer.
 */
export function kerasObject(value: unknown, where: string): KerasObject {
  const model = property(value, "model_config") ?? value;
  if (!isKerasObject(model)) {
    throw fileError("format", where, "the architecture must be a Keras model: an object with class_name and config", {
      received: Array.isArray(model)
        ? "a list"
        : isObject(model)
          ? "an object without them"
          : String(JSON.stringify(model)).slice(0, 40),
      hint: "Write it with model.save(...) or model.to_json().",
    });
  }
  refuseCode(model, where, "");
  if (layersOf(model) === undefined) {
    throw fileError("format", where, "the architecture must be a model with layers", {
      received: `class_name = ${quoted(model.class_name)}`,
    });
  }
  return model;
}

/**
 * The layers in Keras's own order, nested models opened up; a layer listed twice by name in one model is an error.
 *
 * @throws UnrollError `format`
 */
export function walkLayers(architecture: KerasObject, where: string): LayerSlot[] {
  const slots: LayerSlot[] = [];
  walkModel(architecture, [], "", true, slots, where);
  return slots;
}

/** True for Sequential, Functional, Model and whatever else holds a list of layers. */
export function layersOf(object: KerasObject): readonly unknown[] | undefined {
  const { config } = object;
  if (Array.isArray(config)) return config; // Sequential before Keras 2.2.3
  const layers = property(config, "layers");
  return Array.isArray(layers) ? layers : undefined;
}

function walkModel(
  model: KerasObject,
  names: readonly string[],
  path: string,
  trainable: boolean,
  slots: LayerSlot[],
  where: string,
) {
  const seen = new Set<string>();
  for (const { object, key, name } of keyed(layersOf(model)!, where)) {
    if (seen.has(name))
      throw fileError("format", where, "layer names must be unique in a model", { received: `name = ${quoted(name)}` });
    seen.add(name);
    const inner = join(path, `layers/${key}`);
    const on = trainable && isTrainable(object);
    if (layersOf(object)) walkModel(object, [...names, name], inner, on, slots, where);
    else {
      const groups = groupsOf(object, inner, where, on);
      slots.push({
        path: [...names, name],
        className: object.class_name,
        config: object.config,
        trainable: on,
        groups,
      });
    }
  }
}

/** Objects of a list with the keys that Keras gives them: the class name, then _1, _2 ... per class. */
function keyed(list: readonly unknown[], where: string): { object: KerasObject; key: string; name: string }[] {
  const used = new Map<string, number>();
  return list.map((object, i) => {
    if (!isKerasObject(object))
      throw fileError("format", where, "every layer must have class_name and config", { received: `layer ${i}` });
    const base = snakeCase(object.class_name.slice(object.class_name.lastIndexOf(">") + 1));
    const count = used.get(base) ?? 0;
    used.set(base, count + 1);
    const name = property(object.config, "name") ?? object.name;
    return {
      object,
      key: count === 0 ? base : `${base}_${count}`,
      name: typeof name === "string" ? name : `${base}_${i}`,
    };
  });
}

/** Where an object that is no model keeps its variables. */
function groupsOf(object: KerasObject, path: string, where: string, trainable: boolean): SlotGroup[] {
  const { class_name: className, config } = object;
  const child = (key: string): KerasObject | undefined => {
    const value = property(config, key);
    return isKerasObject(value) ? value : undefined;
  };
  const inside = (inner: KerasObject, at: string, around = trainable): SlotGroup[] => {
    const on = around && isTrainable(inner);
    return layersOf(inner)
      ? keyed(layersOf(inner)!, where).flatMap(({ object: layer, key }) => inside(layer, `${at}/layers/${key}`, on))
      : groupsOf(inner, at, where, on);
  };
  const layer = child("layer");
  if (className === "Bidirectional" && layer) {
    return [
      ...inside(layer, `${path}/forward_layer`),
      ...inside(child("backward_layer") ?? layer, `${path}/backward_layer`),
    ];
  }
  if (layer) return inside(layer, `${path}/layer`);
  const cell = child("cell");
  if (cell) return inside(cell, `${path}/cell`);
  const cells = property(config, "cells");
  if (Array.isArray(cells))
    return keyed(cells, where).flatMap(({ object: inner, key }) => inside(inner, `${path}/cells/${key}`));
  if (className === "MultiHeadAttention")
    return attention.map((part) => ({
      path: `${path}/${part}`,
      count: property(config, "use_bias") === false ? 1 : 2,
      ...(trainable ? {} : { trainable: 0 }),
    }));
  const count = variableCount(className, config);
  return [
    {
      path: recurrent.has(className) ? `${path}/cell` : path,
      count,
      ...(trainable ? statistics(className, count) : { trainable: 0 }),
    },
  ];
}

function isTrainable({ config }: KerasObject): boolean {
  return property(config, "trainable") !== false;
}

/** What is left to train where some variables are statistics of the data. */
function statistics(className: string, count: number | undefined): { trainable?: number } {
  if (className === "Normalization") return { trainable: 0 };
  return className === "BatchNormalization" ? { trainable: count! - 2 } : {};
}

/** Needed only where several groups share a layer's list; undefined means "the rest". */
function variableCount(className: string, config: unknown): number | undefined {
  const bias = property(config, "use_bias") === false ? 0 : 1;
  if (recurrent.has(className) || /^(SimpleRNN|LSTM|GRU)Cell$/.test(className)) return 2 + bias;
  if (/^(Dense|EinsumDense|Conv[123]D(Transpose)?|DepthwiseConv[12]D)$/.test(className)) return 1 + bias;
  if (/^SeparableConv[12]D$/.test(className)) return 2 + bias;
  if (className === "Embedding" || className === "PReLU") return 1;
  if (className === "BatchNormalization" || className === "LayerNormalization") {
    const own = (property(config, "scale") === false ? 0 : 1) + (property(config, "center") === false ? 0 : 1);
    return className === "BatchNormalization" ? own + 2 : own;
  }
  return withoutWeights.test(className) ? 0 : undefined;
}

const withoutWeights = new RegExp(
  `^(${[
    "InputLayer|Masking|Activation|ReLU|LeakyReLU|ELU|ThresholdedReLU|Softmax|Rescaling",
    "Dropout|SpatialDropout[123]D|AlphaDropout|GaussianDropout|GaussianNoise|ActivityRegularization|UnitNormalization",
    "Flatten|Reshape|RepeatVector|Permute|ZeroPadding[123]D|Cropping[123]D|UpSampling[123]D|.*Pooling[123]D",
    "Add|Subtract|Multiply|Average|Maximum|Minimum|Concatenate|Dot",
  ].join("|")})$`,
);

/** Which of a layer's `total` weights, in `get_weights()` order, are trainable. */
export function trainableFlags({ groups }: LayerSlot, total: number): boolean[] {
  const flags: boolean[] = [];
  for (const { count = total - flags.length, trainable = count } of groups)
    for (let i = 0; i < count; i++) flags.push(i < trainable);
  return flags.slice(0, total);
}

function isKerasObject(value: unknown): value is KerasObject {
  const config = property(value, "config");
  return typeof property(value, "class_name") === "string" && (isObject(config) || Array.isArray(config));
}

/** Executable code comes as `__lambda__` or as a Lambda layer, whose function may also be a bare marshalled list. */
function refuseCode(value: unknown, where: string, layer: string): void {
  if (Array.isArray(value)) {
    for (const item of value) refuseCode(item, where, layer);
    return;
  }
  if (!isObject(value)) return;
  const className = property(value, "class_name");
  const name = property(property(value, "config"), "name") ?? property(value, "name");
  const current = typeof className === "string" && typeof name === "string" ? name : layer;
  if (className === "Lambda" || className === "__lambda__" || Object.hasOwn(value, "__lambda__")) {
    throw fileError(
      "unsupported",
      current === "" ? where : `${where}: ${current}`,
      "a Lambda layer holds executable Python code, which is never run",
      {
        hint: "Replace the layer by built-in layers in Python and save again.",
      },
    );
  }
  for (const inner of Object.values(value)) refuseCode(inner, where, current);
}

function join(path: string, rest: string): string {
  return path === "" ? rest : `${path}/${rest}`;
}
