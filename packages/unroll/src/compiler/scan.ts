/**
 * The kernel of a scan: one function that runs the whole sequence. Input products are taken for all timesteps at once, the
 * body of a timestep is a function of its own called from the loop, so that V8 can exchange it for optimised code meanwhile.
 */
import { type Expr, inOrder, type ProductNode, symbol } from "../equations/expr.ts";
import type { ScanOperation, Value } from "../program/program.ts";
import { type FunctionBuilder, type I32, i32, type ModuleBuilder, type WasmFunction } from "./assembler.ts";
import { costOf } from "./emit-expr.ts";
import type { KernelFactory, PlanContext } from "./kernel.ts";
import { addressOf, type Buffer, type Layout } from "./layout.ts";
import { emitCounted } from "./product-loops.ts";
import { emitPack, type Matrix, type PanelShape, packedSource } from "./product-panels.ts";
import { ScanMemory, streamOf, type Walk } from "./scan-memory.ts";
import { scanStep } from "./scan-step.ts";
import { type Schedule, type Stage, schedule } from "./schedule.ts";
import { type Bundle, emitStage, planStage, type StageMemory, type StagePlan, type Target } from "./schedule-emit.ts";

/** A region of the schedule ready to be emitted. */
interface RegionPlan {
  readonly name: "before" | "step" | "after";
  readonly walk: Walk;
  readonly stages: readonly { readonly plan: StagePlan; readonly memory: Omit<StageMemory, "panels" | "scratch"> }[];
}

/** Packed matrices of a bundle, or a vector of the cell's own in whole blocks. */
interface Packed {
  readonly buffer: Buffer;
  readonly shape: PanelShape;
  readonly columns: number;
  readonly matrices: readonly (readonly (() => Matrix)[])[];
}

export const scanKernel: KernelFactory<ScanOperation> = (context, operation, results) => {
  const [batch, timesteps, features] = operation.input.shape as [number, number, number]; // a scan's input has three axes
  const { units, cell, returnSequences } = operation;
  const step = scanStep(operation, features);
  const cut = schedule(step.graph);
  const used = results.map((value) => (context.isUsed(value) ? value : undefined));
  const memory = new ScanMemory(context, operation, step, cut, returnSequences ? used[0] : undefined);
  const packs = new Packs(context, operation, cut);
  packs.addVectors(memory);

  const outside = memory.outsideWalk();
  const regions = [
    planRegion("before", cut.before, outside, new Set()),
    planRegion(
      "step",
      cut.step,
      { outer: timesteps, rows: batch, along: "time" },
      new Set(cut.before.flatMap(memoryNodes)),
    ),
  ];
  const copyOut = planCopies();
  const scratchBytes = Math.max(...regions.flatMap(({ stages }) => stages.map(({ plan }) => plan.scratchBytes)), 16);
  const scratch = context.scratch("sums", scratchBytes);

  function planRegion(
    name: RegionPlan["name"],
    stages: readonly Stage[],
    walk: Walk,
    ready: ReadonlySet<Expr>,
  ): RegionPlan {
    const available = new Set(ready);
    const planned = stages.map((stage) => {
      for (const expr of stage.reductions) available.add(expr);
      const plan = planStage(stage, {
        rows: walk.rows,
        relaxed: context.relaxed,
        innerOf: (vector) => cut.widthOf(vector),
      });
      for (const bundle of plan.bundles) packs.addBundle(bundle);
      const own = memory.forStage(name, walk, new Set(available));
      for (const expr of stage.stores) available.add(expr);
      return { plan, memory: own };
    });
    return { name, walk, stages: planned };
  }

  /** Results that are not written in place: final states, an output without its sequence. */
  function planCopies(): { readonly value: Value; readonly layout: Layout; readonly from: () => Target }[] {
    return used.flatMap((value, i) => {
      if (value === undefined || (i === 0 && returnSequences)) return [];
      const layout = context.write(value);
      const state = i === 0 ? step.outputState : i - 1;
      const from = (): Target =>
        state === undefined
          ? memory.forStage("step", regions[1]!.walk, new Set(cut.outputs)).source(cut.outputs[0]!)!
          : { stream: memory.finals[state]!, offset: 0 };
      return [{ value, layout, from }];
    });
  }

  function emitPrepare(module: ModuleBuilder): WasmFunction {
    return module.func({ name: `${cell.kind} prepare` }, (f) => packs.emit(f));
  }

  function emit(module: ModuleBuilder): WasmFunction {
    const functions = regions
      .filter(({ stages }) => stages.length > 0)
      .map((region) => {
        const fn = module.func(
          { name: `${cell.kind} ${region.name}`, parameters: { outer: "i32" } },
          (f, { outer }) => {
            for (const { plan, memory: own } of region.stages) {
              emitStage(f, plan, { ...own, scratch, panels: (bundle) => packs.panels(bundle) }, outer);
            }
          },
        );
        return { fn, region };
      });
    const pack = packs.prepared ? undefined : emitPrepare(module);
    return module.func({ name: `${cell.kind} sequence` }, (f) => {
      if (pack !== undefined) f.call(pack);
      for (const { from, to } of memory.copies) {
        emitCopy(
          f,
          units,
          batch,
          { stream: streamOf(from, { along: "time" }), offset: 0 },
          { stream: streamOf(to, { along: "time" }), offset: 0 },
          i32.const(0),
        );
      }
      for (const { fn, region } of functions) {
        emitCounted(f, region.walk.outer, (index) => f.call(fn, index ?? i32.const(0)));
      }
      for (const { layout, from } of copyOut) {
        const [rowStride] = layout.strides as [number, number];
        const target: Target = {
          stream: { at: () => i32.const(addressOf(layout)), rowStride: 4 * rowStride, blockStride: 16 },
          offset: 0,
          width: units,
        };
        emitCopy(f, units, batch, from(), target, i32.const(timesteps - 1));
      }
    });
  }

  return {
    name: `${cell.kind} ${batch}×${timesteps}×${features} → ${units}`,
    flops: timesteps * batch * flopsOf(cut),
    emit,
    ...(packs.prepared ? { emitPrepare } : {}),
  };
};

