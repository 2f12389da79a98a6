/**
 * Metrics as equations over one row, like losses: a metric adds up one or more numbers a row (times the row's weight) and
 * turns the totals into its result. `accuracy` by the shapes of the data, as Keras resolves it, is at the end.
 */
import { UnrollError } from "../core/errors.ts";
import { constant, type Expr, select } from "../equations/expr.ts";
import { type LossOptions, type LossRule, type LossSymbols, lossRules } from "./losses.ts";
import {
  camelConfig,
  isKerasObject,
  type KerasObjectLike,
  type Options,
  unknownName,
  withDefaults,
} from "./options.ts";

/** What a metric equation is given. */
export interface MetricSymbols extends LossSymbols {
  /** 0, 1, 2 ... along the row, for "which class". */
  readonly index: Expr;
}

export type MetricOptions = LossOptions;
/** Totals by name; `weight` is the sum of the row weights (the number of rows without weights). */
export type Totals = Readonly<Record<string, number>>;

export interface MetricRule {
  /** Keras's class name. */
  readonly className: string;
  /** Keras's names in `compile`; the first is the metric's own name. */
  readonly aliases: readonly string[];
  readonly defaults: MetricOptions;
  /** What is done to the targets before the equation sees them, as for losses. */
  readonly targets?: LossRule["targets"];
  /** True where every element counts by itself, so that row weights may also be given for each element. */
  readonly elementwise?: boolean;
  /** True where Keras counts masked timesteps like all others. */
  readonly ignoresMask?: boolean;
  /** Numbers of one row (elementwise: of one element), added up over all. */
  sums(symbols: MetricSymbols, options: MetricOptions): Readonly<Record<string, Expr>>;
  result(totals: Totals): number;
  /** Which way is better, for callbacks that watch it. */
  readonly better: "lower" | "higher";
}

const ratio = (above: number, below: number): number => (below === 0 ? 0 : above / below);
const meanResult = ({ value, weight }: Totals): number => ratio(value!, weight!);

/** The first place of the largest entry. */
function argmax(row: Expr, index: Expr): Expr {
  const places = select(row.equals(row.rowMax()), index.negated(), Number.NEGATIVE_INFINITY);
  return places.rowMax().negated();
}

function meanOf(
  className: string,
  aliases: readonly string[],
  value: (symbols: MetricSymbols, options: MetricOptions) => Expr,
  more: Partial<MetricRule> = {},
): MetricRule {
  return {
    className,
    aliases,
    defaults: {},
    better: "higher",
    sums: (symbols, options) => ({ value: value(symbols, options) }),
    result: meanResult,
    ...more,
  };
}

/** A loss watched as a metric; `sign` -1 where Keras's loss is the negative of the metric. */
function ofLoss(className: string, loss: string, aliases: readonly string[], sign: 1 | -1 = 1): MetricRule {
  const rule = lossRules.get(loss)!;
  return meanOf(className, aliases, (symbols, options) => rule.equation(symbols, options).times(sign), {
    defaults: rule.defaults,
    targets: rule.targets,
    better: sign === 1 ? "lower" : "higher",
  });
}

const categoricalMatch = ({ y, p, index }: MetricSymbols): Expr => argmax(y, index).equals(argmax(p, index));

/** Whether the true class is among the k largest predictions: fewer than k are larger than its own. */
function amongTop(symbols: MetricSymbols, options: MetricOptions): Expr {
  const { y, p, index } = symbols;
  const own = select(index.equals(argmax(y, index)), p, 0).rowSum();
  return p.greaterThan(own).rowSum().lessThan(Number(options.k));
}

function counts(
  className: string,
  alias: string,
  names: readonly ("tp" | "tn" | "fp" | "fn")[],
  result: (totals: Totals) => number,
  better: "lower" | "higher",
): MetricRule {
  return {
    className,
    aliases: [alias],
    defaults: { thresholds: 0.5 },
    better,
    elementwise: true,
    ignoresMask: true,
    sums({ y, p }, options) {
      const said = p.greaterThan(Number(options.thresholds));
      const truth = y.greaterThan(0);
      const all = {
        tp: truth.times(said),
        fp: constant(1).minus(truth).times(said),
        fn: truth.times(constant(1).minus(said)),
        tn: constant(1).minus(truth).times(constant(1).minus(said)),
      };
      return Object.fromEntries(names.map((name) => [name, all[name]]));
    },
    result,
  };
}

