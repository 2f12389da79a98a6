/**
 * From a file to a model that runs: opens it by its content, builds the architecture, gives every layer its weights, and
 * tells what was read and what was not. Code and notebooks come in through python/, which is loaded only for them.
 */
import { UnrollError } from "../core/errors.ts";
import { formatShape, sizeOf } from "../core/shape.ts";
import type { Variable } from "../core/variable.ts";
import type { Repair } from "../explain/repairs/index.ts";
import { checkWeights } from "../layers/arrays.ts";
import type { LayerType } from "../layers/contract.ts";
import type { Layer } from "../layers/layer.ts";
import type { Model } from "../model/model.ts";
import { compiledOf, compileModel, isCompiled } from "../training/compile.ts";
import { withArchitecture } from "./assign.ts";
import type { FileReport, StoredLayer, StoredModel } from "./container.ts";
import { fromCudnn } from "./cudnn.ts";
import { copyOf, defaultLimits, fileError, inFile } from "./failure.ts";
import { readFile } from "./files.ts";
import { modelFromConfig } from "./keras-model.ts";
import { compileOptionsOf } from "./keras-training.ts";
import { toFloat32 } from "./numbers.ts";
import { checkSource, type ModelSource, type OpenOptions, openModelFile } from "./open.ts";
import { restoreOptimizer } from "./optimizer-state.ts";
import type { CodeModel, CodeReading } from "./python/index.ts";
import { layerAt } from "./save.ts";

/** Options of `loadModel`. */
export interface LoadOptions extends OpenOptions {
  /** For a weights-only file: Keras's JSON of the model, as text, parsed, or as its own file's bytes or path. */
  readonly architecture?: ModelSource | object;
  /** Weights in a file of their own, in any format; they replace those of the first file. */
  readonly weights?: ModelSource;
  /** Values for what code leaves open, by variable or expression. */
  readonly set?: Readonly<Record<string, number | string>>;
  /** False leaves out the compile settings and the optimizer's state of the file; by default they are restored, as in Keras. */
  readonly compile?: boolean;
  /** The user's own layer types, by class name. */
  readonly customTypes?: ReadonlyMap<string, LayerType>;
  /** Told what was done with the parts of the file. */
  readonly onReport?: (report: FileReport) => void;
}

/** A model as a file gave it. */
export interface LoadedModel {
  readonly model: Model;
  /** False where the weights are freshly drawn, because the file has none. */
  readonly hasWeights: boolean;
  readonly report: FileReport;
  /** The Keras that wrote the file, where it says so. */
  readonly kerasVersion?: string;
  /** Where the model comes from when the file is code. */
  readonly code?: CodeModel;
}

/** What code says, and each of its models that could be built. */
export interface LoadedCode {
  readonly reading: CodeReading;
  readonly models: readonly {
    readonly code: CodeModel;
    /** Undefined where a size is not known or a layer is not there. */
    readonly model: Model | undefined;
    readonly error: UnrollError | undefined;
    /** Edits of the code that make the layers fit together, the smallest first; empty where that is not the trouble. */
    readonly repairs: readonly Repair[];
  }[];
}

/**
 * Loads a model with its weights: `.keras`, HDF5, TensorFlow.js, safetensors, `model.to_json()`, or Python code and notebooks
 * that build one model. The format is found by content. Code and `model.to_json()` have no weights: those are freshly
 * drawn, and `onReport` is told so.
 *
 * @throws UnrollError `format`, `file`, `weights`, `unsupported`, `unknown-name`, `option`, `shape`, `memory`
 * @example const net = await loadModel("model.keras")
 */
export async function loadModel(source: ModelSource, options: LoadOptions = {}): Promise<Model> {
  const { model, report } = await load(source, options);
  options.onReport?.(report);
  return model;
}

/** The same, with the report. */
export async function load(source: ModelSource, options: LoadOptions = {}): Promise<LoadedModel> {
  checkSource(source);
  const code = await codeOf(source, options);
  const loaded = code === undefined ? await loadFile(source, options) : onlyModel(code, nameOf(source, options));
  if (options.weights === undefined) return loaded;
  const report = await loadWeights(loaded.model, options.weights);
  return { ...loaded, hasWeights: true, report: joined(loaded.report, report) };
}

