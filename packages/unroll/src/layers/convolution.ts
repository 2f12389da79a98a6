/**
 * Conv1D, Conv2D and Conv3D: a dense layer over every window of neighbouring steps. In one dimension without dilation the windows
 * overlap in memory, so nothing is copied.
 */
import { UnrollError } from "../core/errors.ts";
import { sizeOf } from "../core/shape.ts";
import { type Expr, letter } from "../equations/expr.ts";
import { concat, map, matmul, reshape, slice, view } from "../program/builder.ts";
import type { Value } from "../program/program.ts";
import { activate } from "./activations.ts";
import { type Call, defineLayer, type LayerType, type Sizes, type WeightSpec } from "./contract.ts";
import * as fields from "./fields.ts";
import { biasOf, kernelFields } from "./kernel-bias.ts";
import { sizeValue } from "./sizes.ts";
import { dataFormat, slidingPadding } from "./window-fields.ts";
import {
  channelsBack,
  channelsLast,
  ones,
  padFor,
  valueChannelsBack,
  valueChannelsLast,
  type Window,
  windowCounts,
  windowsOf,
} from "./windows.ts";

function convolutionFields(rank: number) {
  return {
    filters: fields.positiveInteger("Channels of the output."),
    kernelSize: fields.requiredIntegers("Steps that a window sees.", rank),
    strides: fields.integers("Steps from one window to the next.", rank, ones(rank)),
    padding: slidingPadding(rank),
    dataFormat,
    dilationRate: fields.integers("Distance between the steps that a window sees.", rank, ones(rank)),
    groups: fields.integer("Channels are split into this many groups, each with its own filters.", 1),
    ...kernelFields,
  };
}

type Config = fields.ConfigOf<ReturnType<typeof convolutionFields>>;

/* @__NO_SIDE_EFFECTS__ */
function convolution(rank: number): LayerType<ReturnType<typeof convolutionFields>> {
  return defineLayer({
    className: `Conv${rank}D`,
    doc: "Every output step is a weighted sum of the steps in a window, with the same weights everywhere.",
    fields: convolutionFields(rank),
    inputRank: { min: rank + 2, max: rank + 2 },
    check: checkConvolution,
    weights: (config, [input], name) => weightsOf(config, input!, name),
    outputSizes(config, [input], _, name) {
      const [batch, ...rest] = channelsLast(input!, config.dataFormat) as [Expr, ...Expr[]];
      const counts = windowCounts(rest.slice(0, -1), windowOf(config), name, "kernelSize");
      return [channelsBack([batch, ...counts, filtersLetter(config)], config.dataFormat)];
    },
    compute: (call) => ({ outputs: [convolve(call)] }),
  });
}

const filtersLetter = ({ filters }: Config): Expr => letter("f", filters, "filters", "option filters");

/** What a window is in both kinds of convolution. */
export function windowOf(config: Pick<Config, "kernelSize" | "strides" | "dilationRate" | "padding">): Window {
  return {
    size: config.kernelSize,
    strides: config.strides,
    dilation: config.dilationRate,
    padding: config.padding,
  };
}

export function checkStrides(config: Pick<Config, "strides" | "dilationRate">, where: string): void {
  if (config.strides.every((stride) => stride === 1) || config.dilationRate.every((rate) => rate === 1)) return;
  throw new UnrollError({
    code: "option",
    path: where,
    expected: "strides above 1 and dilationRate above 1 do not go together",
    received: `strides = [${config.strides}], dilationRate = [${config.dilationRate}]`,
    hint: "Set one of them to 1.",
  });
}

function checkConvolution(config: Config, where: string): void {
  checkStrides(config, where);
  if (config.filters % config.groups === 0) return;
  throw new UnrollError({
    code: "option",
    path: where,
    expected: "filters must divide by groups",
    received: `filters = ${config.filters}, groups = ${config.groups}`,
    hint: "Choose filters that are a multiple of groups.",
  });
}

function weightsOf(config: Config, input: Sizes, name: string): WeightSpec[] {
  const channels = channelsLast(input, config.dataFormat).at(-1)!;
  const groups = letter("g", config.groups, "groups", "option groups");
  const count = sizeValue(channels);
  if (count !== null && count % config.groups !== 0) {
    throw new UnrollError({
      code: "shape",
      path: name,
      expected: `the input's channels must divide by groups = ${config.groups}`,
      received: `channels = ${count}`,
      hint: "Choose groups that divides the channels of the input and the filters.",
    });
  }
  const marks = config.kernelSize.length === 1 ? [""] : config.kernelSize.map((_, axis) => `_${axis + 1}`);
  const kernel = config.kernelSize.map((size, axis) =>
    letter(`k${marks[axis]}`, size, "window size", "option kernelSize"),
  );
  return [
    {
      name: "kernel",
      shape: [...kernel, config.groups === 1 ? channels : channels.over(groups), filtersLetter(config)],
      initializer: config.kernelInitializer,
      regularizer: config.kernelRegularizer,
      constraint: config.kernelConstraint,
    },
    ...biasOf(config, filtersLetter(config)),
  ];
}

/** Bias and activation on `[batch, ...counts, channels]`, then the layer's own order of axes. */
export function finish(
  sum: Value,
  bias: Value | undefined,
  { activation, dataFormat }: Pick<Config, "activation" | "dataFormat">,
): Value {
  const shifted = bias === undefined ? sum : map([sum, bias], ([a, b]) => a!.plus(b!));
  return valueChannelsBack(activate(activation, shifted), dataFormat);
}

function convolve({ config, inputs, weights }: Call<Config>): Value {
  const window = windowOf(config);
  const padded = padFor(valueChannelsLast(inputs[0]!, config.dataFormat), window);
  const kernel = weights.kernel!;
  const channels = padded.shape.at(-1)! / config.groups;
  const filters = config.filters / config.groups;
  const rows = sizeOf(config.kernelSize) * channels;
  const sums = Array.from({ length: config.groups }, (_, group) => {
    const own =
      config.groups === 1 ? kernel : slice(kernel, kernel.shape.length - 1, group * filters, (group + 1) * filters);
    return matmul(flatWindows(padded, window, group * channels, channels), reshape(own, [rows, filters]));
  });
  return finish(concat(sums, padded.shape.length - 1), weights.bias, config);
}

/** A convolution without bias of `[batch, ...steps, channels]` with a kernel `[...size, channels, filters]`. */
export function convolved(x: Value, kernel: Value, window: Window): Value {
  const padded = padFor(x, window);
  const channels = padded.shape.at(-1)!;
  const rows = sizeOf(window.size) * channels;
  return matmul(flatWindows(padded, window, 0, channels), reshape(kernel, [rows, kernel.shape.at(-1)!]));
}

/** Windows over some of the channels, each as one row: `[batch, ...counts, positions × channels]`. */
function flatWindows(x: Value, window: Window, first: number, channels: number): Value {
  const all = windowsOf(x, window);
  const counts = all.shape.slice(0, window.size.length + 1);
  const positions = sizeOf(window.size);
  const whole = channels === x.shape.at(-1);
  if (whole && window.size.length === 1 && window.dilation[0] === 1) {
    const [batch, steps] = [x.shape[1]! * channels, window.strides[0]! * channels];
    return view(x, [...counts, positions * channels], [batch, steps, 1]);
  }
  const part = whole ? all : slice(all, all.shape.length - 1, first, first + channels);
  return reshape(part, [...counts, positions * channels]);
}

export const conv1d = convolution(1);
export const conv2d = convolution(2);
export const conv3d = convolution(3);