const rules: readonly MetricRule[] = [
  meanOf("Accuracy", [], ({ y, p }) => y.equals(p), { elementwise: true }),
  meanOf(
    "BinaryAccuracy",
    ["binary_accuracy"],
    ({ y, p }, { threshold }) => y.equals(p.greaterThan(Number(threshold))),
    { defaults: { threshold: 0.5 }, elementwise: true },
  ),
  meanOf("Mean", ["mean"], ({ p }) => p, { better: "lower", elementwise: true }),
  { ...meanOf("Sum", ["sum"], ({ p }) => p, { better: "lower", elementwise: true }), result: ({ value }) => value! },
  meanOf("CategoricalAccuracy", ["categorical_accuracy"], categoricalMatch),
  meanOf("SparseCategoricalAccuracy", ["sparse_categorical_accuracy"], categoricalMatch, { targets: "index" }),
  meanOf("TopKCategoricalAccuracy", ["top_k_categorical_accuracy"], amongTop, { defaults: { k: 5 } }),
  meanOf("SparseTopKCategoricalAccuracy", ["sparse_top_k_categorical_accuracy"], amongTop, {
    defaults: { k: 5 },
    targets: "index",
  }),
  ofLoss("MeanSquaredError", "mse", ["mean_squared_error", "mse", "MSE"]),
  ofLoss("MeanAbsoluteError", "mae", ["mean_absolute_error", "mae", "MAE"]),
  ofLoss("MeanAbsolutePercentageError", "mape", ["mean_absolute_percentage_error", "mape", "MAPE"]),
  ofLoss("MeanSquaredLogarithmicError", "msle", ["mean_squared_logarithmic_error", "msle", "MSLE"]),
  ofLoss("LogCoshError", "log_cosh", ["logcosh", "log_cosh"]),
  ofLoss("BinaryCrossentropy", "binary_crossentropy", ["binary_crossentropy", "bce"]),
  ofLoss("CategoricalCrossentropy", "categorical_crossentropy", ["categorical_crossentropy"]),
  ofLoss("SparseCategoricalCrossentropy", "sparse_categorical_crossentropy", ["sparse_categorical_crossentropy"]),
  ofLoss("KLDivergence", "kl_divergence", ["kl_divergence", "kld", "KLD"]),
  ofLoss("Poisson", "poisson", ["poisson"]),
  ofLoss("Hinge", "hinge", ["hinge"]),
  ofLoss("SquaredHinge", "squared_hinge", ["squared_hinge"]),
  ofLoss("CategoricalHinge", "categorical_hinge", ["categorical_hinge"]),
  ofLoss("CosineSimilarity", "cosine_similarity", ["cosine_similarity"], -1),
  ofLoss("Huber", "huber", ["huber"]),
  {
    ...ofLoss("RootMeanSquaredError", "mse", ["root_mean_squared_error", "rmse", "RMSE"]),
    result: (totals) => Math.sqrt(meanResult(totals)),
    ignoresMask: true,
  },
  counts("TruePositives", "true_positives", ["tp"], ({ tp }) => tp!, "higher"),
  counts("TrueNegatives", "true_negatives", ["tn"], ({ tn }) => tn!, "higher"),
  counts("FalsePositives", "false_positives", ["fp"], ({ fp }) => fp!, "lower"),
  counts("FalseNegatives", "false_negatives", ["fn"], ({ fn }) => fn!, "lower"),
  counts("Precision", "precision", ["tp", "fp"], ({ tp, fp }) => ratio(tp!, tp! + fp!), "higher"),
  counts("Recall", "recall", ["tp", "fn"], ({ tp, fn }) => ratio(tp!, tp! + fn!), "higher"),
];

