/** BatchNormalization, LayerNormalization and Normalization: values shifted and scaled by a mean and a variance. UnitNormalization: by their length. */
import { UnrollError } from "../core/errors.ts";
import { broadcastTo, concat, filled, map, reduce, reshape } from "../program/builder.ts";
import type { Value } from "../program/program.ts";
import { type Call, defineLayer, type Sizes, type WeightSpec } from "./contract.ts";
import * as fields from "./fields.ts";
import { axesOf } from "./sizes.ts";

const scaleFields = {
  center: fields.boolean("Add a trainable shift.", true),
  scale: fields.boolean("Multiply by a trainable factor.", true),
  betaInitializer: fields.initializer("First shifts.", "zeros"),
  gammaInitializer: fields.initializer("First factors.", "ones"),
  betaRegularizer: fields.regularizer("Penalty on the shifts."),
  gammaRegularizer: fields.regularizer("Penalty on the factors."),
  betaConstraint: fields.constraint("What the shifts are kept to."),
  gammaConstraint: fields.constraint("What the factors are kept to."),
};

/** gamma and beta, where the layer has them. */
function scaleWeights(config: fields.ConfigOf<typeof scaleFields>, shape: Sizes): WeightSpec[] {
  const gamma: WeightSpec = {
    name: "gamma",
    shape,
    initializer: config.gammaInitializer,
    regularizer: config.gammaRegularizer,
    constraint: config.gammaConstraint,
  };
  const beta: WeightSpec = {
    name: "beta",
    shape,
    initializer: config.betaInitializer,
    regularizer: config.betaRegularizer,
    constraint: config.betaConstraint,
  };
  return [...(config.scale ? [gamma] : []), ...(config.center ? [beta] : [])];
}

const otherAxes = (rank: number, kept: readonly number[]): number[] =>
  Array.from({ length: rank }, (_, axis) => axis).filter((axis) => !kept.includes(axis));

/** A vector laid along the kept axes, size 1 elsewhere. */
function along(vector: Value, x: Value, kept: readonly number[]): Value {
  return reshape(
    vector,
    x.shape.map((size, axis) => (kept.includes(axis) ? size : 1)),
  );
}

/** (x − mean) / √(variance + epsilon) × gamma + beta. */
function normalize(
  x: Value,
  {
    mean,
    variance,
    gamma,
    beta,
  }: { mean?: Value; variance: Value; gamma?: Value | undefined; beta?: Value | undefined },
  epsilon: number,
): Value {
  const operands = [x, mean, variance, gamma, beta].filter((value) => value !== undefined);
  return map(operands, (symbols) => {
    const next = symbols[Symbol.iterator]();
    const take = (value: Value | undefined) => (value === undefined ? undefined : next.next().value);
    const [value, m, v, g, b] = [take(x), take(mean), take(variance), take(gamma), take(beta)];
    const centered = m === undefined ? value! : value!.minus(m);
    const scaled = centered.over(v!.plus(epsilon).sqrt());
    const factored = g === undefined ? scaled : scaled.times(g);
    return b === undefined ? factored : factored.plus(b);
  });
}

const batchFields = {
  axis: fields.axis("The axis of the features.", -1),
  momentum: fields.number("Share of the moving statistics that a training step keeps.", 0.99),
  epsilon: fields.number("Added to the variance.", 1e-3),
  ...scaleFields,
  movingMeanInitializer: fields.initializer("First moving mean.", "zeros"),
  movingVarianceInitializer: fields.initializer("First moving variance.", "ones"),
};

export const batchNormalization = defineLayer({
  className: "BatchNormalization",
  doc: "Each feature to mean 0 and variance 1 over the batch; moving statistics serve outside of training.",
  fields: batchFields,
  inputRank: { min: 2 },
  passesMask: true,
  weights(config, [input], name) {
    const [axis] = axesOf([config.axis], input!, name);
    const shape = [input![axis!]!];
    return [
      ...scaleWeights(config, shape),
      { name: "moving_mean", shape, initializer: config.movingMeanInitializer, trainable: false },
      { name: "moving_variance", shape, initializer: config.movingVarianceInitializer, trainable: false },
    ];
  },
  outputSizes: (_, [input]) => [input!],
  compute(call) {
    const { config, inputs, masks, weights } = call;
    const x = inputs[0]!;
    const kept = [config.axis < 0 ? config.axis + x.shape.length : config.axis];
    const laid = (vector: Value | undefined) => (vector === undefined ? undefined : along(vector, x, kept));
    const moving = { mean: laid(weights.moving_mean)!, variance: laid(weights.moving_variance)! };
    const moments = call.training && call.trainable ? batchMoments(x, kept, masks[0]) : moving;
    if (moments !== moving) keepMoving(call, moments, x.shape[kept[0]!]!);
    const scale = { gamma: laid(weights.gamma), beta: laid(weights.beta) };
    return { outputs: [normalize(x, { ...moments, ...scale }, config.epsilon)] };
  },
});

