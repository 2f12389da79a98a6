/**
 * Emits a stage of a schedule: for each group of units the panels of its products, into a scratch, then the elementwise
 * equations row by row, from the scratch to the places of the stored nodes. Scans and plain products come through here.
 */
import type { Expr } from "../equations/expr.ts";
import { type FunctionBuilder, f32x4, type I32, i32, type Local, type V128, v128 } from "./assembler.ts";
import { ExpressionEmitter } from "./emit-expr.ts";
import { storeLanes } from "./loops.ts";
import { vectorBytes } from "./machine.ts";
import { emitCounted } from "./product-loops.ts";
import { chunkRows, type Group, type Panel, type PanelSource, panelsOf, runsOf, tilesFor } from "./product-panels.ts";
import { emitTile, type TileOperands } from "./product-tile.ts";
import type { Accumulation } from "./schedule.ts";
import { inputsOf } from "./schedule-graph.ts";
import type { Place, Stream } from "./schedule-place.ts";
import type { Bundle, StagePlan } from "./schedule-plan.ts";
import { emitReduction } from "./schedule-reduce.ts";

/** Where everything lies while the stage runs. */
export interface StageMemory {
  /** Where a symbol or a node stored by an earlier stage is read; undefined = this stage computes it. */
  source(expr: Expr): Place | undefined;
  /** Bytes from one element of a product's vector to the next, where it is not 4. */
  vectorStride?(expr: Expr): number;
  /** Elements in a row of a node. */
  widthOf(expr: Expr): number;
  /** Where a node is stored; several for a state that is also wanted otherwise. */
  targets(expr: Expr): readonly Target[];
  /** Right-hand matrices of a bundle; the address may depend on the outer index. */
  panels(bundle: Bundle, outer: I32): { readonly address: I32; readonly source: PanelSource };
  readonly scratch: { readonly address: number };
}

export interface Target extends Place {
  /** Elements in a row, where the row has no room for the rest of its last block: only with a plan of exact width. */
  readonly width?: number;
}

/** Emits the stage for one outer index. */
export function emitStage(f: FunctionBuilder, plan: StagePlan, memory: StageMemory, outer: I32): void {
  for (const expr of plan.stage.reductions) {
    const operand = inputsOf(expr)[0]!;
    const reduction = {
      expr,
      source: memory.source(operand)!,
      target: memory.targets(expr)[0]!,
      rows: plan.rows,
      width: memory.widthOf(operand),
      scratch: memory.scratch.address,
    };
    emitReduction(f, reduction, outer);
  }
  const whole = Math.floor(plan.rows / chunkRows);
  const first = f.let(i32.const(0), "firstRow");
  emitCounted(f, whole, () => {
    emitRows(f, plan, memory, outer, first, chunkRows);
    f.increase(first, chunkRows);
  });
  const rest = plan.rows - whole * chunkRows;
  if (rest > 0) emitRows(f, plan, memory, outer, whole === 0 ? undefined : first, rest);
}

/** Pointers into streams, each made once. */
class Pointers {
  readonly #f: FunctionBuilder;
  readonly #locals = new Map<Stream, Local<"i32">>();
  readonly #initial: (stream: Stream) => I32;

  constructor(f: FunctionBuilder, initial: (stream: Stream) => I32) {
    this.#f = f;
    this.#initial = initial;
  }

  of(stream: Stream): Local<"i32"> {
    const known = this.#locals.get(stream);
    if (known !== undefined) return known;
    const local = this.#f.let(this.#initial(stream));
    this.#locals.set(stream, local);
    return local;
  }

