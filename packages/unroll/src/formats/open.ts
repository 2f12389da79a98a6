/**
 * Opens a model file of any kind, by what is in it and not by its name.
 */
import { UnrollError } from "../core/index.ts";
import { assignWeights, unassignedLayers, weightsOnly } from "./assign.ts";
import type { LooseWeights, ModelFormat, StoredModel, StoredWeight } from "./container.ts";
import { defaultLimits, type FileLimits, fileError, inFile, quoted } from "./failure.ts";
import { besidePath, readFile } from "./files.ts";
import { foreignFile } from "./foreign.ts";
import { findSuperblock } from "./hdf5/index.ts";
import { readHdf5Model } from "./hdf5-models.ts";
import { parseJson, property } from "./json.ts";
import { readKerasArchive } from "./keras-archive.ts";
import { kerasObject, walkLayers } from "./keras-paths.ts";
import { isNpy, readNpzEntries } from "./npy.ts";
import { isSafetensors, readSafetensors } from "./safetensors.ts";
import { isShardedWeights, readShardedWeights } from "./sharded-weights.ts";
import type { ShardReader } from "./shards.ts";
import { isTfjsModel, readTfjs } from "./tfjs.ts";
import { isZip, openZip, type ZipArchive, type ZipEntry } from "./zip.ts";

/** A path (in Node), the bytes of one file, or several files by name: model.json with its shards. */
export type ModelSource = string | Uint8Array | Readonly<Record<string, Uint8Array>>;

export interface OpenOptions {
  readonly limits?: Partial<FileLimits>;
  /** What messages call a file given as bytes. */
  readonly name?: string;
}

/**
 * Reads `.keras`, HDF5 models and weights, TensorFlow.js model.json, `.npz`, `.safetensors` and model.to_json() texts.
 * Weights are checked against the file now and read when asked for.
 *
 * @throws UnrollError `format` (none of these), `file` (damaged), `memory` (over a limit), `unsupported` (code, pickles, Zip64).
 * @example const { architecture, layers, report } = await openModelFile("model.keras")
 */
export async function openModelFile(source: ModelSource, options: OpenOptions = {}): Promise<StoredModel> {
  checkSource(source);
  const limits: FileLimits = { ...defaultLimits, ...options.limits };
  const { file, bytes, readShard } = await load(source, options, limits);
  try {
    const ownsBytes = typeof source === "string";
    return { ...(await open(bytes, file, readShard, limits, ownsBytes)), ownsBytes };
  } catch (cause) {
    if (cause instanceof UnrollError) throw cause;
    // Anything else is a structure so odd that it broke a reader; the caller still gets one kind of error.
    throw fileError("file", file, "the file is damaged in a way that no reader expects", {
      received: cause instanceof Error ? cause.message.slice(0, 120) : undefined,
      cause,
    });
  }
}

/** Throws UnrollError `option` for something that is no source, such as nothing. */
export function checkSource(source: unknown): void {
  if (typeof source === "string" ? source !== "" : typeof source === "object" && source !== null) return;
  throw new UnrollError({
    code: "option",
    path: "loadModel",
    expected: "needs a file: a path, its bytes, or several files by name",
    received: source === "" ? 'source = ""' : `source = ${source === null ? "null" : typeof source}`,
  });
}

async function open(
  bytes: Uint8Array,
  file: string,
  readShard: ShardReader,
  limits: FileLimits,
  ownsBytes: boolean,
): Promise<StoredModel> {
  if (bytes.length === 0) throw fileError("format", file, "a model file must not be empty");
  if (isZip(bytes)) {
    const archive = openArchive(bytes, file, limits, ownsBytes);
    const names = [...archive.entries.keys()];
    if (names.length > 0 && names.every((name) => name.endsWith(".npy"))) return readNpzModel(archive, file);
    return readKerasArchive(archive, file, limits);
  }
  if (findSuperblock(bytes) >= 0) return readHdf5Model(bytes, file, limits);
  if (isSafetensors(bytes)) return readSafetensorsModel(bytes, file, limits);
  if (isNpy(bytes)) {
    throw fileError("format", file, "one .npy array is no model", {
      hint: "Weights go into an .npz, all in one file.",
    });
  }
  if (firstCharacter(bytes) === "{") {
    const json = parseJson(bytes, file, limits);
    if (isTfjsModel(json)) return readTfjs(json, file, readShard, limits);
    if (isShardedWeights(json)) return readShardedWeights(json, file, readShard, limits);
    return readArchitecture(json, file);
  }
  const foreign = foreignFile(bytes, file);
  if (foreign !== undefined) throw foreign;
  throw fileError(
    "format",
    file,
    "the file must be .keras, .h5, model.json, .npz or .safetensors, judged by its content, or code named .py or .ipynb",
    {
      received: `first bytes = ${quoted(new TextDecoder().decode(bytes.subarray(0, 16)))}`,
      hint: "Save the model again, or check that the download was complete.",
    },
  );
}