interface Moments {
  readonly mean: Value;
  readonly variance: Value;
}

/** Mean and (biased) variance over all other axes; with a mask over the valid steps, divided by their count + 1e-7 as in Keras. */
function batchMoments(x: Value, kept: readonly number[], mask: Value | undefined): Moments {
  const axes = otherAxes(x.shape.length, kept);
  if (mask === undefined) return momentsOver(x, axes);
  const missing = x.shape.length - mask.shape.length;
  const wide = broadcastTo(reshape(mask, [...mask.shape, ...new Array<number>(missing).fill(1)]), x.shape);
  const count = reduce("sum", wide, axes);
  const meanOf = (values: Value): Value =>
    map([reduce("sum", values, axes), count], ([sum, n]) => sum!.over(n!.plus(1e-7)));
  const mean = meanOf(map([x, wide], ([value, m]) => value!.times(m!)));
  const squares = map([x, wide, mean], ([value, m, mu]) => m!.times(value!.times(m!).minus(mu!).squared()));
  return { mean, variance: meanOf(squares) };
}

function momentsOver(x: Value, axes: readonly number[]): Moments {
  const count = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
  const mean = map([reduce("sum", x, axes)], ([sum]) => sum!.over(count));
  const squares = map([x, mean], ([value, mu]) => value!.minus(mu!).squared());
  return { mean, variance: map([reduce("sum", squares, axes)], ([sum]) => sum!.over(count)) };
}

function keepMoving(
  { config, weights, update }: Call<fields.ConfigOf<typeof batchFields>>,
  { mean, variance }: Moments,
  features: number,
): void {
  const mix = (old: Value, now: Value): Value =>
    map([old, reshape(now, [features])], ([a, b]) => a!.times(config.momentum).plus(b!.times(1 - config.momentum)));
  update("moving_mean", mix(weights.moving_mean!, mean));
  update("moving_variance", mix(weights.moving_variance!, variance));
}

/** An axis or a list of axes. */
function checkAxes(value: unknown, where: string, option: string): readonly number[] {
  const list = Array.isArray(value) ? value : [value];
  if (list.length > 0 && list.every((axis) => Number.isInteger(axis))) return list;
  throw fields.badOption(where, option, "an axis or a list of axes", value);
}

/* @__NO_SIDE_EFFECTS__ */
function axesField(doc: string): fields.Field<readonly number[], number | readonly number[]> {
  return { kind: "integers", doc, default: [-1], check: checkAxes };
}

export const layerNormalization = defineLayer({
  className: "LayerNormalization",
  doc: "Each example (and timestep) to mean 0 and variance 1 over its features.",
  fields: {
    axis: axesField("The axes to normalize over."),
    epsilon: fields.number("Added to the variance.", 1e-3),
    rmsScaling: fields.boolean("Divide by the deviation only: no mean and no shift.", false),
    ...scaleFields,
  },
  inputRank: { min: 2 },
  passesMask: true,
  weights(config, [input], name) {
    const shape = axesOf(config.axis, input!, name).map((axis) => input![axis]!);
    return scaleWeights(config.rmsScaling ? { ...config, scale: true, center: false } : config, shape);
  },
  outputSizes: (_, [input]) => [input!],
  compute({ config, inputs: [x], weights }) {
    const axes = config.axis.map((axis) => (axis < 0 ? axis + x!.shape.length : axis)).sort((a, b) => a - b);
    const laid = (vector: Value | undefined) => (vector === undefined ? undefined : along(vector, x!, axes));
    const { mean, variance } = momentsOver(x!, axes);
    const scale = { gamma: laid(weights.gamma), beta: laid(weights.beta) };
    if (!config.rmsScaling) return { outputs: [normalize(x!, { mean, variance, ...scale }, config.epsilon)] };
    // Keras divides by the variance around the mean here too.
    return { outputs: [normalize(x!, { variance, gamma: scale.gamma }, config.epsilon)] };
  },
});

