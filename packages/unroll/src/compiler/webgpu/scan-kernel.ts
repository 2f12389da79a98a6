/**
 * A scan on the GPU. What does not depend on the states is computed for all timesteps at once; then one call runs the whole
 * sequence: each workgroup takes some examples of the batch through all timesteps, and its invocations meet at a barrier after
 * each stage of a step. The stages are the scheduler's, as for WebAssembly.
 */
import type { Expr, ProductNode, RowNode } from "../../equations/expr.ts";
import type { ScanOperation } from "../../program/program.ts";
import type { Layout } from "../layout.ts";
import { scanStep } from "../scan-step.ts";
import { type Schedule, type Stage, schedule } from "../schedule.ts";
import { inputsOf } from "../schedule-graph.ts";
import type { GpuKernelFactory } from "./kernels.ts";
import { reduceRow } from "./row-reductions.ts";
import { type Home, ScanHomes, storedBy, together } from "./scan-homes.ts";
import { type Dispatch, element, elementShader, groupShader, type Lines, startOf, times } from "./wgsl.ts";
import { WgslExpressions } from "./wgsl-expressions.ts";

/** What every invocation does once for each of its rows and columns, before all of them go on. */
interface Phase {
  readonly width: number;
  /** Needs the names `step`, `time`, `example`, `local` and `column`. */
  emit(lines: Lines): void;
}

export const scanKernel: GpuKernelFactory<ScanOperation> = (context, operation, results) => {
  const [batch, timesteps, features] = operation.input.shape as [number, number, number]; // a scan's input has three axes
  const { cell, units, backwards } = operation;
  const step = scanStep(operation, features);
  const cut = schedule(step.graph);
  if (cut.after.length > 0) throw new Error("compiler: only a gradient leaves work for after the loop");
  const homes = new ScanHomes(context, operation, step, cut);
  const initials = step.graph.states.map((_, i) => {
    const value = operation.initialStates?.[i];
    return value === undefined ? undefined : context.read(value);
  });
  const targets = results.map((value) => (context.isUsed(value) ? context.write(value) : undefined));
  const time = backwards ? `${timesteps - 1} - step` : "step";
  const { before, loop } = phasesOf(cut, homes, units);

  /** All timesteps and examples at once. */
  const beforeShader = ({ width, emit }: Phase): Dispatch =>
    elementShader(timesteps * batch * width, (lines, index) => {
      lines.add(
        `let column = ${index} % ${width};`,
        `let example = ${index} / ${width} % ${batch};`,
        `let step = ${index} / ${width * batch};`,
        `let time = ${time};`,
      );
      emit(lines);
    });

  const loopShader = (): Dispatch => {
    const shared = homes.shared === 0 ? [] : [`var<workgroup> shared_numbers: array<f32, ${homes.shared}>;`];
    const groups = Math.ceil(batch / homes.tile);
    return groupShader({ size: together, groups, declarations: shared }, (lines) => {
      lines.add(`let first = number * ${homes.tile};`, `let examples = min(${homes.tile}, ${batch} - first);`);
      const everywhere = ({ width, emit }: Phase): void => {
        lines.block(`for (var item = i32(lane); item < examples * ${width}; item += ${together})`, () => {
          lines.add(`let local = item / ${width};`, `let column = item % ${width};`, "let example = first + local;");
          emit(lines);
        });
      };
      const meet = (): void => lines.add("workgroupBarrier();", ...(homes.shared === 0 ? ["storageBarrier();"] : []));
      everywhere({ width: units, emit: () => emitInitialStates(lines, homes, initials) });
      meet();
      lines.block(`for (var step = 0; step < ${timesteps}; step++)`, () => {
        lines.add(`let time = ${time};`);
        const sequence = operation.returnSequences ? targets[0] : undefined;
        for (const phase of loop) {
          everywhere(phase);
          meet();
        }
        if (sequence !== undefined) everywhere({ width: units, emit: () => emitOutput(lines, sequence) });
      });
      everywhere({ width: units, emit: () => emitResults(lines) });
    });
  };

  /** The output of this step, where it goes in the sequence. */
  const outputAfter = (steps?: number): Home =>
    step.outputState === undefined
      ? homes.output!
      : steps === undefined
        ? homes.states[step.outputState]!.next
        : homes.states[step.outputState]!.after(steps);

  const emitOutput = (lines: Lines, layout: Layout): void => {
    const [example, at, unit] = layout.strides as [number, number, number]; // a sequence has three axes
    const address = [startOf(layout), times("example", example), times("step", at), times("column", unit)].join(" + ");
    lines.add(`${element(address)} = ${outputAfter()("column")};`);
  };

  /** What is wanted of the end: final states, and the output without its sequence. */
  const emitResults = (lines: Lines): void => {
    lines.add(`let step = ${timesteps - 1};`);
    for (const [i, layout] of targets.entries()) {
      if (layout === undefined || (i === 0 && operation.returnSequences)) continue;
      const from = i === 0 ? outputAfter(timesteps) : homes.states[i - 1]!.after(timesteps);
      const [example, unit] = layout.strides as [number, number]; // a state has two axes
      const address = [startOf(layout), times("example", example), times("column", unit)].join(" + ");
      lines.add(`${element(address)} = ${from("column")};`);
    }
  };

  return {
    name: `${cell.kind} ${batch}×${timesteps}×${features} → ${units}`,
    emit: () => (batch === 0 ? [] : [...before.map(beforeShader), loopShader()]),
  };
};

