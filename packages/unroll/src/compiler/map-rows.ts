/**
 * Maps with row operators (softmax, sparsemax): row by row along the last axis, one pass for each level of row operators and
 * one for the result. Transcendental parts that several passes need are kept in a scratch row.
 */
import { isRowOp } from "../equations/arithmetic.ts";
import { type Expr, inOrder, operandsOf, type RowNode } from "../equations/expr.ts";
import { type FunctionBuilder, f32, f32x4, type I32, i32, type Local, type V128 } from "./assembler.ts";
import { ExpressionEmitter } from "./emit-expr.ts";
import { addressOf, broadcastLayout, type Layout } from "./layout.ts";
import {
  firstLanes,
  forEachIndex,
  forEachVector,
  loadVector,
  neutral,
  type Place,
  startRunning,
  storeVector,
} from "./loops.ts";
import type { Machine } from "./machine.ts";

/** Operators worth keeping for a later pass instead of computing them again. */
const costly: ReadonlySet<string> = new Set([
  "exp",
  "log",
  "tanh",
  "sigmoid",
  "erf",
  "sin",
  "cos",
  "pow",
  "div",
  "sqrt",
]);

/** A map with row operators, cut into passes. */
export interface RowsPlan {
  readonly passes: readonly Pass[];
  /** Costly parts that more than one pass needs; each has a scratch row. */
  readonly kept: readonly Expr[];
  readonly rowBytes: number;
  readonly scratchBytes: number;
}

/** A pass over the row: it ends some row operators, or (the last) makes the result. */
export interface Pass {
  readonly rowOps: readonly Expr[];
  readonly roots: readonly Expr[];
}

export function planRows(body: Expr, width: number, { lanes }: Machine): RowsPlan {
  const passes = passesOf(body);
  const kept = sharedParts(passes);
  const rowBytes = 4 * lanes * Math.ceil(width / lanes);
  // One more row for sorting.
  const hasSort = passes.some((pass) => pass.rowOps.some(isSort));
  return { passes, kept, rowBytes, scratchBytes: (kept.length + (hasSort ? 1 : 0)) * rowBytes };
}

/** Emits the passes for every row of the target. `scratch` is the address of the plan's scratch rows. */
export function emitRows(
  f: FunctionBuilder,
  { passes, kept, rowBytes }: RowsPlan,
  target: Layout,
  operands: readonly Layout[],
  symbols: readonly Expr[],
  scratch: number,
): void {
  const layouts = [target, ...operands.map((operand) => broadcastLayout(operand, target.shape))];
  const width = target.shape.at(-1) ?? 1;
  const starts = layouts.map((layout) => ({
    base: 0,
    offset: addressOf(layout),
    strides: layout.strides.slice(0, -1),
  }));
  const scratchRow = (row: number): Place => ({ base: 0, offset: scratch + row * rowBytes, stride: 1 });
  const known = new Map<Expr, Local<"v128">>();
  for (const { rowOps } of passes) for (const rowOp of rowOps) known.set(rowOp, f.v128(rowOp.node.op));

  forEachIndex(f, target.shape.slice(0, -1), starts, (at) => {
    const [to, ...from] = at.map((position, i) => ({ ...position, stride: layouts[i]!.strides.at(-1) ?? 1 }));
    const stored = new Set<Expr>();
    for (const { rowOps, roots } of passes) {
      const running = rowOps.map((rowOp) => (isSort(rowOp) ? undefined : startRunning(f, kindOf(rowOp))));
      const parts = kept.filter((part) => needs(roots).has(part));
      forEachVector(f, width, (index, lanes) => {
        const emitter = new ExpressionEmitter(
          f,
          [...roots, ...parts],
          (leaf) => known.get(leaf) ?? loadVector(f, from[symbols.indexOf(leaf)]!, index, lanes),
        );
        for (const part of parts) {
          const row = scratchRow(kept.indexOf(part));
          if (stored.has(part)) emitter.define(part, f.let(loadVector(f, row, index, f.machine.lanes)));
          else storeVector(f, row, index, f.machine.lanes, emitter.value(part));
        }
        if (rowOps.length === 0) storeVector(f, to!, index, lanes, emitter.value(roots[0]!));
        for (const [i, rowOp] of rowOps.entries()) {
          const value = emitter.value(roots[i]!);
          if (isSort(rowOp)) storeVector(f, scratchRow(kept.length), index, f.machine.lanes, value);
          else running[i]!.add(firstLanes(f, value, lanes, neutral(kindOf(rowOp))));
        }
      });
      for (const part of parts) stored.add(part);
      for (const [i, rowOp] of rowOps.entries()) {
        const total = running[i]?.total();
        const result = total ? f32x4.splat(total) : sparsemaxThreshold(f, scratchRow(kept.length).offset, width);
        f.set(known.get(rowOp)!, result);
      }
    }
  });
}

