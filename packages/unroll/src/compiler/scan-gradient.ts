/**
 * The kernel of a scan's gradient: the adjoint step from the last timestep to the first, through the same scheduler and
 * emitter as the forward step; and the gradients of the arrays as products over many timesteps. Where the scan kept one segment
 * only, the segments before it are computed again, each when its turn comes. To import this file is to be able to make gradients.
 */
import { type Expr, zero } from "../equations/expr.ts";
import type { ScanGradientOperation, Value } from "../program/program.ts";
import { type FunctionBuilder, i32, type ModuleBuilder, type WasmFunction } from "./assembler.ts";
import type { KernelFactory, PlanContext } from "./kernel.ts";
import type { Buffer, Layout } from "./layout.ts";
import { vectorBytes } from "./machine.ts";
import { provideKernels } from "./operations.ts";
import { emitCounted } from "./product-loops.ts";
import type { SavedScan } from "./scan.ts";
import { ScanArrays } from "./scan-arrays.ts";
import { GradientMemory } from "./scan-gradient-memory.ts";
import { layoutHome, type StateHome, timeStreamOf, withUnitStride } from "./scan-homes.ts";
import type { ScanMemory, ScanSize } from "./scan-memory.ts";
import { emitRows, exactTarget, flopsOf, planRegions } from "./scan-regions.ts";
import { lastLength, segmentCount } from "./scan-segments.ts";
import { type BlockTask, planBlocks } from "./scan-weights.ts";
import type { Place } from "./schedule-place.ts";

/** Code that a kernel runs before or after its regions. */
type Emit = (f: FunctionBuilder) => void;

const scanGradientKernel: KernelFactory<ScanGradientOperation> = (context, operation, results) => {
  const { scan } = operation;
  const { cell } = scan;
  const note = context.notes.get(scan) as SavedScan; // the scan's kernel was made before and saw this gradient
  const used = Array.from({ length: 1 + cell.arrays.length + cell.states.length }, (_, i) => {
    const value = results[i];
    return value !== undefined && context.isUsed(value) ? value : undefined;
  });
  const memory = new GradientMemory(context, operation, note, used);
  const { size, schedule } = memory;
  // What the scan itself leaves is its last segment, until a gradient computes others again.
  const isFresh = note.isFresh || segmentCount(size) === 1;
  note.isFresh = false;
  const arrays = new ScanArrays(context, scan, schedule);
  arrays.addVectors(memory.rows);
  const regions = planRegions(size, schedule, memory.rows, arrays, () => scratch);
  const tasks = cell.arrays.flatMap((_, i) => {
    const value = used[1 + i];
    return value === undefined ? [] : tasksOf(operation, memory, i, context.write(value));
  });
  const sums = planBlocks(tasks, size);
  const scratch: Buffer = context.scratch("sums", Math.max(regions.scratchBytes, sums.scratchBytes));
  const initials = planInitialGradients(context, operation, note, memory.rows);
  const carried = memory.rows.states.flatMap(({ segment }) => (segment === undefined ? [] : [carryOf(size, segment)]));
  const copies = planResults(context, operation, memory, used);

  const name = `${cell.kind} gradient`;
  const emitPrepare = (module: ModuleBuilder): WasmFunction =>
    module.func({ name: `${name} prepare` }, (f) => arrays.emit(f));
  return {
    name: `${name} ${scan.input.shape.join("×")} → ${scan.units}`,
    flops: size.timesteps * size.batch * flopsOf(schedule) + sums.flops + note.recomputedFlops,
    emit(module) {
      const run = regions.emit(module, name);
      const sum = sums.emit(module, `${name} weights`, scratch);
      const pack = arrays.prepared ? undefined : emitPrepare(module);
      return module.func({ name: `${name} sequence` }, (f) => {
        if (pack !== undefined) f.call(pack);
        for (const emit of initials) emit(f);
        sums.emitStart(f);
        const count = segmentCount(size);
        const { timesteps, segment } = size;
        const last = lastLength(size);
        if (!isFresh) f.call(note.segments!.last);
        run(f, i32.const(0), last);
        sum(f, i32.const(timesteps - last), last);
        emitCounted(f, count - 1, (index) => {
          const number = f.let(i32.sub(count - 2, index ?? 0), "segment");
          f.call(note.segments!.whole, number);
          for (const emit of carried) emit(f);
          const first = f.let(i32.mul(number, segment), "first");
          run(f, f.let(i32.sub(timesteps - segment, first), "firstBackwards"), segment);
          sum(f, first, segment);
        });
        for (const emit of copies) emit(f);
      });
    },
    ...(arrays.prepared && { emitPrepare }),
  };
};