function emitInitialStates(lines: Lines, homes: ScanHomes, initials: readonly (Layout | undefined)[]): void {
  for (const [i, layout] of initials.entries()) {
    const to = homes.states[i]!.after(0)("column");
    if (layout === undefined) {
      lines.add(`${to} = 0f;`);
      continue;
    }
    const [example, unit] = layout.strides as [number, number]; // a state has two axes
    const address = [startOf(layout), times("example", example), times("column", unit)].join(" + ");
    lines.add(`${to} = ${element(address)};`);
  }
}

/** Each stage as one phase, or two where it reduces rows first. */
function phasesOf(cut: Schedule, homes: ScanHomes, units: number): { before: Phase[]; loop: Phase[] } {
  const available = new Set<Expr>();
  const of = (stage: Stage, region: "before" | "step"): Phase[] => {
    for (const expr of stage.reductions) available.add(expr);
    // What was stored until now: the set grows with the next stages, and code is written when all are known.
    const here = new Set(available);
    for (const expr of storedBy([stage])) available.add(expr);
    const source = (expr: Expr): Home | undefined => homes.source(expr, here);
    const targets = (expr: Expr): readonly Home[] => homes.targets(expr, region);
    const hasState = region === "step" && stage.stores.some((expr) => homes.isState(expr));
    const elements: Phase = {
      width: hasState ? Math.max(units, stage.width) : stage.width,
      emit: (lines) => emitStage(lines, stage, { source, targets, homes, widthOf: cut.widthOf }),
    };
    if (stage.reductions.length === 0) return [elements];
    const reductions: Phase = {
      width: 1,
      emit: (lines) => {
        for (const expr of stage.reductions) {
          const { op, a } = expr.node as RowNode; // a stage reduces by row operators
          const operand = source(a)!;
          const result = reduceRow(lines, op, cut.widthOf(a), (k) => lines.let(operand(k)));
          lines.add(`${targets(expr)[0]!("0")} = ${result};`);
        }
      },
    };
    return [reductions, elements];
  };
  return {
    before: cut.before.flatMap((stage) => of(stage, "before")),
    loop: cut.step.flatMap((stage) => of(stage, "step")),
  };
}

interface StagePlaces {
  readonly source: (expr: Expr) => Home | undefined;
  readonly targets: (expr: Expr) => readonly Home[];
  readonly homes: ScanHomes;
  widthOf(expr: Expr): number;
}

/** One row and column of a stage: its sums of products, then its equations, then its stores. */
function emitStage(lines: Lines, stage: Stage, { source, targets, homes, widthOf }: StagePlaces): void {
  const values = new WgslExpressions(lines, (leaf) => {
    throw new Error(`compiler: nothing in memory for ${leaf.node.op}`);
  });
  const sums = new Map<Expr, string>();
  const byVector = new Map<Expr, { readonly sum: string; readonly node: ProductNode }[]>();
  for (const { result, start, products } of stage.accumulations) {
    const sum = lines.name("sum");
    lines.add(`var ${sum} = ${start === undefined ? "0f" : source(start)!("column")};`);
    sums.set(result, sum);
    for (const expr of products) {
      const node = expr.node as ProductNode; // an accumulation's products are products
      byVector.set(node.vector, [...(byVector.get(node.vector) ?? []), { sum, node }]);
    }
  }
  // Gates that multiply the same vector share its loop.
  for (const [vector, terms] of byVector) {
    lines.loop(widthOf(vector), (k) => {
      const entry = lines.let(source(vector)!(k), "entry");
      for (const { sum, node } of terms) {
        lines.add(`${sum} += ${entry} * ${homes.matrix(node.matrix, node.transposed, k, "column")};`);
      }
    });
  }
  const seen = new Set<Expr>();
  const load = (expr: Expr): void => {
    if (seen.has(expr)) return;
    seen.add(expr);
    const sum = sums.get(expr);
    const home = source(expr);
    if (sum !== undefined) values.define(expr, sum);
    else if (home !== undefined) values.define(expr, lines.let(home("column")));
    else inputsOf(expr).forEach(load);
  };
  stage.stores.forEach(load);
  for (const expr of stage.stores) {
    const value = values.value(expr);
    for (const home of targets(expr)) lines.add(`${home("column")} = ${value};`);
  }
}