/** Nodes in memory once a stage has run. */
function memoryNodes(stage: Stage): Expr[] {
  return [...stage.reductions, ...stage.stores];
}

/** The packed arrays of a scan. */
class Packs {
  readonly #context: PlanContext;
  readonly #cut: Schedule;
  readonly #operation: ScanOperation;
  readonly #layouts = new Map<string, Layout>();
  readonly #packed: Packed[] = [];
  readonly #ofBundle = new Map<Bundle, Packed>();
  /** All arrays are known before a run, so that packing follows changes of weights only. */
  readonly prepared: boolean;

  constructor(context: PlanContext, operation: ScanOperation, cut: Schedule) {
    this.#context = context;
    this.#operation = operation;
    this.#cut = cut;
    this.prepared = operation.arrays.every((value) => context.isPrepared(value));
    for (const [i, array] of operation.cell.arrays.entries()) {
      this.#layouts.set(array.name, context.read(operation.arrays[i]!));
    }
  }

  /** Bias rows and vectors of the cell's own, each in whole blocks. */
  addVectors(memory: ScanMemory): void {
    const { next, outputs } = this.#cut;
    for (const expr of inOrder([...next, ...outputs])) {
      const { node } = expr;
      if (node.op !== "symbol" || node.weight === undefined) continue;
      const blocks = Math.ceil(this.#operation.units / 4);
      const shape = { groups: [{ unitBlocks: 1, count: blocks, start: 0 }], gates: 1, inner: [1], panelBlocks: 1 };
      const { weight } = node;
      const matrix = (): Matrix => this.#matrixOf(weight, false);
      const packed = this.#add(`vector ${node.name}`, shape, this.#operation.units, [[matrix]]);
      memory.share(expr, packed.buffer, 0);
    }
  }

  addBundle(bundle: Bundle): void {
    const matrices = bundle.vectors.map((_, segment) =>
      bundle.accumulations.map(({ products }) => {
        const { matrix, transposed } = products[segment]!.node as ProductNode; // an accumulation's products are products
        return () => this.#matrixOf(matrix, transposed);
      }),
    );
    const columns = this.#cut.widthOf(bundle.accumulations[0]!.result);
    this.#ofBundle.set(bundle, this.#add(`panels ${this.#ofBundle.size}`, bundle.shape, columns, matrices));
  }

  panels(bundle: Bundle): { address: I32; source: ReturnType<typeof packedSource> } {
    const { buffer, shape } = this.#ofBundle.get(bundle)!;
    return { address: i32.const(buffer.address), source: packedSource(shape) };
  }

  emit(f: FunctionBuilder): void {
    for (const { buffer, shape, columns, matrices } of this.#packed) {
      const made = matrices.map((segment) => segment.map((matrix) => matrix()));
      emitPack(f, shape, columns, made, i32.const(buffer.address));
    }
  }

  #add(name: string, shape: PanelShape, columns: number, matrices: Packed["matrices"]): Packed {
    const { bytes } = packedSource(shape);
    const buffer = this.prepared ? this.#context.lasting(name, bytes) : this.#context.scratch(name, bytes);
    const packed = { buffer, shape, columns, matrices };
    this.#packed.push(packed);
    return packed;
  }

  /** A gate's block of an array: rows are the inner axis, or with `transposed` the columns are. */
  #matrixOf({ array, block, row }: ProductNode["matrix"], transposed: boolean): Matrix {
    const layout = this.#layouts.get(array)!;
    const columnStride = 4 * layout.strides.at(-1)!;
    const innerStride = layout.strides.length === 2 ? 4 * layout.strides[0]! : 0;
    const address = i32.const(addressOf(layout) + row * innerStride + block * this.#operation.units * columnStride);
    return transposed
      ? { address, innerStride: columnStride, columnStride: innerStride }
      : { address, innerStride, columnStride };
  }
}

/** Copies rows of whole blocks from one place to another. */
function emitCopy(f: FunctionBuilder, width: number, rows: number, from: Target, to: Target, outer: I32): void {
  const value = symbol("copied", "argument", "a copied row");
  const stage: Stage = { width, reductions: [], accumulations: [], stores: [value] };
  const plan = planStage(stage, { rows, relaxed: false, innerOf: () => 0, exactWidth: to.width !== undefined });
  const noPanels = (): never => {
    throw new Error("scan: a copy has no products");
  };
  emitStage(
    f,
    plan,
    { source: () => from, targets: () => [to], widthOf: () => width, panels: noPanels, scratch: { address: 0 } },
    outer,
  );
}

/** Floating-point operations of one timestep and example. */
function flopsOf({ before, step, after, widthOf }: Schedule): number {
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