/** All models that Python code, a notebook or Markdown builds; undefined when the source is no code. */
export async function codeOf(source: ModelSource, options: LoadOptions = {}): Promise<LoadedCode | undefined> {
  const limits = { ...defaultLimits, ...options.limits };
  const name = nameOf(source, options);
  if (!/\.(py|ipynb|md|markdown|txt)$/i.test(name)) return undefined;
  const bytes = typeof source === "string" ? await readFile(source, limits) : bytesOf(source);
  const { readKerasCode } = await import("./python/index.ts");
  const reading = readKerasCode(bytes, options.set === undefined ? {} : { set: options.set });
  const models: LoadedCode["models"][number][] = [];
  for (const one of reading.models) {
    try {
      const model = modelFromConfig(one.config, { keepNames: true });
      models.push({ code: one, model, error: undefined, repairs: [] });
    } catch (error) {
      if (!(error instanceof UnrollError)) throw error;
      models.push({ code: one, model: undefined, ...(await withRepairs(error, one.config)) });
    }
  }
  return { reading, models };
}

/** The error with what would make the layers fit as its hint, where that is known. */
async function withRepairs(
  error: UnrollError,
  config: unknown,
): Promise<{ error: UnrollError; repairs: readonly Repair[] }> {
  if (error.code !== "shape") return { error, repairs: [] };
  const { kerasSpelling, troubleOfConfig } = await import("./keras-blueprint.ts");
  const { repairHint } = await import("../explain/repairs/index.ts");
  const repairs = troubleOfConfig(config)?.repairs ?? [];
  const hint = repairHint(repairs, kerasSpelling);
  return { error: hint === undefined ? error : copyOf(error, { hint }), repairs };
}

/**
 * Gives a model the weights of a file in any format, by the model's own names.
 *
 * @throws UnrollError `weights` when one is missing or has another shape
 */
export async function loadWeights(model: Model, source: ModelSource): Promise<FileReport> {
  const { modelToConfig } = await import("./keras-model-write.ts");
  const stored = withArchitecture(await openModelFile(source), modelToConfig(model));
  assign(model, stored);
  if (stored.optimizer.length === 0 || !isCompiled(model)) return stored.report;
  return joined(stored.report, reportOf(restoreOptimizer(compiledOf(model), stored.optimizer)));
}

/** Compiles the model as the file says. What Unroll does not have is left out: the model predicts without it. */
function restoreTraining(model: Model, stored: StoredModel): FileReport {
  try {
    const options = compileOptionsOf(stored.training);
    if (options === undefined) return { read: [], ignored: [] };
    compileModel(model, options);
  } catch (error) {
    if (!(error instanceof UnrollError)) throw error;
    return { read: [], ignored: [`compile settings: ${error.message}`] };
  }
  const settings = { read: ["compile settings"], ignored: [] };
  if (stored.optimizer.length === 0) return settings;
  return joined(settings, reportOf(restoreOptimizer(compiledOf(model), stored.optimizer)));
}

function reportOf(problem: string | undefined): FileReport {
  return problem === undefined
    ? { read: ["the optimizer's state"], ignored: [] }
    : { read: [], ignored: [`the optimizer's state, which does not fit: ${problem}`] };
}

function joined(first: FileReport, second: FileReport): FileReport {
  return { read: [...first.read, ...second.read], ignored: [...first.ignored, ...second.ignored] };
}

async function loadFile(source: ModelSource, options: LoadOptions): Promise<LoadedModel> {
  const opened = await openModelFile(source, options);
  const { architecture } = options;
  const stored = architecture === undefined ? opened : withArchitecture(opened, await architectureOf(architecture));
  if (stored.architecture === undefined) {
    throw fileError("weights", stored.file, "the file has weights only, and a model needs its architecture too", {
      hint: "Give it: loadModel(file, { architecture }), on the command line unroll ... MODEL.json --weights FILE.",
    });
  }
  const model = buildModel(stored, stored.architecture, options);
  const hasWeights = stored.format !== "keras-json";
  if (hasWeights) assign(model, stored);
  const loaded = { model, hasWeights, report: stored.report, ...versionOf(stored) };
  if (options.compile === false || stored.training === undefined) return loaded;
  return { ...loaded, report: joined(stored.report, restoreTraining(model, stored)) };
}

function buildModel(stored: StoredModel, architecture: unknown, { customTypes }: LoadOptions): Model {
  try {
    return modelFromConfig(architecture, { ...versionOf(stored), ...(customTypes ? { customTypes } : {}) });
  } catch (error) {
    throw error instanceof UnrollError ? inFile(stored.file, error) : error;
  }
}

function versionOf({ kerasVersion }: StoredModel): { kerasVersion?: string } {
  return kerasVersion === undefined ? {} : { kerasVersion };
}

async function architectureOf(given: ModelSource | object): Promise<unknown> {
  if (typeof given === "string" && given.trimStart().startsWith("{")) return JSON.parse(given);
  if (typeof given !== "string" && !(given instanceof Uint8Array)) return given;
  const { architecture, file } = await openModelFile(given);
  if (architecture !== undefined) return architecture;
  throw fileError("format", file, "the file must hold an architecture");
}

