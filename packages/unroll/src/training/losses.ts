/**
 * Losses as equations over one row: y, the row of targets, and p, the row of predictions. The mean over rows, sample
 * weights and masks are shared by all and live in objective.ts. Formulas, clipping and defaults are Keras 3's.
 */
import { display } from "../core/display.ts";
import { UnrollError } from "../core/errors.ts";
import { spelled } from "../core/spelling.ts";
import { activationNamed } from "../equations/activations.ts";
import { apply, constant, type Expr, select } from "../equations/expr.ts";
import {
  camelConfig,
  type NamedLike,
  namedOf,
  noneOf,
  type Options,
  unknownFunction,
  unknownName,
  withDefaults,
} from "./options.ts";

/** What a loss equation is given. */
export interface LossSymbols {
  /** Targets of one row, `[outputs]`. */
  readonly y: Expr;
  /** Predictions of one row, `[outputs]`. */
  readonly p: Expr;
  /** Number of outputs in the row. */
  readonly n: number;
}

export type LossOptions = Readonly<Record<string, number | boolean | null>>;

/** A loss: its names, its defaults and its equation for one row of outputs. */
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

const meanSquaredError = {
  className: "MeanSquaredError",
  aliases: ["mse", "mean_squared_error"],
  defaults: {},
  equation: ({ y, p, n }: LossSymbols) => mean(y.minus(p).squared(), n),
} satisfies LossRule;

const meanAbsoluteError = {
  className: "MeanAbsoluteError",
  aliases: ["mae", "mean_absolute_error"],
  defaults: {},
  equation: ({ y, p, n }: LossSymbols) => mean(y.minus(p).abs(), n),
} satisfies LossRule;

const meanAbsolutePercentageError = {
  className: "MeanAbsolutePercentageError",
  aliases: ["mape", "mean_absolute_percentage_error"],
  defaults: {},
  equation: ({ y, p, n }: LossSymbols) => mean(y.minus(p).over(y.abs().max(epsilon)).abs(), n).times(100),
} satisfies LossRule;

const meanSquaredLogarithmicError = {
  className: "MeanSquaredLogarithmicError",
  aliases: ["msle", "mean_squared_logarithmic_error"],
  defaults: {},
  equation({ y, p, n }: LossSymbols) {
    const log = (x: Expr): Expr => x.max(epsilon).plus(1).log();
    return mean(log(p).minus(log(y)).squared(), n);
  },
} satisfies LossRule;

const huber = {
  className: "Huber",
  aliases: ["huber", "huber_loss"],
  defaults: { delta: 1 },
  equation({ y, p, n }: LossSymbols, options: LossOptions) {
    const delta = Number(options.delta);
    const error = p.minus(y);
    const far = error
      .abs()
      .times(delta)
      .minus(0.5 * delta * delta);
    return mean(select(error.abs().atMost(delta), error.squared().times(0.5), far), n);
  },
} satisfies LossRule;

const logCosh = {
  className: "LogCosh",
  aliases: ["log_cosh", "logcosh"],
  defaults: {},
  equation({ y, p, n }: LossSymbols) {
    const error = p.minus(y);
    return mean(error.plus(apply(activationNamed("softplus"), error.times(-2))).minus(Math.LN2), n);
  },
} satisfies LossRule;

const binaryCrossentropy = {
  className: "BinaryCrossentropy",
  aliases: ["binary_crossentropy", "bce"],
  defaults: { fromLogits: false, labelSmoothing: 0 },
  equation({ y, p, n }: LossSymbols, options: LossOptions) {
    const smoothing = Number(options.labelSmoothing);
    const target = smoothing === 0 ? y : y.times(1 - smoothing).plus(0.5 * smoothing);
    if (options.fromLogits) {
      const softplus = apply(activationNamed("softplus"), p.abs().negated());
      return mean(p.max(0).minus(p.times(target)).plus(softplus), n);
    }
    const kept = p.clip(epsilon, 1 - epsilon);
    const log = target.times(kept.log()).plus(constant(1).minus(target).times(constant(1).minus(kept).log()));
    return mean(log.negated(), n);
  },
} satisfies LossRule;

