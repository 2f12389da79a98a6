/**
 * The kernel of a scan: one function that runs the whole sequence. Input products are taken for all timesteps at once, the
 * body of a timestep is a function of its own called from the loop, so that V8 can exchange it for optimised code meanwhile.
 * Where the program also asks for the scan's gradient, the nodes that the way back needs are kept.
 */
import { type Expr, zero } from "../equations/expr.ts";
import type { ScanGradientOperation, ScanOperation, Value } from "../program/program.ts";
import { type FunctionBuilder, i32, type ModuleBuilder, type WasmFunction } from "./assembler.ts";
import type { KernelFactory, PlanContext } from "./kernel.ts";
import type { Buffer, Layout } from "./layout.ts";
import { vectorBytes } from "./machine.ts";
import { type ScanAdjoint, scanAdjoint } from "./scan-adjoint.ts";
import { ScanArrays } from "./scan-arrays.ts";
import { emitSegments, type SegmentFunctions, withStarts } from "./scan-checkpoints.ts";
import {
  alternatingState,
  type Home,
  layoutHome,
  makeHome,
  reversed,
  rowBytes,
  type StateHome,
  segmentState,
  sequenceState,
  timeStreamOf,
  withUnitStride,
} from "./scan-homes.ts";
import { type Room, ScanMemory, type ScanSize } from "./scan-memory.ts";
import { emitRows, exactTarget, flopsOf, planRegions } from "./scan-regions.ts";
import { lastLength, segmentCount } from "./scan-segments.ts";
import { type ScanStep, scanStep } from "./scan-step.ts";
import { type Schedule, schedule } from "./schedule.ts";
import type { Target } from "./schedule-emit.ts";

/** What a scan leaves for its gradient. Timesteps are counted as the scan processes them. */
export interface SavedScan {
  /** Where a segment is shorter than the sequence, homes have what the last one left. */
  readonly size: ScanSize;
  readonly step: ScanStep;
  readonly adjoint: ScanAdjoint;
  /** The input, mask and factors. */
  readonly symbols: ReadonlyMap<Expr, Home>;
  /** Of each state of the step graph. */
  readonly states: readonly StateHome[];
  /** Of each node that `adjoint.saved` lists. */
  readonly saved: readonly Room[];
  /** Known when the scan has been emitted; undefined where one segment is all. */
  segments: SegmentFunctions | undefined;
  /** Whether homes still have what the scan itself left: a gradient that computes segments again leaves the first. */
  isFresh: boolean;
  /** Floating-point operations of all such segments. */
  readonly recomputedFlops: number;
  /** All that the functions read and write. */
  readonly touched: ReadonlySet<Buffer>;
}

export const scanKernel: KernelFactory<ScanOperation> = (plan, operation, results) => {
  const [batch, timesteps, features] = operation.input.shape as [number, number, number]; // a scan's input has three axes
  const { units, cell } = operation;
  const { machine } = plan;
  const size: ScanSize = { batch, timesteps, units, machine, segment: plan.segmentOf({ batch, timesteps }) };
  const { context, touched } = watched(plan);
  const step = scanStep(operation, features);
  const gradient = plan.operations.find(
    (other): other is ScanGradientOperation => other.op === "scanGradient" && other.scan === operation,
  );
  const adjoint = gradient === undefined ? undefined : scanAdjoint(step, gradient);
  const saved = adjoint?.saved.map(({ node }) => node) ?? [];
  const cut = schedule({ ...step.graph, outputs: [...step.graph.outputs, ...saved] });

  const used = results.map((value) => (context.isUsed(value) ? value : undefined));
  const output = operation.returnSequences ? used[0] : undefined;
  const memory = new ScanMemory(size, cut);
  const symbols = placeSymbols(context, operation, step, memory);
  placeStates(context, size, step, memory, output, adjoint !== undefined);
  const savedNodes = cut.outputs.slice(step.graph.outputs.length);
  placeOutputs(context, size, step, cut, memory, { output, savedNodes });
  memory.placeRest((name, bytes) => context.scratch(name, bytes));
  const arrays = new ScanArrays(context, operation, cut);
  arrays.addVectors(memory);
  const regions = planRegions(size, cut, memory, arrays, () => scratch);
  const scratch: Buffer = context.scratch("sums", regions.scratchBytes);
  const initials = planInitialStates(context, operation, memory);
  const copies = planCopies(plan, operation, step, cut, memory, used);
  const note: SavedScan | undefined = adjoint && {
    size,
    step,
    adjoint,
    symbols,
    states: memory.states,
    saved: savedNodes.map((node) => memory.roomOf(node)!),
    segments: undefined,
    isFresh: true,
    recomputedFlops: (timesteps - lastLength(size)) * batch * flopsOf(cut),
    touched,
  };
  if (note !== undefined) plan.notes.set(operation, note);

  const emitPrepare = (module: ModuleBuilder): WasmFunction =>
    module.func({ name: `${cell.kind} prepare` }, (f) => arrays.emit(f));
  return {
    name: `${cell.kind} ${batch}×${timesteps}×${features} → ${units}`,
    flops: timesteps * batch * flopsOf(cut),
    emit(module) {
      const run = regions.emit(module, cell.kind);
      const pack = arrays.prepared ? undefined : emitPrepare(module);
      const { runAll, functions } = emitSegments(module, cell.kind, size, memory.states, run);
      if (note !== undefined) note.segments = functions;
      return module.func({ name: `${cell.kind} sequence` }, (f) => {
        if (pack !== undefined) f.call(pack);
        for (const emitInitial of initials) emitInitial(f);
        runAll(f);
        for (const emitCopy of copies) emitCopy(f);
      });
    },
    ...(arrays.prepared && { emitPrepare }),
  };
};

