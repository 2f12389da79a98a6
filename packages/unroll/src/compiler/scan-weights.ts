/**
 * Gradients of a scan's arrays: for each gate's block one product over all timesteps and examples, and sums of columns for
 * biases and vectors. Their right-hand sides lie in blocks `[unit block][timestep][example][lane]`, so that both run on evenly.
 */
import { argument, type Expr, product, zero } from "../equations/expr.ts";
import {
  type FunctionBuilder,
  f32x4,
  type I32,
  i32,
  type ModuleBuilder,
  v128,
  type WasmFunction,
} from "./assembler.ts";
import { addressOf, type Layout } from "./layout.ts";
import { storeLanes } from "./loops.ts";
import { vectorBytes } from "./machine.ts";
import { emitCounted } from "./product-loops.ts";
import { type PanelSource, splitEvenly } from "./product-panels.ts";
import type { Home } from "./scan-homes.ts";
import type { ScanSize } from "./scan-memory.ts";
import { emitRows } from "./scan-regions.ts";
import type { Stage } from "./schedule.ts";
import { type Bundle, emitStage, planStage, type StageMemory, type StagePlan, type Target } from "./schedule-emit.ts";
import type { Place } from "./schedule-place.ts";

/** A block of an array's gradient: the sum of outer products, or of right-hand sides alone. */
export interface BlockTask {
  /** `units` columns from here on, in a row-major array. */
  readonly target: { readonly layout: Layout; readonly row: number; readonly column: number };
  /** Rows of the block: input features or units, or 1 for a vector. */
  readonly rows: number;
  /** `left` has rows side by side and its timesteps and examples follow one another evenly; undefined for a vector. */
  readonly terms: readonly { readonly left: Home | undefined; readonly right: Home }[];
}

/** Shorter runs than usual: of the left-hand side a tile reads a few neighbours from each of so many rows. */
const longestRun = 256;

/** Timesteps × examples that all columns are multiplied with before the next ones: the left-hand rows then stay in the second-level cache. */
const longestPart = 512;

/** Keeps blocks of a round number of rows from evicting one another. */
const cacheLine = 64;

/** A home for right-hand sides, timesteps as the scan processes them. */
export function blockedStrides({ batch, timesteps, machine }: ScanSize) {
  const block = vectorBytes(machine);
  return {
    timesteps,
    timeStride: block * batch,
    batchStride: block,
    blockStride: block * batch * timesteps + cacheLine,
  };
}

export interface PlannedBlocks {
  readonly scratchBytes: number;
  readonly flops: number;
  emit(module: ModuleBuilder, name: string, scratch: { readonly address: number }): WasmFunction;
}

export function planBlocks(tasks: readonly BlockTask[], size: ScanSize): PlannedBlocks {
  const planned = tasks.map((task) => ({
    task,
    plan: isProductTask(task) ? planProduct(task, size) : undefined,
  }));
  const inner = size.batch * size.timesteps;
  return {
    scratchBytes: Math.max(
      vectorBytes(size.machine),
      ...planned.flatMap(({ plan }) => plan?.parts.map((part) => part.plan.scratchBytes) ?? []),
    ),
    flops: 2 * inner * size.units * tasks.reduce((sum, { rows, terms }) => sum + rows * terms.length, 0),
    emit: (module, name, scratch) =>
      module.func({ name }, (f) => {
        for (const { task, plan } of planned) {
          if (plan !== undefined) emitProduct(f, task, plan, size, scratch);
          else if (task.terms.length > 0) emitColumnSums(f, task, size);
          else emitRows(f, { rows: task.rows, width: size.units }, () => zero, [], targetOf(task, size));
        }
      }),
  };
}

function isProductTask({ terms }: BlockTask): boolean {
  return terms.some(({ left }) => left !== undefined);
}

function targetOf({ target: { layout, row, column } }: BlockTask, { units, machine }: ScanSize): Target {
  const [rowStride] = layout.strides.length === 2 ? layout.strides : [0];
  const at = () => i32.const(addressOf(layout) + 4 * (row * rowStride! + column));
  return { stream: { at, rowStride: 4 * rowStride!, blockStride: vectorBytes(machine) }, offset: 0, width: units };
}

interface PlannedProduct {
  /** Stages for parts of the inner axis, each `count` times; with more than one part in all they add to what is there. */
  readonly parts: readonly { readonly plan: StagePlan; readonly length: number; readonly count: number }[];
  readonly isWhole: boolean;
  /** A symbol for each left-hand side. */
  readonly vectors: readonly Expr[];
  /** The symbol for what is there. */
  readonly before: Expr;
}