function crossentropy(target: Expr, p: Expr, fromLogits: boolean): Expr {
  const logs = fromLogits
    ? apply(activationNamed("log_softmax"), p)
    : p
        .over(p.rowSum())
        .clip(epsilon, 1 - epsilon)
        .log();
  return target.times(logs).rowSum().negated();
}

const categoricalCrossentropy = {
  className: "CategoricalCrossentropy",
  aliases: ["categorical_crossentropy"],
  defaults: { fromLogits: false, labelSmoothing: 0 },
  equation({ y, p, n }: LossSymbols, options: LossOptions) {
    const smoothing = Number(options.labelSmoothing);
    const target = smoothing === 0 ? y : y.times(1 - smoothing).plus(smoothing / n);
    return crossentropy(target, p, options.fromLogits === true);
  },
} satisfies LossRule;

const sparseCategoricalCrossentropy = {
  className: "SparseCategoricalCrossentropy",
  aliases: ["sparse_categorical_crossentropy"],
  defaults: { fromLogits: false, ignoreClass: null },
  targets: "index" as const,
  equation: ({ y, p }: LossSymbols, options: LossOptions) => crossentropy(y, p, options.fromLogits === true),
} satisfies LossRule;

const hinge = {
  className: "Hinge",
  targets: "sign" as const,
  aliases: ["hinge"],
  defaults: {},
  equation: ({ y, p, n }: LossSymbols) => mean(constant(1).minus(y.times(p)).max(0), n),
} satisfies LossRule;

const squaredHinge = {
  className: "SquaredHinge",
  targets: "sign" as const,
  aliases: ["squared_hinge"],
  defaults: {},
  equation: ({ y, p, n }: LossSymbols) => mean(constant(1).minus(y.times(p)).max(0).squared(), n),
} satisfies LossRule;

const categoricalHinge = {
  className: "CategoricalHinge",
  aliases: ["categorical_hinge"],
  defaults: {},
  equation({ y, p }: LossSymbols) {
    const positive = y.times(p).rowSum();
    const negative = constant(1).minus(y).times(p).rowMax();
    return negative.minus(positive).plus(1).max(0);
  },
} satisfies LossRule;

const klDivergence = {
  className: "KLDivergence",
  aliases: ["kl_divergence", "kullback_leibler_divergence", "kld"],
  defaults: {},
  equation({ y, p }: LossSymbols) {
    const target = y.clip(epsilon, 1);
    return target.times(target.over(p.clip(epsilon, 1)).log()).rowSum();
  },
} satisfies LossRule;

const poisson = {
  className: "Poisson",
  aliases: ["poisson"],
  defaults: {},
  equation: ({ y, p, n }: LossSymbols) => mean(p.minus(y.times(p.plus(epsilon).log())), n),
} satisfies LossRule;

const cosineSimilarity = {
  className: "CosineSimilarity",
  aliases: ["cosine_similarity"],
  defaults: {},
  equation({ y, p }: LossSymbols) {
    const unit = (x: Expr): Expr => x.over(x.squared().rowSum().max(1e-12).sqrt());
    return unit(y).times(unit(p)).rowSum().negated();
  },
} satisfies LossRule;

/** How the losses of the rows become one number, by Keras's words. */
export type Reduction = "sum_over_batch_size" | "mean" | "mean_with_sample_weight" | "sum" | "none";
const reductions: readonly string[] = ["sum_over_batch_size", "mean", "mean_with_sample_weight", "sum", "none"];

/** A loss with its options, ready for `compile`. */
export interface Loss {
  readonly kind: "loss";
  readonly rule: LossRule;
  readonly options: LossOptions;
  readonly reduction: Reduction;
  /** What it is called in logs and files. */
  readonly name: string;
}