/** The input, the mask and the factors lie where the plan has them. */
function placeSymbols(
  context: PlanContext,
  operation: ScanOperation,
  step: ScanStep,
  memory: ScanMemory,
): Map<Expr, Home> {
  const timesteps = operation.input.shape[1]!;
  const symbols = new Map<Expr, Home>();
  const alongTime = (layout: Layout, blockStride: number): Home => {
    const home = layoutHome(layout, timesteps, layout.strides[1]!, blockStride);
    return operation.backwards ? reversed(home) : home;
  };
  symbols.set(operation.cell.x, alongTime(withUnitStride(context, operation.input), vectorBytes(context.machine)));
  if (step.mask !== undefined) symbols.set(step.mask, alongTime(context.read(operation.mask!), 0));
  const factor = (symbol: Expr, value: Value): void =>
    void symbols.set(symbol, layoutHome(withUnitStride(context, value), timesteps, 0, vectorBytes(context.machine)));
  for (const [i, symbol] of step.inputFactors.entries()) factor(symbol, operation.inputFactors[i]!);
  for (const [i, symbol] of step.recurrentFactors.entries()) factor(symbol, operation.recurrentFactors[i]!);
  for (const [symbol, home] of symbols) memory.placeSymbol(symbol, home);
  return symbols;
}

/** The context, with a record of all memory that it gives. */
function watched(plan: PlanContext): { readonly context: PlanContext; readonly touched: ReadonlySet<Buffer> } {
  const touched = new Set<Buffer>();
  const record = <T extends Buffer | Layout>(given: T): T => {
    touched.add("buffer" in given ? given.buffer : given);
    return given;
  };
  const context: PlanContext = {
    ...plan,
    read: (value) => record(plan.read(value)),
    readContiguous: (value) => record(plan.readContiguous(value)),
    write: (value, padded) => record(plan.write(value, padded)),
    scratch: (name, bytes) => record(plan.scratch(name, bytes)),
    lasting: (name, bytes) => record(plan.lasting(name, bytes)),
    keep: (name, bytes) => record(plan.keep(name, bytes)),
  };
  return { context, touched };
}

/** States keep all timesteps where the output wants them, those of a segment where the gradient wants them, else two. */
function placeStates(
  context: PlanContext,
  size: ScanSize,
  { graph, outputState }: ScanStep,
  memory: ScanMemory,
  output: Value | undefined,
  keepAll: boolean,
): void {
  const { batch, timesteps, segment, units, machine } = size;
  const row = rowBytes(units, machine);
  const sizes = { timesteps, batch, row, block: vectorBytes(machine) };
  const slot = batch * row;
  for (const [i, { name, previous }] of graph.states.entries()) {
    const place = (state: StateHome): void => memory.placeState(previous, state);
    if (output !== undefined && i === outputState) {
      const { buffer } = context.write(output, outputPadding(batch, timesteps, row, 1));
      place(sequenceState(buffer, sizes));
    } else if (!keepAll) {
      place(alternatingState(context.scratch(`state ${name}`, 2 * slot), sizes));
    } else if (segment === timesteps) {
      place(sequenceState(context.keep(`states ${name}`, (timesteps + 1) * slot), sizes));
    } else {
      const buffer = context.keep(`states ${name}`, (segment + 1) * slot);
      const starts = context.keep(`starts ${name}`, segmentCount(size) * slot);
      place(withStarts(segmentState(buffer, sizes, { slots: segment, fromEnd: false }), starts, sizes));
    }
  }
}

