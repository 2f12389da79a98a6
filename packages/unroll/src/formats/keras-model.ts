/**
 * Models from Keras's JSON: `model.to_json()` of Keras 2 and 3, and the bare lists before. The wiring of functional models
 * is in keras-graph.ts, single layers in keras-config.ts; keras-model-write.ts goes the other way.
 */
import { display } from "../core/display.ts";
import { UnrollError } from "../core/errors.ts";
import { isShape } from "../layers/inputs.ts";
import type { Layer } from "../layers/layer.ts";
import type { Model } from "../model/model.ts";
import { Sequential } from "../model/sequential.ts";
import { defaultLimits } from "./failure.ts";
import { parseJson } from "./json.ts";
import { type KerasObject, type KerasReadOptions, layerFromConfig } from "./keras-config.ts";
import { functionalFromConfig } from "./keras-graph.ts";
import { isKeras2, isKerasObject, isModelObject, isRecord, plainClass } from "./keras-objects.ts";

/** Layers inside layers may go this deep, and all together be so many: more is taken for a broken or hostile file. */
const deepest = 32;
const mostLayers = 1000;

/**
 * Makes a model of Keras's JSON, as text or already parsed. No memory is taken for weights before they are read.
 *
 * @throws UnrollError `file` for text that is not JSON, `format` for something that is not a model, `unsupported` for code or
 * operations on tensors, `unknown-name`, `option`, `shape`, `graph` for what is wrong inside.
 * @example modelFromConfig(await readFile("model.json", "utf8")).summary()
 */
export function modelFromConfig(json: unknown, options: KerasReadOptions = {}): Model {
  const parsed = parseText(json);
  const top = unwrap(parsed);
  const version = options.kerasVersion ?? versionOf(parsed, top);
  return readModel(top, limited({ ...options, kerasVersion: version }));
}

function parseText(json: unknown): unknown {
  return typeof json === "string" ? parseJson(json, "modelFromConfig", defaultLimits) : json;
}

/** TensorFlow.js and weight files put the model inside another object. */
function unwrap(value: unknown): KerasObject {
  let inner = value;
  for (const key of ["modelTopology", "model_config"]) {
    if (isRecord(inner) && inner.class_name === undefined && inner[key] !== undefined) inner = inner[key];
    inner = parseText(inner);
  }
  if (isKerasObject(inner)) return inner;
  throw new UnrollError({
    code: "format",
    path: "modelFromConfig",
    expected: "a model must be an object with class_name and config",
    received: `json = ${display(value)}`,
    hint: "Pass what model.to_json() gives; for a saved file use loadModel.",
  });
}

/** Keras 2 writes its version beside the model; Keras 3 writes modules instead. */
function versionOf(parsed: unknown, top: KerasObject): string | undefined {
  for (const place of [top, parsed]) {
    if (isRecord(place) && typeof place.keras_version === "string") return place.keras_version;
  }
  return undefined;
}

/** The options with a reader of layers that also reads models, and that gives up where a file goes on too long. */
function limited(options: KerasReadOptions): KerasReadOptions {
  let [depth, count] = [0, 0];
  const shared = new Map<number, Layer>();
  const inner: KerasReadOptions = {
    ...options,
    readLayer: (object) => {
      if (++count > mostLayers) throw tooMuch(`a model may have ${mostLayers} layers`);
      const id = isKerasObject(object) ? object.shared_object_id : undefined;
      const known = typeof id === "number" ? shared.get(id) : undefined;
      if (known !== undefined) return known;
      if (++depth > deepest) throw tooMuch(`layers inside layers may go ${deepest} deep`);
      const layer =
        isKerasObject(object) && isModelObject(object) ? readModel(object, inner) : layerFromConfig(object, inner);
      depth--;
      if (typeof id === "number") shared.set(id, layer);
      return layer;
    },
  };
  return inner;
}

function readModel(object: KerasObject, options: KerasReadOptions): Model {
  const name = plainClass(object);
  if (name === "Sequential") return readSequential(object, options);
  if (isModelObject(object) && isRecord(object.config) && Array.isArray(object.config.layers)) {
    return functionalFromConfig(object, options);
  }
  throw new UnrollError({
    code: isModelObject(object) ? "unsupported" : "format",
    path: "modelFromConfig",
    expected: isModelObject(object)
      ? "only Sequential and functional models can be read; a model written as a Python class keeps its wiring in code"
      : "the object must be a model",
    received: `class_name = ${display(name)}`,
    hint: isModelObject(object) ? undefined : "For a single layer use layerFromConfig.",
  });
}

function readSequential(object: KerasObject, options: KerasReadOptions): Model {
  // Keras up to 2.2 wrote the bare list of layers.
  const config = Array.isArray(object.config) ? { layers: object.config as unknown[] } : object.config;
  const list = isRecord(config) ? config.layers : undefined;
  if (!isRecord(config) || !Array.isArray(list) || !list.every(isKerasObject)) {
    throw new UnrollError({
      code: "format",
      path: "Sequential",
      expected: "config.layers must be a list of layers",
      received: `config = ${display(object.config)}`,
    });
  }
  const { readLayer = layerFromConfig } = options;
  const model = new Sequential(
    {
      layers: list.map((one) => readLayer(one, options)),
      name: options.keepNames !== false && typeof config.name === "string" ? config.name : undefined,
      ...(typeof config.trainable === "boolean" ? { trainable: config.trainable } : {}),
    },
    { maskBesideStates: isKeras2(object, options) },
  );
  const shape = config.build_input_shape;
  if (!model.hasGraph && list.length > 0 && Array.isArray(shape) && isShape(shape)) model.build(shape);
  return model;
}

function tooMuch(expected: string): UnrollError {
  return new UnrollError({
    code: "format",
    path: "modelFromConfig",
    expected,
    hint: "Is the file what it seems to be?",
  });
}