function planProduct({ rows, terms }: BlockTask, { batch, timesteps, units, machine }: ScanSize): PlannedProduct {
  const vectors = terms.map((_, i) => argument(`left${i}`));
  const products = vectors.map((vector, i) => product(vector, `right${i}`, { array: "right", block: i, row: 0 }));
  const result = products.reduce((sum, term) => sum.plus(term));
  const before = argument("before");
  const inner = batch * timesteps;
  const isWhole = inner <= 1.5 * longestPart;
  const stage: Stage = {
    width: units,
    reductions: [],
    accumulations: [{ result, start: undefined, products }],
    stores: [isWhole ? result : result.plus(before)],
  };
  const parts = splitEvenly(inner, isWhole ? inner : longestPart).map(({ size, count }) => ({
    plan: planStage(stage, { rows, machine, innerOf: () => size, exactWidth: true, longestRun }),
    length: size,
    count,
  }));
  return { parts, isWhole, vectors, before };
}

function emitProduct(
  f: FunctionBuilder,
  task: BlockTask,
  { parts, isWhole, vectors, before }: PlannedProduct,
  size: ScanSize,
  scratch: { readonly address: number },
): void {
  const target = targetOf(task, size);
  if (!isWhole) emitRows(f, { rows: task.rows, width: size.units }, () => zero, [], target);
  const { blockStride } = blockedStrides(size);
  const block = vectorBytes(size.machine);
  const homes = new Map(vectors.map((vector, i) => [vector, task.terms[i]!.left!]));
  // The outer index counts timesteps × examples here.
  const places = new Map<Expr, Place>([[before, target]]);
  for (const [vector, { buffer, start, batchStride }] of homes) {
    const at = (outer: I32): I32 => i32.add(i32.mul(outer, batchStride), buffer.address + start);
    places.set(vector, { stream: { at, rowStride: 4, blockStride: 0 }, offset: 0 });
  }
  const memory: StageMemory = {
    source: (expr) => places.get(expr),
    vectorStride: (expr) => homes.get(expr)!.batchStride,
    targets: () => [target],
    widthOf: () => size.units,
    panels: (bundle, outer) => ({
      address: i32.mul(outer, block),
      source: blockedSource(bundle, task, blockStride, block),
    }),
    scratch,
  };
  const first = f.let(i32.const(0), "first");
  for (const { plan, length, count } of parts) {
    emitCounted(f, count, () => {
      emitStage(f, plan, memory, first);
      f.increase(first, length);
    });
  }
}

/** Panels read where the right-hand sides lie. */
function blockedSource({ shape }: Bundle, { terms }: BlockTask, blockStride: number, block: number): PanelSource {
  return {
    groupStride: ({ unitBlocks }) => unitBlocks * shape.gates * blockStride,
    runStride: (_, { length }) => block * length,
    offset(group, runs, panel) {
      const { buffer, start } = terms[runs.segment]!.right;
      return buffer.address + start + block * runs.start + blockStride * (group.start * shape.gates + panel.start);
    },
    blockStride,
    innerStride: () => block,
  };
}

/** Sums over all timesteps and examples, four running sums at a time for the additions' latency. */
function emitColumnSums(f: FunctionBuilder, task: BlockTask, size: ScanSize): void {
  const count = size.batch * size.timesteps;
  const { blockStride } = blockedStrides(size);
  const target = targetOf(task, size);
  const to = f.let(target.stream.at(i32.const(0)), "to");
  const { lanes } = size.machine;
  const block = vectorBytes(size.machine);
  const blocks = Math.ceil(size.units / lanes);
  const from = task.terms.map(({ right }) => f.let(i32.const(right.buffer.address + right.start), "from"));
  const emitBlocks = (times: number, stored: number): void =>
    emitCounted(f, times, () => {
      const sums = [0, 1, 2, 3].map(() => f.let(f32x4.const(0), "sum"));
      for (const start of from) {
        const at = f.let(start, "at");
        const add = (into: number, offset: number): void =>
          f.set(sums[into]!, f32x4.add(sums[into]!, v128.load(at, offset)));
        emitCounted(f, Math.floor(count / 4), () => {
          for (const i of [0, 1, 2, 3]) add(i, block * i);
          f.increase(at, 4 * block);
        });
        for (let i = 0; i < count % 4; i++) add(i, block * i);
        f.increase(start, blockStride);
      }
      const [a, b, c, d] = sums as [(typeof sums)[0], (typeof sums)[0], (typeof sums)[0], (typeof sums)[0]]; // four of them
      storeLanes(f, to, f32x4.add(f32x4.add(a, b), f32x4.add(c, d)), stored);
      f.increase(to, block);
    });
  const rest = size.units % lanes;
  emitBlocks(rest === 0 ? blocks : blocks - 1, lanes);
  if (rest !== 0) emitBlocks(1, rest);
}
