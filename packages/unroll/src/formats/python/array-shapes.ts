/**
 * Shapes of arrays: from nested lists, through indexing, broadcasting, reshape and the joins.
 * The numbers themselves are kept only where they are few and written in the code (vocabularies, labels).
 */
import type { Runtime } from "./runtime.ts";
import { knownDifference, type Size, Unknown } from "./unknown.ts";
import {
  ArrayValue,
  type Axis,
  isObject,
  isSequence,
  isSize,
  type PyList,
  PySlice,
  PyTuple,
  type Value,
} from "./values.ts";

/** Arrays with at most this many numbers keep them. */
const MOST_NUMBERS_KEPT = 10_000;
const MOST_AXES = 16;

/** Shape of what `np.array(value)` makes; undefined where it cannot be told. */
export function arrayOf(value: Value, rt: Runtime): ArrayValue | undefined {
  return arrayOfPart(value, rt, 0, new Map());
}

/** A list that is met again is worked out once: lists of lists may hold more numbers than can be gone through. */
function arrayOfPart(
  value: Value,
  rt: Runtime,
  depth: number,
  seen: Map<Value, ArrayValue | undefined>,
): ArrayValue | undefined {
  if (value instanceof ArrayValue) return value;
  if (typeof value === "number" || typeof value === "boolean") return new ArrayValue([], [Number(value)]);
  if (typeof value === "string" || value === null) return new ArrayValue([]);
  if (!isSequence(value) || depth > MOST_AXES) return undefined;
  if (seen.has(value)) return seen.get(value);
  const made = arrayOfItems(value, rt, depth, seen);
  seen.set(value, made);
  return made;
}

function arrayOfItems(
  value: PyList | PyTuple,
  rt: Runtime,
  depth: number,
  seen: Map<Value, ArrayValue | undefined>,
): ArrayValue {
  rt.step();
  rt.spend(4 * value.items.length);
  const length: Size = value.kind === "list" && value.open ? lengthOfOpen(value.label, rt) : value.items.length;
  if (value.items.length === 0)
    return typeof length === "number" ? new ArrayValue([length]) : new ArrayValue([length], undefined, true);
  const rows = value.items.map((item) => arrayOfPart(item, rt, depth + 1, seen));
  const first = rows[0];
  if (first === undefined) return new ArrayValue([length], undefined, true);
  const alike = rows.every((row) => row !== undefined && row.open === first.open && sameShape(row.shape, first.shape));
  // Rows of different lengths make an array of objects: one axis.
  if (!alike) return new ArrayValue([length]);
  const shape = [length, ...first.shape];
  const known = typeof length === "number" && !first.open && rows.every((row) => row!.data !== undefined);
  const count = known ? rows.reduce((sum, row) => sum + row!.data!.length, 0) : Number.POSITIVE_INFINITY;
  return new ArrayValue(
    shape,
    count <= MOST_NUMBERS_KEPT ? rows.flatMap((row) => [...row!.data!]) : undefined,
    first.open,
  );
}

/** The unknown length of a list that was filled an unknown number of times. */
export function lengthOfOpen(label: string | undefined, rt: Runtime): Unknown {
  return rt.unknown(`len(${label ?? "..."})`, "it is filled in a loop over data that the code does not show");
}

function sameShape(a: readonly Axis[], b: readonly Axis[]): boolean {
  return (
    a.length === b.length &&
    a.every((axis, i) => axis === b[i] || (axis !== null && b[i] !== null && knownDifference(axis, b[i]!) === 0))
  );
}

/** The number of elements, where all axes are known. */
export function sizeOfShape(shape: readonly Axis[]): number | undefined {
  let size = 1;
  for (const axis of shape) {
    if (typeof axis !== "number") return undefined;
    size *= axis;
  }
  return size;
}