/** Options of every loss. */
export interface LossCommon {
  readonly reduction?: Reduction;
  readonly name?: string;
}

const rules = {
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
};

/** Every loss, by Keras's class name and by each function name. */
export const lossRules: ReadonlyMap<string, LossRule> = new Map(
  Object.values<LossRule>(rules).flatMap((rule) =>
    [rule.className, ...rule.aliases].map((name) => [name, rule] as const),
  ),
);

/**
 * A loss of a rule; also for a rule of the caller's own.
 *
 * @throws UnrollError `option`
 * @example
 * makeLoss({ className: "Cubic", aliases: ["cubic"], defaults: {}, equation: ({ y, p, n }: LossSymbols) =>
 *   y.minus(p).abs().power(3).rowSum().over(n) })
 */
export function makeLoss(rule: LossRule, options: Options & LossCommon = {}): Loss {
  const { reduction = "sum_over_batch_size", name = rule.aliases.at(-1) ?? rule.className, ...own } = options;
  if (!reductions.includes(reduction)) {
    throw new UnrollError({
      code: "option",
      path: rule.className,
      expected: `reduction must be one of ${reductions.join(", ")}`,
      received: `reduction = ${display(reduction)}`,
    });
  }
  return { kind: "loss", rule, options: withDefaults(rule.className, rule.defaults, own), reduction, name };
}

type OptionsOf<R extends LossRule> = { readonly [K in keyof R["defaults"]]?: Widened<R["defaults"][K]> };
type Widened<T> = T extends boolean ? boolean : T extends number ? number : number | null;

/** Makes losses: `losses.huber({ delta: 0.5 })`. */
export const losses = spelled(
  "losses",
  Object.fromEntries(
    Object.entries<LossRule>(rules).map(([name, rule]) => [name, (options = {}) => makeLoss(rule, options)]),
  ),
) as { readonly [K in keyof typeof rules]: (options?: OptionsOf<(typeof rules)[K]> & LossCommon) => Loss }; // one maker for each rule

/** What `compile` takes for one output. */
export type LossLike = string | Loss | NamedLike;

/**
 * The loss that is meant. "crossentropy" is binary, categorical or sparse by the shapes, as in Keras.
 *
 * @param outputs size of the predictions' last axis
 * @param targets size of the targets' last axis; undefined where they have an axis less than the predictions
 * @throws UnrollError `unknown-name`, `option`
 */
export function readLoss(given: LossLike, outputs: number, targets: number | undefined): Loss {
  if (typeof given === "string") {
    const wanted = given === "crossentropy" || given === "ce" ? crossentropyFor(outputs, targets) : given;
    const rule = lossRules.get(wanted) ?? lossRules.get(wanted.toLowerCase());
    if (rule === undefined) throw unknownFunction("loss", given, lossRules);
    return makeLoss(rule, { name: given });
  }
  if (typeof given === "object" && given !== null && "kind" in given) return given;
  const named = namedOf(given);
  if (named === undefined) throw noneOf("loss", given, "losses.huber({ delta: 2 })");
  const rule = lossRules.get(named.class_name);
  if (rule === undefined) throw unknownName("loss", named.class_name, [...lossRules.keys()]);
  const { axis, reduction, ...own } = camelConfig(named.config, ["fn", "dtype"]);
  if (axis !== undefined && axis !== -1) {
    throw new UnrollError({
      code: "unsupported",
      path: named.class_name,
      expected: "classes must be on the last axis",
      received: `axis = ${display(axis)}`,
    });
  }
  // Keras writes null for "none".
  return makeLoss(rule, {
    ...own,
    ...(reduction === undefined ? {} : { reduction: (reduction ?? "none") as Reduction }),
  });
}

function crossentropyFor(outputs: number, targets: number | undefined): string {
  if (outputs === 1) return "binary_crossentropy";
  return targets === undefined || targets === 1 ? "sparse_categorical_crossentropy" : "categorical_crossentropy";
}
