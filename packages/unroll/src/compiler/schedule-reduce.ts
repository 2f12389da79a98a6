/**
 * Emits row operators: one number for each row of a node that lies in memory. Lanes beyond the row's width do not count.
 */
import type { Expr, RowOp } from "../equations/expr.ts";
import { type FunctionBuilder, f32x4, type I32, i32, i32x4, type Local, type V128, v128 } from "./assembler.ts";
import { emitCounted } from "./product-loops.ts";
import type { Place } from "./schedule-place.ts";

/** Reduces each of `rows` rows of `width` elements at `source` and stores one number a row at `target`. */
export function emitReduction(
  f: FunctionBuilder,
  expr: Expr,
  source: Place,
  target: Place,
  rows: number,
  width: number,
  outer: I32,
): void {
  const op = expr.node.op as RowOp; // the scheduler hands over row operators only
  const from = f.let(i32.add(source.stream.at(outer), source.offset), "row");
  const to = f.let(i32.add(target.stream.at(outer), target.offset), "result");
  emitCounted(f, rows, () => {
    f.do(v128.store32Lane(to, emitRowOperator(f, op, from, source.stream.blockStride, width), 0));
    f.increase(from, source.stream.rowStride);
    f.increase(to, target.stream.rowStride);
  });
}

/** The value of a row operator in every lane, for a row of blocks of four. */
export function emitRowOperator(
  f: FunctionBuilder,
  op: RowOp,
  row: Local<"i32">,
  blockStride: number,
  width: number,
): Local<"v128"> {
  const loop = (body: (block: V128, valid: V128 | undefined) => void): void => eachBlock(f, row, blockStride, width, body);
  const sum = (of: (block: V128) => V128): Local<"v128"> => {
    const total = f.let(f32x4.const(0), "total");
    loop((block, valid) => {
      const value = of(block);
      f.set(total, f32x4.add(total, valid === undefined ? value : v128.and(value, valid)));
    });
    return acrossLanes(f, total, f32x4.add);
  };
  if (op === "rowSum") return sum((block) => block);
  if (op === "rowMax") {
    const lowest = f.splat(Number.NEGATIVE_INFINITY);
    const largest = f.let(lowest, "largest");
    loop((block, valid) => {
      f.set(largest, f32x4.max(largest, valid === undefined ? block : v128.bitselect(block, lowest, valid)));
    });
    return acrossLanes(f, largest, f32x4.max);
  }
  // Michelot's algorithm: drop what is not above the threshold, until nothing more drops.
  const threshold = f.let(f32x4.div(f32x4.sub(sum((block) => block), f.splat(1)), f.splat(width)), "threshold");
  const kept = f.let(f.splat(width), "kept");
  f.loop((again) => {
    const isAbove = (block: V128): V128 => f32x4.gt(block, threshold);
    const count = sum((block) => v128.and(isAbove(block), f.splat(1)));
    const total = sum((block) => {
      const value = f.let(block);
      return v128.and(value, isAbove(value));
    });
    const fewer = f.let(i32x4.extractLane(f32x4.lt(count, kept), 0));
    const some = f.let(i32x4.extractLane(f32x4.gt(count, f.splat(0)), 0));
    f.set(kept, count);
    f.if(i32.and(fewer, some), () => {
      f.set(threshold, f32x4.div(f32x4.sub(total, f.splat(1)), count));
      f.branch(again);
    });
  });
  return threshold;
}

/** The blocks of a row; the last with a mask of the lanes that belong to the row, where it is not full. */
function eachBlock(
  f: FunctionBuilder,
  row: Local<"i32">,
  blockStride: number,
  width: number,
  body: (block: V128, valid: V128 | undefined) => void,
): void {
  const whole = Math.floor(width / 4);
  const pointer = f.let(row);
  emitCounted(f, whole, () => {
    body(v128.load(pointer), undefined);
    f.increase(pointer, blockStride);
  });
  const rest = width % 4;
  const lanes = [0, 1, 2, 3].map((lane) => (lane < rest ? -1 : 0)) as [number, number, number, number];
  if (rest > 0) body(v128.load(pointer), i32x4.const(lanes));
}

function acrossLanes(f: FunctionBuilder, value: V128, join: (a: V128, b: V128) => V128): Local<"v128"> {
  const all = f.let(value);
  const pairs = f.let(join(all, v128.shuffle(all, all, [2, 3, 0, 1])));
  return f.let(join(pairs, v128.shuffle(pairs, pairs, [1, 0, 3, 2])));
}
