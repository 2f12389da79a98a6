/**
 * Windows that slide over axes of space or time: how many there are, as a formula, and what they look at, as a view.
 * Shared by convolution and pooling; one axis or several.
 */
import { UnrollError } from "../core/errors.ts";
import { formatShape, stridesOf } from "../core/shape.ts";
import { type Expr, letter } from "../equations/expr.ts";
import { pad, transpose, view } from "../program/builder.ts";
import type { Value } from "../program/program.ts";
import type { Sizes } from "./contract.ts";
import { shapeOf, sizeValue } from "./sizes.ts";

export interface Window {
  readonly size: readonly number[];
  readonly strides: readonly number[];
  readonly dilation: readonly number[];
  /** valid: only whole windows; same: as many as steps / stride, zeros around; causal: zeros before only. */
  readonly padding: "valid" | "same" | "causal";
}

/** A stride or dilation of 1 along every axis. */
export const ones = (rank: number): readonly number[] => new Array<number>(rank).fill(1);

export type DataFormat = "channels_last" | "channels_first";

/** Sizes or shapes with the channels last, whatever the format. */
export function channelsLast<T>(sizes: readonly T[], format: DataFormat): readonly T[] {
  return format === "channels_last" ? sizes : [sizes[0]!, ...sizes.slice(2), sizes[1]!];
}

/** The inverse of `channelsLast`. */
export function channelsBack<T>(sizes: readonly T[], format: DataFormat): readonly T[] {
  return format === "channels_last" ? sizes : [sizes[0]!, sizes.at(-1)!, ...sizes.slice(1, -1)];
}

export function valueChannelsLast(x: Value, format: DataFormat): Value {
  return format === "channels_last" ? x : transpose(x, channelsLast(axesOf(x), format));
}

export function valueChannelsBack(x: Value, format: DataFormat): Value {
  return format === "channels_last" ? x : transpose(x, channelsBack(axesOf(x), format));
}

function axesOf(x: Value): readonly number[] {
  return x.shape.map((_, axis) => axis);
}

/**
 * Formulas of the number of windows along each axis: floor((L − d(k − 1) − 1) / s) + 1, or ceil(L / s) with padding.
 *
 * @throws UnrollError `shape` when not one window fits.
 */
export function windowCounts(spatial: Sizes, window: Window, name: string, option: string): Sizes {
  const counts = spatial.map((length, axis) => countOf(length, window, axis, option));
  if (counts.some((count) => (sizeValue(count) ?? 1) <= 0)) {
    const span = window.size.map((size, axis) => window.dilation[axis]! * (size - 1) + 1);
    throw new UnrollError({
      code: "shape",
      path: name,
      expected: `a window spans ${span.join(" by ")} steps, more than the input has`,
      received: `steps = ${formatShape(shapeOf(spatial))}`,
      hint: `Use a smaller ${option}, padding "same", or longer sequences.`,
    });
  }
  return counts;
}

function countOf(length: Expr, { size, strides, dilation, padding }: Window, axis: number, option: string): Expr {
  const mark = size.length === 1 ? "" : `_${axis + 1}`;
  const k = letter(`k${mark}`, size[axis]!, "window size", `option ${option}`);
  const s = letter(`s${mark}`, strides[axis]!, "stride", "option strides");
  const d = letter(`d${mark}`, dilation[axis]!, "dilation", "option dilationRate");
  if (padding !== "valid") return strides[axis] === 1 ? length : length.over(s).ceil();
  if (dilation[axis] !== 1) {
    const room = length.minus(d.times(k.minus(1))).minus(1);
    return strides[axis] === 1 ? room.plus(1) : room.over(s).floor().plus(1);
  }
  return strides[axis] === 1 ? length.minus(k).plus(1) : length.minus(k).over(s).floor().plus(1);
}

/** The input with what its padding calls for around it, `[batch, ...spatial, channels]`. */
export function padFor(x: Value, window: Window, fill = 0): Value {
  const { size, strides, dilation, padding } = window;
  const before = x.shape.map(() => 0);
  const after = x.shape.map(() => 0);
  for (const [axis, k] of size.entries()) {
    const length = x.shape[axis + 1]!;
    const span = dilation[axis]! * (k - 1) + 1;
    if (padding === "causal") before[axis + 1] = span - 1;
    if (padding === "same") {
      const total = Math.max((Math.ceil(length / strides[axis]!) - 1) * strides[axis]! + span - length, 0);
      before[axis + 1] = Math.floor(total / 2);
      after[axis + 1] = total - before[axis + 1]!; // the odd zero goes behind
    }
  }
  return pad(x, before, after, fill);
}

/** Every window of a padded input: `[batch, ...counts, ...size, channels]`, without a copy. */
export function windowsOf(x: Value, { size, strides, dilation }: Window): Value {
  const steps = stridesOf(x.shape);
  const channels = x.shape.at(-1)!;
  const counts = size.map((k, axis) => {
    const span = dilation[axis]! * (k - 1) + 1;
    return Math.floor((x.shape[axis + 1]! - span) / strides[axis]!) + 1;
  });
  return view(
    x,
    [x.shape[0]!, ...counts, ...size, channels],
    [
      steps[0]!,
      ...size.map((_, axis) => steps[axis + 1]! * strides[axis]!),
      ...size.map((_, axis) => steps[axis + 1]! * dilation[axis]!),
      1,
    ],
  );
}
