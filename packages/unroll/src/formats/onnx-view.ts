/**
 * Views as ONNX nodes. A view that picks, reorders and repeats whole axes becomes Slice, Transpose, Reshape and Expand;
 * sliding windows and anything else within one example become a Gather with places computed now.
 */
import { UnrollError } from "../core/errors.ts";
import { sizeOf } from "../core/shape.ts";
import { forEachOffset } from "../program/evaluate-offsets.ts";
import type { BatchedSize } from "./any-batch.ts";
import type { OnnxBuilder } from "./onnx-builder.ts";
import { isReshape, type PickedAxis, type ViewSizes, wholeAxes } from "./view-axes.ts";

export function emitView(builder: OnnxBuilder, source: string, view: ViewSizes): string {
  if (isReshape(view)) {
    return sameSizes(view.source.sizes, view.sizes) ? source : builder.reshapeTo(source, view.sizes);
  }
  const axes = wholeAxes(view);
  return axes === undefined ? emitGather(builder, source, view) : emitAxes(builder, source, view, axes);
}

function sameSizes(a: readonly BatchedSize[], b: readonly BatchedSize[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function emitAxes(builder: OnnxBuilder, source: string, view: ViewSizes, axes: readonly PickedAxis[]): string {
  const { source: given, shape, sizes, strides } = view;
  const cut = axes.flatMap(({ start, step, count }, axis) =>
    start === 0 && step === 1 && count === given.shape[axis] ? [] : [{ axis, start, step, end: start + count * step }],
  );
  let name = source;
  if (cut.length > 0) {
    name = builder.add("Slice", [
      name,
      builder.ints(cut.map(({ start }) => start)),
      // Before the first entry is written as far below zero, since -1 would mean the last.
      builder.ints(cut.map(({ end }) => (end < 0 ? -(2 ** 31) : end))),
      builder.ints(cut.map(({ axis }) => axis)),
      builder.ints(cut.map(({ step }) => step)),
    ]);
  }
  const dropped = axes.flatMap((axis, i) => (axis.becomes === undefined ? [i] : []));
  const kept = axes.flatMap((axis, i) => (axis.becomes === undefined ? [] : [{ from: i, to: axis.becomes }]));
  const order = [...kept].sort((a, b) => a.to - b.to).map(({ from }) => from);
  const permutation = [...order, ...dropped];
  if (order.some((from, i) => i > 0 && from < order[i - 1]!)) {
    name = builder.add("Transpose", [name], { perm: permutation });
  }
  const repeats = (axis: number): boolean => strides[axis] === 0 && shape[axis] !== 1;
  const before = sizes.map((size, axis) => (repeats(axis) ? 1 : size));
  const after = cut.length === 0 && permutation.every((from, i) => from === i) ? given.sizes : undefined;
  if (after === undefined ? !sameAxes(axes, shape) : !sameSizes(after, before)) name = builder.reshapeTo(name, before);
  if (!sizes.some((_, axis) => repeats(axis))) return name;
  return builder.add("Expand", [name, builder.shape(sizes.map((size, axis) => (repeats(axis) ? size : 1)))]);
}

/** Whether the picked axes already stand as the result's, so that nothing has to be inserted or dropped. */
function sameAxes(axes: readonly PickedAxis[], shape: readonly number[]): boolean {
  return axes.length === shape.length && axes.every(({ becomes }) => becomes !== undefined);
}

/** Each example's elements in blocks that stay together, picked by their places. */
function emitGather(builder: OnnxBuilder, source: string, view: ViewSizes): string {
  const { source: given, shape, strides, offset } = view;
  const example = sizeOf(given.shape.slice(1));
  const open = typeof given.sizes[0] !== "number";
  const inner = { shape: shape.slice(1), strides: strides.slice(1) };
  const byExample = strides[0] === example && shape[0] === given.shape[0] && staysWithin(inner, offset, example);
  if (!byExample && open) {
    throw new UnrollError({
      code: "unsupported",
      path: builder.scope,
      expected: "a view across examples cannot be written while the batch is open",
      hint: "Give a fixed batch: { batch: 1 }.",
    });
  }
  const part = byExample ? inner : { shape, strides };
  const whole = byExample ? example : sizeOf(given.shape);
  const together = part.strides.at(-1) === 1 ? part.shape.at(-1)! : 1;
  const outer = together === 1 ? part : { shape: part.shape.slice(0, -1), strides: part.strides.slice(0, -1) };
  const block = [together, whole, offset, ...outer.strides].reduce(greatestCommonDivisor);
  const places: number[] = [];
  const blocks = { shape: [...outer.shape, together / block], strides: [...outer.strides, block] };
  forEachOffset(blocks.shape, blocks.strides, offset, (_, at) => places.push(at / block));
  const rows = builder.reshapeTo(source, [...(byExample ? given.sizes.slice(0, 1) : []), whole / block, block]);
  const gathered = builder.add("Gather", [rows, builder.ints(places)], { axis: byExample ? 1 : 0 });
  return builder.reshapeTo(gathered, view.sizes);
}

function staysWithin(
  { shape, strides }: { shape: readonly number[]; strides: readonly number[] },
  offset: number,
  size: number,
): boolean {
  const ends = shape.map((count, axis) => (count - 1) * strides[axis]!);
  const lowest = ends.reduce((sum, end) => sum + Math.min(end, 0), offset);
  const highest = ends.reduce((sum, end) => sum + Math.max(end, 0), offset);
  return lowest >= 0 && highest < size;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? Math.abs(a) : greatestCommonDivisor(b, a % b);
}
