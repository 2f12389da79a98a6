/**
 * Gradients of a scan's arrays: for each gate's block one product over all timesteps and examples, and sums of columns for
 * biases and vectors. Their right-hand sides lie in blocks `[unit block][timestep][example][lane]`, so that both run on evenly.
 */
import { argument, type Expr, product, zero } from "../equations/expr.ts";
import { type FunctionBuilder, f32x4, type I32, i32, type ModuleBuilder, v128 } from "./assembler.ts";
import { addressOf, type Layout } from "./layout.ts";
import { storeLanes } from "./loops.ts";
import { vectorBytes } from "./machine.ts";
import { emitCounted } from "./product-loops.ts";
import { type PanelSource, splitEvenly } from "./product-panels.ts";
import { type Home, timeStreamOf } from "./scan-homes.ts";
import type { ScanSize } from "./scan-memory.ts";
import { emitRows } from "./scan-regions.ts";
import { partLength, rowsOfPart, segmentLengths } from "./scan-segments.ts";
import type { Stage } from "./schedule.ts";
import { emitStage, type StageMemory, type Target } from "./schedule-emit.ts";
import type { Place } from "./schedule-place.ts";
import { type Bundle, planStage, type StagePlan } from "./schedule-plan.ts";

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

/** Keeps blocks of a round number of rows from evicting one another. */
const cacheLine = 64;

/** A home for right-hand sides, timesteps as the scan processes them. */
export function blockedStrides({ batch, timesteps, segment, machine }: ScanSize) {
  const block = vectorBytes(machine);
  return {
    timesteps,
    slots: segment,
    timeStride: block * batch,
    batchStride: block,
    blockStride: block * batch * segment + cacheLine,
  };
}

export interface PlannedBlocks {
  readonly scratchBytes: number;
  readonly flops: number;
  /** Emits the code that the sums start with. */
  emitStart(f: FunctionBuilder): void;
  /**
   * Emits the functions and gives the code that adds up a segment: from its timestep `first` on, `length` of them. Segments are to
   * be added from the last to the first.
   */
  emit(
    module: ModuleBuilder,
    name: string,
    scratch: { readonly address: number },
  ): (f: FunctionBuilder, first: I32, length: number) => void;
}

/**
 * Sums are taken part by part, the last part first, and always in the same parts: how long the segments are makes no difference to
 * a single bit, as long as they are whole numbers of parts.
 */
