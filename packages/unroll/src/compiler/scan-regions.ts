/** The regions of a schedule as functions: what runs before the time loop, the body of a timestep, what runs after it. */
import { argument, type Expr, type ProductNode } from "../equations/expr.ts";
import { type FunctionBuilder, type I32, i32, type ModuleBuilder, type WasmFunction } from "./assembler.ts";
import { addressOf, type Layout } from "./layout.ts";
import { type Machine, vectorBytes } from "./machine.ts";
import { emitCounted } from "./product-loops.ts";
import type { ScanArrays } from "./scan-arrays.ts";
import { outerIndex, type Walk } from "./scan-homes.ts";
import type { RegionName, ScanMemory, ScanSize } from "./scan-memory.ts";
import { segmentLengths } from "./scan-segments.ts";
import type { Schedule, Stage } from "./schedule.ts";
import { emitStage, type StageMemory, type Target } from "./schedule-emit.ts";
import type { Place } from "./schedule-place.ts";
import { planStage, type StagePlan } from "./schedule-plan.ts";
import { costOf } from "./terms.ts";

interface PlannedStage {
  readonly plan: StagePlan;
  readonly memory: Omit<StageMemory, "panels" | "scratch">;
}

interface Region {
  readonly name: RegionName;
  readonly walk: Walk;
  readonly stages: readonly PlannedStage[];
}

export interface ScanRegions {
  /**
   * Emits the functions and gives the code that calls them for the timesteps of a segment, before, in and after the time loop.
   * `first` is the segment's first timestep as the loop counts them, `length` one of the segments' lengths.
   */
  emit(module: ModuleBuilder, name: string): (f: FunctionBuilder, first: I32, length: number) => void;
  /** Room that emission needs for sums. */
  readonly scratchBytes: number;
}

/** Plans all regions; `scratch` is asked for during emission. */
export function planRegions(
  size: ScanSize,
  schedule: Schedule,
  memory: ScanMemory,
  arrays: ScanArrays,
  scratch: () => { readonly address: number },
): ScanRegions {
  const { batch, timesteps, machine } = size;
  const storedBy = (stages: readonly Stage[]): Expr[] =>
    stages.flatMap(({ reductions, stores }) => [...reductions, ...stores]);
  const plan = (name: RegionName, stages: readonly Stage[], walk: Walk, before: readonly Expr[]): Region => ({
    name,
    walk,
    stages: stages.map((stage, i) => {
      const available = new Set([...before, ...storedBy(stages.slice(0, i)), ...stage.reductions]);
      const planned = planStage(stage, {
        rows: walk.rows,
        machine,
        innerOf: (vector) => schedule.widthOf(vector),
      });
      for (const bundle of planned.bundles) arrays.addBundle(bundle);
      return { plan: planned, memory: memory.forStage(name, walk, available) };
    }),
  });
  const lengths = segmentLengths(size);
  const outside = (name: RegionName, stages: readonly Stage[], ready: readonly Expr[]) =>
    new Map(lengths.map((length) => [length, plan(name, stages, memory.outsideWalk(stages, length), ready)]));
  const before = outside("before", schedule.before, []);
  const hoisted = storedBy(schedule.before);
  const loop: Walk = { outer: timesteps, rows: batch, along: "time", isPart: false };
  const step = plan("step", schedule.step, loop, hoisted);
  const after = outside("after", schedule.after, [...hoisted, ...storedBy(schedule.step)]);
  const regions = [...before.values(), step, ...after.values()].filter(({ stages }) => stages.length > 0);
  return {
    scratchBytes: Math.max(
      vectorBytes(machine),
      ...regions.flatMap(({ stages }) => stages.map((stage) => stage.plan.scratchBytes)),
    ),
    emit(module, name) {
      const functions = new Map(
        regions.map((region) => [region, emitRegion(module, `${name} ${region.name}`, region, arrays, scratch())]),
      );
      return (f, first, length) => {
        const isPart = length < timesteps;
        const call = (region: Region, walk: Walk): void => {
          const made = functions.get(region);
          if (made === undefined) return;
          emitCounted(f, walk.outer, (index) =>
            f.call(made, isPart ? outerIndex(walk, index, first, length, timesteps) : (index ?? i32.const(0))),
          );
        };
        call(before.get(length)!, before.get(length)!.walk);
        call(step, { ...step.walk, outer: length });
        call(after.get(length)!, after.get(length)!.walk);
      };
    },
  };
}

function emitRegion(
  module: ModuleBuilder,
  name: string,
  { stages }: Region,
  arrays: ScanArrays,
  scratch: { readonly address: number },
): WasmFunction {
  return module.func({ name, parameters: { outer: "i32" } }, (f, { outer }) => {
    for (const { plan, memory } of stages) {
      emitStage(f, plan, { ...memory, scratch, panels: (bundle) => arrays.panels(bundle) }, outer);
    }
  });
}

/** Rows of an elementwise equation over places, outside of any schedule. */
export function emitRows(
  f: FunctionBuilder,
  { rows, width }: { readonly rows: number; readonly width: number },
  equation: (operands: readonly Expr[]) => Expr,
  sources: readonly Place[],
  target: Target,
  outer: I32 = i32.const(0),
): void {
  const operands = sources.map((_, i) => argument(`a${i}`));
  const value = equation(operands);
  const stage: Stage = { width, reductions: [], accumulations: [], stores: [value] };
  const plan = planStage(stage, { rows, machine: f.machine, innerOf: () => 0, exactWidth: target.width !== undefined });
  const places = new Map(operands.map((operand, i) => [operand, sources[i]!]));
  const memory: StageMemory = {
    source: (expr) => places.get(expr),
    targets: () => [target],
    widthOf: () => width,
    panels: () => {
      throw new Error("scan: an elementwise equation has no products");
    },
    scratch: { address: 0 },
  };
  emitStage(f, plan, memory, outer);
}

/** A layout `[rows, width]` as a target that keeps within its rows. */
export function exactTarget(layout: Layout, machine: Machine): Target {
  const [rowStride] = layout.strides as [number, number];
  const at = (): I32 => i32.const(addressOf(layout));
  return {
    stream: { at, rowStride: 4 * rowStride, blockStride: vectorBytes(machine) },
    offset: 0,
    width: layout.shape.at(-1)!,
  };
}

/** Floating-point operations of one timestep and example. */
export function flopsOf({ before, step, after, widthOf }: Schedule): number {
  const stages = [...before, ...step, ...after];
  const products = stages.flatMap(({ accumulations }) =>
    accumulations.flatMap((accumulation) => accumulation.products),
  );
  const multiplyAdds = products.map((expr) => widthOf((expr.node as ProductNode).vector) * widthOf(expr)); // products only
  const elementwise = stages.map(({ stores, width }) => width * costOf(stores).operations);
  return 2 * sum(multiplyAdds) + sum(elementwise);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
