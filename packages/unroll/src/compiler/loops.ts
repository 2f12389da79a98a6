/**
 * Loops over arrays that lie in memory with any strides: a nest over the outer axes, and a vector at a time along the innermost
 * one. Elementwise kernels, copies, reductions and scatters are written with these.
 */
import {
  type F32,
  type FunctionBuilder,
  f32x4,
  type I32,
  i32,
  i32x4,
  type Local,
  lanewise,
  type V128,
  v128,
} from "./assembler.ts";

/** An array while loops run over it: its element lies at `base + offset` bytes. */
export interface Place {
  /** Advanced by the loops; the number 0 where nothing advances it. */
  readonly base: I32 | number;
  readonly offset: number;
  /** Elements between neighbours along the innermost axis. */
  readonly stride: number;
}

/** Axes that all arrays can run through as one are joined; axes of size 1 are dropped. */
export function joinAxes(
  shape: readonly number[],
  strides: readonly (readonly number[])[],
): { shape: number[]; strides: number[][] } {
  const joined: { shape: number[]; strides: number[][] } = { shape: [], strides: strides.map(() => []) };
  for (const [axis, size] of shape.entries()) {
    if (size === 1) continue;
    const last = joined.shape.length - 1;
    const joins = last >= 0 && strides.every((array, i) => joined.strides[i]![last] === size * array[axis]!);
    if (joins) joined.shape[last]! *= size;
    else joined.shape.push(size);
    for (const [i, array] of strides.entries()) joined.strides[i]![joins ? last : last + 1] = array[axis]!;
  }
  return joined;
}

/** Where an array starts, and its strides in elements. */
export interface Start {
  readonly base: I32 | number;
  readonly offset: number;
  readonly strides: readonly number[];
}

/** Where loops stand in an array. */
export type Position = Pick<Place, "base" | "offset">;

/**
 * Runs `body` for every index of `shape`; its argument says where each array's element lies then. Arrays that start alike and
 * have equal strides share one counter.
 */
export function forEachIndex(
  f: FunctionBuilder,
  shape: readonly number[],
  arrays: readonly Start[],
  body: (positions: Position[]) => void,
): void {
  if (shape.includes(0)) return;
  const cursors: { key: Start; local: Local<"i32"> }[] = [];
  const positions = arrays.map(({ base, offset, strides }): Position => {
    if (strides.every((stride, axis) => stride === 0 || shape[axis] === 1)) return { base, offset };
    // A memory operand's offset cannot be taken back below zero, so what runs backwards counts from its own address.
    const start = strides.some((stride) => stride < 0) ? { base: i32.add(base, offset), offset: 0 } : { base, offset };
    const known = cursors.find(({ key }) => key.base === start.base && String(key.strides) === String(strides));
    if (known !== undefined) return { base: known.local, offset: start.offset };
    const local = f.let(typeof start.base === "number" ? i32.const(start.base) : start.base, "at");
    cursors.push({ key: { ...start, strides }, local });
    return { base: local, offset: start.offset };
  });
  const nest = (axis: number): void => {
    if (axis === shape.length) {
      body(positions);
      return;
    }
    const size = shape[axis]!;
    if (size === 1) {
      nest(axis + 1);
      return;
    }
    f.forLoop(f.i32("index"), 0, size, 1, () => {
      nest(axis + 1);
      for (const { key, local } of cursors) f.increase(local, 4 * key.strides[axis]!);
    });
    if (axis > 0) for (const { key, local } of cursors) f.increase(local, -4 * size * key.strides[axis]!);
  };
  nest(0);
}

/**
 * Runs `body` along an axis of `size` elements, a vector at a time; `index` counts bytes of unit-stride elements, `lanes` is a
 * vector's or, for the last part, what is left.
 */
export function forEachVector(
  f: FunctionBuilder,
  size: number,
  body: (index: I32 | number, lanes: number) => void,
): void {
  const { lanes } = f.machine;
  const whole = size - (size % lanes);
  if (whole === lanes) body(0, lanes);
  else if (whole > lanes) {
    const index = f.i32("i");
    f.forLoop(index, 0, 4 * whole, 4 * lanes, () => body(index, lanes));
  }
  if (whole < size) body(4 * whole, size - whole);
}

/** Neighbours along the innermost axis. With fewer `lanes` than a vector has, the others hold anything that memory holds, or repeats. */
export function loadVector(
  f: FunctionBuilder,
  { base, offset, stride }: Place,
  index: I32 | number,
  lanes: number,
): V128 {
  if (stride === 1) {
    const at = add(base, index);
    return lanes === 1 ? v128.load32Zero(at.base, offset + at.offset) : v128.load(at.base, offset + at.offset);
  }
  if (stride === 0) return v128.load32Splat(base, offset);
  const element = f.let(strided(base, index, stride, offset));
  if (f.machine.target === "c") return lanewise.gather(element, 4 * stride, lanes);
  let value: V128 = v128.load32Zero(element);
  for (let lane = 1; lane < lanes; lane++) {
    value = v128.load32Lane(i32.add(element, 4 * stride * lane), value, lane);
  }
  return value;
}