export function planBlocks(tasks: readonly BlockTask[], size: ScanSize): PlannedBlocks {
  const inner = size.batch * size.timesteps;
  const part = partLength(size);
  const isWhole = part >= size.timesteps && size.segment >= size.timesteps;
  const portions = (length: number) => ({ count: Math.floor(length / part), rest: length % part });
  const lengths = new Set(
    segmentLengths(size).flatMap((length) => {
      const { count, rest } = portions(length);
      return [...(count > 0 ? [part] : []), ...(rest > 0 ? [rest] : [])];
    }),
  );
  const products = tasks.filter(isProductTask);
  const plans = new Map(
    [...lengths].map((length) => [
      length,
      new Map(products.map((task) => [task, planProduct(task, size, size.batch * length, isWhole)])),
    ]),
  );
  const planned = [...plans.values()].flatMap((byTask) => [...byTask.values()]);
  return {
    scratchBytes: Math.max(
      vectorBytes(size.machine),
      ...planned.flatMap(({ portions }) => portions.map(({ plan }) => plan.scratchBytes)),
    ),
    flops: 2 * inner * size.units * tasks.reduce((sum, { rows, terms }) => sum + rows * terms.length, 0),
    emitStart(f) {
      for (const task of tasks) {
        if (isWhole && task.terms.length > 0) continue;
        emitRows(f, { rows: task.rows, width: size.units }, () => zero, [], targetOf(task, size));
      }
    },
    emit(module, name, scratch) {
      const emitPart = (f: FunctionBuilder, task: BlockTask, first: I32, length: number): void => {
        const plan = plans.get(length)!.get(task);
        if (plan !== undefined) emitProduct(f, task, plan, size, scratch, first);
        else if (task.terms.length > 0) emitColumnSums(f, task, size, { first, length, isWhole });
      };
      const functions = new Map(
        segmentLengths(size).map((length) => [
          length,
          module.func({ name, parameters: { first: "i32" } }, (f, { first }) => {
            const { count, rest } = portions(length);
            for (const task of tasks) {
              if (rest > 0) emitPart(f, task, f.let(i32.add(first, count * part), "part"), rest);
              emitCounted(f, count, (index) => {
                const before = i32.mul(i32.sub(count - 1, index ?? 0), part);
                emitPart(f, task, f.let(i32.add(first, before), "part"), part);
              });
            }
          }),
        ]),
      );
      return (f, first, length) => f.call(functions.get(length)!, first);
    },
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
  /** Stages for portions of the rows of a part, each `count` times. */
  readonly portions: readonly { readonly plan: StagePlan; readonly length: number; readonly count: number }[];
  /** A symbol for each left-hand side. */
  readonly vectors: readonly Expr[];
  /** The symbol for what is there. */
  readonly before: Expr;
}

/** `inner` rows are summed up; with `isWhole` these are all, otherwise they are added to what is there. */
function planProduct(
  { rows, terms }: BlockTask,
  { units, machine }: ScanSize,
  inner: number,
  isWhole: boolean,
): PlannedProduct {
  const vectors = terms.map((_, i) => argument(`left${i}`));
  const products = vectors.map((vector, i) => product(vector, `right${i}`, { array: "right", block: i, row: 0 }));
  const result = products.reduce((sum, term) => sum.plus(term));
  const before = argument("before");
  const atOnce = inner <= 1.5 * rowsOfPart ? inner : rowsOfPart;
  const stage: Stage = {
    width: units,
    reductions: [],
    accumulations: [{ result, start: undefined, products }],
    stores: [isWhole && atOnce === inner ? result : result.plus(before)],
  };
  const portions = splitEvenly(inner, atOnce).map(({ size, count }) => ({
    plan: planStage(stage, { rows, machine, innerOf: () => size, exactWidth: true, longestRun }),
    length: size,
    count,
  }));
  return { portions, vectors, before };
}

function emitProduct(
  f: FunctionBuilder,
  task: BlockTask,
  { portions, vectors, before }: PlannedProduct,
  size: ScanSize,
  scratch: { readonly address: number },
  firstTimestep: I32,
): void {
  const target = targetOf(task, size);
  const { blockStride } = blockedStrides(size);
  const block = vectorBytes(size.machine);
  const homes = new Map(vectors.map((vector, i) => [vector, task.terms[i]!.left!]));
  // The outer index counts timesteps × examples of the part here.
  const places = new Map<Expr, Place>([[before, target]]);
  for (const [vector, home] of homes) {
    const start = f.let(timeStreamOf(home).at(firstTimestep), "left");
    const at = (outer: I32): I32 => i32.add(i32.mul(outer, home.batchStride), start);
    places.set(vector, { stream: { at, rowStride: 4, blockStride: 0 }, offset: 0 });
  }
  const { timeStride, slots } = task.terms[0]!.right;
  const right = f.let(
    i32.mul(slots < size.timesteps ? i32.remU(firstTimestep, slots) : firstTimestep, timeStride),
    "right",
  );
  const memory: StageMemory = {
    source: (expr) => places.get(expr),
    vectorStride: (expr) => homes.get(expr)!.batchStride,
    targets: () => [target],
    widthOf: () => size.units,
    panels: (bundle, outer) => ({
      address: i32.add(right, i32.mul(outer, block)),
      source: blockedSource(bundle, task, blockStride, block),
    }),
    scratch,
  };
  const first = f.let(i32.const(0), "first");
  for (const { plan, length, count } of portions) {
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

/** Sums over the timesteps and examples of a part, four running sums at a time for the additions' latency. */
function emitColumnSums(
  f: FunctionBuilder,
  task: BlockTask,
  size: ScanSize,
  { first, length, isWhole }: { readonly first: I32; readonly length: number; readonly isWhole: boolean },
): void {
  const count = size.batch * length;
  const { blockStride } = blockedStrides(size);
  const target = targetOf(task, size);
  const to = f.let(target.stream.at(i32.const(0)), "to");
  const { lanes } = size.machine;
  const block = vectorBytes(size.machine);
  const blocks = Math.ceil(size.units / lanes);
  const from = task.terms.map(({ right }) => f.let(timeStreamOf(right).at(first), "from"));
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
      const sum = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
      storeLanes(f, to, isWhole ? sum : f32x4.add(sum, v128.load(to)), stored);
      f.increase(to, block);
    });
  const rest = size.units % lanes;
  emitBlocks(rest === 0 ? blocks : blocks - 1, lanes);
  if (rest !== 0) emitBlocks(1, rest);
}
