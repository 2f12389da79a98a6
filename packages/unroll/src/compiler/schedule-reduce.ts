/**
 * Emits row operators: one number for each row of a node that lies in memory. Lanes beyond the row's width do not count.
 */
import type { Expr, RowOp } from "../equations/expr.ts";
import { type FunctionBuilder, f32, f32x4, type I32, i32, type Local, type V128, v128 } from "./assembler.ts";
import { acrossLanes, firstLanes } from "./loops.ts";
import { vectorBytes } from "./machine.ts";
import { sparsemaxThreshold } from "./map-rows.ts";
import { emitCounted } from "./product-loops.ts";
import type { Place } from "./schedule-place.ts";

export interface Reduction {
  readonly expr: Expr;
  readonly source: Place;
  /** One number a row. */
  readonly target: Place;
  readonly rows: number;
  readonly width: number;
  /** Address of room for a row; sparsemax sorts there. */
  readonly scratch: number;
}

/** Reduces each row at the outer index. */
export function emitReduction(f: FunctionBuilder, reduction: Reduction, outer: I32): void {
  const { expr, source, target, rows, width, scratch } = reduction;
  const op = expr.node.op as RowOp; // the scheduler hands over row operators only
  const row = f.let(i32.add(source.stream.at(outer), source.offset), "row");
  const result = f.let(i32.add(target.stream.at(outer), target.offset), "result");
  emitCounted(f, rows, () => {
    f.do(f32.store(result, f32x4.extractLane(reduceRow(f, op, row, source.stream.blockStride, width, scratch), 0)));
    f.increase(row, source.stream.rowStride);
    f.increase(result, target.stream.rowStride);
  });
}

function reduceRow(
  f: FunctionBuilder,
  op: RowOp,
  row: Local<"i32">,
  blockStride: number,
  width: number,
  scratch: number,
): V128 {
  if (op === "rowSparsemaxThreshold") {
    const to = f.let(i32.const(scratch));
    eachBlock(f, row, blockStride, width, (block) => {
      f.do(v128.store(to, block));
      f.increase(to, vectorBytes(f.machine));
    });
    return sparsemaxThreshold(f, scratch, width);
  }
  const isMax = op === "rowMax";
  const neutral = isMax ? Number.NEGATIVE_INFINITY : 0;
  const running = f.let(f.splat(neutral), "running");
  eachBlock(f, row, blockStride, width, (block, lanes) => {
    const valid = firstLanes(f, block, lanes, neutral);
    f.set(running, isMax ? f32x4.max(running, valid) : f32x4.add(running, valid));
  });
  return f32x4.splat(acrossLanes(f, isMax ? "max" : "sum", running));
}

/** The blocks of a row, with the number of lanes that belong to it. */
function eachBlock(
  f: FunctionBuilder,
  row: Local<"i32">,
  blockStride: number,
  width: number,
  body: (block: V128, lanes: number) => void,
): void {
  const block = f.let(row, "block");
  const { lanes } = f.machine;
  emitCounted(f, Math.floor(width / lanes), () => {
    body(v128.load(block), lanes);
    f.increase(block, blockStride);
  });
  if (width % lanes > 0) body(v128.load(block), width % lanes);
}
