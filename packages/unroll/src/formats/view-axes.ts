/**
 * What a view does to its source, in the terms of array languages: a reshape, or whole axes cut, reordered and repeated.
 * Writers of formats and of code ask here; a view that is neither they pick element by element.
 */
import { sizeOf, stridesOf } from "../core/shape.ts";
import type { BatchedSize } from "./any-batch.ts";

/** A view with the sizes that the program has and those that hold for any batch. */
export interface ViewSizes {
  readonly source: { readonly shape: readonly number[]; readonly sizes: readonly BatchedSize[] };
  readonly shape: readonly number[];
  readonly sizes: readonly BatchedSize[];
  readonly strides: readonly number[];
  readonly offset: number;
}

/** Whether the elements stay in their order. */
export function isReshape({ source, shape, strides, offset }: ViewSizes): boolean {
  const rowMajor = stridesOf(shape);
  return (
    offset === 0 &&
    sizeOf(shape) === sizeOf(source.shape) &&
    strides.every((stride, axis) => shape[axis] === 1 || stride === rowMajor[axis])
  );
}

/** Whether a view is its source with one axis back to front. */
export function reversesAxis({ source, shape, strides, offset }: ViewSizes, axis: number): boolean {
  const own = stridesOf(source.shape);
  return (
    String(shape) === String(source.shape) &&
    offset === (shape[axis]! - 1) * own[axis]! &&
    strides.every((stride, i) => stride === (i === axis ? -own[i]! : own[i]!))
  );
}

/** Which entries of a source axis are taken, and which axis of the result they become (undefined: none). */
export interface PickedAxis {
  readonly start: number;
  readonly step: number;
  readonly count: number;
  readonly becomes: number | undefined;
}

/** For each source axis what the view takes of it, or undefined when the view is not made of whole axes. */
export function wholeAxes({ source, shape, strides, offset }: ViewSizes): readonly PickedAxis[] | undefined {
  const own = stridesOf(source.shape);
  let rest = offset;
  const starts = own.map((stride) => {
    const start = Math.floor(rest / stride);
    rest -= start * stride;
    return start;
  });
  const picked: PickedAxis[] = starts.map((start) => ({ start, step: 1, count: 1, becomes: undefined }));
  for (const [axis, stride] of strides.entries()) {
    const count = shape[axis]!;
    if (count === 1 || stride === 0) continue;
    const from = own.findIndex((step, i) => {
      const last = starts[i]! + ((count - 1) * stride) / step;
      return (
        picked[i]!.becomes === undefined &&
        source.shape[i]! > 1 &&
        stride % step === 0 &&
        last >= 0 &&
        last < source.shape[i]!
      );
    });
    if (from < 0) return undefined;
    picked[from] = { start: starts[from]!, step: stride / own[from]!, count, becomes: axis };
  }
  return picked;
}
