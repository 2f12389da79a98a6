/** Layers that are one function of each value: Activation, ReLU, LeakyReLU, ELU, PReLU, ThresholdedReLU, Softmax, Rescaling. */
import { UnrollError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import { eluOf, leakyReluOf, reluOf, softmax, thresholdedReluOf } from "../equations/activations.ts";
import { apply, type NamedFunction, one, select } from "../equations/expr.ts";
import { map, reduce, reshape, transpose } from "../program/builder.ts";
import type { Value } from "../program/program.ts";
import { activate } from "./activations.ts";
import { defineLayer, type LayerType } from "./contract.ts";
import * as fields from "./fields.ts";
import { axesOf } from "./sizes.ts";

/** A layer that is a named function of each value. */
/* @__NO_SIDE_EFFECTS__ */
function functionLayer<const F extends fields.Fields>(
  facts: Pick<LayerType<F>, "className" | "doc" | "fields" | "check">,
  functionOf: (config: fields.ConfigOf<F>) => NamedFunction,
): LayerType<F> {
  return defineLayer({
    ...facts,
    passesMask: true,
    functionOf,
    outputSizes: (_, [input]) => [input!],
    compute: ({ config, inputs: [x] }) => {
      const fn = functionOf(config as fields.ConfigOf<F>); // what this type's own fields checked
      return { outputs: [map([x!], ([value]) => apply(fn, value!))] };
    },
  });
}

export const activationLayer = defineLayer({
  className: "Activation",
  doc: "A function on every value.",
  fields: { activation: fields.requiredActivation("The function, by Keras's name.") },
  passesMask: true,
  outputSizes: (_, [input]) => [input!],
  compute: ({ config, inputs: [x] }) => ({ outputs: [activate(config.activation, x!)] }),
});

export const relu = functionLayer(
  {
    className: "ReLU",
    doc: "x above a threshold, nothing (or a slope) below.",
    fields: {
      maxValue: fields.optionalNumber("Larger values are cut to this; null = not.", { least: 0 }),
      negativeSlope: fields.number("Slope below the threshold.", 0, { least: 0 }),
      threshold: fields.number("Values below this are taken for negative.", 0, { least: 0 }),
    },
  },
  ({ maxValue, negativeSlope, threshold }) =>
    reluOf({ negativeSlope, threshold, ...(maxValue === null ? {} : { maxValue }) }),
);

export const leakyRelu = functionLayer(
  {
    className: "LeakyReLU",
    doc: "x above zero, a small slope below.",
    fields: { negativeSlope: fields.number("Slope below zero.", 0.3, { least: 0 }) },
  },
  ({ negativeSlope }) => leakyReluOf(negativeSlope),
);

export const elu = functionLayer(
  {
    className: "ELU",
    doc: "x above zero, alpha × (exp(x) − 1) below.",
    fields: { alpha: fields.number("Scale below zero.", 1) },
  },
  ({ alpha }) => eluOf(alpha),
);

export const thresholdedRelu = functionLayer(
  {
    className: "ThresholdedReLU",
    doc: "x above theta, zero elsewhere (Keras 2).",
    fields: { theta: fields.number("Values up to this become zero.", 1, { least: 0 }) },
  },
  ({ theta }) => thresholdedReluOf(theta),
);

function checkAxes(value: unknown, where: string, option: string): readonly number[] | null {
  const list = typeof value === "number" ? [value] : value;
  if (list === null || (Array.isArray(list) && list.every((axis) => Number.isInteger(axis) && axis > 0))) return list;
  throw fields.badOption(where, option, "a list of axes, counted from 1", value);
}

export const prelu = defineLayer({
  className: "PReLU",
  doc: "x above zero, a trainable slope below.",
  fields: {
    alphaInitializer: fields.initializer("First slopes.", "zeros"),
    alphaRegularizer: fields.regularizer("Penalty on the slopes."),
    alphaConstraint: fields.constraint("What the slopes are kept to."),
    sharedAxes: fields.any<readonly number[] | null>(
      "Axes along which one slope serves all, such as [1].",
      null,
      checkAxes,
    ),
  },
  inputRank: { min: 2 },
  passesMask: true,
  weights: (config, [input]) => [
    {
      name: "alpha",
      shape: input!.slice(1).map((size, index) => (config.sharedAxes?.includes(index + 1) ? one : size)),
      initializer: config.alphaInitializer,
      regularizer: config.alphaRegularizer,
      constraint: config.alphaConstraint,
    },
  ],
  outputSizes: (_, [input]) => [input!],
  compute: ({ inputs: [x], weights }) => ({
    outputs: [map([x!, weights.alpha!], ([value, alpha]) => value!.max(0).plus(alpha!.times(value!.min(0))))],
  }),
});

export const softmaxLayer = defineLayer({
  className: "Softmax",
  doc: "Exponentials that sum to one along an axis.",
  fields: {
    axis: fields.any<number | readonly number[]>("Axis (or axes), counted from the end when negative.", -1, checkAxis),
  },
  passesMask: true,
  functionOf({ axis }, name) {
    if (String(axis) === "-1") return softmax;
    throw fields.badOption(name, "axis", "-1 for a Softmax that is an activation", axis);
  },
  outputSizes({ axis }, [input], _, name) {
    axesOf([axis].flat(), input!, name);
    return [input!];
  },
  compute({ config, inputs: [x], masks: [mask], name }) {
    if (mask !== undefined) checkMask(mask, x!, name);
    const axes = (typeof config.axis === "number" ? [config.axis] : config.axis).map((axis) =>
      axis < 0 ? axis + x!.shape.length : axis,
    );
    return { outputs: [axes.length === 1 ? softmaxAlong(x!, axes[0]!, mask) : softmaxOver(x!, axes)] };
  },
});

/** Keras lays the mask's axes on the input's last ones, whatever they are. */
function checkMask(mask: Value, x: Value, name: string): void {
  const last = x.shape.slice(-mask.shape.length);
  if (mask.shape.every((size, axis) => size === 1 || last[axis] === 1 || size === last[axis])) return;
  throw new UnrollError({
    code: "shape",
    path: name,
    expected: "a mask must have the sizes of the input's last axes",
    received: `mask ${formatShape(mask.shape)}, input ${formatShape(x.shape)}, the batch first`,
    hint: 'Keras has no such Softmax either. Activation("softmax") takes no mask into account.',
  });
}

function checkAxis(value: unknown, where: string, option: string): number | readonly number[] {
  if (Number.isInteger(value)) return value as number; // an integer
  if (Array.isArray(value) && value.length > 0 && value.every((axis) => Number.isInteger(axis))) return value;
  throw fields.badOption(where, option, "an axis or a list of axes", value);
}

/** Softmax over several axes at once. */
function softmaxOver(x: Value, axes: readonly number[]): Value {
  const powers = map([x, reduce("max", x, axes)], ([value, largest]) => value!.minus(largest!).exp());
  return map([powers, reduce("sum", powers, axes)], ([power, total]) => power!.over(total!));
}

/** Softmax along one axis; where `mask` is 0 the result is 0. The mask broadcasts to the input's shape from its last axis. */
function softmaxAlong(x: Value, axis: number, mask?: Value): Value {
  const last = x.shape.length - 1;
  const order = x.shape.map((_, index) => (index === axis ? last : index === last ? axis : index));
  const turned = axis === last ? x : transpose(x, order);
  const kept = mask === undefined ? undefined : turnedMask(mask, x, order);
  const shares =
    kept === undefined
      ? map([turned], ([value]) => apply(softmax, value!))
      : map([turned, kept], ([value, m]) => select(m!, apply(softmax, select(m!, value!, -1e9)), 0));
  return axis === last ? shares : transpose(shares, order);
}

function turnedMask(mask: Value, x: Value, order: readonly number[]): Value {
  const full = reshape(mask, [...new Array<number>(x.shape.length - mask.shape.length).fill(1), ...mask.shape]);
  return transpose(full, order);
}

export const rescaling = defineLayer({
  className: "Rescaling",
  doc: "x × scale + offset.",
  fields: {
    scale: fields.requiredNumber("Factor."),
    offset: fields.number("What is added.", 0),
  },
  passesMask: true,
  outputSizes: (_, [input]) => [input!],
  compute: ({ config, inputs: [x] }) => ({
    outputs: [map([x!], ([value]) => value!.times(config.scale).plus(config.offset))],
  }),
});
