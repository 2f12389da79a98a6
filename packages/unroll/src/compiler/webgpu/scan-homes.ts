/**
 * Where the values of a scan lie on the GPU: the inputs where the plan has them, states and what a step keeps in the memory that a
 * workgroup shares (or, where that is too small, in the plan's), what outlives a step in the plan's. Addresses are WGSL over names
 * that the scan's shaders have: `step` counts as the scan goes, `time` along the input, `example` the batch, `local` the
 * workgroup's examples.
 */
import { type Expr, inOrder, type WeightBlock } from "../../equations/expr.ts";
import type { ScanOperation, Value } from "../../program/program.ts";
import type { MemoryContext } from "../kernel.ts";
import type { Buffer, Layout } from "../layout.ts";
import type { ScanStep } from "../scan-step.ts";
import type { Schedule, Stage } from "../schedule.ts";
import { element, startOf, times } from "./wgsl.ts";

/** A value for one example and timestep: its element at a column, which has to be WGSL without operators or in brackets. */
export type Home = (column: string) => string;

/** The least that every WebGPU device lets a workgroup share, in numbers. */
const sharedNumbers = 16384 / 4;
/** Invocations of a scan's workgroup: the most that every device takes. */
export const together = 256;

interface State {
  /** Before the step, and after it. */
  readonly previous: Home;
  readonly next: Home;
  /** After a number of steps. */
  after(steps: number): Home;
}

export class ScanHomes {
  /** Examples that a workgroup runs. */
  readonly tile: number;
  /** Numbers in a workgroup's memory; 0 where the plan's serves. */
  readonly shared: number;
  readonly states: readonly State[];
  /** The output of every timestep, where it is no state. */
  readonly output: Home | undefined;
  readonly #schedule: Schedule;
  readonly #units: number;
  readonly #symbols = new Map<Expr, Home>();
  readonly #kept = new Map<Expr, Home>();
  readonly #hoisted: ReadonlySet<Expr>;
  readonly #arrays: ReadonlyMap<string, Layout>;

  constructor(context: MemoryContext, operation: ScanOperation, step: ScanStep, schedule: Schedule) {
    const { cell, units } = operation;
    const [batch, timesteps] = operation.input.shape as [number, number];
    this.#schedule = schedule;
    this.#units = units;
    this.#hoisted = new Set(storedBy(schedule.before));
    this.#arrays = new Map(cell.arrays.map(({ name }, i) => [name, context.read(operation.arrays[i]!)]));
    this.#placeSymbols(context, operation, step);

    const numbersOf = (expr: Expr): number => (expr.extent === "one" ? 1 : schedule.widthOf(expr));
    const ofStep = [...schedule.kept].filter(([, kept]) => kept === "step").map(([expr]) => expr);
    const stateCount = step.graph.states.length;
    const numbersPerExample = 2 * units * stateCount + ofStep.reduce((sum, expr) => sum + numbersOf(expr), 0);
    const fits = numbersPerExample <= sharedNumbers;
    const wanted = Math.max(1, Math.min(batch, Math.floor(together / units)));
    this.tile = fits ? Math.min(wanted, Math.floor(sharedNumbers / numbersPerExample)) : wanted;
    this.shared = fits ? this.tile * numbersPerExample : 0;
    const spilled = fits ? undefined : context.scratch("states", 4 * batch * numbersPerExample);
    let used = 0;
    /** Rows of a width, one for each example. */
    const allocate = (width: number): { at: (slot: string) => Home; width: number } => {
      const start = used;
      used += (fits ? this.tile : batch) * width;
      const example = fits ? "local" : "example";
      const name = (index: string): string => (fits ? `shared_numbers[${index}]` : element(index));
      const offset = (): number => start + (spilled === undefined ? 0 : spilled.address / 4);
      return {
        width,
        at: (slot) => (column) => name(`${offset()}${slot} + ${times(example, width)} + ${width === 1 ? "0" : column}`),
      };
    };
    this.states = step.graph.states.map(({ previous }): State => {
      const slots = [allocate(units), allocate(units)] as const;
      // The two lie one behind the other, so that a step's parity chooses.
      const distance = (fits ? this.tile : batch) * units;
      const home = (parity: string): Home => slots[0].at(` + ${parity} * ${distance}`);
      const state = {
        previous: home("(step & 1)"),
        next: home("(1 - (step & 1))"),
        after: (steps: number): Home => slots[steps % 2]!.at(""),
      };
      this.#symbols.set(previous, state.previous);
      return state;
    });
    for (const expr of ofStep) this.#kept.set(expr, allocate(numbersOf(expr)).at(""));
    for (const [i, [expr, kept]] of [...schedule.kept].entries()) {
      if (kept !== "sequence") continue;
      const width = numbersOf(expr);
      const buffer = context.scratch(`node ${i}`, 4 * timesteps * batch * width);
      this.#kept.set(expr, rowsHome(buffer, batch, width));
    }
    this.output = step.outputState === undefined ? this.#kept.get(schedule.outputs[0]!) : undefined;
  }