provideKernels({ scanGradient: scanGradientKernel });

/** Code that makes the state after one segment that before the next. */
function carryOf({ batch, units }: ScanSize, { before, after }: NonNullable<StateHome["segment"]>): Emit {
  return (f) => emitRows(f, { rows: batch, width: units }, ([state]) => state!, [after], before);
}

/** The blocks of an array's gradient, those to which nothing flows included: they are zeros. */
function tasksOf({ scan }: ScanGradientOperation, memory: GradientMemory, index: number, layout: Layout): BlockTask[] {
  const { units, input, cell } = scan;
  const { name, rows } = cell.arrays[index]!;
  const isMatrix = rows === "features" || rows === "units";
  const columns = layout.shape.at(-1)! / units;
  const bands = !isMatrix && layout.shape.length === 2 ? layout.shape[0]! : 1;
  return Array.from({ length: bands * columns }, (_, i): BlockTask => {
    const row = Math.floor(i / columns);
    const block = i % columns;
    return {
      target: { layout, row, column: block * units },
      rows: rows === "features" ? input.shape[2]! : rows === "units" ? units : 1,
      terms: memory.termsOf({ array: name, block, row }),
    };
  });
}

/** Code that fills the gradients of the states after the last step: what reaches the final states. */
function planInitialGradients(
  context: PlanContext,
  { scan, outputs }: ScanGradientOperation,
  { step, adjoint }: SavedScan,
  { states }: ScanMemory,
): Emit[] {
  const size = { rows: scan.input.shape[0]!, width: scan.units };
  return states.map(({ initial }, i) => {
    const isOutput = i === step.outputState && adjoint.outputGradient === undefined;
    const values = [isOutput ? outputs[0] : undefined, i < scan.cell.states.length ? outputs[i + 1] : undefined];
    const layouts = values.flatMap((value) => (value === undefined ? [] : [withUnitStride(context, value)]));
    return (f) => {
      const sources = layouts.map(
        (layout): Place => ({
          stream: timeStreamOf(layoutHome(layout, 1, 0, vectorBytes(context.machine))),
          offset: 0,
        }),
      );
      emitRows(f, size, (parts) => parts.reduce((sum: Expr, part) => sum.plus(part), zero), sources, initial);
    };
  });
}

/** Code for the results that are not written in place: gradients of initial states, and of an input that nothing flows to. */
function planResults(
  context: PlanContext,
  { scan }: ScanGradientOperation,
  memory: GradientMemory,
  used: readonly (Value | undefined)[],
): Emit[] {
  const { batch, timesteps, units } = memory.size;
  const emits: Emit[] = [];
  const [input] = used;
  if (input !== undefined && memory.input === undefined) {
    const features = scan.input.shape[2]!;
    const size = { rows: batch * timesteps, width: features };
    const layout = { ...context.write(input), shape: [size.rows, features], strides: [features, 1] };
    emits.push((f) => emitRows(f, size, () => zero, [], exactTarget(layout, context.machine)));
  }
  for (const [i, { next }] of memory.rows.states.entries()) {
    const value = used[1 + scan.cell.arrays.length + i];
    if (value === undefined) continue;
    const layout = context.write(value);
    emits.push((f) => {
      const last = i32.const(timesteps - 1);
      const from: Place = { stream: next, offset: 0 };
      emitRows(
        f,
        { rows: batch, width: units },
        ([state]) => state!,
        [from],
        exactTarget(layout, context.machine),
        last,
      );
    });
  }
  return emits;
}
