/** Walking over the elements of an array with any strides: the one loop that views, pads, joins and reductions need. */
import { sizeOf } from "../core/shape.ts";

/**
 * Calls `visit` for each index of `shape` in row-major order, with its position in that order and with
 * offset + Σ index[axis] · strides[axis].
 */
export function forEachOffset(
  shape: readonly number[],
  strides: readonly number[],
  offset: number,
  visit: (position: number, at: number) => void,
): void {
  const index = new Array<number>(shape.length).fill(0);
  const count = sizeOf(shape);
  let at = offset;
  for (let position = 0; position < count; position++) {
    visit(position, at);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      at -= shape[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
}

/** Strides with which `source` is read as if it had `shape`, as NumPy broadcasts: 0 along axes that repeat. */
export function broadcastStrides(
  source: readonly number[],
  strides: readonly number[],
  shape: readonly number[],
): number[] {
  const extra = shape.length - source.length;
  return shape.map((_, axis) => (axis < extra || source[axis - extra] === 1 ? 0 : strides[axis - extra]!));
}