function onlyModel({ models, reading }: LoadedCode, file: string): LoadedModel {
  const [first, ...others] = models;
  if (first === undefined) {
    throw fileError("format", file, "the code must build a Keras model", {
      received: `${reading.problems.length} places that were not understood`,
      hint: "unroll summary FILE says what was found.",
    });
  }
  if (others.length > 0) {
    throw fileError("format", file, "the code must build one model", {
      received: `${models.length} models: ${models.map(({ code }) => code.name).join(", ")}`,
      hint: "unroll summary FILE shows them all.",
    });
  }
  if (first.model === undefined) throw first.error!; // one of the two is there
  const report = { read: ["architecture out of code, weights freshly drawn"], ignored: [] };
  return { model: first.model, hasWeights: false, report, code: first.code };
}

/** Sets every layer's weights, or none. */
function assign(model: Model, stored: StoredModel): void {
  const missing = new Set(model.layers.filter((layer) => layer.variables.length > 0).map(({ name }) => name));
  const places = stored.ownsBytes ? new Set<number>() : undefined;
  const steps = stored.layers
    .filter(({ weights }) => weights.length > 0)
    .map((layer) => {
      if (layer.path.length === 0) missing.clear();
      else missing.delete(layer.path[0]!);
      return prepareLayer(model, layer, stored, places);
    });
  const [lacking] = missing;
  if (lacking !== undefined) {
    const shapes = model.getLayer(lacking).variables.map(({ name, shape }) => `${name} ${formatShape(shape)}`);
    throw fileError("weights", `${stored.file}: ${lacking}`, "the layer needs its weights", {
      received: "none in the file",
      hint: `It has ${shapes.join(", ")}.`,
    });
  }
  for (const step of steps) step();
}

/** Checks one layer's weights and returns what sets them. */
function prepareLayer(model: Model, layer: StoredLayer, { file }: StoredModel, places?: Set<number>): () => void {
  const target = layer.path.length === 0 ? model : layerAt(model, layer.path);
  const arrays =
    layer.order === "get_weights"
      ? target.arrays
      : [...target.arrays].sort((a, b) => Number(b.variable.trainable) - Number(a.variable.trainable));
  const weights = fromCudnn(layer.weights, arrays, target);
  for (const [index, { spec, variable }] of arrays.entries()) {
    const isSame = formatShape(weights[index]?.shape ?? []) === formatShape(variable.shape);
    if (!isSame) checkSize(target, spec.name, variable.shape, file);
  }
  // Shapes are checked before any numbers are read.
  const shapes = weights.map(({ shape }) => ({ shape, data: noNumbers }));
  checkWeights(arrays, shapes, `${file}: ${layer.path.join("/") || model.name}`);
  return () => {
    for (const [index, { variable }] of arrays.entries()) keep(variable, toFloat32(weights[index]!.read()), places);
  };
}

/**
 * Numbers that fill a buffer of their own are no view of the file: they need no copy. Views of bytes that are ours need none
 * either, unless the file gives two weights the same place.
 */
function keep(variable: Variable, numbers: Float32Array, places: Set<number> | undefined): void {
  const isView = numbers.byteLength < numbers.buffer.byteLength;
  if (!isView || (places !== undefined && !places.has(numbers.byteOffset))) variable.adopt(numbers);
  else variable.assign(numbers);
  if (isView) places?.add(numbers.byteOffset);
}

/** A size that no memory holds is the fault of the option, not of the weights that do not have it. */
function checkSize({ name, config }: Layer, array: string, shape: readonly number[], file: string): void {
  if (sizeOf(shape) * 4 <= defaultLimits.maxUnpackedBytes) return;
  const sizes = Object.entries(config).filter((entry): entry is [string, number] => typeof entry[1] === "number");
  const [option, value] = sizes.sort(([, a], [, b]) => b - a)[0] ?? ["shape", formatShape(shape)];
  throw fileError("memory", `${file}: ${name}`, `${option} = ${value} is more than a layer can have`, {
    received: `${array} = ${formatShape(shape)}`,
    hint: "Check that the file is what it seems to be.",
  });
}

const noNumbers = new Float32Array();

function nameOf(source: ModelSource, options: LoadOptions): string {
  if (typeof source === "string") return source;
  return source instanceof Uint8Array ? (options.name ?? "") : (Object.keys(source)[0] ?? "");
}

function bytesOf(source: Exclude<ModelSource, string>): Uint8Array {
  return source instanceof Uint8Array ? source : (Object.values(source)[0] ?? new Uint8Array());
}
