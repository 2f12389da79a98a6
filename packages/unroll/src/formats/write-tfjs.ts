/**
 * Writing TensorFlow.js layers models: model.json and shards, with the config turned back into Keras 2's spelling,
 * which is the only one that TensorFlow.js reads. Refuses what it would compute differently.
 */
import type { KerasObject, StorableModel } from "./container.ts";
import { fileError } from "./failure.ts";
import { isObject, type JsonObject, property } from "./json.ts";
import type { LayerSlot } from "./keras-paths.ts";
import { elementTypeOf, encodeNumbers } from "./numbers.ts";
import { fillSlots } from "./storable.ts";
import { refuseForTfjs } from "./tfjs-limits.ts";

/** TensorFlow.js's own size of a shard, in bytes. */
const shardBytes = 4 * 2 ** 20;

/**
 * The files of a layers model by name: `model.json` and `group1-shard1of1.bin`, ...
 *
 * @throws UnrollError `unsupported` for what TensorFlow.js lacks or computes differently, naming the layer; `weights` for names used twice.
 */
export function writeTfjs(model: StorableModel): Record<string, Uint8Array> {
  refuseForTfjs(model);
  const seen = new Set<string>();
  const weights = fillSlots(model).flatMap(({ slot, weights }) =>
    weights.map(({ name, shape, data }, index) => {
      // TensorFlow.js names weights by the layer alone, whatever models are around it.
      const full = `${slot.path.at(-1)}/${nameInTfjs(name, slot, index, weights.length)}`;
      if (seen.has(full)) {
        throw fileError(
          "weights",
          slot.path.join("/"),
          "TensorFlow.js needs every layer's name to be unique over all nested models",
          {
            received: `name = ${slot.path.at(-1)}`,
            hint: "Rename one of the layers.",
          },
        );
      }
      seen.add(full);
      const kept = data instanceof Float64Array ? Float32Array.from(data) : data;
      return { record: { name: full, shape, dtype: elementTypeOf(kept) }, bytes: encodeNumbers(kept) };
    }),
  );
  const all = new Uint8Array(weights.reduce((sum, { bytes }) => sum + bytes.length, 0));
  let at = 0;
  for (const { bytes } of weights) {
    all.set(bytes, at);
    at += bytes.length;
  }
  const count = Math.max(1, Math.ceil(all.length / shardBytes));
  const paths = Array.from({ length: count }, (_, i) => `group1-shard${i + 1}of${count}.bin`);
  const json = {
    format: "layers-model",
    generatedBy: "keras v2.15.0",
    convertedBy: "unroll",
    modelTopology: { keras_version: "2.15.0", backend: "tensorflow", model_config: toKeras2(model.architecture) },
    weightsManifest: [{ paths, weights: weights.map(({ record }) => record) }],
  };
  return {
    "model.json": new TextEncoder().encode(JSON.stringify(json)),
    ...Object.fromEntries(paths.map((path, i) => [path, all.slice(i * shardBytes, (i + 1) * shardBytes)])),
  };
}

/** TensorFlow.js calls the halves of Bidirectional after the layer inside: `forward_lstm`, `backward_lstm`. */
function nameInTfjs(name: string, { className, config }: LayerSlot, index: number, count: number): string {
  if (className !== "Bidirectional") return name;
  const inner = property(property(property(config, "layer"), "config"), "name");
  const half = index < count / 2 ? "forward" : "backward";
  return `${half}_${withoutDirection(String(inner))}/${name.split("/").at(-1)}`;
}

function withoutDirection(name: string): string {
  return name.replace(/^forward_/, "");
}

/** Keras 3's serialized object in the spelling of Keras 2. */
export function toKeras2(object: JsonObject | KerasObject, nested: ReadonlySet<unknown> = new Set()): JsonObject {
  const className = property(object, "class_name");
  const config = property(object, "config");
  const result: Record<string, unknown> = {
    class_name: className,
    config: isObject(config) ? configToKeras2(config, className === "Bidirectional") : config,
  };
  const nodes = property(object, "inbound_nodes");
  if (Array.isArray(nodes)) {
    result.name = property(object, "name") ?? property(config, "name");
    result.inbound_nodes = nodes.map((node) => (isObject(node) ? nodeToKeras2(node, nested) : node));
  }
  return result;
}