type Statistics = number | readonly number[] | null;

function checkStatistics(value: unknown, where: string, option: string): Statistics {
  if (value === null || typeof value === "number") return value;
  const flat = Array.isArray(value) ? value.flat(Number.POSITIVE_INFINITY) : [];
  if (flat.length > 0 && flat.every((entry) => typeof entry === "number")) return flat;
  throw fields.badOption(where, option, "a number, a list of numbers or null", value);
}

function checkKeptAxes(value: unknown, where: string, option: string): readonly number[] {
  return value === null ? [] : checkAxes(value, where, option);
}

const normalizationFields = {
  axis: { ...axesField("Axes that have statistics of their own; none = one mean for all."), check: checkKeptAxes },
  mean: fields.any<Statistics>(
    "Known means; null = the layer's own array, set by adapting or loading.",
    null,
    checkStatistics,
  ),
  variance: fields.any<Statistics>("Known variances.", null, checkStatistics),
  invert: fields.boolean("Undo the scaling instead.", false),
};

export const normalization = defineLayer({
  className: "Normalization",
  doc: "Each feature to mean 0 and variance 1 by statistics of the training data.",
  fields: normalizationFields,
  inputRank: { min: 1 },
  check({ mean, variance }, where) {
    if ((mean === null) !== (variance === null)) {
      throw new UnrollError({
        code: "option",
        path: where,
        expected: "mean and variance go together: give both or neither",
      });
    }
  },
  weights(config, [input], name) {
    if (config.mean !== null) return [];
    const shape = axesOf(config.axis, input!, name).map((axis) => input![axis]!);
    const known = (className: string) => ({ className, config: {} });
    return [
      { name: "mean", shape, initializer: known("Zeros"), trainable: false },
      { name: "variance", shape, initializer: known("Ones"), trainable: false },
      { name: "count", shape: [], initializer: known("Zeros"), trainable: false },
    ];
  },
  outputSizes: (_, [input]) => [input!],
  compute({ config, inputs: [x], weights }) {
    const kept = config.axis.map((axis) => (axis < 0 ? axis + x!.shape.length : axis)).sort((a, b) => a - b);
    const statistic = (given: Statistics, own: Value | undefined): Value =>
      along(own ?? constants(given, x!, kept), x!, kept);
    const mean = statistic(config.mean, weights.mean);
    const deviation = map([statistic(config.variance, weights.variance)], ([v]) => v!.sqrt().max(1e-7));
    const operands = [x!, mean, deviation];
    return {
      outputs: [
        config.invert
          ? map(operands, ([value, m, d]) => value!.times(d!).plus(m!))
          : map(operands, ([value, m, d]) => value!.minus(m!).over(d!)),
      ],
    };
  },
});

/** Numbers of the config as values, one for each entry of the kept axes. */
function constants(given: Statistics, x: Value, kept: readonly number[]): Value {
  const shape = kept.map((axis) => x.shape[axis]!);
  const count = shape.reduce((product, size) => product * size, 1);
  const list = typeof given === "number" ? [given] : (given ?? []);
  const parts = Array.from({ length: list.length === 1 ? 1 : count }, (_, i) => filled([1], list[i % list.length]!));
  const flat = parts.length === count ? concat(parts, 0) : broadcastTo(parts[0]!, [count]);
  return reshape(flat, shape);
}

export const unitNormalization = defineLayer({
  className: "UnitNormalization",
  doc: "Gives each vector the length 1.",
  fields: { axis: axesField("The axes along which a vector lies.") },
  passesMask: true,
  outputSizes(config, [input], _, name) {
    axesOf(config.axis, input!, name);
    return [input!];
  },
  compute({ config, inputs: [x] }) {
    const axes = config.axis.map((axis) => (axis < 0 ? axis + x!.shape.length : axis));
    const squares = reduce(
      "sum",
      map([x!], ([value]) => value!.squared()),
      axes,
    );
    return { outputs: [map([x!, squares], ([value, square]) => value!.over(square!.max(1e-24).sqrt()))] };
  },
});
