/**
 * Models to bytes and files, in the formats of write.ts; with what a compiled model is trained with, where a format has a
 * place for it.
 */
import { didYouMean, UnrollError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Variable } from "../core/variable.ts";
import type { Layer } from "../layers/layer.ts";
import { Model } from "../model/model.ts";
import { type Compiled, compiledOf, isCompiled } from "../training/compile.ts";
import { toKerasPython } from "./code-keras.ts";
import { toTypeScript } from "./code-unroll.ts";
import type { KerasObject, StorableModel } from "./container.ts";
import { writeFiles } from "./files.ts";
import { foreignFormat } from "./foreign.ts";
import { modelToConfig } from "./keras-model-write.ts";
import { walkLayers } from "./keras-paths.ts";
import { trainingConfig } from "./keras-training.ts";
import { optimizerWeights } from "./optimizer-state.ts";
import { doubleBiases, kerasWeights, withoutRecurrentBias } from "./plain-lstm.ts";
import { weightNames } from "./storable.ts";
import { namesOfWeights } from "./weight-paths.ts";
import { writeH5, writeKeras, writeNpzModel, writeSafetensorsModel, writeWeightsH5 } from "./write.ts";
import { writeOnnx } from "./write-onnx.ts";

const writers = {
  /** Keras 3's archive. */
  keras: (model: Model) => writeKeras(trainableOf(model, "names")),
  /** Architecture and weights in one HDF5 file, as Keras 2 reads it too. */
  h5: (model: Model) => writeH5(trainableOf(model, "objects")),
  /** Weights only, as Keras 3's `save_weights` writes them. */
  "weights.h5": (model: Model) => writeWeightsH5(trainableOf(model, "names")),
  safetensors: (model: Model) => writeSafetensorsModel(storedAsItIs(model)),
  /** Weights only, by `layer/weight`. */
  npz: (model: Model) => writeNpzModel(storedAsItIs(model)),
  /** For ONNX runtimes. */
  onnx: (model: Model) => writeOnnx(model),
  /** The architecture only, as `model.to_json()` gives it. */
  json: (model: Model) => encode(`${JSON.stringify(withoutRecurrentBias(modelToConfig(model)))}\n`),
  /** The architecture only, as the Python that builds it with Keras. */
  py: (model: Model) => encode(toKerasPython(model)),
  /** The architecture only, as the TypeScript that builds it here. */
  ts: (model: Model) => encode(toTypeScript(model)),
} satisfies Readonly<Record<string, (model: Model) => Uint8Array>>;

/** What a model can be written as. */
export type WritableFormat = keyof typeof writers;

/** Formats without weights, and without an architecture. */
export const withoutWeights: ReadonlySet<WritableFormat> = new Set(["json", "py", "ts"]);
export const withoutArchitecture: ReadonlySet<WritableFormat> = new Set(["npz", "weights.h5"]);

export const writableFormats: readonly WritableFormat[] = Object.keys(writers) as WritableFormat[]; // the table's own keys

/**
 * The model as a file's bytes.
 *
 * @throws UnrollError `option` for an unknown format, `unbuilt`, `unsupported` for a layer that Keras has no class for.
 */
export function modelToBytes(model: Model, format: WritableFormat = "keras"): Uint8Array {
  if (Object.hasOwn(writers, format)) return writers[format](model);
  const foreign = foreignFormat(String(format));
  throw new UnrollError({
    code: "option",
    path: model.name,
    expected: foreign?.rule ?? `the format must be one of ${writableFormats.join(", ")}`,
    received: `format = ${String(format)}`,
    hint: foreign?.hint ?? didYouMean(String(format), writableFormats),
  });
}

/**
 * Writes the model to a file, whole or not at all; the file's ending says the format. `.py`, `.ts` and `.json` hold the
 * architecture only, `.npz` and `.weights.h5` the weights only; `model.json` is TensorFlow.js's, with shards beside it. Of a
 * compiled model `.keras` and `.h5` keep the compile settings and, with `.weights.h5`, the optimizer's state, so that training
 * goes on from there; not where a loss or metric is the caller's own, nor of an LSTM with `recurrentBias`, of which files for
 * Keras hold the sum of its two biases. Throws as `modelToBytes`, and `file`.
 */
