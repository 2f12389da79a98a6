/** DepthwiseConv1D, 2D: a filter of its own for each channel. SeparableConv1D, 2D: the same, then a dense layer over the channels. */
import { type Expr, letter } from "../equations/expr.ts";
import { map, matmul, reduce, reshape } from "../program/builder.ts";
import type { Value } from "../program/program.ts";
import { defineLayer, type LayerType, type Sizes, type WeightSpec } from "./contract.ts";
import { checkStrides, finish, windowOf } from "./convolution.ts";
import * as fields from "./fields.ts";
import { biasOf } from "./kernel-bias.ts";
import { dataFormat, slidingPadding } from "./window-fields.ts";
import { channelsBack, channelsLast, ones, padFor, valueChannelsLast, windowCounts, windowsOf } from "./windows.ts";

const sharedFields = (rank: number) => ({
  kernelSize: fields.requiredIntegers("Steps that a window sees.", rank),
  strides: fields.integers("Steps from one window to the next.", rank, ones(rank)),
  padding: slidingPadding(rank),
  depthMultiplier: fields.integer("Filters for each channel.", 1),
  dataFormat,
  dilationRate: fields.integers("Distance between the steps that a window sees.", rank, ones(rank)),
  activation: fields.activation("Function on the output.", "linear"),
  useBias: fields.boolean("Add a trainable vector.", true),
  depthwiseInitializer: fields.initializer("First numbers of the channels' filters.", "glorot_uniform"),
  biasInitializer: fields.initializer("First numbers of the bias.", "zeros"),
  depthwiseRegularizer: fields.regularizer("Penalty on the channels' filters."),
  biasRegularizer: fields.regularizer("Penalty on the bias."),
  activityRegularizer: fields.regularizer("Penalty on the output."),
  depthwiseConstraint: fields.constraint("What the channels' filters are kept to."),
  biasConstraint: fields.constraint("What the bias is kept to."),
});
type Shared = fields.ConfigOf<ReturnType<typeof sharedFields>>;

const multiplierLetter = (config: Shared): Expr =>
  letter("m", config.depthMultiplier, "filters for each channel", "option depthMultiplier");

function sizeLetters({ kernelSize }: Shared): Expr[] {
  return kernelSize.map((size, axis) =>
    letter(kernelSize.length === 1 ? "k" : `k_${axis + 1}`, size, "window size", "option kernelSize"),
  );
}

/** `[...kernel size, channels, multiplier]` */
function depthwiseKernel(config: Shared, channels: Expr, name: string): WeightSpec {
  return {
    name,
    shape: [...sizeLetters(config), channels, multiplierLetter(config)],
    initializer: config.depthwiseInitializer,
    regularizer: config.depthwiseRegularizer,
    constraint: config.depthwiseConstraint,
  };
}

function sizesWith(config: Shared, input: Sizes, channelsOf: (channels: Expr) => Expr, name: string): Sizes {
  const [batch, ...rest] = channelsLast(input, config.dataFormat) as [Expr, ...Expr[]];
  const counts = windowCounts(rest.slice(0, -1), windowOf(config), name, "kernelSize");
  return channelsBack([batch, ...counts, channelsOf(rest.at(-1)!)], config.dataFormat);
}

/** `[batch, ...steps, channels × multiplier]`; the filters of one channel stand together. */
function depthwise(input: Value, kernel: Value, config: Shared): Value {
  const window = windowOf(config);
  const windows = windowsOf(padFor(valueChannelsLast(input, config.dataFormat), window), window);
  const rank = config.kernelSize.length;
  const counts = windows.shape.slice(0, rank + 1);
  const channels = windows.shape.at(-1)!;
  const products = map([reshape(windows, [...windows.shape, 1]), kernel], ([x, w]) => x!.times(w!));
  const positions = config.kernelSize.map((_, axis) => rank + 1 + axis);
  return reshape(reduce("sum", products, positions), [...counts, channels * config.depthMultiplier]);
}

/* @__NO_SIDE_EFFECTS__ */
function depthwiseConvolution(rank: number): LayerType<ReturnType<typeof sharedFields>> {
  return defineLayer({
    className: `DepthwiseConv${rank}D`,
    doc: "A convolution that keeps the channels apart.",
    fields: sharedFields(rank),
    inputRank: { min: rank + 2, max: rank + 2 },
    check: checkStrides,
    weights(config, [input]) {
      const channels = channelsLast(input!, config.dataFormat).at(-1)!;
      return [depthwiseKernel(config, channels, "kernel"), ...biasOf(config, channels.times(multiplierLetter(config)))];
    },
    outputSizes: (config, [input], _, name) => [
      sizesWith(config, input!, (channels) => channels.times(multiplierLetter(config)), name),
    ],
    compute: ({ config, inputs, weights }) => ({
      outputs: [finish(depthwise(inputs[0]!, weights.kernel!, config), weights.bias, config)],
    }),
  });
}

function separableFields(rank: number) {
  const { kernelSize, strides, padding, dataFormat, dilationRate, depthMultiplier, activation, useBias, ...rest } =
    sharedFields(rank);
  return {
    filters: fields.positiveInteger("Channels of the output."),
    kernelSize,
    strides,
    padding,
    dataFormat,
    dilationRate,
    depthMultiplier,
    activation,
    useBias,
    ...rest,
    pointwiseInitializer: fields.initializer("First numbers of the dense part.", "glorot_uniform"),
    pointwiseRegularizer: fields.regularizer("Penalty on the dense part."),
    pointwiseConstraint: fields.constraint("What the dense part is kept to."),
  };
}

/* @__NO_SIDE_EFFECTS__ */
function separableConvolution(rank: number): LayerType<ReturnType<typeof separableFields>> {
  return defineLayer({
    className: `SeparableConv${rank}D`,
    doc: "A convolution within each channel, then a dense layer over the channels.",
    fields: separableFields(rank),
    inputRank: { min: rank + 2, max: rank + 2 },
    check: checkStrides,
    weights(config, [input]) {
      const channels = channelsLast(input!, config.dataFormat).at(-1)!;
      const filters = letter("f", config.filters, "filters", "option filters");
      const window = Array.from({ length: rank }, () => letter("1", 1, "window size of the dense part", "always 1"));
      return [
        depthwiseKernel(config, channels, "depthwise_kernel"),
        {
          name: "pointwise_kernel",
          shape: [...window, channels.times(multiplierLetter(config)), filters],
          initializer: config.pointwiseInitializer,
          regularizer: config.pointwiseRegularizer,
          constraint: config.pointwiseConstraint,
        },
        ...biasOf(config, filters),
      ];
    },
    outputSizes: (config, [input], _, name) => [
      sizesWith(config, input!, () => letter("f", config.filters, "filters", "option filters"), name),
    ],
    compute({ config, inputs, weights }) {
      const apart = depthwise(inputs[0]!, weights.depthwise_kernel!, config);
      const pointwise = reshape(weights.pointwise_kernel!, [apart.shape.at(-1)!, config.filters]);
      return { outputs: [finish(matmul(apart, pointwise), weights.bias, config)] };
    },
  });
}

export const depthwiseConv1d = depthwiseConvolution(1);
export const depthwiseConv2d = depthwiseConvolution(2);
export const separableConv1d = separableConvolution(1);
export const separableConv2d = separableConvolution(2);
