/**
 * Where values lie in a plan's memory: a buffer, an offset and a stride for each axis. Views become layouts without a copy
 * wherever strides can say the same.
 */
import { sizeOf, stridesOf } from "../core/shape.ts";

/** A stretch of the plan's memory. Its address is known once every buffer is. At least a vector after it may be read. */
export interface Buffer {
  readonly name: string;
  readonly bytes: number;
  /** In bytes, a multiple of a vector's (of a cache line for large buffers). Not to be read before emission. */
  readonly address: number;
}

/** An array in a buffer: element `index` lies at `offset + Σ index[axis] · strides[axis]`, all in float32 elements. */
export interface Layout {
  readonly buffer: Buffer;
  readonly shape: readonly number[];
  /** 0 along axes that repeat one element. May be negative. */
  readonly strides: readonly number[];
  readonly offset: number;
}

/** The byte address of the first element. Only during emission. */
export function addressOf({ buffer, offset }: Layout): number {
  return buffer.address + 4 * offset;
}

/** Row-major without gaps, axes of size 1 aside. */
export function isContiguous({ shape, strides }: Pick<Layout, "shape" | "strides">): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] === 1) continue;
    if (strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}

/** The layout broadcast to a wider shape as NumPy does: stride 0 along new axes and axes of size 1. */
export function broadcastLayout(layout: Layout, shape: readonly number[]): Layout {
  const extra = shape.length - layout.shape.length;
  const strides = shape.map((_, axis) =>
    axis < extra || layout.shape[axis - extra] === 1 ? 0 : layout.strides[axis - extra]!,
  );
  return { ...layout, shape, strides };
}

/** A look at the row-major elements of an array: as in the program's view operation. */
export interface Look {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

/**
 * The layout of a view of `source`, or undefined where no strides can say it (a reshape that joins axes lying apart).
 * Works by writing the offset and each stride of the look as steps along the source's axes; that holds as long as no
 * step carries over from one axis to the next.
 */
export function viewLayout(source: Layout, look: Look): Layout | undefined {
  const { buffer } = source;
  if (sizeOf(look.shape) === 0) return { buffer, shape: look.shape, strides: look.shape.map(() => 0), offset: 0 };
  const { shape, strides } = mergeAxes(source);
  const rowMajor = stridesOf(shape);
  /** Steps along each axis that make up `distance` elements of the row-major source. */
  const stepsOf = (distance: number): number[] => {
    let rest = Math.abs(distance);
    return rowMajor.map((stride) => {
      const steps = Math.floor(rest / stride);
      rest -= steps * stride;
      return distance < 0 ? -steps : steps;
    });
  };
  const start = stepsOf(look.offset);
  const lowest = [...start];
  const highest = [...start];
  const newStrides = look.strides.map((stride, axis) => {
    const last = look.shape[axis]! - 1;
    if (last === 0) return 0;
    const steps = stepsOf(stride);
    for (const [i, step] of steps.entries()) {
      if (step < 0) lowest[i]! += last * step;
      else highest[i]! += last * step;
    }
    return steps.reduce((sum, step, i) => sum + step * strides[i]!, 0);
  });
  if (shape.some((size, axis) => lowest[axis]! < 0 || highest[axis]! >= size)) return undefined;
  const offset = start.reduce((sum, steps, i) => sum + steps * strides[i]!, source.offset);
  return { buffer, shape: look.shape, strides: newStrides, offset };
}

/** The same elements in the same order with as few axes as the strides allow. */
export function mergeAxes({ shape, strides }: Pick<Layout, "shape" | "strides">): {
  shape: number[];
  strides: number[];
} {
  const merged: { shape: number[]; strides: number[] } = { shape: [], strides: [] };
  for (const [axis, size] of shape.entries()) {
    if (size === 1) continue;
    const last = merged.shape.length - 1;
    if (last >= 0 && merged.strides[last] === size * strides[axis]!) {
      merged.shape[last]! *= size;
      merged.strides[last] = strides[axis]!;
    } else {
      merged.shape.push(size);
      merged.strides.push(strides[axis]!);
    }
  }
  if (merged.shape.length === 0) return { shape: [1], strides: [0] };
  return merged;
}