export async function saveModel(model: Model, path: string): Promise<void> {
  const { modelToFiles, targetOfPath } = await import("./write-files.ts");
  const folder = /^.*[/\\]/.exec(path)?.[0] ?? "";
  const files = modelToFiles(model, targetOfPath(path), path.slice(folder.length));
  await writeFiles(new Map([...files].map(([name, bytes]) => [`${folder}${name}`, bytes])));
}

/** The format that a file's ending names. Throws UnrollError `format`. */
export function formatOfPath(path: string): WritableFormat {
  const name = path.toLowerCase();
  const found = [...writableFormats].sort((a, b) => b.length - a.length).find((format) => name.endsWith(`.${format}`));
  if (found !== undefined) return found;
  if (name.endsWith(".hdf5")) return "h5";
  const ending = /\.([^./\\]*)$/.exec(name)?.[1] ?? "";
  const foreign = foreignFormat(ending);
  throw new UnrollError({
    code: "format",
    path,
    expected:
      foreign?.rule ?? `the file's name must end in ${writableFormats.map((format) => `.${format}`).join(", ")}`,
    received: foreign === undefined ? `name = ${path}` : undefined,
    hint: foreign?.hint ?? didYouMean(ending, writableFormats),
  });
}

/** Architecture and weights as the writers for Keras take them: an LSTM there has one bias. */
export function storableOf(model: Model): StorableModel {
  return storable(model, withoutRecurrentBias(modelToConfig(model)), kerasWeights);
}

/** The same with every array as the model has it, for files that only this library reads as a whole. */
function storedAsItIs(model: Model): StorableModel {
  return storable(model, modelToConfig(model), (layer) => layer.getWeights());
}

function storable(model: Model, config: object, weightsOf: (layer: Layer) => readonly Tensor[]): StorableModel {
  // Both interfaces describe the same JSON; the writers' one wants its keys declared.
  const architecture = config as KerasObject;
  const layers = walkLayers(architecture, model.name).flatMap((slot) => {
    const layer = findLayer(model, slot.path);
    // Keras lists the operations that make masks among the layers.
    if (layer === undefined) return [];
    // An input layer out of a file is never built: types without arrays need not be.
    const hasArrays = layer.type.weights !== undefined || layer.children.length > 0;
    const weights = hasArrays ? weightsOf(layer) : [];
    const names = weightNames(slot, weights.length);
    return [{ path: slot.path, weights: weights.map((weight, index) => ({ name: names[index]!, ...weight })) }];
  });
  return { architecture, layers };
}

/** The same with compile settings and the optimizer's state, of a compiled model whose losses and metrics Keras has too. */
function trainableOf(model: Model, style: "names" | "objects"): StorableModel {
  const plain = storableOf(model);
  // The optimizer's state of two biases is not that of their sum.
  const isSame = doubleBiases(model).size === 0;
  const compiled = isSame && isCompiled(model) ? compiledOf(model) : undefined;
  const settings = compiled && trainingConfig(compiled, style);
  if (compiled === undefined || settings === undefined) return plain;
  const { optimizer, ...others } = settings;
  const { class_name, config } = optimizer;
  return {
    ...plain,
    architecture: { ...plain.architecture, compile_config: settings },
    training: { ...others, optimizer_config: { class_name, config } },
    optimizer: optimizerWeights(compiled, pathsOf(compiled)),
  };
}

/** `sequential/lstm/kernel`, as Keras names a weight in the names of its slots. */
function pathsOf({ model }: Compiled): (weight: Variable) => string {
  const names = namesOfWeights(model);
  return (weight) => `${model.name}/${names.get(weight) ?? weight.name}`;
}

/** The layer at a path, or undefined where it names no layer. */
function findLayer(model: Model, path: readonly string[]): Layer | undefined {
  try {
    return layerAt(model, path);
  } catch (error) {
    if (error instanceof UnrollError && error.code === "unknown-name") return undefined;
    throw error;
  }
}

/** The layer at a path of names: of the models around it, then its own. An input layer stands among a model's inputs. */
export function layerAt(model: Model, [name, ...rest]: readonly string[]): Layer {
  const input = model.hasGraph ? model.inputs.find(({ node }) => node.layer.name === name)?.node.layer : undefined;
  const layer = input ?? model.getLayer(name ?? "");
  return rest.length > 0 && layer instanceof Model ? layerAt(layer, rest) : layer;
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