/** Row operators by how deep they stand inside one another, then the result. */
export function passesOf(body: Expr): Pass[] {
  const levels = new Map<Expr, number>();
  const passes: { rowOps: Expr[]; roots: Expr[] }[] = [];
  for (const expr of inOrder([body], { bodies: true })) {
    const { node } = expr;
    const inputs = node.op === "apply" ? [node.body] : operandsOf(expr);
    let level = Math.max(0, ...inputs.map((input) => levels.get(input) ?? 0));
    if (isRowOp(node.op)) {
      // One scratch row: one sort a pass.
      if (isSort(expr)) while (passes[level]?.rowOps.some(isSort)) level++;
      for (let i = passes.length; i <= level; i++) passes.push({ rowOps: [], roots: [] });
      passes[level]!.rowOps.push(expr);
      passes[level]!.roots.push((node as RowNode).a);
      level++;
    }
    levels.set(expr, level);
  }
  return [...passes, { rowOps: [], roots: [body] }];
}

/** What a pass computes for its roots: row operators are known by then. */
function needs(roots: readonly Expr[]): Set<Expr> {
  const seen = new Set<Expr>();
  const visit = (expr: Expr): void => {
    if (seen.has(expr) || isRowOp(expr.node.op)) return;
    seen.add(expr);
    for (const operand of expr.node.op === "apply" ? [expr.node.body] : operandsOf(expr)) visit(operand);
  };
  for (const root of roots) visit(root);
  return seen;
}

/** Costly parts that more than one pass needs; of nested ones the outermost suffices, but the inner ones do no harm. */
function sharedParts(passes: readonly Pass[]): Expr[] {
  const counts = new Map<Expr, number>();
  for (const pass of passes) for (const expr of needs(pass.roots)) counts.set(expr, (counts.get(expr) ?? 0) + 1);
  return [...counts]
    .filter(([expr, count]) => count > 1 && costly.has(expr.node.op) && expr.extent === "row")
    .map(([expr]) => expr);
}

function isSort({ node }: Expr): boolean {
  return node.op === "rowSparsemaxThreshold";
}

function kindOf(rowOp: Expr): "sum" | "max" {
  return rowOp.node.op === "rowMax" ? "max" : "sum";
}

/**
 * Sorts the row at `address` from large to small (by insertion: rows are short) and sums up as Keras does, see RowOp.
 */
export function sparsemaxThreshold(f: FunctionBuilder, address: number, width: number): V128 {
  const sorted = f.i32("sorted");
  const hole = f.i32("hole");
  const moving = f.f32("moving");
  const at = (index: I32): I32 => i32.mul(index, 4);
  f.forLoop(sorted, 1, width, 1, () => {
    f.set(moving, f32.load(at(sorted), address));
    f.set(hole, sorted);
    f.block((placed) => {
      f.loop((again) => {
        f.branch(placed, i32.eqz(hole));
        const before = f32.load(at(i32.sub(hole, 1)), address);
        f.branch(placed, f32.ge(before, moving));
        f.do(f32.store(at(hole), before, address));
        f.increase(hole, -1);
        f.branch(again);
      });
    });
    f.do(f32.store(at(hole), moving, address));
  });
  const runningSum = f.let(f32.const(0), "runningSum");
  const sum = f.let(f32.const(0), "sum");
  const support = f.let(f32.const(0), "support");
  const index = f.i32("index");
  f.forLoop(index, 0, width, 1, () => {
    const element = f.let(f32.load(at(index), address));
    f.set(runningSum, f32.add(runningSum, element));
    const mean = f32.div(f32.sub(runningSum, 1), f32.convertI32(i32.add(index, 1)));
    f.if(f32.gt(f32.sub(element, mean), 0), () => {
      f.set(sum, f32.add(sum, runningSum));
      f.set(support, f32.add(support, 1));
    });
  });
  return f32x4.splat(f32.div(f32.sub(sum, 1), support));
}
