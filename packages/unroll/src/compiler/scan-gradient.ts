/**
 * The kernel of a scan's gradient: the adjoint step from the last timestep to the first, through the same scheduler and
 * emitter as the forward step; then the gradients of the arrays as products over all timesteps.
 */
import type { Expr } from "../equations/expr.ts";
import { inOrder, zero } from "../equations/expr.ts";
import type { ScanGradientOperation, Value } from "../program/program.ts";
import { choose, type FunctionBuilder, i32, type ModuleBuilder, type WasmFunction } from "./assembler.ts";
import type { KernelFactory, PlanContext } from "./kernel.ts";
import { addressOf, type Buffer, type Layout } from "./layout.ts";
import type { SavedScan } from "./scan.ts";
import type { BlockGradient } from "./scan-adjoint.ts";
import { ScanArrays } from "./scan-arrays.ts";
import {
  alternatingState,
  evenness,
  type Home,
  layoutHome,
  makeHome,
  reversed,
  rowBytes,
  sequenceState,
  streamOf,
  withUnitStride,
} from "./scan-homes.ts";
import { ScanMemory, type ScanSize, vectorsOf } from "./scan-memory.ts";
import { emitRows, exactTarget, flopsOf, planRegions } from "./scan-regions.ts";
import { type BlockTask, blockedStrides, planBlocks } from "./scan-weights.ts";
import { type Schedule, schedule } from "./schedule.ts";
import type { Place, Stream } from "./schedule-place.ts";