/** The one file to open and a way to the files beside it. */
async function load(source: ModelSource, options: OpenOptions, limits: FileLimits) {
  if (typeof source === "string") {
    const readShard = async (path: string) => {
      const shard = await readFile(await besidePath(source, path), limits).catch((error: unknown) => {
        throw error instanceof UnrollError ? inFile(source, error) : error;
      });
      return shard;
    };
    return { file: source, bytes: await readFile(source, limits), readShard };
  }
  if (source instanceof Uint8Array) {
    const file = options.name ?? "model";
    const readShard: ShardReader = async (path) => {
      throw fileError("file", file, "the file needs its shards", {
        received: `missing = ${quoted(path)}`,
        hint: 'Give all files by name: { "model.json": bytes, ... }.',
      });
    };
    return { file, bytes: plain(source), readShard };
  }
  const names = Object.keys(source);
  const file =
    names.length === 1
      ? names[0]!
      : (names.find((name) => /(^|[/\\])model\.json$/.test(name)) ?? names.find((name) => name.endsWith(".json")));
  if (file === undefined)
    throw fileError(
      "format",
      options.name ?? "files",
      "several files must be a model.json or weights.json with its shards",
      {
        received: `files = ${names.slice(0, 8).map(quoted).join(", ")}`,
      },
    );
  const readShard: ShardReader = async (path) => {
    const found = [path, file.replace(/[^/\\]*$/, path)].find((name) => Object.hasOwn(source, name));
    if (found === undefined)
      throw fileError("file", file, "every shard must be given", { received: `missing = ${quoted(path)}` });
    return plain(source[found]!);
  };
  return { file, bytes: plain(source[file]!), readShard };
}

/**
 * Opens an archive. One that is ours is moved by a few bytes first, into the room that `readFile` leaves before it, so that the
 * largest entry of weights begins where views of its numbers can.
 */
function openArchive(bytes: Uint8Array, file: string, limits: FileLimits, ownsBytes: boolean): ZipArchive {
  const archive = openZip(bytes, file, limits);
  const weights = [...archive.entries.values()].filter(({ name }) => /\.(h5|npy)$/.test(name));
  const largest = weights.reduce<ZipEntry | undefined>(
    (most, entry) => (most === undefined || entry.size > most.size ? entry : most),
    undefined,
  );
  const start = ownsBytes ? largest?.storedAt : undefined;
  const shift = start === undefined ? 0 : (bytes.byteOffset + start) % 8;
  if (shift === 0 || shift > bytes.byteOffset) return archive;
  new Uint8Array(bytes.buffer).copyWithin(bytes.byteOffset - shift, bytes.byteOffset, bytes.byteOffset + bytes.length);
  return openZip(new Uint8Array(bytes.buffer, bytes.byteOffset - shift, bytes.length), file, limits);
}

/** Node's Buffer has a `slice` of its own, so readers get a plain view. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function firstCharacter(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, 64)).trimStart().charAt(0);
}

function readArchitecture(json: unknown, file: string): StoredModel {
  const architecture = kerasObject(json, file);
  const version = property(json, "keras_version");
  return {
    format: "keras-json",
    file,
    ...(typeof version === "string" ? { kerasVersion: version } : {}),
    architecture,
    layers: walkLayers(architecture, file).map(({ path, className }) => ({
      path,
      className,
      order: "get_weights",
      weights: [],
    })),
    optimizer: [],
    loose: { kind: "named", weights: [] },
    report: { read: ["architecture without weights: they are freshly drawn"], ignored: [] },
  };
}

function readNpzModel(archive: ZipArchive, file: string): StoredModel {
  return weightsModel("npz", readNpzEntries(archive, file), file);
}

/** A safetensors file of ours keeps the architecture in its metadata; others are weights only. */
function readSafetensorsModel(bytes: Uint8Array, file: string, limits: FileLimits): StoredModel {
  const { weights, metadata } = readSafetensors(bytes, file, limits);
  const stored = weightsModel("safetensors", weights, file);
  const { keras_config: config, keras_version: version } = metadata;
  if (config === undefined) return stored;
  const architecture = kerasObject(parseJson(config, `${file}: keras_config`, limits), file);
  const { layers, ignored } = assignWeights(stored.loose, architecture, file);
  return {
    ...stored,
    ...(version === undefined ? {} : { kerasVersion: version }),
    architecture,
    layers,
    report: { read: ["architecture", `${weights.length} weights`], ignored },
  };
}

/** `arr_0`, `arr_1` ... is get_weights() as one list; names with slashes tell layers. */
function weightsModel(format: ModelFormat, weights: readonly StoredWeight[], file: string): StoredModel {
  const numbers = weights.map(({ path }) => /^(?:arr_)?(\d+)$/.exec(path)?.[1]);
  const loose: LooseWeights = numbers.every((number) => number !== undefined)
    ? {
        kind: "list",
        weights: weights
          .map((weight, i) => ({ weight, at: Number(numbers[i]) }))
          .sort((a, b) => a.at - b.at)
          .map(({ weight }) => weight),
      }
    : { kind: "named", weights };
  return {
    format,
    file,
    layers: unassignedLayers(loose),
    optimizer: [],
    loose,
    report: { read: [`${weightsOnly}: ${weights.length} tensors, the architecture is needed too`], ignored: [] },
  };
}
