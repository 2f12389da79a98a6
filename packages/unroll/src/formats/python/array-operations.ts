/** What operations of array libraries do to the shapes of arrays, whatever name a library calls them by. */
import { arrayOf, axesOf, concatenated, reshaped, sizeOfShape } from "./array-shapes.ts";
import type { Body } from "./data-library.ts";
import { itemsOf, listOf } from "./iterate.ts";
import { nameOf } from "./operators.ts";
import type { Runtime } from "./runtime.ts";
import {
  ArrayValue,
  type Axis,
  type CallArguments,
  isObject,
  isSize,
  isUnknown,
  PyTuple,
  type Value,
} from "./values.ts";

/** Functions and methods that take away one axis or all of them. */
export const REDUCTIONS: ReadonlySet<string> = new Set(
  "sum mean std var max min prod median argmax argmin amax amin all any reduce_mean reduce_sum reduce_max reduce_min nanmax nanmin".split(
    " ",
  ),
);

export function makeArray({ positional: [value] }: CallArguments, rt: Runtime): Value {
  if (value === undefined) return null;
  if (isUnknown(value)) return value;
  const list = isObject(value) && (value.kind === "range" || value.kind === "set") ? listOf(value, rt) : value;
  return arrayOf(list, rt) ?? rt.unknown("array(...)", "is made of data that the code does not show");
}

export function fromAxes(shape: Value, rt: Runtime): Value {
  if (isUnknown(shape) && shape.prefix === undefined) return new ArrayValue([shape]);
  const axes = axesOf(shape);
  return axes === undefined ? rt.unknown("array", "has a shape that is not known") : new ArrayValue(axes);
}

/** Rows of the first with columns of the second, over the axes before. */
export function product({ positional: [left, right] }: CallArguments, rt: Runtime): Value {
  const [a, b] = [arrayOf(left ?? null, rt), arrayOf(right ?? null, rt)];
  if (a === undefined || b === undefined || a.open || b.open || b.shape.length === 0)
    return rt.unknown("matmul(...)", "multiplies data that the code does not show");
  const columns = b.shape.length === 1 ? [] : [b.shape.at(-1)!];
  return new ArrayValue([...a.shape.slice(0, -1), ...columns]);
}

export function onArray(value: Value | undefined, rt: Runtime, body: (array: ArrayValue) => Value): Value {
  if (value === undefined || isUnknown(value)) return value ?? null;
  const array = arrayOf(value, rt);
  return array === undefined ? rt.unknown("array", "is made of data that the code does not show") : body(array);
}

export function reduced(name: string): Body {
  return ({ positional: [value, given], keywords }, rt) => {
    const axis = given ?? keywords.get("axis");
    if (value === undefined) return null;
    if (name === "prod" && axis === undefined) return productOfSizes(value, rt);
    if (isUnknown(value)) return value.part(`.${name}()`, rt.at, `${name}(${value.name})`);
    const array = arrayOf(value, rt);
    if (array === undefined)
      return rt.unknown(`${name}(${nameOf(value)})`, "is worked out from data that the code does not show");
    if (typeof axis === "number") {
      const at = axis < 0 ? array.shape.length + axis : axis;
      const kept = keywords.get("keepdims") === true;
      return new ArrayValue(
        array.shape.flatMap((size, i) => (i !== at ? [size] : kept ? [1] : [])),
        undefined,
        array.open,
      );
    }
    if (array.data !== undefined && array.data.length > 0) {
      if (name === "max" || name === "amax") return array.data.reduce((a, b) => Math.max(a, b));
      if (name === "min" || name === "amin") return array.data.reduce((a, b) => Math.min(a, b));
      if (name === "sum") return array.data.reduce((a, b) => a + b);
    }
    return rt.unknown(`${name}(${nameOf(value)})`, "is worked out from data that the code does not show");
  };
}

export function reshapeTo(value: Value, shape: Value, rt: Runtime): Value {
  const axes = axesOf(shape);
  if (axes === undefined) return rt.unknown("reshape(...)", "has a shape that is not known");
  if (isUnknown(value)) {
    // The number of samples stays that of the data; the other sizes are written here.
    return new ArrayValue(axes.map((axis, i) => (axis === -1 ? value.part(`.shape[${i}]`, rt.at) : axis)));
  }
  const array = arrayOf(value, rt);
  return array === undefined
    ? new ArrayValue(axes.map((axis) => (axis === -1 ? null : axis)))
    : reshaped(array, axes, rt);
}

export function expanded(value: Value, axis: Value, rt: Runtime): Value {
  if (typeof axis !== "number") return isUnknown(value) ? value : rt.unknown("expand_dims(...)", "is not followed");
  return onArray(value, rt, (array) => {
    const at = axis < 0 ? array.shape.length + 1 + axis : axis;
    return new ArrayValue([...array.shape.slice(0, at), 1, ...array.shape.slice(at)], array.data, array.open);
  });
}

/** NumPy's view of every window: the axes that windows slide along get shorter, the windows' sizes come last. */
export function slidingWindows(array: ArrayValue, window: Value, axis: Value, rt: Runtime): ArrayValue {
  const sizes = window instanceof PyTuple ? window.items : [window];
  const axes = axis === null ? sizes.map((_, i) => i) : axis instanceof PyTuple ? axis.items : [axis];
  const shape = [...array.shape];
  const unknown = (): Axis => rt.unknown("length", "is the length of data that the code does not show");
  for (const [i, at] of axes.entries()) {
    const place = typeof at === "number" ? (at < 0 ? shape.length + at : at) : -1;
    const [length, size] = [shape[place], sizes[i]];
    const isKnown = isSize(length) && isSize(size);
    if (place in shape) shape[place] = isKnown ? rt.combine("+", [rt.combine("-", [length, size]), 1]) : unknown();
  }
  return new ArrayValue([...shape, ...sizes.map((size) => (isSize(size) ? size : unknown()))], undefined, array.open);
}

