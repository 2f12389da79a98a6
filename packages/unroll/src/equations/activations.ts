/**
 * Activation functions by Keras's names, each as its equation. Formula text, values, gradients and kernels follow from
 * the bodies here; no other file knows an activation. Forms are chosen so that no large input overflows, and gradients so
 * that a backward pass needs the result alone where that is exact.
 */
import { didYouMean, UnrollError } from "../core/errors.ts";
import { apply, type Expr, fullName, type NamedFunction, one, row, select, zero } from "./expr.ts";

export const linear: NamedFunction = {
  name: "linear",
  symbol: "linear",
  latex: "\\operatorname{linear}",
  body: (x) => x,
};

export const tanh: NamedFunction = {
  name: "tanh",
  symbol: "tanh",
  latex: "\\tanh",
  body: (x) => x.tanh(),
  gradient: (dy, y) => dy.times(one.minus(y.squared())),
};

export const sigmoid: NamedFunction = {
  name: "sigmoid",
  symbol: "σ",
  latex: "\\sigma",
  body: (x) => x.sigmoid(),
  gradient: (dy, y) => dy.times(y).times(one.minus(y)),
};

export const exponential: NamedFunction = {
  name: "exponential",
  symbol: "exp",
  latex: "\\exp",
  body: (x) => x.exp(),
  gradient: (dy, y) => dy.times(y),
};

export const relu: NamedFunction = {
  ...named("relu", "\\operatorname{ReLU}", (x) => x.max(0)),
  gradient: (dy, y) => select(y.greaterThan(0), dy, zero),
};

export const relu6: NamedFunction = {
  ...named("relu6", "\\operatorname{ReLU6}", (x) => x.clip(0, 6)),
  gradient: between(0, 6, 1),
};

/** The ReLU layer's form: `maxValue` from there up, x from `threshold` up, else `negativeSlope` × (x − threshold). */
export function reluOf({ negativeSlope = 0, maxValue = Number.POSITIVE_INFINITY, threshold = 0 }): NamedFunction {
  if (negativeSlope === 0 && threshold === 0) {
    if (maxValue === Number.POSITIVE_INFINITY) return relu;
    return named("relu", "\\operatorname{ReLU}", (x) => x.clip(0, maxValue), `max ${maxValue}`);
  }
  const options = [
    ...(maxValue === Number.POSITIVE_INFINITY ? [] : [`max ${maxValue}`]),
    ...(negativeSlope === 0 ? [] : [`slope ${negativeSlope}`]),
    ...(threshold === 0 ? [] : [`threshold ${threshold}`]),
  ];
  const below = (x: Expr): Expr => (threshold === 0 ? x : x.minus(threshold)).times(negativeSlope);
  const body = (x: Expr): Expr => {
    const kept = maxValue === Number.POSITIVE_INFINITY ? x : x.min(maxValue);
    return select(x.greaterThan(threshold), kept, negativeSlope === 0 ? zero : below(x));
  };
  return named("relu", "\\operatorname{ReLU}", body, options.join(", "));
}

/** x above zero, `negativeSlope` × x below. */
export function leakyReluOf(negativeSlope: number): NamedFunction {
  const body = (x: Expr): Expr => select(x.greaterThan(0), x, x.times(negativeSlope));
  const options = negativeSlope === 0.2 ? undefined : `slope ${negativeSlope}`;
  return named("leaky_relu", "\\operatorname{LeakyReLU}", body, options);
}

/** x above `theta`, zero elsewhere. */
export function thresholdedReluOf(theta: number): NamedFunction {
  const body = (x: Expr): Expr => select(x.greaterThan(theta), x, 0);
  return named("thresholded_relu", "\\operatorname{ThresholdedReLU}", body, `theta ${theta}`);
}

/** x above zero, α(exp(x) − 1) below. Clevert, Unterthiner and Hochreiter, 2015. */
export function eluOf(alpha: number): NamedFunction {
  return exponentialBelowZero("elu", "\\operatorname{ELU}", alpha, 1);
}

/** ELU with a continuous derivative: α(exp(x/α) − 1) below zero. Barron, 2017. */
function celuOf(alpha: number): NamedFunction {
  return exponentialBelowZero("celu", "\\operatorname{CELU}", alpha, alpha);
}

const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543774;

/** Scaled ELU, whose fixed point is mean 0 and variance 1. Klambauer and others, 2017. */
export const selu: NamedFunction = {
  ...named("selu", "\\operatorname{SELU}", (x) =>
    x.max(0).plus(x.min(0).exp().minus(1).times(SELU_ALPHA)).times(SELU_SCALE),
  ),
  gradient: (dy, y) => dy.times(select(y.greaterThan(0), SELU_SCALE, y.plus(SELU_SCALE * SELU_ALPHA))),
};

