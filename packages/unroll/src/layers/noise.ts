/** Layers that change values at random in training and do nothing otherwise: Dropout and its kin. */
import { select } from "../equations/expr.ts";
import { map, random } from "../program/builder.ts";
import type { Value } from "../program/program.ts";
import { type Call, defineLayer, type LayerType, type Result } from "./contract.ts";
import { keepFactors } from "./dropping.ts";
import * as fields from "./fields.ts";
import { dataFormat } from "./window-fields.ts";

const seed = fields.optionalInteger("Kept for files; randomness comes from the run's seed.", { least: 0 });
const rate = fields.requiredRate("Share of values to drop.");

/** A layer that is `change` in training and passes its input on otherwise. */
/* @__NO_SIDE_EFFECTS__ */
function onlyInTraining<const F extends fields.Fields>(
  facts: Pick<LayerType<F>, "className" | "doc" | "fields" | "inputRank" | "check">,
  change: (x: Value, config: fields.ConfigOf<F>, name: string) => Value,
): LayerType<F> {
  return defineLayer({
    ...facts,
    passesMask: true,
    outputSizes: (_, [input]) => [input!],
    compute: ({ config, inputs, training, name }: Call<fields.ConfigOf<F>>): Result => ({
      outputs: [training ? change(inputs[0]!, config, name) : inputs[0]!],
    }),
  });
}

function times(x: Value, factors: Value): Value {
  return map([x, factors], ([value, factor]) => value!.times(factor!));
}

function checkNoiseShape(value: unknown, where: string, option: string): readonly (number | null)[] | null {
  const good = (size: unknown): boolean =>
    size === null || (typeof size === "number" && Number.isInteger(size) && size > 0);
  if (value === null || (Array.isArray(value) && value.every(good))) return value;
  throw fields.badOption(where, option, "a list with a size or null for each axis", value);
}

const noiseShape = fields.any<readonly (number | null)[] | null>(
  "Shape of the drawn factors; 1 shares one along that axis, null = the input's size.",
  null,
  checkNoiseShape,
);

function shapeOfNoise(x: Value, shape: readonly (number | null)[] | null): readonly number[] {
  return shape === null ? x.shape : shape.map((size, axis) => size ?? x.shape[axis]!);
}

export const dropout = onlyInTraining(
  {
    className: "Dropout",
    doc: "Drops values at random in training and scales the others up.",
    fields: { rate, noiseShape, seed },
  },
  (x, config) => (config.rate === 0 ? x : times(x, keepFactors(shapeOfNoise(x, config.noiseShape), config.rate))),
);

/** What SELU comes to for large negative inputs. */
const SELU_FLOOR = -1.0507009873554805 * 1.6732632423543774;

export const alphaDropout = onlyInTraining(
  {
    className: "AlphaDropout",
    doc: "Puts values at SELU's floor at random in training, and keeps mean and variance. Klambauer and others, 2017.",
    fields: { rate, noiseShape, seed },
    check({ rate: share }, where) {
      if (share === 1) throw fields.badOption(where, "rate", "below 1", share);
    },
  },
  (x, { rate: share, noiseShape: shape }) => {
    if (share === 0) return x;
    const scale = 1 / Math.sqrt((1 - share) * (1 + share * SELU_FLOOR ** 2));
    const shift = -scale * SELU_FLOOR * share;
    return map([x, random(shapeOfNoise(x, shape), "uniform")], ([value, u]) =>
      select(u!.lessThan(share), SELU_FLOOR, value!).times(scale).plus(shift),
    );
  },
);

export const spatialDropout1d = onlyInTraining(
  {
    className: "SpatialDropout1D",
    doc: "Drops whole features at random in training: the same at every timestep.",
    fields: { rate, seed },
    inputRank: { min: 3, max: 3 },
  },
  (x, config) => (config.rate === 0 ? x : times(x, keepFactors([x.shape[0]!, 1, x.shape[2]!], config.rate))),
);

export const spatialDropout2d = onlyInTraining(
  {
    className: "SpatialDropout2D",
    doc: "Drops whole channels at random in training: the same at every place of an image.",
    fields: {
      rate,
      seed,
      dataFormat,
    },
    inputRank: { min: 4, max: 4 },
  },
  (x, config) => {
    if (config.rate === 0) return x;
    const [batch, a, , b] = x.shape as [number, number, number, number];
    const shape = config.dataFormat === "channels_last" ? [batch, 1, 1, b] : [batch, a, 1, 1];
    return times(x, keepFactors(shape, config.rate));
  },
);

export const gaussianNoise = onlyInTraining(
  {
    className: "GaussianNoise",
    doc: "Adds normal noise in training.",
    fields: { stddev: fields.requiredNumber("Standard deviation of the noise."), seed },
    check({ stddev }, where) {
      if (stddev < 0) throw fields.badOption(where, "stddev", "zero or more", stddev);
    },
  },
  (x, { stddev }) => map([x, random(x.shape, "normal")], ([value, noise]) => value!.plus(noise!.times(stddev))),
);

export const gaussianDropout = onlyInTraining(
  {
    className: "GaussianDropout",
    doc: "Multiplies by normal noise around 1 in training.",
    fields: { rate, seed },
    check({ rate: share }, where) {
      if (share === 1) throw fields.badOption(where, "rate", "below 1", share);
    },
  },
  (x, config) => {
    const deviation = Math.sqrt(config.rate / (1 - config.rate));
    return map([x, random(x.shape, "normal")], ([value, noise]) => value!.times(noise!.times(deviation).plus(1)));
  },
);