export const scanGradientKernel: KernelFactory<ScanGradientOperation> = (context, operation, results) => {
  const { scan } = operation;
  const { units, cell } = scan;
  const [batch, timesteps, features] = scan.input.shape as [number, number, number]; // a scan's input has three axes
  const size: ScanSize = { batch, timesteps, units };
  const note = context.notes.get(scan) as SavedScan; // the scan's kernel was made before and saw this gradient
  const { step, adjoint } = note;
  const used = Array.from({ length: 1 + cell.arrays.length + cell.states.length }, (_, i) => {
    const value = results[i];
    return value !== undefined && context.isUsed(value) ? value : undefined;
  });
  const arrayIndex = new Map(cell.arrays.map(({ name }, i) => [name, i]));
  const resultOf = (array: string): Value | undefined => used[1 + arrayIndex.get(array)!];
  const blocks = adjoint.blocks.filter(({ matrix }) => resultOf(matrix.array) !== undefined);
  const vectors = adjoint.vectors.filter(({ weight }) => resultOf(weight.array) !== undefined);

  const forward = forwardHomes(note);
  for (const home of forward.values()) context.use(home.buffer);
  const leftHome = (left: Expr): Home | undefined => {
    const home = forward.get(left);
    return home !== undefined && home.blockStride === 16 && evenness(home, batch) === 1 ? home : undefined;
  };
  // Wanted of every timestep: the input's gradient, right-hand sides, and left-hand sides that do not lie ready.
  const copiedLefts = blocks.map(({ left }) => left).filter((left) => leftHome(left) === undefined);
  const input = used[0] === undefined ? undefined : adjoint.input;
  const wanted = [
    ...new Set([
      ...(input === undefined ? [] : [input]),
      ...blocks.map(({ right }) => right),
      ...vectors.map(({ vector }) => vector),
      ...copiedLefts,
    ]),
  ];
  const cut = schedule({ states: adjoint.states, outputs: wanted, features, units, widths: adjoint.widths });
  const named = (expr: Expr): Expr => cut.outputs[wanted.indexOf(expr)]!;

  const memory = new ScanMemory(size, cut);
  const backward = new Map<Home, Home>();
  const inReverse = (home: Home): Home => {
    const known = backward.get(home) ?? reversed(home);
    backward.set(home, known);
    return known;
  };
  for (const [symbol, home] of forward) memory.placeSymbol(symbol, inReverse(home));
  for (const [i, { symbol }] of adjoint.saved.entries()) {
    const { home, offset } = note.saved[i]!;
    context.use(home.buffer);
    memory.placeSymbol(symbol, inReverse(home), offset);
  }
  placeOutputGradient(context, operation, note, memory);
  placeStates(context, size, cut, note, memory);

  const rights = new Map<Expr, Home>();
  const lefts = new Map<Expr, Home>();
  placeWanted();
  memory.placeRest((name, bytes) => context.scratch(name, bytes));

  /** Rows for what is multiplied, blocks for what is summed up over time, and the input's gradient where the plan has it. */
  function placeWanted(): void {
    const rowsOf = (width: number) => ({
      timesteps,
      timeStride: batch * rowBytes(width),
      batchStride: rowBytes(width),
      blockStride: 16,
    });
    if (input !== undefined) {
      const row = rowBytes(features);
      const strides = [row / 4, (batch * row) / 4, 1];
      const layout = context.write(used[0]!, { strides, elements: (timesteps * batch * row) / 4 });
      const natural = layoutHome(layout, timesteps, strides[1]!, 16);
      memory.placeKept(named(input), { home: scan.backwards ? natural : reversed(natural), offset: 0 });
    }
    for (const [i, left] of copiedLefts.entries()) {
      if (lefts.has(named(left))) continue;
      const width = cut.widthOf(named(left));
      const home = makeHome(context.scratch(`left ${i}`, timesteps * batch * rowBytes(width)), 0, rowsOf(width));
      lefts.set(named(left), home);
      placeFirst(named(left), home);
    }
    const inStep = new Set(cut.step.flatMap(vectorsOf));
    const outside = new Set([...cut.before, ...cut.after].flatMap(vectorsOf));
    for (const right of [...blocks.map((block) => block.right), ...vectors.map(({ vector }) => vector)]) {
      const expr = named(right);
      if (rights.has(expr)) continue;
      const strides = blockedStrides(size);
      const name = `right ${rights.size}`;
      const home = makeHome(context.scratch(name, strides.blockStride * Math.ceil(units / 4)), 0, strides);
      rights.set(expr, home);
      const row = rowBytes(units);
      if (outside.has(expr))
        placeFirst(expr, makeHome(context.scratch(`${name} rows`, timesteps * batch * row), 0, rowsOf(units)));
      else if (inStep.has(expr)) {
        placeFirst(
          expr,
          makeHome(context.scratch(`${name} rows`, batch * row), 0, { ...rowsOf(units), timeStride: 0 }),
        );
      }
      placeFirst(expr, home);
    }
  }

  /** Gives a node its home, or a second one where it has a home. */
  function placeFirst(expr: Expr, home: Home): void {
    const room = { home: reversed(home), offset: 0 };
    if (memory.roomOf(expr) === undefined) memory.placeKept(expr, room);
    else memory.storeAlso(expr, room);
  }

  const arrays = new ScanArrays(context, scan, cut);
  arrays.addVectors(memory);
  const regions = planRegions(context, size, cut, memory, arrays, () => scratch);
  const tasks = cell.arrays.flatMap(({ name, rows }) => {
    const value = resultOf(name);
    if (value === undefined) return [];
    const layout = context.write(value);
    const matrixRows = rows === "features" ? features : rows === "units" ? units : undefined;
    return tasksOf(name, layout, matrixRows);
  });
  const weights = planBlocks(tasks, size, context.relaxed);
  const scratch: Buffer = context.scratch("sums", Math.max(regions.scratchBytes, weights.scratchBytes));
  const initials = planInitialGradients(context, operation, note, memory);
  const copies = planResults(context, operation, memory, used, input);

  /** The blocks of one array, those without any term included: they are zeros. */
  function tasksOf(array: string, layout: Layout, matrixRows: number | undefined): BlockTask[] {
    const columns = layout.shape.at(-1)! / units;
    const bands = matrixRows === undefined && layout.shape.length === 2 ? layout.shape[0]! : 1;
    return Array.from({ length: bands * columns }, (_, i): BlockTask => {
      const row = Math.floor(i / columns);
      const block = i % columns;
      const isHere = (weight: BlockGradient["matrix"]): boolean =>
        weight.array === array && weight.block === block && weight.row === row;
      const outer = blocks.filter(({ matrix }) => isHere(matrix));
      const plain = vectors.filter(({ weight }) => isHere(weight));
      return {
        target: { layout, row, column: block * units },
        rows: matrixRows ?? 1,
        terms: [
          ...outer.map(({ left, right }) => ({
            left: leftHome(left) ?? lefts.get(named(left))!,
            right: rights.get(named(right))!,
          })),
          ...plain.map(({ vector }) => ({ left: undefined, right: rights.get(named(vector))! })),
        ],
      };
    });
  }

  const emitPrepare = (module: ModuleBuilder): WasmFunction =>
    module.func({ name: `${cell.kind} gradient prepare` }, (f) => arrays.emit(f));
  return {
    name: `${cell.kind} gradient ${batch}×${timesteps}×${features} → ${units}`,
    flops: timesteps * batch * flopsOf(cut) + weights.flops,
    emit(module) {
      const run = regions.emit(module, `${cell.kind} gradient`);
      const sums = weights.emit(module, `${cell.kind} gradient weights`, scratch);
      const pack = arrays.prepared ? undefined : emitPrepare(module);
      return module.func({ name: `${cell.kind} gradient sequence` }, (f) => {
        if (pack !== undefined) f.call(pack);
        for (const emitInitial of initials) emitInitial(f);
        run(f);
        f.call(sums);
        for (const emitCopy of copies) emitCopy(f);
      });
    },
    ...(arrays.prepared && { emitPrepare }),
  };

  /** Where the forward symbols lie, timesteps as the scan processes them. */
  function forwardHomes({ symbols, states }: SavedScan): Map<Expr, Home> {
    const homes = new Map(symbols);
    for (const [i, { previous }] of step.graph.states.entries()) {
      const { sequence } = states[i]!;
      homes.set(previous, sequence!.previous);
      homes.set(adjoint.nextStates[i]!, sequence!.next);
    }
    return homes;
  }
};