/** Stores the first `lanes` of neighbours. */
export function storeVector(
  f: FunctionBuilder,
  { base, offset, stride }: Place,
  index: I32 | number,
  lanes: number,
  value: V128,
): void {
  if (stride === 1) {
    const at = add(base, index);
    storeLanes(f, at.base, value, lanes, offset + at.offset);
    return;
  }
  const kept = f.let(value);
  const element = f.let(strided(base, index, stride, offset));
  if (f.machine.target === "c") {
    f.do(lanewise.scatter(element, kept, 4 * stride, lanes));
    return;
  }
  for (let lane = 0; lane < lanes; lane++) {
    f.do(v128.store32Lane(i32.add(element, 4 * stride * lane), kept, lane));
  }
}

/** Stores the first `lanes` of a vector at an address: what lies behind them is not touched. */
export function storeLanes(f: FunctionBuilder, address: I32 | number, value: V128, lanes: number, offset = 0): void {
  if (lanes === f.machine.lanes) {
    f.do(v128.store(address, value, offset));
    return;
  }
  if (f.machine.target === "c") {
    f.do(lanewise.storeFirst(address, value, lanes, offset));
    return;
  }
  const kept = lanes === 3 ? f.let(value) : value;
  if (lanes >= 2) f.do(v128.store64Lane(address, kept, 0, offset));
  if (lanes !== 2) f.do(v128.store32Lane(address, kept, lanes - 1, offset + 4 * (lanes - 1)));
}

/** The place so many elements further along its axis. */
export function shifted({ base, offset, stride }: Place, elements: number): Place {
  const bytes = 4 * stride * elements;
  return bytes >= 0 ? { base, offset: offset + bytes, stride } : { base: i32.add(base, bytes), offset, stride };
}

/** The value with `instead` in the lanes behind the first few. */
export function firstLanes(f: FunctionBuilder, value: V128, lanes: number, instead: number): V128 {
  if (lanes === f.machine.lanes) return value;
  const mask = i32x4.const(Array.from({ length: f.machine.lanes }, (_, lane) => (lane < lanes ? -1 : 0)));
  return v128.bitselect(value, f.splat(instead), mask);
}

/** A sum or a maximum that elements are added to, a vector at a time. */
export interface Running {
  add(value: V128): void;
  /** Over all lanes and elements; a maximum is not a number where one of them is not. */
  lanes(): Local<"v128">;
  /** `lanes` joined into one number. */
  total(): F32;
}

/** Starts a running sum or maximum. */
export function startRunning(f: FunctionBuilder, kind: "sum" | "max"): Running {
  const running = f.let(f32x4.const(kind === "sum" ? 0 : Number.NEGATIVE_INFINITY), kind);
  // The quick maximum passes over what is not a number, so that is remembered beside it.
  const unordered = kind === "max" ? f.let(f32x4.const(0), "unordered") : undefined;
  const lanes = (): Local<"v128"> => (unordered === undefined ? running : f.let(v128.or(running, unordered)));
  return {
    add(value) {
      if (unordered === undefined) {
        f.set(running, f32x4.add(running, value));
        return;
      }
      const kept = f.let(value);
      f.set(running, f32x4.pmax(running, kept));
      f.set(unordered, v128.or(unordered, f32x4.ne(kept, kept)));
    },
    lanes,
    total: () => acrossLanes(f, kind, lanes()),
  };
}

/** The sum or the maximum of the lanes. */
export function acrossLanes(f: FunctionBuilder, kind: "sum" | "max", value: V128): F32 {
  if (f.machine.target === "c") return kind === "sum" ? lanewise.sum(value) : lanewise.max(value);
  const join = kind === "sum" ? f32x4.add : f32x4.max;
  const four = f.let(value);
  const two = f.let(join(four, v128.shuffle(four, four, [2, 3, 2, 3])));
  return f32x4.extractLane(join(two, v128.shuffle(two, two, [1, 1, 1, 1])), 0);
}

/** What does not change a sum or a maximum. */
export function neutral(kind: "sum" | "max"): number {
  return kind === "sum" ? 0 : Number.NEGATIVE_INFINITY;
}

/** The sum as a base and a constant part for the memory operand. */
function add(base: I32 | number, index: I32 | number): { base: I32 | number; offset: number } {
  if (typeof index === "number") return { base, offset: index };
  return { base: base === 0 ? index : i32.add(base, index), offset: 0 };
}

/** A whole address: what runs backwards cannot use the memory operand's offset, which only adds. */
function strided(base: I32 | number, index: I32 | number, stride: number, offset: number): I32 {
  const start = i32.add(base, offset);
  return i32.add(start, typeof index === "number" ? i32.const(index * stride) : i32.mul(index, stride));
}