/** Time-major, so that a step reads and writes neighbouring rows; `before` timesteps lie before the first. */
function outputPadding(batch: number, timesteps: number, row: number, before: number) {
  const slot = (batch * row) / 4;
  return { strides: [row / 4, slot, 1], elements: (timesteps + before) * slot, offset: before * slot };
}

/** Outputs of the step graph: an output that is no state, and what is saved for the gradient, side by side. */
function placeOutputs(
  context: PlanContext,
  { batch, timesteps, segment, units, machine }: ScanSize,
  { outputState }: ScanStep,
  cut: Schedule,
  memory: ScanMemory,
  { output, savedNodes }: { output: Value | undefined; savedNodes: readonly Expr[] },
): void {
  const row = rowBytes(units, machine);
  const block = vectorBytes(machine);
  if (outputState === undefined) {
    const strides = { timesteps, timeStride: batch * row, batchStride: row, blockStride: block };
    const [expr] = cut.outputs as [Expr]; // it is the first output
    if (output === undefined) {
      const buffer = context.scratch("output", batch * row);
      memory.placeKept(expr, { home: makeHome(buffer, 0, { ...strides, timeStride: 0 }), offset: 0 });
    } else {
      const { buffer } = context.write(output, outputPadding(batch, timesteps, row, 0));
      memory.placeKept(expr, { home: makeHome(buffer, 0, strides), offset: 0 });
    }
  }
  const missing = [...new Set(savedNodes)].filter((expr) => memory.roomOf(expr) === undefined);
  const vectors = new Set(
    cut.before
      .concat(cut.step)
      .flatMap(({ accumulations }) =>
        accumulations.flatMap(({ products }) =>
          products.map(({ node }) => (node.op === "product" ? node.vector : undefined)),
        ),
      ),
  );
  const together = missing.filter((expr) => expr.extent === "row" && cut.widthOf(expr) === units && !vectors.has(expr));
  memory.placeTogether(together, (bytes) => context.keep("saved", bytes));
  for (const [i, expr] of missing.filter((each) => !together.includes(each)).entries()) {
    const isNumber = expr.extent === "one";
    const stride = isNumber ? 4 : rowBytes(cut.widthOf(expr), machine);
    const home = makeHome(context.keep(`saved ${i}`, segment * batch * stride), 0, {
      timesteps,
      slots: segment,
      timeStride: batch * stride,
      batchStride: stride,
      blockStride: isNumber ? 0 : block,
    });
    memory.placeKept(expr, { home, offset: 0 });
  }
}

/** Code that fills the states before the first step: given ones, or zeros. */
function planInitialStates(
  context: PlanContext,
  { input, units, initialStates }: ScanOperation,
  memory: ScanMemory,
): ((f: FunctionBuilder) => void)[] {
  const rows = { rows: input.shape[0]!, width: units };
  return memory.states.map(({ initial }, i) => {
    const given = initialStates?.[i];
    const layout = given === undefined ? undefined : withUnitStride(context, given);
    return (f) => {
      if (layout === undefined) emitRows(f, rows, () => zero, [], initial);
      else {
        const source = { stream: timeStreamOf(layoutHome(layout, 1, 0, vectorBytes(context.machine))), offset: 0 };
        emitRows(f, rows, ([state]) => state!, [source], initial);
      }
    };
  });
}

/** Code for the results that are not written in place: final states, an output without its sequence. */
function planCopies(
  context: PlanContext,
  { input, units, returnSequences }: ScanOperation,
  { outputState }: ScanStep,
  cut: Schedule,
  memory: ScanMemory,
  used: readonly (Value | undefined)[],
): ((f: FunctionBuilder) => void)[] {
  const [batch, timesteps] = input.shape as [number, number];
  return used.flatMap((value, i) => {
    if (value === undefined || (i === 0 && returnSequences)) return [];
    const layout = context.write(value);
    const state = i === 0 ? outputState : i - 1;
    return (f: FunctionBuilder): void => {
      const from: Target =
        state === undefined
          ? { stream: timeStreamOf(memory.roomOf(cut.outputs[0]!)!.home), offset: 0 }
          : { stream: memory.states[state]!.next, offset: 0 };
      const last = i32.const(timesteps - 1);
      emitRows(
        f,
        { rows: batch, width: units },
        ([final]) => final!,
        [from],
        exactTarget(layout, context.machine),
        last,
      );
    };
  });
}