/** The gradient that reaches the output from outside: a sequence, or only after the last step. */
function placeOutputGradient(
  context: PlanContext,
  { scan, outputs }: ScanGradientOperation,
  { adjoint }: SavedScan,
  memory: ScanMemory,
): void {
  if (adjoint.outputGradient === undefined) return;
  const layout = withUnitStride(context, outputs[0]!);
  const timesteps = scan.input.shape[1]!;
  if (scan.returnSequences) {
    memory.placeSymbol(adjoint.outputGradient, reversed(layoutHome(layout, timesteps, layout.strides[1]!, 16)));
    return;
  }
  const rowStride = 4 * layout.strides[0]!;
  const none = context.lasting("no gradient", scan.input.shape[0]! * rowStride + rowBytes(scan.units));
  const stream: Stream = {
    at: (outer) => choose(i32.const(addressOf(layout)), i32.const(none.address), i32.eqz(outer)),
    rowStride,
    blockStride: 16,
  };
  memory.placeStream(adjoint.outputGradient, stream);
}

/** Gradients of states alternate between two places, but for those that the regions outside the loop read. */
function placeStates(
  context: PlanContext,
  { batch, timesteps, units }: ScanSize,
  cut: Schedule,
  { adjoint }: SavedScan,
  memory: ScanMemory,
): void {
  const row = rowBytes(units);
  const outside = new Set(cut.after.flatMap(({ stores }) => inOrder(stores)));
  for (const { name, previous } of adjoint.states) {
    const all = outside.has(previous);
    const buffer = context.scratch(name, (all ? timesteps + 1 : 2) * batch * row);
    memory.placeState(
      previous,
      all ? sequenceState(buffer, timesteps, batch, row) : alternatingState(buffer, batch, row),
    );
  }
}

/** Code that fills the gradients of the states after the last step: what reaches the final states. */
function planInitialGradients(
  context: PlanContext,
  { scan, outputs }: ScanGradientOperation,
  { step, adjoint }: SavedScan,
  memory: ScanMemory,
): ((f: FunctionBuilder) => void)[] {
  const rows = { rows: scan.input.shape[0]!, width: scan.units };
  return memory.states.map(({ initial }, i) => {
    const isOutput = i === step.outputState && adjoint.outputGradient === undefined;
    const values = [isOutput ? outputs[0] : undefined, i < scan.cell.states.length ? outputs[i + 1] : undefined];
    const layouts = values.flatMap((value) => (value === undefined ? [] : [withUnitStride(context, value)]));
    return (f) => {
      const sources = layouts.map(
        (layout): Place => ({ stream: streamOf(layoutHome(layout, 1, 0, 16), "time"), offset: 0 }),
      );
      emitRows(f, rows, (parts) => parts.reduce((sum, part) => sum.plus(part), zero), sources, initial);
    };
  });
}

/** Code for the results that are not written in place: gradients of initial states, and of an input that nothing flows to. */
function planResults(
  context: PlanContext,
  { scan }: ScanGradientOperation,
  memory: ScanMemory,
  used: readonly (Value | undefined)[],
  input: Expr | undefined,
): ((f: FunctionBuilder) => void)[] {
  const [batch, timesteps, features] = scan.input.shape as [number, number, number];
  const first = 1 + scan.cell.arrays.length;
  return used.flatMap((value, i) => {
    if (value === undefined) return [];
    if (i === 0) {
      if (input !== undefined) return [];
      const layout = context.write(value);
      const flat = { ...layout, shape: [batch * timesteps, features], strides: [features, 1] };
      return (f: FunctionBuilder) =>
        emitRows(f, { rows: batch * timesteps, width: features }, () => zero, [], exactTarget(flat));
    }
    if (i < first) return [];
    const layout = context.write(value);
    const { next } = memory.states[i - first]!;
    return (f: FunctionBuilder): void => {
      const last = i32.const(timesteps - 1);
      emitRows(
        f,
        { rows: batch, width: scan.units },
        ([state]) => state!,
        [{ stream: next, offset: 0 }],
        exactTarget(layout),
        last,
      );
    };
  });
}
