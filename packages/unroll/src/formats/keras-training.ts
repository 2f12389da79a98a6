/**
 * Compile settings (optimizer, losses, metrics) as Keras's files keep them: `compile_config` in `.keras`, `training_config` in
 * legacy HDF5. Reading takes what Keras 2.0 to 3.15 wrote. The optimizer's numbers are in optimizer-state.ts.
 */
import { UnrollError } from "../core/errors.ts";
import type { Compiled, CompileOptions } from "../training/compile.ts";
import { type LossLike, lossRules, readLoss } from "../training/losses.ts";
import { type MetricLike, metricRules, readMetric } from "../training/metrics.ts";
import { optimizerConfig, readOptimizer } from "../training/optimizer.ts";
import { type KerasObjectLike, kerasConfig, namedOf } from "../training/options.ts";
import { isObject, type JsonObject, property } from "./json.ts";

/** The settings with Keras's names. */
export interface KerasTraining {
  readonly optimizer: KerasObjectLike;
  readonly loss: unknown;
  readonly loss_weights: readonly number[] | null;
  readonly metrics: unknown;
  readonly weighted_metrics: unknown;
  readonly run_eagerly: false;
  readonly steps_per_execution: 1;
  readonly jit_compile: false;
}

/**
 * What Keras's `compile_from_config` takes; undefined where a loss or metric is the caller's own, which no file can hold.
 *
 * @param style `objects` writes names such as "mse" as objects too: legacy HDF5 needs that, where Keras 3 cannot read names
 */
export function trainingConfig(compiled: Compiled, style: "names" | "objects"): KerasTraining | undefined {
  const { outputs, optimizer } = compiled;
  const losses = outputs.map(({ loss }) => (loss === null ? null : writeLoss(loss, style)));
  const listsOf = (kind: "metrics" | "weightedMetrics") =>
    outputs.map((output) => output[kind].map((metric) => writeMetric(metric, style)));
  const [metrics, weighted] = [listsOf("metrics"), listsOf("weightedMetrics")];
  if ([losses, ...metrics, ...weighted].some((list) => list.includes(undefined))) return undefined;
  const weights = outputs.map(({ lossWeight }) => lossWeight);
  const single = outputs.length === 1;
  const lists = (all: readonly (readonly unknown[])[]) =>
    all.every((list) => list.length === 0) ? null : single ? all[0] : all;
  const { class_name, config } = optimizerConfig(
    optimizer.optimizer,
    optimizer.hasSchedule ? undefined : optimizer.learningRate,
  );
  return {
    optimizer: serialized("keras.optimizers", class_name, config),
    loss: single ? losses[0] : losses.every((loss) => loss === null) ? null : losses,
    loss_weights: weights.every((weight) => weight === 1) ? null : weights,
    metrics: lists(metrics),
    weighted_metrics: lists(weighted),
    run_eagerly: false,
    steps_per_execution: 1,
    jit_compile: false,
  };
}

function serialized(module: string, className: string, config: JsonObject): KerasObjectLike {
  return { module, class_name: className, config, registered_name: null } as KerasObjectLike; // more than it must have
}

function writeLoss(given: LossLike, style: "names" | "objects"): unknown {
  if (typeof given === "string" && (style === "names" || !lossRules.has(given))) return given;
  const named = namedOf(given);
  if (named !== undefined) return serialized("keras.losses", named.class_name, named.config as JsonObject); // as Keras has it
  const { rule, options, reduction, name } = readLoss(given, 1, undefined);
  if (lossRules.get(rule.className) !== rule) return undefined;
  return serialized("keras.losses", rule.className, {
    name,
    reduction: reduction === "none" ? null : reduction,
    ...kerasConfig(options),
  });
}

function writeMetric(given: MetricLike, style: "names" | "objects"): unknown {
  // "accuracy" has no class: Keras chooses one by the shapes of the data.
  if (typeof given === "string" && (style === "names" || !metricRules.has(given) || /^acc(uracy)?$/i.test(given))) {
    return given;
  }
  const named = namedOf(given);
  if (named !== undefined) return serialized("keras.metrics", named.class_name, named.config as JsonObject); // as Keras has it
  const { rule, options, name } = readMetric(given, 1, undefined);
  if (metricRules.get(rule.className) !== rule) return undefined;
  return serialized("keras.metrics", rule.className, { name, ...kerasConfig(options) });
}

/**
 * Compile settings of a file, every part checked; undefined when the file says that the model was never compiled.
 *
 * @throws UnrollError `unknown-name`, `option` or `unsupported` for what Unroll does not have, such as an own loss.
 */
