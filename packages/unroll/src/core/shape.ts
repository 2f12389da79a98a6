/**
 * Shapes as lists of sizes, with `null` for a size that is not known until data comes (Keras prints None).
 */

/** A size known now, or `null`. */
export type Size = number | null;
/** `[batch, timesteps, features]` and the like; batch is nearly always null. */
export type Shape = readonly Size[];

/** `(None, 30, 4)`, and `(None,)` for one axis, as Python prints a tuple. */
export function formatShape(shape: Shape): string {
  const sizes = shape.map((size) => (size === null ? "None" : String(size)));
  return sizes.length === 1 ? `(${sizes[0]},)` : `(${sizes.join(", ")})`;
}

/** Number of elements of a fully known shape. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const n of shape) size *= n;
  return size;
}

/** Row-major strides, in elements. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

/** Whether two shapes have the same sizes; null is equal to null alone. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** True when a tensor of shape `actual` may go where `expected` is declared: null fits every size. */
export function fits(actual: Shape, expected: Shape): boolean {
  return (
    actual.length === expected.length &&
    actual.every((size, axis) => size === null || expected[axis] === null || size === expected[axis])
  );
}

/**
 * The shape that NumPy broadcasting gives, or undefined when the shapes do not go together.
 * null broadcasts with 1 and with itself, and is taken to equal a known size.
 */
export function broadcastShapes(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const result: Size[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const sizeA = axis < rank - a.length ? 1 : a[axis - (rank - a.length)]!;
    const sizeB = axis < rank - b.length ? 1 : b[axis - (rank - b.length)]!;
    if (sizeA === 1) result.push(sizeB);
    else if (sizeB === 1 || sizeA === sizeB || sizeB === null) result.push(sizeA);
    else if (sizeA === null) result.push(sizeB);
    else return undefined;
  }
  return result;
}
