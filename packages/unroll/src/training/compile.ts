/**
 * What a model is trained with: `compileModel` reads optimizer, losses and metrics for each output and keeps them, with the
 * optimizer's state and the prepared programs, beside the model.
 */
import type { Recompute } from "../compiler/index.ts";
import { display } from "../core/display.ts";
import { badOption, checkOptionNames, UnrollError } from "../core/errors.ts";
import type { Variable } from "../core/variable.ts";
import type { LayerArray } from "../layers/arrays.ts";
import { type CompiledRun, type Device, prepare } from "../layers/run.ts";
import type { Model } from "../model/model.ts";
import type { Program } from "../program/program.ts";
import { type LossLike, readLoss } from "./losses.ts";
import { type MetricLike, readMetric } from "./metrics.ts";
import { type OptimizerLike, OptimizerState, readOptimizer } from "./optimizer.ts";
import { namedOf } from "./options.ts";

/** One thing for all outputs, a list in the order of the outputs, or an object by their names. */
export type PerOutput<T> = T | readonly (T | null)[] | Readonly<Record<string, T | null>>;

/** Options of `compile`. */
export interface CompileOptions {
  /** A name ("adam"), an optimizer (`optimizers.adam({ learningRate: 0.01 })`), or Keras's serialized form. Default "rmsprop", as in Keras. */
  readonly optimizer?: OptimizerLike;
  readonly loss?: PerOutput<LossLike>;
  /** One or a list of names, metrics or Keras's serialized form; with several outputs a list or object of such lists. */
  readonly metrics?: MetricsOption;
  /** The same with sample weights. */
  readonly weightedMetrics?: MetricsOption;
  /** Factors of the outputs' losses. */
  readonly lossWeights?: number | readonly number[] | Readonly<Record<string, number>>;
  /** Where training runs; by default as `predict`. */
  readonly device?: Device;
  /**
   * Whether a training step keeps what recurrent layers computed at every timestep, or only at segments of so many timesteps, and
   * computes the others again on the way back: the same numbers for less memory and up to a third more time. "auto" (the default)
   * does so where a step would take more than 512 MiB and clearly less this way; false = never.
   */
  readonly recompute?: Recompute;
  /**
   * True reports `gradient_norm`: the length of the gradient of all trained arrays together, before any clipping, as the mean over
   * an epoch's batches. By default it is not computed.
   */
  readonly gradientNorm?: boolean;
  /** Makes programs ready to run, for an engine of the caller's own. */
  readonly prepare?: (program: Program) => CompiledRun;
}

/** Every option of `compile`; the type asks for a name here for each one above. */
const optionNames: Readonly<Record<keyof CompileOptions, true>> = {
  optimizer: true,
  loss: true,
  metrics: true,
  weightedMetrics: true,
  lossWeights: true,
  device: true,
  recompute: true,
  gradientNorm: true,
  prepare: true,
};

type MetricList = MetricLike | readonly MetricLike[] | null;
/** Metrics for one output, or for several. */
export type MetricsOption =
  | MetricLike
  | readonly MetricLike[]
  | readonly MetricList[]
  | Readonly<Record<string, MetricList>>;

/** What one output is trained with. */
export interface OutputPlan {
  readonly name: string;
  readonly loss: LossLike | null;
  readonly lossWeight: number;
  readonly metrics: readonly MetricLike[];
  readonly weightedMetrics: readonly MetricLike[];
}

export interface Compiled {
  readonly model: Model;
  readonly outputs: readonly OutputPlan[];
  readonly optimizer: OptimizerState;
  readonly device: Device | undefined;
  readonly recompute: Recompute;
  readonly gradientNorm: boolean;
  readonly prepare: (program: Program) => CompiledRun;
  /** Whether `prepare` is the caller's. */
  readonly hasOwnEngine: boolean;
  /** Programs that are ready to run, by what they are for. */
  readonly steps: Map<string, unknown>;
}

const compiledModels = new WeakMap<Model, Compiled>();

/**
 * Says what a model is trained with, and forgets the state of an optimizer before.
 *
 * @throws UnrollError `unbuilt`, `unknown-name`, `option`
 * @example compileModel(net, { optimizer: "adam", loss: "mse", metrics: ["mae"] });
 */
