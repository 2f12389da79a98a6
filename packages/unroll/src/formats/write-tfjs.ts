/**
 * Writing TensorFlow.js layers models: model.json and shards, with the config turned back into Keras 2's spelling,
 * which is the only one that TensorFlow.js reads. Refuses what it would compute differently.
 */
import type { KerasObject, StorableModel } from "./container.ts";
import { fileError } from "./failure.ts";
import { isObject, type JsonObject, property } from "./json.ts";
import { walkLayers } from "./keras-paths.ts";
import { elementTypeOf, encodeNumbers } from "./numbers.ts";
import { fillSlots } from "./storable.ts";

/** TensorFlow.js's own size of a shard, in bytes. */
const shardBytes = 4 * 2 ** 20;

/**
 * The files of a layers model by name: `model.json` and `group1-shard1of1.bin`, ...
 *
 * @throws UnrollError `unsupported` for GRU with reset_after and for causal Conv1D, naming the layer; `weights` for names used twice.
 */
export function writeTfjs(model: StorableModel): Record<string, Uint8Array> {
  refuseDifferent(model.architecture);
  const seen = new Set<string>();
  const weights = fillSlots(model).flatMap(({ slot, weights }) =>
    weights.map(({ name, shape, data }) => {
      // TensorFlow.js names weights by the layer alone, whatever models are around it.
      const full = `${slot.path.at(-1)}/${name}`;
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

function refuseDifferent(architecture: KerasObject): void {
  for (const slot of walkLayers(architecture, "model")) {
    const where = slot.path.join("/");
    for (const { className, config } of [slot, ...wrapped(slot.config)]) {
      if (className === "GRU" && property(config, "reset_after") !== false) {
        throw fileError("unsupported", where, "TensorFlow.js computes GRU with reset_after=false only", {
          received: "reset_after = true",
          hint: "r*(U.h + b) and U.(r*h) are different functions, so no rearrangement of the weights makes it exact. Train with reset_after=false.",
        });
      }
      if (className === "Conv1D" && property(config, "padding") === "causal") {
        throw fileError("unsupported", where, "TensorFlow.js has no causal Conv1D", { received: 'padding = "causal"' });
      }
    }
  }
}

/** The layers inside Bidirectional and TimeDistributed. */
function wrapped(config: unknown): { className: string; config: unknown }[] {
  return ["layer", "backward_layer"].flatMap((key) => {
    const inner = property(config, key);
    const className = property(inner, "class_name");
    return typeof className === "string"
      ? [{ className, config: property(inner, "config") }, ...wrapped(property(inner, "config"))]
      : [];
  });
}

/** Keras 3's serialized object in the spelling of Keras 2. */
export function toKeras2(object: JsonObject | KerasObject): JsonObject {
  const className = property(object, "class_name");
  const config = property(object, "config");
  const result: Record<string, unknown> = {
    class_name: className,
    config: isObject(config) ? configToKeras2(config) : config,
  };
  const nodes = property(object, "inbound_nodes");
  if (Array.isArray(nodes)) {
    result.name = property(object, "name") ?? property(config, "name");
    result.inbound_nodes = nodes.map((node) => (isObject(node) ? nodeToKeras2(node) : node));
  }
  return result;
}

function configToKeras2(config: JsonObject): JsonObject {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config)) {
    if (key === "build_input_shape" || key === "quantization_config") continue;
    if (key === "batch_shape") result.batch_input_shape = value;
    else if (key === "input_layers" || key === "output_layers") result[key] = listOfNodes(value);
    else result[key] = valueToKeras2(value);
  }
  return result;
}

function valueToKeras2(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(valueToKeras2);
  if (!isObject(value)) return value;
  const className = property(value, "class_name");
  if (className === "DTypePolicy") return property(property(value, "config"), "name");
  if (className === "function") return property(value, "config");
  if (typeof className === "string" && Object.hasOwn(value, "config")) return toKeras2(value);
  return value;
}

/** `["x", 0, 0]` or a list or dictionary of such, as a list. */
function listOfNodes(value: unknown): unknown {
  if (Array.isArray(value) && typeof value[0] === "string") return [value];
  return isObject(value) ? Object.values(value) : value;
}

/** The tensors among the arguments become `[layer, node, tensor, {}]`; initial states follow the input, as in Keras 2. */
function nodeToKeras2(node: JsonObject): unknown[] {
  const tensors: unknown[] = [];
  const plain: Record<string, unknown> = {};
  const collect = (value: unknown): boolean => {
    const history = property(property(value, "config"), "keras_history");
    if (property(value, "class_name") === "__keras_tensor__" && Array.isArray(history)) {
      tensors.push(history);
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