/** log(1 + exp(x)), without overflow. */
export const softplus: NamedFunction = {
  ...named("softplus", "\\operatorname{softplus}", (x) => x.max(0).plus(logOnePlusExpOfMinusAbs(x))),
  // The two kinks at 0 cancel only in exact arithmetic of the whole; the derivative itself is smooth.
  gradient: (dy, _y, x) => dy.times(x.sigmoid()),
};

/** log(σ(x)), without overflow. */
const logSigmoid: NamedFunction = {
  ...named("log_sigmoid", "\\log\\sigma", (x) => x.min(0).minus(logOnePlusExpOfMinusAbs(x))),
  gradient: (dy, _y, x) => dy.times(x.negated().sigmoid()),
};

export const softsign: NamedFunction = {
  ...named("softsign", "\\operatorname{softsign}", (x) => x.over(x.abs().plus(1))),
  gradient: (dy, y) => dy.times(one.minus(y.abs()).squared()),
};

/** exp(x) over its sum along the row, shifted by the row's maximum so that nothing overflows. */
export const softmax: NamedFunction = {
  ...named("softmax", "\\operatorname{softmax}", (x) => {
    const e = x.minus(x.rowMax()).exp();
    return e.over(e.rowSum());
  }),
  gradient: (dy, y) => y.times(dy.minus(dy.times(y).rowSum())),
};

export const logSoftmax: NamedFunction = {
  ...named("log_softmax", "\\log\\operatorname{softmax}", (x) => {
    const shifted = x.minus(x.rowMax());
    return shifted.minus(shifted.exp().rowSum().log());
  }),
  gradient: (dy, y) => dy.minus(y.exp().times(dy.rowSum())),
};

/** max(x − τ, 0) with Keras's τ, which differs from the paper's (Martins and Astudillo, 2016): see RowOp. */
export const sparsemax: NamedFunction = named("sparsemax", "\\operatorname{sparsemax}", (x) =>
  x.minus(row("rowSparsemaxThreshold", x)).max(0),
);

/** x·σ(x), also called swish. */
export const silu: NamedFunction = named("silu", "\\operatorname{SiLU}", (x) => x.times(x.sigmoid()));

/** x·Φ(x) with the normal distribution's Φ; approximate: Φ by tanh. Hendrycks and Gimpel, 2016. */
function geluOf({ approximate = false }): NamedFunction {
  return named("gelu", "\\operatorname{GELU}", (x) => {
    const phi = approximate
      ? x
          .plus(x.squared().times(x).times(0.044715))
          .times(Math.sqrt(2 / Math.PI))
          .tanh()
      : x.over(Math.SQRT2).erf();
    return x.times(phi.plus(1)).times(0.5);
  });
}

/** Keras 3: clip(x/6 + 0.5, 0, 1). */
export const hardSigmoid: NamedFunction = {
  ...named("hard_sigmoid", "\\operatorname{hard\\,\\sigma}", (x) => x.over(6).plus(0.5).clip(0, 1)),
  gradient: between(0, 1, 1 / 6),
};

/** Keras 2 and TensorFlow.js: clip(0.2x + 0.5, 0, 1). */
export const hardSigmoidKeras2: NamedFunction = {
  ...named("hard_sigmoid_keras2", "\\operatorname{hard\\,\\sigma}_{2}", (x) => x.times(0.2).plus(0.5).clip(0, 1)),
  gradient: between(0, 1, 0.2),
};

/** x · hard_sigmoid(x), also called hard_swish. */
const hardSilu: NamedFunction = named("hard_silu", "\\operatorname{hard\\,SiLU}", (x) =>
  x.times(apply(hardSigmoid, x)),
);

const hardTanh: NamedFunction = {
  ...named("hard_tanh", "\\operatorname{hard\\,tanh}", (x) => x.clip(-1, 1)),
  gradient: between(-1, 1, 1),
};

const tanhShrink: NamedFunction = named("tanh_shrink", "\\operatorname{tanhshrink}", (x) => x.minus(x.tanh()));

/** x where |x| is above the threshold, else 0. */
function hardShrinkOf(threshold: number): NamedFunction {
  return named("hard_shrink", "\\operatorname{hardshrink}", (x) => select(x.abs().greaterThan(threshold), x, 0));
}