export function compileOptionsOf(training: unknown): CompileOptions | undefined {
  const optimizer = property(training, "optimizer") ?? property(training, "optimizer_config");
  if (optimizer === undefined || optimizer === null) return undefined;
  const read = readOptimizer(optimizerOf(optimizer));
  const rate = typeof read.learningRate === "number" ? read.learningRate : read.learningRate.rate(0);
  if (!Number.isFinite(rate)) throw misread("the learning rate must be a number", optimizer);
  const loss = each(property(training, "loss"), (one) => lossOf(one));
  const weights = property(training, "loss_weights");
  if (weights !== undefined && weights !== null && !isWeights(weights)) throw misread("loss_weights", weights);
  const metrics = (key: string) => each(property(training, key), (one) => metricOf(one));
  // `each` keeps the forms that compile takes: one, a list, or an object by outputs.
  return {
    optimizer: read,
    loss: loss as CompileOptions["loss"],
    ...listed("metrics", metrics("metrics")),
    ...listed("weightedMetrics", metrics("weighted_metrics")),
    ...(isWeights(weights) ? { lossWeights: weights as CompileOptions["lossWeights"] } : {}),
  };
}

/** Metrics as compile takes them: one is a list of one, none are left out. */
function listed(option: "metrics" | "weightedMetrics", metrics: unknown): CompileOptions {
  if (metrics === null || (Array.isArray(metrics) && metrics.length === 0)) return {};
  const list = typeof metrics === "string" || namedOf(metrics) !== undefined ? [metrics] : metrics;
  return { [option]: list } as CompileOptions; // `each` keeps the forms that compile takes
}

function isWeights(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((one) => typeof one === "number");
  return typeof value === "number" || (isObject(value) && Object.values(value).every((one) => typeof one === "number"));
}

/** Applies `read` to one setting, to each of a list, or to each of an object by outputs. */
function each(value: unknown, read: (one: unknown) => unknown, depth = 0): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === "string" || property(value, "class_name") !== undefined) return read(value);
  if (depth > 2) throw misread("losses and metrics go by outputs", value);
  if (Array.isArray(value)) return value.map((one) => each(one, read, depth + 1));
  if (!isObject(value)) throw misread("a loss or metric must be a name or an object", value);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, each(one, read, depth + 1)]));
}

/** `{ class_name, config }` with a plain class name; Keras 2.11 writes "Custom>Adam". */
function objectOf(value: unknown): { className: string; config: JsonObject } {
  const [className, config] = [property(value, "class_name"), property(value, "config")];
  if (typeof className !== "string" || !isObject(config)) throw misread("needs class_name and config", value);
  return { className: className.slice(className.lastIndexOf(">") + 1), config };
}

/** Options that only Keras 2 had: `lr`, `decay` (a rate that falls as 1 / (1 + decay · step)) and null for the default. */
function optimizerOf(value: unknown): string | KerasObjectLike {
  if (typeof value === "string") return value;
  const { className, config } = objectOf(value);
  const { lr, decay, schedule_decay: _, ...rest } = config;
  const kept = Object.fromEntries(
    Object.entries(rest).filter(([name, one]) => one !== null || name === "weight_decay"),
  ) as Record<string, unknown>;
  const rate = kept.learning_rate ?? lr;
  if (rate !== undefined) kept.learning_rate = rate;
  if (isObject(rate)) objectOf(rate);
  if (typeof decay === "number" && decay !== 0 && typeof rate === "number") {
    kept.learning_rate = {
      class_name: "InverseTimeDecay",
      config: { initial_learning_rate: rate, decay_steps: 1, decay_rate: decay },
    };
  }
  return { class_name: className, config: kept };
}

function lossOf(value: unknown): LossLike {
  const name = functionName(value);
  const loss = name ?? lossObject(value);
  readLoss(loss, 1, undefined);
  return loss;
}

function lossObject(value: unknown): KerasObjectLike {
  const { className, config } = objectOf(value);
  // Keras 2 wrote "auto" for the one reduction that a fitted loss can have.
  const { reduction, fn, ...rest } = config;
  const name = className === "LossFunctionWrapper" ? functionName(fn) : undefined;
  return {
    class_name: name ?? className,
    config: reduction === undefined || reduction === "auto" ? rest : { ...rest, reduction },
  };
}

function metricOf(value: unknown): MetricLike {
  const metric = functionName(value) ?? metricObject(value);
  readMetric(metric, 1, undefined);
  return metric;
}

/** Keras 2 writes `MeanMetricWrapper` around the name of a function. */
function metricObject(value: unknown): KerasObjectLike {
  const { className, config } = objectOf(value);
  const name = className.endsWith("MetricWrapper") ? functionName(config.fn) : undefined;
  if (name === undefined) return { class_name: className, config };
  return { class_name: name, config: typeof config.name === "string" ? { name: config.name } : {} };
}

/** "mse", or a function as Keras 3 serializes it. */
function functionName(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (property(value, "class_name") !== "function") return undefined;
  const config = property(value, "config");
  const name = typeof config === "string" ? config : property(config, "name");
  if (typeof name !== "string") throw misread("a function needs a name", value);
  return name;
}

function misread(rule: string, value: unknown): UnrollError {
  return new UnrollError({
    code: "option",
    path: "compile settings",
    expected: rule,
    received: JSON.stringify(value)?.slice(0, 80) ?? "nothing",
  });
}
