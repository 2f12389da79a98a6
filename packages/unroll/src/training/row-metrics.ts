/**
 * Metrics as equations over one row, like losses: the row gives one or more numbers, which are added up (times the row's
 * weight). What counts hits and misses is in confusion-metrics.ts.
 */
import { type Expr, select } from "../equations/expr.ts";
import { type LossOptions, lossRules } from "./losses.ts";
import { type MetricOptions, type MetricRule, type MetricSymbols, ratio, type Totals } from "./metric-rule.ts";

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

/** Metrics whose rows may be said to be on an axis: -1, or the number of the last one. */
const onLastAxis: MetricOptions = { axis: -1 };

/** A loss watched as a metric; `sign` -1 where Keras's loss is the negative of the metric. */
function ofLoss(
  className: string,
  loss: string,
  aliases: readonly string[],
  { sign = 1, options = {} }: { sign?: 1 | -1; options?: MetricOptions } = {},
): MetricRule {
  const rule = lossRules.get(loss)!;
  return meanOf(
    className,
    aliases,
    (symbols, options) => rule.equation(symbols, options as LossOptions /* the loss's own defaults */).times(sign),
    {
      defaults: { ...rule.defaults, ...options },
      targets: rule.targets,
      better: sign === 1 ? "lower" : "higher",
    },
  );
}

/** Whether the row's class, which is the 1 of `y`, is the one predicted; a class that is not there is never right. */
const sparseMatch = ({ y, p, index }: MetricSymbols): Expr => y.times(index.equals(argmax(p, index))).rowSum();

const categoricalMatch = ({ y, p, index }: MetricSymbols): Expr => argmax(y, index).equals(argmax(p, index));

/** Whether the true class is among the k largest predictions: fewer than k are larger than its own. */
function amongTop({ y, p, index }: MetricSymbols, options: MetricOptions): Expr {
  const own = select(index.equals(argmax(y, index)), p, 0).rowSum();
  return p.greaterThan(own).rowSum().lessThan(Number(options.k));
}

/** Predictions are class indices, the likeliest first: whether the true one is among the first k. */
function amongFirstIds({ y, p, index }: MetricSymbols, options: MetricOptions): Expr {
  return p
    .equals(y)
    .times(index.lessThan(Number(options.k)))
    .rowMax();
}

/** The metrics that are an equation over a row. */
export const rowMetrics: readonly MetricRule[] = [
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
  meanOf("SparseCategoricalAccuracy", ["sparse_categorical_accuracy"], sparseMatch, { targets: "index" }),
  meanOf("TopKCategoricalAccuracy", ["top_k_categorical_accuracy"], amongTop, { defaults: { k: 5 } }),
  meanOf(
    "SparseTopKCategoricalAccuracy",
    ["sparse_top_k_categorical_accuracy"],
    (symbols, options) =>
      options.fromSortedIds ? amongFirstIds(symbols, options) : amongTop(symbols, options).times(symbols.y.rowMax()),
    {
      defaults: { k: 5, fromSortedIds: false },
      targets: ({ fromSortedIds }) => (fromSortedIds ? "label" : "index"),
    },
  ),
  ofLoss("MeanSquaredError", "mse", ["mean_squared_error", "mse", "MSE"]),
  ofLoss("MeanAbsoluteError", "mae", ["mean_absolute_error", "mae", "MAE"]),
  ofLoss("MeanAbsolutePercentageError", "mape", ["mean_absolute_percentage_error", "mape", "MAPE"]),
  ofLoss("MeanSquaredLogarithmicError", "msle", ["mean_squared_logarithmic_error", "msle", "MSLE"]),
  ofLoss("LogCoshError", "log_cosh", ["logcosh", "log_cosh"]),
  ofLoss("BinaryCrossentropy", "binary_crossentropy", ["binary_crossentropy", "bce"]),
  ofLoss("CategoricalCrossentropy", "categorical_crossentropy", ["categorical_crossentropy"], { options: onLastAxis }),
  ofLoss("SparseCategoricalCrossentropy", "sparse_categorical_crossentropy", ["sparse_categorical_crossentropy"], {
    options: onLastAxis,
  }),
  ofLoss("KLDivergence", "kl_divergence", ["kl_divergence", "kld", "KLD"]),
  ofLoss("Poisson", "poisson", ["poisson"]),
  ofLoss("Hinge", "hinge", ["hinge"]),
  ofLoss("SquaredHinge", "squared_hinge", ["squared_hinge"]),
  ofLoss("CategoricalHinge", "categorical_hinge", ["categorical_hinge"]),
  ofLoss("CosineSimilarity", "cosine_similarity", ["cosine_similarity"], { sign: -1, options: onLastAxis }),
  ofLoss("Huber", "huber", ["huber"]),
  {
    ...ofLoss("RootMeanSquaredError", "mse", ["root_mean_squared_error", "rmse", "RMSE"]),
    result: (totals) => Math.sqrt(meanResult(totals)),
    ignoresMask: true,
  },
];
