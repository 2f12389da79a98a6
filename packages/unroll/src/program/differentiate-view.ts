/**
 * The gradient of a view. A view that only renames, reorders, reverses or repeats elements is undone by another view and a
 * sum; where windows overlap or leave elements out, the general adjoint adds element by element.
 */
import { sameShape, sizeOf, stridesOf } from "../core/shape.ts";
import { reduce, reshape, resultsOf, view } from "./builder.ts";
import type { Value, ViewOperation } from "./program.ts";

/** From the gradient `dy` of a view to the gradient of its source. */
export function viewGradient({ source, offset, strides }: ViewOperation, dy: Value): Value {
  const repeated = dy.shape.flatMap((size, axis) => (strides[axis] === 0 && size > 1 ? [axis] : []));
  const distinct = repeated.length === 0 ? dy : reduce("sum", dy, repeated);
  return (
    undoReshape(source, strides, distinct) ??
    undoReorder(source, strides, distinct) ??
    resultsOf({ op: "viewGradient", source: distinct, offset, strides }, [source.shape])[0]!
  );
}

/** All elements in the same order. The offset can only be 0 then, or the view would leave the source. */
function undoReshape(source: Value, strides: readonly number[], dy: Value): Value | undefined {
  const natural = stridesOf(dy.shape);
  const inOrder = dy.shape.every((size, axis) => size === 1 || strides[axis] === natural[axis]);
  if (!inOrder || sizeOf(dy.shape) !== sizeOf(source.shape)) return undefined;
  return sameShape(dy.shape, source.shape) ? dy : reshape(dy, source.shape);
}

/** Each axis of the source is one axis of the view, forwards or backwards; the offset follows from the directions. */
function undoReorder(source: Value, strides: readonly number[], dy: Value): Value | undefined {
  if (sizeOf(dy.shape) !== sizeOf(source.shape)) return undefined;
  const sourceStrides = stridesOf(source.shape);
  const viewStrides = stridesOf(dy.shape);
  const back: number[] = [];
  let backOffset = 0;
  for (const [axis, size] of source.shape.entries()) {
    if (size === 1) {
      back.push(0);
      continue;
    }
    const stride = sourceStrides[axis]!;
    const match = dy.shape.findIndex((n, i) => n === size && Math.abs(strides[i]!) === stride);
    if (match < 0) return undefined;
    const reversed = strides[match]! < 0;
    back.push(reversed ? -viewStrides[match]! : viewStrides[match]!);
    if (reversed) backOffset += (size - 1) * viewStrides[match]!;
  }
  return view(dy, source.shape, back, backOffset);
}