  advance(bytes: (stream: Stream) => number): void {
    for (const [stream, local] of this.#locals) this.#f.increase(local, bytes(stream));
  }
}

/** The stage for `rows` rows from `first` on (undefined = the first of all). */
function emitRows(
  f: FunctionBuilder,
  plan: StagePlan,
  memory: StageMemory,
  outer: I32,
  first: Local<"i32"> | undefined,
  rows: number,
): void {
  const addressAt = (stream: Stream): I32 =>
    first === undefined || stream.rowStride === 0
      ? stream.at(outer)
      : i32.add(stream.at(outer), i32.mul(first, stream.rowStride));
  const { leaves, computed } = findLeaves(plan, memory);
  // Everything that moves along with the groups gets its pointer before the loop over groups.
  const groupPointers = new Pointers(f, addressAt);
  for (const leaf of leaves) groupPointers.of(memory.source(leaf)!.stream);
  for (const expr of plan.stage.stores) for (const target of memory.targets(expr)) groupPointers.of(target.stream);
  for (const { accumulations } of plan.bundles) {
    for (const { start } of accumulations) if (start !== undefined) groupPointers.of(memory.source(start)!.stream);
  }
  const vectorPointers = new Pointers(f, addressAt);
  for (const { vectors } of plan.bundles)
    for (const vector of vectors) vectorPointers.of(memory.source(vector)!.stream);
  const panels = plan.bundles.map((bundle) => {
    const { address, source } = memory.panels(bundle, outer);
    return { source, address: f.let(address, "panels"), group: f.i32("group") };
  });

  for (const group of plan.groups) {
    for (const panel of panels) f.set(panel.group, panel.address);
    emitCounted(f, group.count, () => {
      for (const [i, bundle] of plan.bundles.entries()) {
        emitPanels(f, plan, memory, { bundle, group, rows, groupPointers, vectorPointers, panels: panels[i]! });
      }
      emitEquations(f, plan, memory, { group, rows, groupPointers, leaves, computed });
      groupPointers.advance(({ blockStride }) => blockStride * group.unitBlocks);
      for (const panel of panels) f.increase(panel.group, panel.source.groupStride(group));
    });
  }
}

/** What the equations of a stage read from memory, and the sums they take from the scratch. */
function findLeaves(plan: StagePlan, memory: StageMemory): { leaves: Expr[]; computed: Accumulation[] } {
  const sums = new Map(plan.stage.accumulations.map((accumulation) => [accumulation.result, accumulation]));
  const leaves = new Set<Expr>();
  const seen = new Set<Expr>();
  const visit = (expr: Expr): void => {
    if (seen.has(expr)) return;
    seen.add(expr);
    if (sums.has(expr)) return;
    if (memory.source(expr) !== undefined) leaves.add(expr);
    else for (const input of inputsOf(expr)) visit(input);
  };
  for (const expr of plan.stage.stores) visit(expr);
  return { leaves: [...leaves], computed: [...sums.values()] };
}

/** Bytes of a scratch row: all sums of a group. */
function scratchStride({ stage, machine }: StagePlan, group: Group): number {
  return vectorBytes(machine) * group.unitBlocks * stage.accumulations.length;
}

/** Where a bundle's sums begin in a scratch row. */
function scratchOffset({ bundles, machine }: StagePlan, bundle: Bundle, group: Group): number {
  const before = bundles.slice(0, bundles.indexOf(bundle));
  return vectorBytes(machine) * group.unitBlocks * before.reduce((sum, { shape }) => sum + shape.gates, 0);
}

interface PanelWork {
  readonly bundle: Bundle;
  readonly group: Group;
  readonly rows: number;
  readonly groupPointers: Pointers;
  readonly vectorPointers: Pointers;
  readonly panels: { readonly source: PanelSource; readonly group: Local<"i32"> };
}

/** One group's sums of one bundle, into the scratch. */
function emitPanels(f: FunctionBuilder, plan: StagePlan, memory: StageMemory, work: PanelWork): void {
  const { bundle, group, vectorPointers, panels } = work;
  const allRuns = runsOf(bundle.shape);
  const isOneRun = allRuns.length === 1 && allRuns[0]!.times === 1;
  if (!isOneRun) emitStarts(f, plan, memory, work);
  for (const runs of allRuns) {
    const vector = bundle.vectors[runs.segment]!;
    const { stream, offset } = memory.source(vector)!;
    const innerStride = memory.vectorStride?.(vector) ?? 4;
    const a = f.let(i32.add(vectorPointers.of(stream), offset + runs.start * innerStride), "a");
    const run = f.let(panels.group, "run");
    emitCounted(f, runs.times, () => {
      for (const panel of panelsOf(bundle.shape, group)) {
        const operands = {
          a: f.let(a),
          aRowStride: stream.rowStride,
          aInnerStride: innerStride,
          b: f.let(i32.add(run, panels.source.offset(group, runs, panel)), "b"),
          bBlockStride: panels.source.blockStride,
          bInnerStride: panels.source.innerStride(panel),
          inner: runs.length,
        };
        emitPanelRows(f, plan, memory, work, panel, operands, isOneRun);
      }
      f.increase(a, runs.length * innerStride);
      f.increase(run, panels.source.runStride(group, runs));
    });
  }
}

/** Copying a row takes much less long than memory takes to answer: so many rows ahead it is asked for. */
const copiedAhead = 8;

/** Writes what the sums of a group start from into the scratch, where several runs add to them. */
function emitStarts(f: FunctionBuilder, plan: StagePlan, memory: StageMemory, work: PanelWork): void {
  const { bundle, group, rows } = work;
  const starting = startsOf(f, memory, work);
  const sums = f.let(sumsAddress(plan, memory, work, 0), "sums");
  emitCounted(f, rows, () => {
    starting.prefetch(copiedAhead, 1, { start: 0, blocks: group.unitBlocks * bundle.shape.gates });
    for (const column of range(group.unitBlocks * bundle.shape.gates)) {
      f.do(v128.store(sums, starting.load(0, column) ?? f32x4.const(0), vectorBytes(f.machine) * column));
    }
    f.increase(sums, scratchStride(plan, group));
    starting.advance(1);
  });
}

/** From so many inner indices on a tile takes longer than memory takes to answer. */
const worthPrefetching = 64;

/** One panel for all rows, tile by tile. */
function emitPanelRows(
  f: FunctionBuilder,
  plan: StagePlan,
  memory: StageMemory,
  work: PanelWork,
  panel: Panel,
  operands: TileOperands,
  isOnlyRun: boolean,
): void {
  const rowBytes = scratchStride(plan, work.group);
  const blockBytes = vectorBytes(f.machine);
  const sums = f.let(sumsAddress(plan, memory, work, panel.start), "sums");
  const starting = isOnlyRun ? startsOf(f, memory, work) : undefined;
  for (const tile of tilesFor(work.rows, plan.machine).rows) {
    emitCounted(f, tile.count, () => {
      if (operands.inner >= worthPrefetching) starting?.prefetch(tile.size, tile.size, panel);
      emitTile(
        f,
        { rows: tile.size, blocks: panel.blocks },
        operands,
        (row, block) =>
          starting === undefined
            ? v128.load(sums, row * rowBytes + blockBytes * block)
            : starting.load(row, panel.start + block),
        (row, block, sum) => f.do(v128.store(sums, sum, row * rowBytes + blockBytes * block)),
      );
      f.increase(operands.a, tile.size * operands.aRowStride);
      f.increase(sums, tile.size * rowBytes);
      starting?.advance(tile.size);
    });
  }
}

/** What the sums of a bundle start from, row after row; undefined where they start from 0. */
function startsOf(f: FunctionBuilder, memory: StageMemory, { bundle, groupPointers }: PanelWork) {
  const places = bundle.accumulations.map(({ start }) => (start === undefined ? undefined : memory.source(start)!));
  const pointers = new Pointers(f, (stream) => groupPointers.of(stream));
  for (const place of places) if (place !== undefined) pointers.of(place.stream);
  return {
    load(row: number, column: number): V128 | undefined {
      const place = places[column % places.length];
      if (place === undefined) return undefined;
      const { stream, offset } = place;
      const unitBlock = Math.floor(column / places.length);
      return v128.load(pointers.of(stream), row * stream.rowStride + unitBlock * stream.blockStride + offset);
    },
    /** Asks for what a panel of so many rows starts from, `ahead` rows behind this one; they may lie behind the last. */
    prefetch(ahead: number, rows: number, panel: Panel): void {
      for (const row of range(rows)) {
        for (const block of range(panel.blocks)) {
          const column = panel.start + block;
          const place = places[column % places.length];
          if (place === undefined) continue;
          const { stream, offset } = place;
          const unitBlock = Math.floor(column / places.length);
          f.prefetch(pointers.of(stream), (ahead + row) * stream.rowStride + unitBlock * stream.blockStride + offset);
        }
      }
    },
    advance: (rows: number): void => pointers.advance(({ rowStride }) => rows * rowStride),
  };
}

function sumsAddress(plan: StagePlan, { scratch }: StageMemory, { bundle, group }: PanelWork, column: number): I32 {
  return i32.const(scratch.address + scratchOffset(plan, bundle, group) + vectorBytes(plan.machine) * column);
}

interface EquationWork {
  readonly group: Group;
  readonly rows: number;
  readonly groupPointers: Pointers;
  readonly leaves: readonly Expr[];
  readonly computed: readonly Accumulation[];
}

/** The elementwise equations of one group, row by row. */
function emitEquations(f: FunctionBuilder, plan: StagePlan, memory: StageMemory, work: EquationWork): void {
  const { group, rows, groupPointers, leaves, computed } = work;
  const { stores, width } = plan.stage;
  const { lanes } = f.machine;
  const blockBytes = vectorBytes(f.machine);
  const lastBlock = Math.ceil(width / lanes) - 1;
  const offsets = new Map<Expr, number>();
  for (const bundle of plan.bundles) {
    for (const [gate, { result }] of bundle.accumulations.entries()) {
      offsets.set(result, scratchOffset(plan, bundle, group) + blockBytes * gate);
    }
  }
  const gatesOf = (expr: Expr): number =>
    plan.bundles.find(({ accumulations }) => accumulations.some(({ result }) => result === expr))!.shape.gates;
  const load = (pointer: I32, { stream, offset }: Place, unitBlock: number): V128 =>
    stream.blockStride === 0
      ? v128.load32Splat(pointer, offset)
      : v128.load(pointer, offset + unitBlock * stream.blockStride);

  // What is the same for every row is loaded before the rows.
  const shared = range(group.unitBlocks).map((unitBlock) => {
    const fixed = leaves.filter((leaf) => memory.source(leaf)!.stream.rowStride === 0);
    return fixed.map((leaf) => {
      const source = memory.source(leaf)!;
      return [leaf, f.let(load(groupPointers.of(source.stream), source, unitBlock))] as const;
    });
  });
  const rowPointers = new Pointers(f, (stream) => groupPointers.of(stream));
  for (const leaf of leaves) {
    const { stream } = memory.source(leaf)!;
    if (stream.rowStride !== 0) rowPointers.of(stream);
  }
  for (const expr of stores) for (const { stream } of memory.targets(expr)) rowPointers.of(stream);
  const sums = f.let(i32.const(memory.scratch.address), "sums");
  emitCounted(f, rows, () => {
    for (const unitBlock of range(group.unitBlocks)) {
      const emitter = new ExpressionEmitter(f, stores, (leaf) => {
        const source = memory.source(leaf);
        if (source === undefined) throw new Error(`schedule: nothing in memory for ${leaf.node.op}`);
        return load(rowPointers.of(source.stream), source, unitBlock);
      });
      for (const [leaf, local] of shared[unitBlock]!) emitter.define(leaf, local);
      for (const { result } of computed) {
        emitter.define(result, f.let(v128.load(sums, offsets.get(result)! + blockBytes * unitBlock * gatesOf(result))));
      }
      for (const leaf of leaves) {
        const source = memory.source(leaf)!;
        if (source.stream.rowStride === 0) continue;
        emitter.define(leaf, f.let(load(rowPointers.of(source.stream), source, unitBlock)));
      }
      for (const expr of stores) {
        const value = emitter.value(expr);
        for (const target of memory.targets(expr)) {
          const at = target.offset + unitBlock * target.stream.blockStride;
          const isLast = target.width !== undefined && group.count === 1 && group.start + unitBlock === lastBlock;
          storeLanes(f, rowPointers.of(target.stream), value, isLast ? ((width - 1) % lanes) + 1 : lanes, at);
        }
      }
    }
    f.increase(sums, scratchStride(plan, group));
    rowPointers.advance(({ rowStride }) => rowStride);
  });
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