/** Elementwise arithmetic: the broadcast shape of two arrays or numbers. */
export function arrayArithmetic(left: Value, right: Value, rt: Runtime): Value {
  const a = arrayOf(left, rt);
  const b = arrayOf(right, rt);
  if (a === undefined || b === undefined) {
    // An unknown number does not change the other side's shape; an unknown array might.
    const known = a ?? b;
    return known === undefined
      ? rt.unknown("array", "its shape is not worked out")
      : new ArrayValue(known.shape, undefined, known.open);
  }
  const [longer, shorter] = a.shape.length >= b.shape.length ? [a, b] : [b, a];
  const offset = longer.shape.length - shorter.shape.length;
  const shape = longer.shape.map((axis, i) => {
    const other = i < offset ? 1 : shorter.shape[i - offset]!;
    return axis === 1 ? other : axis;
  });
  return new ArrayValue(shape, undefined, a.open || b.open);
}

/** `array[index]`. */
export function indexArray(array: ArrayValue, index: Value, rt: Runtime): Value {
  const indices = index instanceof PyTuple ? index.items : [index];
  if (array.data !== undefined && array.shape.length === 1 && indices.length === 1 && typeof indices[0] === "number") {
    return array.data.at(indices[0]) ?? rt.unknown("item", "is outside of the array");
  }
  const shape: Axis[] = [];
  const consumed = indices.filter((item) => item !== null && !(isObject(item) && item.kind === "ellipsis")).length;
  let axis = 0;
  for (const item of indices) {
    if (item === null) shape.push(1);
    else if (isObject(item) && item.kind === "ellipsis") {
      const skipped = Math.max(0, array.shape.length - consumed);
      shape.push(...array.shape.slice(axis, axis + skipped));
      axis += skipped;
    } else if (item instanceof PySlice) {
      const size = array.shape[axis];
      if (size === null) shape.push(partOfAny(item, rt));
      else shape.push(size === undefined ? knownLength(item, rt) : sliceLength(item, size, rt));
      axis++;
    } else if (isSize(item) || typeof item === "boolean") axis++;
    else {
      // An array of positions or of truth values picks rows.
      const picked = arrayOf(item, rt);
      shape.push(picked?.shape[0] ?? rt.unknown("rows", "are picked by a condition on data"));
      axis++;
    }
  }
  shape.push(...array.shape.slice(axis));
  if (shape.length === 0 && !array.open)
    return rt.unknown("item", "is a number of an array whose numbers are not followed");
  const whole = array.shape.length === 1 && array.data !== undefined && indices[0] instanceof PySlice;
  const data = whole ? sliceItems(array.data, indices[0] as PySlice) : undefined;
  return new ArrayValue(shape, data, array.open);
}

/** Length of a slice of an axis of any size: any size again, where its ends do not tell. */
function partOfAny(slice: PySlice, rt: Runtime): Axis {
  const length = knownLength(slice, rt);
  return length instanceof Unknown && length.label === undefined ? null : length;
}

/** Length of a slice of something of unknown length, where its two ends are a known distance apart. */
export function knownLength(slice: PySlice, rt: Runtime): Axis {
  const { start, stop } = slice;
  if (slice.step === null && isSize(stop)) {
    const from = start ?? 0;
    // A negative end counts from the back, so the distance says nothing.
    const counted = isSize(from) && !(typeof stop === "number" && stop < 0) && !(typeof from === "number" && from < 0);
    const length = counted ? knownDifference(stop, from) : undefined;
    if (length !== undefined && length >= 0) return length;
    if (start === null && typeof stop !== "number") return stop;
  }
  if (typeof start === "number" && start < 0 && stop === null && slice.step === null) return -start;
  return rt.unknown("length", "is the length of a part of data that the code does not show");
}

/** Length of `slice` of an axis of `size`. */
export function sliceLength(slice: PySlice, size: Size, rt: Runtime): Axis {
  const { start, stop, step } = slice;
  if (start === null && stop === null && step === null) return size;
  if (typeof size !== "number") {
    if ((start === null || typeof start === "number") && stop === null && step === null && (start ?? 0) >= 0) {
      return rt.combine("-", [size, start ?? 0]);
    }
    if ((start === null || start === 0) && typeof stop === "number" && stop < 0 && step === null)
      return rt.combine("+", [size, stop]);
    return knownLength(slice, rt);
  }
  const bounds = sliceBounds(slice, size);
  return bounds === undefined
    ? knownLength(slice, rt)
    : Math.max(0, Math.ceil((bounds.stop - bounds.start) / bounds.step));
}

