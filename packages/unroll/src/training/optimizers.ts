/**
 * Optimizers as update equations: what one step does to a weight, given its gradient and the optimizer's slots. Clipping,
 * weight decay and schedules are shared by all and live in update.ts and schedules.ts. Rules and defaults are Keras 3's.
 */
import type { Expr } from "../equations/expr.ts";

/** Numbers that are the same for every weight of a step, worked out in float64 before the step. */
export type Factors = Readonly<Record<string, number>>;

/** One weight's step, as symbols. */
export interface UpdateSymbols {
  readonly weight: Expr;
  readonly gradient: Expr;
  /** gradient², element by element; see `squared` in update.ts for arrays of which a batch reads a row several times. */
  readonly square: Expr;
  /** |gradient|, with the same note. */
  readonly size: Expr;
  /** The slot's numbers before the step, by name. */
  readonly slot: Readonly<Record<string, Expr>>;
  /** The step's factors by name; `lr` is always there. */
  readonly factor: Readonly<Record<string, Expr>>;
}

/** New numbers of the weight and of every slot in use, by name. */
export type Update = { readonly weight: Expr } & Readonly<Record<string, Expr | undefined>>;

export interface OptimizerRule {
  /** Keras's class name. */
  readonly className: string;
  /** Options with Keras's defaults; `learningRate` is always there. */
  readonly defaults: Readonly<Record<string, number | boolean | null>>;
  /** Keras's default of the weight decay; null unless said. */
  readonly weightDecay?: number;
  /** Slot names for these options, in Keras's variable order (slot by slot within a weight, or slot after slot). */
  slots(options: RuleOptions): readonly string[];
  /** How many of the first slots Keras stores weight by weight (momentum, velocity, momentum, velocity ...); the others slot by slot. */
  readonly interleaved?: number;
  /** A number that goes from step to step, kept behind the slots; it starts at 1. */
  readonly carries?: string;
  /** What slots start with; 0 unless said. */
  initial?(options: RuleOptions): number;
  /** Factors of step `step` (from 1) at learning rate `lr`. `carried` is the number of the step before, where the rule carries one. */
  factors(options: RuleOptions, lr: number, step: number, carried: number): Factors;
  /** The equations of one weight's step. */
  update(symbols: UpdateSymbols, options: RuleOptions): Update;
}

/** The rule's own options, all numbers; switches as 1 and 0. */
export type RuleOptions = Readonly<Record<string, number>>;

/** w ← w − lr·g; with momentum v ← μ·v − lr·g, w ← w + v; Nesterov looks one step ahead. */
const sgd: OptimizerRule = {
  className: "SGD",
  defaults: { learningRate: 0.01, momentum: 0, nesterov: false },
  slots: ({ momentum }) => (momentum !== 0 ? ["momentum"] : []),
  factors: (_, lr) => ({ lr }),
  update({ weight, gradient, slot, factor }, { momentum, nesterov }) {
    const step = factor.lr!.times(gradient);
    if (momentum === 0) return { weight: weight.minus(step) };
    const velocity = slot.momentum!.times(momentum!).minus(step);
    const move = nesterov ? velocity.times(momentum!).minus(step) : velocity;
    return { weight: weight.plus(move), momentum: velocity };
  },
};

/** Tieleman and Hinton, 2012; epsilon inside the root, as in Keras 3. */
const rmsprop: OptimizerRule = {
  className: "RMSprop",
  defaults: { learningRate: 0.001, rho: 0.9, momentum: 0, epsilon: 1e-7, centered: false },
  slots: ({ momentum, centered }) => [
    "velocity",
    ...(momentum! > 0 ? ["momentum"] : []),
    ...(centered ? ["average_gradient"] : []),
  ],
  factors: (_, lr) => ({ lr }),
  update({ weight, gradient, square, slot, factor }, { rho, momentum, epsilon, centered }) {
    const velocity = slot.velocity!.times(rho!).plus(square.times(1 - rho!));
    const average = centered ? slot.average_gradient!.times(rho!).plus(gradient.times(1 - rho!)) : undefined;
    const spread = average === undefined ? velocity : velocity.minus(average.squared());
    const step = factor.lr!.times(gradient).over(spread.plus(epsilon!).sqrt());
    const heavy = momentum! > 0 ? slot.momentum!.times(momentum!).plus(step) : undefined;
    return {
      weight: weight.minus(heavy ?? step),
      velocity,
      momentum: heavy,
      average_gradient: average,
    };
  },
};