  /** Where a value is read, given what earlier phases stored; undefined = it has to be computed. */
  source(expr: Expr, available: ReadonlySet<Expr>): Home | undefined {
    const symbol = this.#symbols.get(expr);
    if (symbol !== undefined || !available.has(expr)) return symbol;
    return this.#kept.get(expr) ?? this.#nextOf(expr)[0];
  }

  /** Where a value is stored: several places for one that is two states, or a state and an output. */
  targets(expr: Expr, region: "before" | "step"): readonly Home[] {
    if (region === "step" && this.#hoisted.has(expr)) return this.#nextOf(expr);
    const kept = this.#kept.get(expr);
    return [...(region === "step" ? this.#nextOf(expr) : []), ...(kept === undefined ? [] : [kept])];
  }

  isState(expr: Expr): boolean {
    return this.#schedule.next.includes(expr);
  }

  /** The element of a gate's matrix at a row and a column of its block. */
  matrix(block: WeightBlock, transposed: boolean, inner: string, column: string): string {
    const [row, unit] = transposed ? [column, inner] : [inner, column];
    const { start, rowStride, stride } = this.#blockOf(block);
    return element(`${start} + ${times(row, rowStride)} + ${times(unit, stride)}`);
  }

  #nextOf(expr: Expr): Home[] {
    return this.states.filter((_, i) => this.#schedule.next[i] === expr).map(({ next }) => next);
  }

  #placeSymbols(context: MemoryContext, operation: ScanOperation, step: ScanStep): void {
    const set = (symbol: Expr, value: Value, address: (layout: Layout, column: string) => string): void => {
      const layout = context.read(value);
      this.#symbols.set(symbol, (column) => element(`${startOf(layout)} + ${address(layout, column)}`));
    };
    set(operation.cell.x, operation.input, ({ strides: [example, time, feature] }, column) =>
      [times("example", example!), times("time", time!), times(column, feature!)].join(" + "),
    );
    if (step.mask !== undefined) {
      set(step.mask, operation.mask!, ({ strides: [example, time] }) =>
        [times("example", example!), times("time", time!)].join(" + "),
      );
    }
    const factors = [
      ...step.inputFactors.map((symbol, i) => [symbol, operation.inputFactors[i]!] as const),
      ...step.recurrentFactors.map((symbol, i) => [symbol, operation.recurrentFactors[i]!] as const),
    ];
    for (const [symbol, value] of factors) {
      set(symbol, value, ({ strides: [example, entry] }, column) =>
        [times("example", example!), times(column, entry!)].join(" + "),
      );
    }
    for (const symbol of weightSymbols(this.#schedule)) {
      this.#symbols.set(symbol, (column) => {
        const { node } = symbol;
        const { start, stride } = this.#blockOf((node as { weight: WeightBlock }).weight); // weightSymbols has asked
        return element(`${start} + ${times(column, stride)}`);
      });
    }
  }

  #blockOf({ array, block, row }: WeightBlock): { start: number; rowStride: number; stride: number } {
    const layout = this.#arrays.get(array)!;
    const stride = layout.strides.at(-1)!;
    const rowStride = layout.strides.length === 2 ? layout.strides[0]! : 0;
    return { start: startOf(layout) + row * rowStride + block * this.#units * stride, rowStride, stride };
  }
}

/** The vectors among the cell's arrays that the schedule reads. */
function weightSymbols({ next, outputs }: Schedule): Expr[] {
  return inOrder([...next, ...outputs]).filter(({ node }) => node.op === "symbol" && node.weight !== undefined);
}

/** A row for each timestep and example. */
function rowsHome(buffer: Buffer, batch: number, width: number): Home {
  return (column) =>
    element(`${buffer.address / 4} + (step * ${batch} + example) * ${width} + ${width === 1 ? "0" : column}`);
}

export function storedBy(stages: readonly Stage[]): Expr[] {
  return stages.flatMap(({ reductions, stores }) => [...reductions, ...stores]);
}