/** Start, stop and step as numbers, as Python clips them to a length; undefined where one is unknown. */
export function sliceBounds(slice: PySlice, length: number): { start: number; stop: number; step: number } | undefined {
  const step = slice.step ?? 1;
  if (typeof step !== "number" || step === 0) return undefined;
  const place = (value: Value, otherwise: number): number | undefined => {
    if (value === null) return otherwise;
    if (typeof value !== "number") return undefined;
    const from = value < 0 ? value + length : value;
    return step > 0 ? Math.min(Math.max(from, 0), length) : Math.min(Math.max(from, -1), length - 1);
  };
  const start = place(slice.start, step > 0 ? 0 : length - 1);
  const stop = place(slice.stop, step > 0 ? length : -1);
  return start === undefined || stop === undefined ? undefined : { start, stop, step };
}

/** The items a slice picks; undefined where a bound is unknown. */
export function sliceItems<T>(items: readonly T[], slice: PySlice): T[] | undefined {
  const bounds = sliceBounds(slice, items.length);
  if (bounds === undefined) return undefined;
  const picked: T[] = [];
  for (let i = bounds.start; bounds.step > 0 ? i < bounds.stop : i > bounds.stop; i += bounds.step)
    picked.push(items[i]!);
  return picked;
}

/** A shape as axes: from a number, a tuple, a list, or unknown parts; undefined where it is unknown as a whole. */
export function axesOf(value: Value | undefined): Axis[] | undefined {
  if (value === undefined) return undefined;
  if (value === null || isSize(value))
    return value instanceof Unknown && value.prefix !== undefined ? undefined : [value];
  if (!isSequence(value) || value.items.length > MOST_AXES) return undefined;
  if (value.kind === "list" && value.open) return undefined;
  return value.items.every((item) => item === null || isSize(item)) ? (value.items as Axis[]) : undefined;
}

/** `reshape`, with one axis of -1 worked out where the rest is known. */
export function reshaped(array: ArrayValue, axes: readonly Axis[], rt: Runtime): ArrayValue {
  const free = axes.indexOf(-1);
  if (free < 0) return new ArrayValue(axes, array.data);
  const shape = [...axes];
  const others = sizeOfShape(axes.filter((axis) => axis !== -1));
  const size = array.open ? undefined : sizeOfShape(array.shape);
  const rest = others !== undefined && size !== undefined && others > 0 ? size / others : restOf(array, axes, rt);
  // Python raises where the numbers do not fill the other axes.
  const fills = typeof rest !== "number" || Number.isInteger(rest);
  shape[free] = fills ? rest : rt.unknown("length", "divides an array into parts that do not fit");
  return new ArrayValue(shape, array.data);
}

function restOf(array: ArrayValue, axes: readonly Axis[], rt: Runtime): Axis {
  // `(-1, 60, 1)` of `(n, 60)` keeps n.
  const kept = array.shape[0];
  if (axes[0] === -1 && kept instanceof Unknown && sizeOfShape(array.shape.slice(1)) === sizeOfShape(axes.slice(1)))
    return kept;
  return rt.unknown("length", "comes from reshaping data that the code does not show");
}

/** Joins along an axis that exists. */
export function concatenated(arrays: readonly ArrayValue[], axis: number, rt: Runtime): ArrayValue | undefined {
  const first = arrays[0];
  if (first === undefined) return undefined;
  const at = axis < 0 ? first.shape.length + axis : axis;
  if (at < 0 || at >= first.shape.length) return undefined;
  const total = arrays
    .map((array) => array.shape[at] ?? null)
    .reduce<Axis>((sum, size) => {
      if (sum === null || size === null) return null;
      return typeof sum === "number" && typeof size === "number" ? sum + size : rt.combine("+", [sum, size]);
    }, 0);
  return new ArrayValue(
    first.shape.map((size, i) => (i === at ? total : size)),
    undefined,
    first.open,
  );
}