/** x moved toward 0 by the threshold; 0 between. */
function softShrinkOf(threshold: number): NamedFunction {
  return named("soft_shrink", "\\operatorname{softshrink}", (x) => x.sign().times(x.abs().minus(threshold).max(0)));
}

/** x · tanh(softplus(x)). Misra, 2019. */
export const mish: NamedFunction = named("mish", "\\operatorname{mish}", (x) => x.times(apply(softplus, x).tanh()));

/** (x + √(x² + b)) / 2. */
function squareplusOf(b: number): NamedFunction {
  return named("squareplus", "\\operatorname{squareplus}", (x) => x.plus(x.squared().plus(b).sqrt()).over(2));
}

/** 0 up to −1, x from 1 on, (x + 1)² / 4 between. */
const sparsePlus: NamedFunction = named("sparse_plus", "\\operatorname{sparseplus}", (x) =>
  select(x.atMost(-1), 0, select(x.lessThan(1), x.plus(1).squared().over(4), x)),
);

/** (x + 1) / 2 kept within 0 and 1. */
const sparseSigmoid: NamedFunction = {
  ...named("sparse_sigmoid", "\\operatorname{sparse\\,\\sigma}", (x) => x.plus(1).over(2).clip(0, 1)),
  gradient: between(0, 1, 0.5),
};

const activations: ReadonlyMap<string, NamedFunction> = new Map(
  [
    linear,
    relu,
    relu6,
    leakyReluOf(0.2),
    sigmoid,
    tanh,
    softmax,
    logSoftmax,
    softplus,
    softsign,
    eluOf(1),
    selu,
    celuOf(1),
    exponential,
    silu,
    geluOf({}),
    mish,
    hardSigmoid,
    hardSigmoidKeras2,
    hardSilu,
    hardTanh,
    tanhShrink,
    hardShrinkOf(0.5),
    softShrinkOf(0.5),
    logSigmoid,
    squareplusOf(4),
    sparsePlus,
    sparseSigmoid,
    sparsemax,
  ].map((fn) => [fn.name, fn]),
);

const aliases: ReadonlyMap<string, string> = new Map([
  ["swish", "silu"],
  ["hard_swish", "hard_silu"],
]);

/** Every name that `activationNamed` takes, aliases last. */
export const activationNames: readonly string[] = [...activations.keys(), ...aliases.keys()];

/**
 * The activation of that name with Keras's default parameters; `hard_sigmoid` and `hardSigmoid` are the same name.
 *
 * @throws UnrollError `unknown-name`.
 * @example activationNamed("tanh").body(argument("x"))
 */
export function activationNamed(name: string): NamedFunction {
  const snake = name.replaceAll(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
  const found = activations.get(aliases.get(snake) ?? snake);
  if (found !== undefined) return found;
  throw new UnrollError({
    code: "unknown-name",
    path: "activation",
    expected: `must be one of ${activationNames.join(", ")}`,
    received: `activation = ${name}`,
    hint: didYouMean(name, activationNames),
  });
}

function named(name: string, latex: string, body: (x: Expr) => Expr, options?: string): NamedFunction {
  if (options === undefined) return { name, symbol: name, latex, body };
  return { name, options, symbol: fullName({ name, options }), latex: `${latex}_{\\text{${options}}}`, body };
}

/** x above zero, α(exp(x/β) − 1) below, where β is 1 for ELU and α for CELU. */
function exponentialBelowZero(name: string, latex: string, alpha: number, beta: number): NamedFunction {
  const body = (x: Expr): Expr => {
    const negative = beta === 1 ? x.min(0) : x.min(0).over(beta);
    const curve = negative.exp().minus(1);
    return x.max(0).plus(alpha === 1 ? curve : curve.times(alpha));
  };
  return {
    ...named(name, latex, body, alpha === 1 ? undefined : `alpha ${alpha}`),
    gradient: (dy, y, x) =>
      dy.times(select((alpha > 0 ? y : x).greaterThan(0), 1, beta === 1 ? y.plus(alpha) : y.plus(alpha).over(beta))),
  };
}

/** The gradient of a straight line with that slope, kept within two bounds: read from the result, flat at the bounds. */
function between(low: number, high: number, slope: number): NonNullable<NamedFunction["gradient"]> {
  return (dy, y) => {
    const line = slope === 1 ? dy : dy.times(slope);
    return select(y.greaterThan(low), select(y.lessThan(high), line, zero), zero);
  };
}

function logOnePlusExpOfMinusAbs(x: Expr): Expr {
  return one.plus(x.abs().negated().exp()).log();
}