/** Every metric, by Keras's class name and by each name that `compile` takes. */
export const metricRules: ReadonlyMap<string, MetricRule> = new Map(
  rules.flatMap((rule) => [rule.className, ...rule.aliases].map((name) => [name, rule] as const)),
);

/** A metric with its options, ready for `compile`. */
export interface Metric {
  readonly kind: "metric";
  readonly rule: MetricRule;
  readonly options: MetricOptions;
  /** What it is called in logs. */
  readonly name: string;
}

/** A metric of a rule; also for a rule of the caller's own. Throws UnrollError `option`. */
export function makeMetric(rule: MetricRule, options: Options & { readonly name?: string } = {}): Metric {
  const { name = rule.aliases[0] ?? rule.className.toLowerCase(), ...own } = options;
  return { kind: "metric", rule, options: withDefaults(rule.className, rule.defaults, own), name };
}

/** What `compile` takes as a metric. */
export type MetricLike = string | Metric | KerasObjectLike;

type MakeMetric = (options?: MetricOptions & { readonly name?: string }) => Metric;

/** Makes metrics: `metrics.precision({ thresholds: 0.7 })`; names are Keras's class names with a small first letter. */
export const metrics: Readonly<Record<string, MakeMetric>> = Object.fromEntries(
  rules.map((rule) => [
    rule.className.charAt(0).toLowerCase() + rule.className.slice(1),
    (options = {}) => makeMetric(rule, options),
  ]),
);

/**
 * The metric that is meant; "accuracy" by the shapes, as Keras resolves it: binary when one number is predicted a row,
 * sparse when targets are one class index a row, else categorical.
 *
 * @param outputs size of the predictions' last axis
 * @param targets size of the targets' last axis; undefined where they have an axis less than the predictions
 * @throws UnrollError `unknown-name`, `option`
 */
export function readMetric(given: MetricLike, outputs: number, targets: number | undefined): Metric {
  if (typeof given === "string") {
    const isAccuracy = /^acc(uracy)?$/i.test(given);
    const rule = isAccuracy
      ? accuracyFor(outputs, targets)
      : (metricRules.get(given) ?? metricRules.get(given.toLowerCase()));
    if (rule === undefined) throw unknownName("metric", given, ["accuracy", ...metricRules.keys()]);
    return makeMetric(rule, { name: given });
  }
  if (!isKerasObject(given)) return given;
  const rule = metricRules.get(given.class_name);
  if (rule === undefined) throw unknownName("metric", given.class_name, metricRules.keys());
  const { thresholds, ...config } = camelConfig(given.config, ["fn", "dtype"]);
  const own = Object.fromEntries(Object.entries(config).filter(([name, value]) => !isIdle(name, value)));
  const foreign = Object.keys(own).find((name) => name !== "name" && !(name in rule.defaults));
  if (foreign !== undefined) {
    throw new UnrollError({
      code: "unsupported",
      path: given.class_name,
      expected: `${foreign} is not supported`,
      received: `${foreign} = ${String(own[foreign])}`,
    });
  }
  const list = Array.isArray(thresholds) ? thresholds : [thresholds];
  if (list.length > 1) {
    throw new UnrollError({
      code: "unsupported",
      path: given.class_name,
      expected: "a metric has one threshold here",
      received: `thresholds = [${list.join(", ")}]`,
      hint: "Give one metric for each threshold.",
    });
  }
  const threshold = list[0];
  return makeMetric(rule, threshold === undefined || threshold === null ? own : { ...own, thresholds: threshold });
}

/** Options of Keras that say nothing with these values. */
function isIdle(name: string, value: unknown): boolean {
  if (value === null) return name === "topK" || name === "classId";
  return (name === "axis" && value === -1) || (name === "fromSortedIds" && value === false);
}

function accuracyFor(outputs: number, targets: number | undefined): MetricRule {
  const sparse = targets === undefined || targets === 1;
  const className = outputs === 1 ? "BinaryAccuracy" : sparse ? "SparseCategoricalAccuracy" : "CategoricalAccuracy";
  return metricRules.get(className)!;
}