function configToKeras2(config: JsonObject, isBidirectional = false): JsonObject {
  const result: Record<string, unknown> = {};
  const nested = namesOfModels(property(config, "layers"), ["Functional", "Sequential", "Model"]);
  // Of output_layers Keras 3 counts a functional model's own node too, and a sequential one's not.
  const sequential = namesOfModels(property(config, "layers"), ["Sequential"]);
  for (const [key, value] of Object.entries(config)) {
    if (notInKeras2.has(key)) continue;
    if (key === "batch_shape") result.batch_input_shape = value;
    else if (key === "input_layers" || key === "output_layers") {
      result[key] = listOfNodes(value).map((history) => behindOwnNode(history, sequential));
    } else if (key === "layers" && Array.isArray(value)) {
      result.layers = value.filter((layer) => !isOperation(layer)).map((layer) => toKeras2(layer, nested));
    } else if (key === "layer" && isBidirectional && isObject(value)) {
      const inner = toKeras2(value);
      const own = inner.config as JsonObject; // a layer's
      result.layer = { ...inner, config: { ...own, name: withoutDirection(String(own.name)) } };
    } else result[key] = valueToKeras2(value);
  }
  return result;
}

/** Keys of Keras 3; TensorFlow.js makes the backward layer of Bidirectional by itself. */
const notInKeras2: ReadonlySet<string> = new Set(["build_input_shape", "quantization_config", "backward_layer"]);

/** Operations that Keras 3 adds for masks are no layers. */
function isOperation(layer: unknown): boolean {
  const module = property(layer, "module");
  return typeof module === "string" && module.startsWith("keras.src.ops");
}

function namesOfModels(layers: unknown, classes: readonly string[]): ReadonlySet<unknown> {
  const models = (Array.isArray(layers) ? layers : []).filter((layer) =>
    classes.includes(String(property(layer, "class_name"))),
  );
  return new Set(models.map((model) => property(model, "name") ?? property(property(model, "config"), "name")));
}

/** In Keras 2 a model's first node is its own graph, so its first call is number 1. */
function behindOwnNode(history: unknown, nested: ReadonlySet<unknown>): unknown {
  if (!Array.isArray(history) || !nested.has(history[0])) return history;
  return [history[0], Number(history[1]) + 1, ...history.slice(2)];
}

function valueToKeras2(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(valueToKeras2);
  if (value === "silu") return "swish";
  if (value === "hard_sigmoid_keras2") return "hard_sigmoid";
  if (!isObject(value)) return value;
  const className = property(value, "class_name");
  if (className === "DTypePolicy") return property(property(value, "config"), "name");
  if (className === "function") return valueToKeras2(property(value, "config"));
  if (typeof className === "string" && Object.hasOwn(value, "config")) return toKeras2(value);
  return value;
}

/** `["x", 0, 0]` or a list or dictionary of such, as a list. */
function listOfNodes(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return typeof value[0] === "string" ? [value] : value;
  return isObject(value) ? Object.values(value) : [];
}

/** The tensors among the arguments become `[layer, node, tensor, {}]`; initial states follow the input, as in Keras 2. */
function nodeToKeras2(node: JsonObject, nested: ReadonlySet<unknown>): unknown[] {
  const tensors: unknown[] = [];
  const plain: Record<string, unknown> = {};
  const collect = (value: unknown): boolean => {
    const history = property(property(value, "config"), "keras_history");
    if (property(value, "class_name") === "__keras_tensor__" && Array.isArray(history)) {
      tensors.push(behindOwnNode(history, nested));
      return true;
    }
    if (!Array.isArray(value)) return false;
    return value.map(collect).some(Boolean);
  };
  collect(property(node, "args"));
  const kwargs = property(node, "kwargs");
  for (const [key, value] of Object.entries(isObject(kwargs) ? kwargs : {})) {
    // Keras 2 finds masks by itself.
    if (key !== "mask" && !collect(value) && value !== null) plain[key] = value;
  }
  return tensors.map((history, i) => [...(history as unknown[]), i === 0 ? plain : {}]); // checked to be an array above
}