/** Kingma and Ba, 2015. Epsilon stands outside the bias correction, as in Keras. */
const adam: OptimizerRule = {
  className: "Adam",
  defaults: { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, amsgrad: false },
  slots: ({ amsgrad }) => ["momentum", "velocity", ...(amsgrad ? ["velocity_hat"] : [])],
  interleaved: 2,
  factors: ({ beta1, beta2 }, lr, step) => ({
    lr,
    rate: (lr * Math.sqrt(1 - beta2! ** step)) / (1 - beta1! ** step),
  }),
  update({ weight, gradient, square, slot, factor }, { beta1, beta2, epsilon, amsgrad }) {
    const momentum = slot.momentum!.plus(gradient.minus(slot.momentum!).times(1 - beta1!));
    const velocity = slot.velocity!.plus(square.minus(slot.velocity!).times(1 - beta2!));
    const largest = amsgrad ? slot.velocity_hat!.max(velocity) : undefined;
    const spread = (largest ?? velocity).sqrt().plus(epsilon!);
    return {
      weight: weight.minus(momentum.times(factor.rate!).over(spread)),
      momentum,
      velocity,
      velocity_hat: largest,
    };
  },
};

/** Adam with decoupled weight decay: Loshchilov and Hutter, 2019. */
const adamW: OptimizerRule = { ...adam, className: "AdamW", weightDecay: 0.004 };

/** Adam with Nesterov momentum: Dozat, 2016; the momentum schedule is 0.96^t, as in Keras. */
const nadam: OptimizerRule = {
  className: "Nadam",
  defaults: { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
  slots: () => ["momentum", "velocity"],
  interleaved: 2,
  carries: "uProduct",
  factors({ beta1, beta2 }, lr, step, carried) {
    const now = beta1! * (1 - 0.5 * 0.96 ** step);
    const next = beta1! * (1 - 0.5 * 0.96 ** (step + 1));
    const productNow = carried * now;
    return {
      lr,
      uProduct: productNow,
      ofMomentum: next / (1 - productNow * next),
      ofGradient: (1 - now) / (1 - productNow),
      ofVelocity: 1 / (1 - beta2! ** step),
    };
  },
  update({ weight, gradient, square, slot, factor }, { beta1, beta2, epsilon }) {
    const momentum = slot.momentum!.plus(gradient.minus(slot.momentum!).times(1 - beta1!));
    const velocity = slot.velocity!.plus(square.minus(slot.velocity!).times(1 - beta2!));
    const direction = momentum.times(factor.ofMomentum!).plus(gradient.times(factor.ofGradient!));
    const spread = velocity.times(factor.ofVelocity!).sqrt().plus(epsilon!);
    return { weight: weight.minus(direction.times(factor.lr!).over(spread)), momentum, velocity };
  },
};

/** Kingma and Ba, 2015, section 7.1: the infinity norm in place of the second moment. */
const adamax: OptimizerRule = {
  className: "Adamax",
  defaults: { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
  slots: () => ["momentum", "norm"],
  interleaved: 2,
  factors: ({ beta1 }, lr, step) => ({ lr, rate: lr / (1 - beta1! ** step) }),
  update({ weight, gradient, size, slot, factor }, { beta1, beta2, epsilon }) {
    const momentum = slot.momentum!.plus(gradient.minus(slot.momentum!).times(1 - beta1!));
    const norm = slot.norm!.times(beta2!).max(size);
    return { weight: weight.minus(momentum.times(factor.rate!).over(norm.plus(epsilon!))), momentum, norm };
  },
};

/** Duchi, Hazan and Singer, 2011. */
const adagrad: OptimizerRule = {
  className: "Adagrad",
  defaults: { learningRate: 0.001, initialAccumulatorValue: 0.1, epsilon: 1e-7 },
  slots: () => ["accumulator"],
  initial: ({ initialAccumulatorValue }) => initialAccumulatorValue!,
  factors: (_, lr) => ({ lr }),
  update({ weight, gradient, square, slot, factor }, { epsilon }) {
    const accumulator = slot.accumulator!.plus(square);
    const step = factor.lr!.times(gradient).over(accumulator.plus(epsilon!).sqrt());
    return { weight: weight.minus(step), accumulator };
  },
};

/** Zeiler, 2012. */
const adadelta: OptimizerRule = {
  className: "Adadelta",
  defaults: { learningRate: 0.001, rho: 0.95, epsilon: 1e-7 },
  slots: () => ["accumulated_grad", "accumulated_delta_var"],
  interleaved: 2,
  factors: (_, lr) => ({ lr }),
  update({ weight, gradient, square, slot, factor }, { rho, epsilon }) {
    const root = (x: Expr): Expr => x.plus(epsilon!).sqrt();
    const squares = slot.accumulated_grad!.times(rho!).plus(square.times(1 - rho!));
    const delta = root(slot.accumulated_delta_var!).times(gradient).over(root(squares)).negated();
    const moves = slot.accumulated_delta_var!.times(rho!).plus(delta.squared().times(1 - rho!));
    return { weight: weight.plus(factor.lr!.times(delta)), accumulated_grad: squares, accumulated_delta_var: moves };
  },
};

/** Every optimizer, by Keras's class name. */
export const optimizerRules: ReadonlyMap<string, OptimizerRule> = new Map(
  [sgd, rmsprop, adam, adamW, nadam, adamax, adagrad, adadelta].map((rule) => [rule.className, rule]),
);
