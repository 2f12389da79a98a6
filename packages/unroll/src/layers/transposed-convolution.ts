/**
 * Conv1DTranspose, Conv2DTranspose, Conv3DTranspose: every input step adds its weighted kernel to the output, strides apart.
 * Written as a convolution: zeros between the steps, then windows with the kernel turned around.
 */
import { UnrollError } from "../core/errors.ts";
import { sizeOf } from "../core/shape.ts";
import { type Expr, letter } from "../equations/expr.ts";
import { matmul, pad, reshape, reverse, slice, transpose } from "../program/builder.ts";
import type { Value } from "../program/program.ts";
import { type Call, defineLayer, type LayerType, type Sizes } from "./contract.ts";
import { finish } from "./convolution.ts";
import * as fields from "./fields.ts";
import { biasOf, kernelFields } from "./kernel-bias.ts";
import { dataFormat, padding } from "./window-fields.ts";
import { channelsBack, channelsLast, ones, valueChannelsLast, windowsOf } from "./windows.ts";

function transposedFields(rank: number) {
  return {
    filters: fields.positiveInteger("Channels of the output."),
    kernelSize: fields.requiredIntegers("Output steps that one input step adds to.", rank),
    strides: fields.integers("Output steps from one input step to the next.", rank, ones(rank)),
    padding: padding("valid: everything; same: as many steps as input × stride.", ["valid", "same"]),
    outputPadding: fields.optionalIntegers("Steps added at the end; only null is computed.", rank),
    dataFormat,
    dilationRate: fields.integers("Distance between the steps of a kernel; only 1 is computed.", rank, ones(rank)),
    ...kernelFields,
  };
}

type Config = fields.ConfigOf<ReturnType<typeof transposedFields>>;

/* @__NO_SIDE_EFFECTS__ */
function transposedConvolution(rank: number): LayerType<ReturnType<typeof transposedFields>> {
  return defineLayer({
    className: `Conv${rank}DTranspose`,
    doc: "Every input step adds a weighted kernel to the output: more steps come out than go in.",
    fields: transposedFields(rank),
    inputRank: { min: rank + 2, max: rank + 2 },
    check: checkOptions,
    weights(config, [input]) {
      const channels = channelsLast(input!, config.dataFormat).at(-1)!;
      const filters = letter("f", config.filters, "filters", "option filters");
      const kernel = config.kernelSize.map((size, axis) =>
        letter(mark("k", axis, rank), size, "kernel size", "option kernelSize"),
      );
      return [
        {
          name: "kernel",
          shape: [...kernel, filters, channels],
          initializer: config.kernelInitializer,
          regularizer: config.kernelRegularizer,
          constraint: config.kernelConstraint,
        },
        ...biasOf(config, filters),
      ];
    },
    outputSizes(config, [input]) {
      const [batch, ...rest] = channelsLast(input!, config.dataFormat) as [Expr, ...Expr[]];
      const filters = letter("f", config.filters, "filters", "option filters");
      return [channelsBack([batch, ...lengths(config, rest.slice(0, -1)), filters], config.dataFormat)];
    },
    compute: (call) => ({ outputs: [convolveBack(call)] }),
  });
}

const mark = (name: string, axis: number, rank: number): string => (rank === 1 ? name : `${name}_${axis + 1}`);

function checkOptions({ dilationRate, outputPadding }: Config, where: string): void {
  if (outputPadding === null && dilationRate.every((rate) => rate === 1)) return;
  throw new UnrollError({
    code: "unsupported",
    path: where,
    expected: "a transposed convolution with outputPadding or dilationRate cannot be computed",
    received: `outputPadding = ${outputPadding === null ? "null" : `[${outputPadding}]`}, dilationRate = [${dilationRate}]`,
  });
}

/** L × s, and without padding also what the last kernel sticks out: L × s + max(k − s, 0). */
function lengths({ kernelSize, strides, padding }: Config, spatial: Sizes): Sizes {
  const rank = kernelSize.length;
  return spatial.map((length, axis) => {
    const [k, s] = [kernelSize[axis]!, strides[axis]!];
    const spread = s === 1 ? length : length.times(letter(mark("s", axis, rank), s, "stride", "option strides"));
    if (padding === "same" || k <= s) return spread;
    const size = letter(mark("k", axis, rank), k, "kernel size", "option kernelSize");
    return spread.plus(size).minus(s === 1 ? 1 : letter(mark("s", axis, rank), s, "stride", "option strides"));
  });
}

function convolveBack({ config, inputs, weights }: Call<Config>): Value {
  const { kernelSize, strides, padding, filters } = config;
  const x = spread(valueChannelsLast(inputs[0]!, config.dataFormat), strides);
  const before = x.shape.map(() => 0);
  const after = x.shape.map(() => 0);
  for (const [axis, k] of kernelSize.entries()) {
    const overhang = Math.max(k - strides[axis]!, 0);
    const cut = padding === "same" ? Math.floor(overhang / 2) : 0;
    before[axis + 1] = k - 1 - cut;
    after[axis + 1] = padding === "same" ? cut : overhang;
  }
  const channels = x.shape.at(-1)!;
  const window = {
    size: kernelSize,
    strides: ones(kernelSize.length),
    dilation: ones(kernelSize.length),
    padding: "valid",
  } as const;
  const windows = windowsOf(pad(x, before, after), window);
  const counts = windows.shape.slice(0, kernelSize.length + 1);
  const rows = sizeOf(kernelSize) * channels;
  return finish(
    matmul(reshape(windows, [...counts, rows]), reshape(turned(weights.kernel!), [rows, filters])),
    weights.bias,
    config,
  );
}

/** Zeros behind each step, so that steps are strides apart: `[batch, ...length × stride, channels]`. */
function spread(x: Value, strides: readonly number[]): Value {
  if (strides.every((stride) => stride === 1)) return x;
  const [batch, ...rest] = x.shape as [number, ...number[]];
  const channels = rest.pop()!;
  const apart = reshape(x, [batch, ...rest.flatMap((length) => [length, 1]), channels]);
  const zeros = [0, ...strides.flatMap((stride) => [0, stride - 1]), 0];
  const padded = pad(
    apart,
    zeros.map(() => 0),
    zeros,
  );
  return reshape(padded, [batch, ...rest.map((length, axis) => length * strides[axis]!), channels]);
}

/** `[...kernel, filters, channels]` with every axis of the kernel reversed, as `[...kernel, channels, filters]`. */
function turned(kernel: Value): Value {
  const rank = kernel.shape.length - 2;
  let result = kernel;
  for (let axis = 0; axis < rank; axis++) {
    result = kernel.shape[axis] === 1 ? slice(result, axis, 0, 1) : reverse(result, axis);
  }
  return transpose(result, [...Array.from({ length: rank }, (_, axis) => axis), rank + 1, rank]);
}

export const conv1dTranspose = transposedConvolution(1);
export const conv2dTranspose = transposedConvolution(2);
export const conv3dTranspose = transposedConvolution(3);