export function transposed(array: ArrayValue, axes: Value | undefined): ArrayValue {
  const order = axes === undefined || axes === null ? undefined : axesOf(axes);
  const shape =
    order === undefined
      ? array.shape.toReversed()
      : order.map((axis) => (typeof axis === "number" ? (array.shape.at(axis) ?? null) : null));
  return new ArrayValue(shape, undefined, array.open);
}

export function flattened(array: ArrayValue, rt: Runtime): ArrayValue {
  return new ArrayValue(
    [sizeOfShape(array.shape) ?? rt.unknown("size", "is the size of data that the code does not show")],
    array.data,
  );
}

export function joined({ positional: [list, given], keywords }: CallArguments, axis: number, rt: Runtime): Value {
  const { items, open } = itemsOf(list ?? null, rt);
  const arrays = items.map((item) => arrayOf(item, rt));
  const at = given ?? keywords.get("axis") ?? axis;
  const first = arrays[0];
  if (first === undefined || arrays.includes(undefined) || typeof at !== "number")
    return rt.unknown("concatenate(...)", "joins data that the code does not show");
  if (open)
    return new ArrayValue(
      [rt.unknown("length", "joins data that the code does not show"), ...first.shape.slice(1)],
      undefined,
      first.open,
    );
  // Checked above: every item is an array.
  const whole = concatenated(arrays as ArrayValue[], first.shape.length === 1 ? 0 : at, rt);
  return whole ?? rt.unknown("concatenate(...)", "joins arrays that do not fit");
}

/** `prod(shape)`: the number of elements. */
export function productOfSizes(value: Value | undefined, rt: Runtime): Value {
  const axes = axesOf(value);
  const size = axes === undefined ? undefined : sizeOfShape(axes);
  return size ?? rt.unknown(`prod(${nameOf(value ?? null)})`, "is a product of sizes that are not known");
}

/** Without the axes of size 1, or without the one that is given. */
export function squeezed(array: ArrayValue, axis: Value | undefined): ArrayValue {
  const at = typeof axis === "number" && axis < 0 ? array.shape.length + axis : axis;
  const shape = array.shape.filter((size, i) => (typeof at === "number" ? i !== at : size !== 1));
  return new ArrayValue(shape, array.data, array.open);
}

/** `stack([a, b], axis)`: arrays of one shape along an axis of their own. */
export function stacked({ positional: [list, given], keywords, at }: CallArguments, rt: Runtime): Value {
  const whole = makeArray({ positional: list === undefined ? [] : [list], keywords: new Map(), at }, rt);
  const axis = given ?? keywords.get("axis") ?? 0;
  if (axis === 0 || !(whole instanceof ArrayValue)) return whole;
  const place = typeof axis === "number" && axis < 0 ? whole.shape.length + axis : axis;
  if (typeof place !== "number" || whole.open || place < 0 || place >= whole.shape.length)
    return rt.unknown("stack(...)", "joins arrays along an axis that is not known");
  const [count, ...sizes] = whole.shape;
  return new ArrayValue([...sizes.slice(0, place), count!, ...sizes.slice(place)]); // just checked: it has axes
}

/** `repeat(array, count, axis)`: every number so many times, without an axis in one long row. */
export function repeated({ positional: [value, times, given], keywords }: CallArguments, rt: Runtime): Value {
  const count = times ?? keywords.get("repeats");
  const axis = given ?? keywords.get("axis") ?? null;
  return onArray(value, rt, (array) => {
    const row = axis === null ? flattened(array, rt) : array;
    const at = axis === null ? 0 : typeof axis === "number" && axis < 0 ? row.shape.length + axis : axis;
    const size = typeof at === "number" ? row.shape[at] : undefined;
    if (!isSize(count) || !isSize(size) || array.open)
      return rt.unknown("repeat(...)", "repeats data that the code does not show");
    const longer =
      typeof size === "number" && typeof count === "number" ? size * count : rt.combine("*", [size, count]);
    return new ArrayValue(row.shape.map((one, i) => (i === at ? longer : one)));
  });
}

/** `vstack`: rows below rows; arrays of one axis are rows. */
export function rowsJoined(args: CallArguments, rt: Runtime): Value {
  const { items, open } = itemsOf(args.positional[0] ?? null, rt);
  const rows = items.map((item) => arrayOf(item, rt));
  if (open || rows.some((row) => row === undefined || row.open || row.shape.length > 1)) return joined(args, 0, rt);
  return new ArrayValue([rows.length, rows[0]?.shape[0] ?? 1]);
}

/** Keras 2's `repeat(x, n)`: `[batch, features]` as n timesteps, `[batch, n, features]`. */
export function timesRepeated({ positional: [value, times], keywords }: CallArguments, rt: Runtime): Value {
  const count = times ?? keywords.get("n");
  return onArray(value, rt, ({ shape, open }) =>
    shape.length === 2 && !open && isSize(count)
      ? new ArrayValue([shape[0]!, count, shape[1]!])
      : rt.unknown("repeat(...)", "repeats data that the code does not show"),
  );
}
