/**
 * Losses as equations over one row: y, the row of targets, and p, the row of predictions. The mean over rows, sample
 * weights and masks are shared by all and live in objective.ts. Formulas, clipping and defaults are Keras 3's.
 */
import { activationNamed } from "../equations/activations.ts";
import { apply, constant, type Expr, select } from "../equations/expr.ts";

/** What a loss equation is given. */
export interface LossSymbols {
  /** Targets of one row, `[outputs]`. */
  readonly y: Expr;
  /** Predictions of one row, `[outputs]`. */
  readonly p: Expr;
  /** Number of outputs in the row. */
  readonly n: number;
}

export type LossOptions = Readonly<Record<string, number | boolean>>;

export interface LossRule {
  /** Keras's class name. */
  readonly className: string;
  /** Keras's function names for it: "mean_squared_error", "mse". */
  readonly aliases: readonly string[];
  readonly defaults: LossOptions;
  /** What is done to the targets before the equation sees them: a class index becomes a one-hot row; labels 0 and 1 become -1 and 1. */
  readonly targets?: "index" | "sign";
  /** One number for the row. */
  equation(symbols: LossSymbols, options: LossOptions): Expr;
}

/** Keras's fuzz. */
const epsilon = 1e-7;

const mean = (row: Expr, n: number): Expr => row.rowSum().over(n);

const meanSquaredError: LossRule = {
  className: "MeanSquaredError",
  aliases: ["mse", "mean_squared_error"],
  defaults: {},
  equation: ({ y, p, n }) => mean(y.minus(p).squared(), n),
};

const meanAbsoluteError: LossRule = {
  className: "MeanAbsoluteError",
  aliases: ["mae", "mean_absolute_error"],
  defaults: {},
  equation: ({ y, p, n }) => mean(y.minus(p).abs(), n),
};

const meanAbsolutePercentageError: LossRule = {
  className: "MeanAbsolutePercentageError",
  aliases: ["mape", "mean_absolute_percentage_error"],
  defaults: {},
  equation: ({ y, p, n }) => mean(y.minus(p).over(y.abs().max(epsilon)).abs(), n).times(100),
};

const meanSquaredLogarithmicError: LossRule = {
  className: "MeanSquaredLogarithmicError",
  aliases: ["msle", "mean_squared_logarithmic_error"],
  defaults: {},
  equation({ y, p, n }) {
    const log = (x: Expr): Expr => x.max(epsilon).plus(1).log();
    return mean(log(p).minus(log(y)).squared(), n);
  },
};

const huber: LossRule = {
  className: "Huber",
  aliases: ["huber", "huber_loss"],
  defaults: { delta: 1 },
  equation({ y, p, n }, options) {
    const delta = Number(options.delta);
    const error = p.minus(y);
    const far = error
      .abs()
      .times(delta)
      .minus(0.5 * delta * delta);
    return mean(select(error.abs().atMost(delta), error.squared().times(0.5), far), n);
  },
};

const logCosh: LossRule = {
  className: "LogCosh",
  aliases: ["log_cosh", "logcosh"],
  defaults: {},
  equation({ y, p, n }) {
    const error = p.minus(y);
    return mean(error.plus(apply(activationNamed("softplus"), error.times(-2))).minus(Math.LN2), n);
  },
};

const binaryCrossentropy: LossRule = {
  className: "BinaryCrossentropy",
  aliases: ["binary_crossentropy", "bce"],
  defaults: { from_logits: false, label_smoothing: 0 },
  equation({ y, p, n }, options) {
    const smoothing = Number(options.label_smoothing);
    const target = smoothing === 0 ? y : y.times(1 - smoothing).plus(0.5 * smoothing);
    if (options.from_logits) {
      const softplus = apply(activationNamed("softplus"), p.abs().negated());
      return mean(p.max(0).minus(p.times(target)).plus(softplus), n);
    }
    const kept = p.clip(epsilon, 1 - epsilon);
    const log = target.times(kept.log()).plus(constant(1).minus(target).times(constant(1).minus(kept).log()));
    return mean(log.negated(), n);
  },
};

function crossentropy(target: Expr, p: Expr, fromLogits: boolean): Expr {
  const logs = fromLogits
    ? apply(activationNamed("log_softmax"), p)
    : p
        .over(p.rowSum())
        .clip(epsilon, 1 - epsilon)
        .log();
  return target.times(logs).rowSum().negated();
}

const categoricalCrossentropy: LossRule = {
  className: "CategoricalCrossentropy",
  aliases: ["categorical_crossentropy"],
  defaults: { from_logits: false, label_smoothing: 0 },
  equation({ y, p, n }, options) {
    const smoothing = Number(options.label_smoothing);
    const target = smoothing === 0 ? y : y.times(1 - smoothing).plus(smoothing / n);
    return crossentropy(target, p, options.from_logits === true);
  },
};

const sparseCategoricalCrossentropy: LossRule = {
  className: "SparseCategoricalCrossentropy",
  aliases: ["sparse_categorical_crossentropy"],
  defaults: { from_logits: false },
  targets: "index",
  equation: ({ y, p }, options) => crossentropy(y, p, options.from_logits === true),
};

const hinge: LossRule = {
  className: "Hinge",
  targets: "sign",
  aliases: ["hinge"],
  defaults: {},
  equation: ({ y, p, n }) => mean(constant(1).minus(y.times(p)).max(0), n),
};

const squaredHinge: LossRule = {
  className: "SquaredHinge",
  targets: "sign",
  aliases: ["squared_hinge"],
  defaults: {},
  equation: ({ y, p, n }) => mean(constant(1).minus(y.times(p)).max(0).squared(), n),
};

const categoricalHinge: LossRule = {
  className: "CategoricalHinge",
  aliases: ["categorical_hinge"],
  defaults: {},
  equation({ y, p }) {
    const positive = y.times(p).rowSum();
    const negative = constant(1).minus(y).times(p).rowMax();
    return negative.minus(positive).plus(1).max(0);
  },
};

const klDivergence: LossRule = {
  className: "KLDivergence",
  aliases: ["kl_divergence", "kullback_leibler_divergence", "kld"],
  defaults: {},
  equation({ y, p }) {
    const target = y.clip(epsilon, 1);
    return target.times(target.over(p.clip(epsilon, 1)).log()).rowSum();
  },
};

const poisson: LossRule = {
  className: "Poisson",
  aliases: ["poisson"],
  defaults: {},
  equation: ({ y, p, n }) => mean(p.minus(y.times(p.plus(epsilon).log())), n),
};

const cosineSimilarity: LossRule = {
  className: "CosineSimilarity",
  aliases: ["cosine_similarity"],
  defaults: {},
  equation({ y, p }) {
    const unit = (x: Expr): Expr => x.over(x.squared().rowSum().max(1e-12).sqrt());
    return unit(y).times(unit(p)).rowSum().negated();
  },
};

const rules: readonly LossRule[] = [
  meanSquaredError,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredLogarithmicError,
  huber,
  logCosh,
  binaryCrossentropy,
  categoricalCrossentropy,
  sparseCategoricalCrossentropy,
  hinge,
  squaredHinge,
  categoricalHinge,
  klDivergence,
  poisson,
  cosineSimilarity,
];

/** Every loss, by Keras's class name and by each function name. */
export const lossRules: ReadonlyMap<string, LossRule> = new Map(
  rules.flatMap((rule) => [rule.className, ...rule.aliases].map((name) => [name, rule] as const)),
);