export function compileModel(model: Model, options: CompileOptions = {}): void {
  checkOptionNames("compile", options, Object.keys(optionNames));
  const { device, recompute = "auto", gradientNorm = false } = options;
  checkRecompute(recompute);
  if (typeof gradientNorm !== "boolean") throw badOption("compile", "gradientNorm", "true or false", gradientNorm);
  const names = model.hasGraph ? outputNames(model) : ["output"];
  const losses = perOutput<LossLike>(options.loss ?? null, names, "loss", isOneLoss);
  const weights = perOutput<number>(
    options.lossWeights ?? null,
    names,
    "lossWeights",
    (value) => typeof value === "number",
  );
  const metrics = metricsPerOutput(options.metrics, names, "metrics");
  const weighted = metricsPerOutput(options.weightedMetrics, names, "weightedMetrics");
  // Which name it is can depend on the shapes; that it is one does not.
  for (const loss of losses) if (loss !== null) readLoss(loss, 1, 1);
  for (const metric of [...metrics, ...weighted].flat()) readMetric(metric, 1, 1);
  compiledModels.set(model, {
    model,
    outputs: names.map((name, index) => ({
      name,
      loss: losses[index] ?? null,
      lossWeight: weights[index] ?? 1,
      metrics: metrics[index]!,
      weightedMetrics: weighted[index]!,
    })),
    optimizer: new OptimizerState(readOptimizer(options.optimizer ?? "rmsprop")),
    device,
    recompute,
    gradientNorm,
    prepare: options.prepare ?? ((program) => prepare(program, device, { recompute })),
    hasOwnEngine: options.prepare !== undefined,
    steps: new Map(),
  });
}

function checkRecompute(recompute: unknown): void {
  const isLength = typeof recompute === "number" && Number.isInteger(recompute) && recompute > 0;
  if (isLength || recompute === "auto" || recompute === false) return;
  throw new UnrollError({
    code: "option",
    path: "compile",
    expected: 'recompute must be "auto", false or a positive whole number of timesteps',
    received: `recompute = ${display(recompute)}`,
  });
}

/** What a model was compiled with. Throws UnrollError `unbuilt` for one that never was. */
export function compiledOf(model: Model): Compiled {
  const compiled = compiledModels.get(model);
  if (compiled !== undefined) return compiled;
  throw new UnrollError({
    code: "unbuilt",
    path: model.name,
    expected: "the model must be compiled before it is trained or evaluated",
    hint: 'Call compile({ optimizer: "adam", loss: "mse" }) first.',
  });
}

/** Whether the model has been compiled. */
export function isCompiled(model: Model): boolean {
  return compiledModels.has(model);
}

/** The arrays that training changes, in `getWeights()` order. */
export function trainedArrays(model: Model): LayerArray[] {
  return model.arrays.filter(({ variable }) => variable.trainable);
}

export function trainedVariables(model: Model): Variable[] {
  return trainedArrays(model).map(({ variable }) => variable);
}

/** Names of the outputs: those of the layers they come from, counted on where one layer gives several. */
export function outputNames(model: Model): string[] {
  const seen = new Map<string, number>();
  return model.outputs.map(({ node }) => {
    const { name } = node.layer;
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    return count === 0 ? name : `${name}_${count}`;
  });
}

function isOneLoss(value: unknown): boolean {
  return typeof value === "string" || namedOf(value) !== undefined || isLossObject(value);
}

function isLossObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "loss";
}

function isMetric(value: unknown): boolean {
  const isObject = typeof value === "object" && value !== null && "kind" in value && value.kind === "metric";
  return typeof value === "string" || namedOf(value) !== undefined || isObject;
}

/** One entry for each output. */
function perOutput<T>(
  given: PerOutput<T> | null,
  names: readonly string[],
  option: string,
  isOne: (value: unknown) => boolean,
): (T | null)[] {
  if (given === null) return names.map(() => null);
  if (isOne(given)) return names.map(() => given as T); // told apart by isOne
  if (Array.isArray(given) && given.length === names.length) return [...given];
  if (!Array.isArray(given) && typeof given === "object") {
    const byName = given as Readonly<Record<string, T | null>>; // neither one nor a list
    const unknown = Object.keys(byName).find((name) => !names.includes(name));
    if (unknown === undefined) return names.map((name) => byName[name] ?? null);
    throw misfit(option, `the outputs are ${names.join(", ")}`, `name = ${unknown}`);
  }
  const count = Array.isArray(given) ? `a list of ${given.length}` : typeof given;
  const hint = typeof given === "function" && option === "loss" ? "makeLoss makes a loss of your own." : undefined;
  throw misfit(option, `must be one for all, or one for each of the ${names.length} outputs`, count, hint);
}

function metricsPerOutput(
  given: MetricsOption | undefined,
  names: readonly string[],
  option: string,
): (readonly MetricLike[])[] {
  if (given === undefined) return names.map(() => []);
  const listOf = (value: MetricList): readonly MetricLike[] =>
    value === null || value === undefined
      ? []
      : isMetric(value)
        ? [value as MetricLike]
        : (value as readonly MetricLike[]); // told apart by isMetric
  if (isMetric(given)) return names.map(() => [given as MetricLike]); // just told apart
  if (names.length === 1 && Array.isArray(given)) return [given.flatMap((entry: MetricList) => listOf(entry))];
  return perOutput<MetricList>(given as PerOutput<MetricList>, names, option, () => false).map(listOf); // the same forms
}

function misfit(option: string, expected: string, received: string, hint?: string): UnrollError {
  return new UnrollError({ code: "option", path: `compile: ${option}`, expected, received, hint });
}
