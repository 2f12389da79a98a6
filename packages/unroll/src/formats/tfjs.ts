/**
 * TensorFlow.js layers models: model.json with binary shards beside it. Reading.
 * A group's shards are joined in order and cut by its weights in order; quantised weights become float32 (or int32) again.
 * Source: tensorflow/tfjs, tfjs-core/src/io/types.ts and io_utils.ts.
 */
import { assignWeights } from "./assign.ts";
import type { StoredModel, StoredWeight } from "./container.ts";
import { type FileLimits, fileError, formatBytes, quoted } from "./failure.ts";
import { isObject, property } from "./json.ts";
import { kerasObject } from "./keras-paths.ts";
import {
  bytesOf,
  checkedCount,
  decodeNumbers,
  type ElementType,
  isElementType,
  toFloat32,
  viewNumbers,
} from "./numbers.ts";
import { readShardOf, type ShardReader } from "./shards.ts";

/** True for a parsed model.json: it has a weightsManifest or its own format name. */
export function isTfjsModel(json: unknown): boolean {
  return Array.isArray(property(json, "weightsManifest")) || property(json, "format") === "layers-model";
}

/** @throws UnrollError `unsupported` for graph models, `file` when shards are missing or short. */
export async function readTfjs(
  json: unknown,
  file: string,
  readShard: ShardReader,
  limits: FileLimits,
): Promise<StoredModel> {
  if (property(json, "format") === "graph-model" || isObject(property(property(json, "modelTopology"), "node"))) {
    throw fileError("unsupported", file, "a TensorFlow.js graph model has no layers to read", {
      hint: "Convert with the layers-model output format.",
    });
  }
  const topology = property(json, "modelTopology");
  const architecture = kerasObject(topology, file);
  const manifest = property(json, "weightsManifest") ?? [];
  if (!Array.isArray(manifest)) throw fileError("file", file, "weightsManifest must be a list");
  const weights: StoredWeight[] = [];
  let total = 0;
  for (const group of manifest) {
    const paths = property(group, "paths");
    const records = property(group, "weights");
    if (!Array.isArray(paths) || !Array.isArray(records) || !paths.every((path) => typeof path === "string")) {
      throw fileError("file", file, "every group of weightsManifest must have paths and weights");
    }
    if (weights.length + records.length > limits.maxEntries || paths.length > limits.maxEntries) {
      throw fileError("memory", file, `a manifest may have ${limits.maxEntries} weights at most`);
    }
    const plans = records.map((record) => planWeight(record, file));
    const needed = plans.reduce((sum, { size }) => sum + size, 0);
    total += plans.reduce((sum, { count }) => sum + count * 4, 0);
    if (total > limits.maxUnpackedBytes) {
      throw fileError("memory", file, `weights may take ${formatBytes(limits.maxUnpackedBytes)} at most`, {
        received: formatBytes(total),
      });
    }
    const shards = await readShards(paths, needed, file, readShard);
    let at = 0;
    for (const { name, shape, dtype, size, decode } of plans) {
      const part = partOf(shards, at, at + size);
      weights.push({ path: name, shape, dtype, read: () => decode(part) });
      at += size;
    }
  }
  const loose = { kind: "named", weights } as const;
  const { layers, ignored } = assignWeights(loose, architecture, file);
  const version = property(topology, "keras_version") ?? property(json, "generatedBy");
  const training = property(json, "trainingConfig") ?? property(topology, "training_config");
  return {
    format: "tfjs",
    file,
    ...(typeof version === "string" ? { kerasVersion: version.replace(/^keras v/, "") } : {}),
    architecture,
    ...(training === undefined ? {} : { training }),
    layers,
    optimizer: [],
    loose,
    report: { read: ["architecture", `${weights.length} weights`], ignored },
  };
}

interface WeightPlan {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: ElementType;
  readonly count: number;
  /** Bytes in the shards. */
  readonly size: number;
  readonly decode: (bytes: Uint8Array) => ReturnType<StoredWeight["read"]>;
}

function planWeight(record: unknown, file: string): WeightPlan {
  const name = property(record, "name");
  const dtype = property(record, "dtype");
  const shape = property(record, "shape");
  if (
    typeof name !== "string" ||
    typeof dtype !== "string" ||
    !Array.isArray(shape) ||
    !shape.every((size) => typeof size === "number")
  ) {
    throw fileError("file", file, "every weight of the manifest must have name, shape and dtype");
  }
  const where = `${file}: ${name}`;
  if (!isElementType(dtype))
    throw fileError("unsupported", where, "weights must be numbers", { received: `dtype = ${quoted(dtype)}` });
  const count = checkedCount(shape, where);
  const quantization = property(record, "quantization");
  if (quantization === undefined) {
    const decode = (bytes: Uint8Array) => viewNumbers(bytes, dtype);
    return { name, shape, dtype, count, size: count * bytesOf(dtype), decode };
  }
  const kind = property(quantization, "dtype");
  if (kind === "float16") {
    const decode = (bytes: Uint8Array) => decodeNumbers(bytes, "float16");
    return { name, shape, dtype: "float32", count, size: count * 2, decode };
  }
  const scale = property(quantization, "scale");
  const min = property(quantization, "min");
  if ((kind !== "uint8" && kind !== "uint16") || typeof scale !== "number" || typeof min !== "number") {
    throw fileError(
      "unsupported",
      where,
      "weights may be quantised to uint8 or uint16 with scale and min, or to float16",
      {
        received: `dtype = ${quoted(String(kind))}`,
      },
    );
  }
  const decode = (bytes: Uint8Array) => {
    const steps = toFloat32(decodeNumbers(bytes, kind));
    return dtype === "int32"
      ? Int32Array.from(steps, (value) => Math.round(value * scale + min))
      : Float32Array.from(steps, (value) => value * scale + min);
  };
  return { name, shape, dtype: dtype === "int32" ? "int32" : "float32", count, size: count * bytesOf(kind), decode };
}

async function readShards(
  paths: readonly string[],
  needed: number,
  file: string,
  readShard: ShardReader,
): Promise<Uint8Array[]> {
  const shards: Uint8Array[] = [];
  for (const path of paths) {
    shards.push(await readShardOf(file, path, readShard));
  }
  const found = shards.reduce((sum, shard) => sum + shard.length, 0);
  if (found < needed) {
    throw fileError("file", file, `the weights need ${needed} bytes of shards`, {
      received: `${found} bytes`,
      hint: "A shard is missing or cut off.",
    });
  }
  return shards;
}

/** Bytes [start, end) of all shards in a row: a view where they lie in one shard, a copy where they lie in several. */
function partOf(shards: readonly Uint8Array[], start: number, end: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const shard of shards) {
    const [from, to] = [Math.max(start - at, 0), Math.min(end - at, shard.length)];
    if (from < to) parts.push(shard.subarray(from, to));
    at += shard.length;
  }
  const [only] = parts;
  // A view that is a whole buffer could not be told from an array of its own.
  if (parts.length === 1 && only!.length < only!.buffer.byteLength) return only!;
  const joined = new Uint8Array(end - start);
  let next = 0;
  for (const part of parts) {
    joined.set(part, next);
    next += part.length;
  }
  return joined;
}
