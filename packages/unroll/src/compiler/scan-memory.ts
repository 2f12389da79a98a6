/**
 * Where everything of a scan lies: the input and factors as the plan gives them, states and kept nodes in time-major
 * buffers of padded rows. It answers the stage emitter's questions for each region of the schedule.
 */
import type { Expr } from "../equations/expr.ts";
import type { ScanOperation, Value } from "../program/program.ts";
import { choose, type I32, i32 } from "./assembler.ts";
import type { PlanContext } from "./kernel.ts";
import type { Buffer, Layout } from "./layout.ts";
import type { ScanStep } from "./scan-step.ts";
import type { Schedule } from "./schedule.ts";
import type { StageMemory } from "./schedule-emit.ts";
import type { Place, Stream } from "./schedule-place.ts";

/** How a region walks through timesteps and examples: the outer loop, and the rows of its stages. */
export interface Walk {
  readonly outer: number;
  readonly rows: number;
  /** Which axis the outer loop runs along; flat = rows are timesteps × examples. */
  readonly along: "time" | "batch" | "flat";
}

/** A node at every timestep and example; strides in bytes. */
export interface Home {
  readonly buffer: Buffer;
  readonly start: number;
  readonly timeStride: number;
  readonly batchStride: number;
  readonly blockStride: number;
  /** Several nodes may lie in one home, each at its offset. */
  readonly streams: Map<string, Stream>;
}

/** A state's values before, after and at the end of steps. */
interface StateHome {
  readonly previous: Stream;
  readonly next: Stream;
}

export function makeHome(buffer: Buffer, start: number, strides: Omit<Home, "buffer" | "start" | "streams">): Home {
  return { buffer, start, ...strides, streams: new Map() };
}

/** The home as a stream for a walk; the same stream each time, so that nodes of one home share pointers. */
export function streamOf(home: Home, { along }: Pick<Walk, "along">): Stream {
  const known = home.streams.get(along);
  if (known !== undefined) return known;
  const outerStride = { time: home.timeStride, batch: home.batchStride, flat: 0 }[along];
  const made: Stream = {
    at: (outer) => {
      const first = home.buffer.address + home.start;
      return outerStride === 0 ? i32.const(first) : i32.add(i32.mul(outer, outerStride), first);
    },
    rowStride: along === "batch" ? home.timeStride : home.batchStride,
    blockStride: home.blockStride,
  };
  home.streams.set(along, made);
  return made;
}

/** Bytes of a row of `width` elements with room for whole blocks; not a multiple of 1 KiB, for rows would evict one another. */
export function rowBytes(width: number): number {
  const bytes = 16 * Math.ceil(width / 4);
  return bytes % 1024 === 0 ? bytes + 64 : bytes;
}

export class ScanMemory {
  readonly #context: PlanContext;
  readonly #operation: ScanOperation;
  readonly #schedule: Schedule;
  readonly #batch: number;
  readonly #timesteps: number;
  readonly #symbols = new Map<Expr, Home>();
  readonly #previous = new Map<Expr, Stream>();
  readonly #kept = new Map<Expr, { readonly home: Home; readonly offset: number }>();
  readonly #next = new Map<Expr, Place[]>();
  /** Where each state of the step graph is after the last step. */
  readonly finals: Stream[] = [];
  /** Initial states to copy into padded rows at each run. */
  readonly copies: { readonly from: Home; readonly to: Home }[] = [];
  readonly #hoisted: ReadonlySet<Expr>;

  constructor(
    context: PlanContext,
    operation: ScanOperation,
    step: ScanStep,
    cut: Schedule,
    output: Value | undefined,
  ) {
    this.#context = context;
    this.#operation = operation;
    this.#schedule = cut;
    [this.#batch, this.#timesteps] = operation.input.shape as [number, number]; // a scan's input has three axes
    this.#hoisted = new Set(cut.before.flatMap((stage) => stage.stores));
    this.#placeSymbols(step);
    this.#placeStates(step, output);
    this.#placeKept(step, output);
  }

  /** Memory of the stage, given what earlier stages stored. */
  forStage(
    region: "before" | "step" | "after",
    walk: Walk,
    available: ReadonlySet<Expr>,
  ): Omit<StageMemory, "panels" | "scratch"> {
    const kept = (expr: Expr): Place | undefined => {
      const found = this.#kept.get(expr);
      return found && { stream: streamOf(found.home, walk), offset: found.offset };
    };
    return {
      source: (expr) => {
        const previous = this.#previous.get(expr);
        if (previous !== undefined) return { stream: previous, offset: 0 };
        const home = this.#symbols.get(expr);
        if (home !== undefined) return { stream: streamOf(home, walk), offset: 0 };
        if (!available.has(expr)) return undefined;
        return kept(expr) ?? this.#next.get(expr)?.[0];
      },
      targets: (expr) => {
        const states = region === "step" ? (this.#next.get(expr) ?? []) : [];
        const own = region === "step" && this.#hoisted.has(expr) ? undefined : kept(expr);
        return own === undefined ? states : [...states, own];
      },
      widthOf: (expr) => this.#schedule.widthOf(expr),
    };
  }

  /** The walk for a region outside the time loop: all rows at once where they lie evenly, else along the longer axis. */
  outsideWalk(): Walk {
    const batch = this.#batch;
    const timesteps = this.#timesteps;
    const homes = [...this.#symbols.values(), ...[...this.#kept.values()].map(({ home }) => home)];
    const even = homes.every((home) => home.timeStride === batch * home.batchStride);
    if (even) return { outer: 1, rows: batch * timesteps, along: "flat" };
    if (batch < 4 && timesteps > batch) return { outer: batch, rows: timesteps, along: "batch" };
    return { outer: timesteps, rows: batch, along: "time" };
  }

  /** A home for something that every row shares. */
  share(symbol: Expr, buffer: Buffer, start: number): void {
    this.#symbols.set(symbol, makeHome(buffer, start, { timeStride: 0, batchStride: 0, blockStride: 16 }));
  }

  #placeSymbols({ mask, inputFactors, recurrentFactors }: ScanStep): void {
    const { cell, input, backwards } = this.#operation;
    const x = withUnitStride(this.#context, input);
    this.#symbols.set(cell.x, this.#alongTime(x, x.strides[1]!, 16, backwards));
    if (mask !== undefined) {
      const layout = this.#context.read(this.#operation.mask!);
      this.#symbols.set(mask, this.#alongTime(layout, layout.strides[1]!, 0, backwards));
    }
    const factors = [
      ...inputFactors.map((symbol, i) => [symbol, this.#operation.inputFactors[i]!] as const),
      ...recurrentFactors.map((symbol, i) => [symbol, this.#operation.recurrentFactors[i]!] as const),
    ];
    for (const [symbol, value] of factors) {
      this.#symbols.set(symbol, this.#alongTime(withUnitStride(this.#context, value), 0, 16, false));
    }
  }

  /** `timeStride` in elements; timesteps are counted as they are processed. */
  #alongTime({ buffer, offset, strides }: Layout, timeStride: number, blockStride: number, backwards: boolean): Home {
    return makeHome(buffer, 4 * (offset + (backwards ? (this.#timesteps - 1) * timeStride : 0)), {
      timeStride: 4 * (backwards ? -timeStride : timeStride),
      batchStride: 4 * strides[0]!,
      blockStride,
    });
  }

  #placeStates({ graph, outputState }: ScanStep, output: Value | undefined): void {
    const { units, initialStates, returnSequences } = this.#operation;
    const row = rowBytes(units);
    const stateBytes = this.#batch * row;
    for (const [i, { previous }] of graph.states.entries()) {
      const given = initialStates?.[i];
      const strides = { timeStride: stateBytes, batchStride: row, blockStride: 16 };
      const initial =
        given === undefined
          ? makeHome(this.#context.lasting("zero state", stateBytes), 0, strides)
          : makeHome(this.#context.scratch(`initial state ${i}`, stateBytes), 0, strides);
      if (given !== undefined) {
        const from = this.#alongTime(withUnitStride(this.#context, given), 0, 16, false);
        this.copies.push({ from, to: initial });
      }
      const isSequence = returnSequences && i === outputState && output !== undefined;
      const home = isSequence
        ? this.#outputHome(output)
        : makeHome(this.#context.scratch(`state ${i}`, 2 * stateBytes), 0, strides);
      const { previous: before, next } = stateStreams(initial, home, isSequence ? this.#timesteps : 2);
      this.#previous.set(previous, before);
      this.#next.set(this.#schedule.next[i]!, [
        ...(this.#next.get(this.#schedule.next[i]!) ?? []),
        { stream: next, offset: 0 },
      ]);
      this.finals.push(next);
    }
  }

  /** The output sequence: time-major, so that a step reads and writes neighbouring rows. */
  #outputHome(output: Value): Home {
    const row = rowBytes(this.#operation.units);
    const layout = this.#context.write(output, {
      strides: [row / 4, (this.#batch * row) / 4, 1],
      elements: (this.#timesteps * this.#batch * row) / 4,
    });
    return makeHome(layout.buffer, 4 * layout.offset, {
      timeStride: this.#batch * row,
      batchStride: row,
      blockStride: 16,
    });
  }

  #placeKept({ graph, outputState }: ScanStep, output: Value | undefined): void {
    const { kept, before, step, after, outputs } = this.#schedule;
    const stages = [...before, ...step, ...after];
    const vectors = new Set(
      stages.flatMap(({ accumulations }) =>
        accumulations.flatMap(({ products }) =>
          products.map(({ node }) => (node.op === "product" ? node.vector : undefined)),
        ),
      ),
    );
    const gates = [...kept.keys()].filter(
      (expr) =>
        this.#hoisted.has(expr) && !vectors.has(expr) && expr.extent === "row" && this.#widthOf(expr) === graph.units,
    );
    this.#placeGates(gates);
    for (const [expr, how] of kept) {
      if (this.#kept.has(expr)) continue;
      const isOutput = outputState === undefined && expr === outputs[0];
      if (isOutput && output !== undefined && this.#operation.returnSequences) {
        this.#kept.set(expr, { home: this.#outputHome(output), offset: 0 });
        continue;
      }
      const isNumber = expr.extent === "one";
      const row = isNumber ? 4 : rowBytes(this.#widthOf(expr));
      const slots = how === "sequence" && !isOutput ? this.#timesteps : 1;
      const home = makeHome(this.#context.scratch(`node ${this.#kept.size}`, slots * this.#batch * row), 0, {
        timeStride: slots === 1 ? 0 : this.#batch * row,
        batchStride: row,
        blockStride: isNumber ? 0 : 16,
      });
      this.#kept.set(expr, { home, offset: 0 });
    }
  }

  /** Nodes of before the loop side by side, as the loop's tiles read them: [time][batch][unit block][node][4]. */
  #placeGates(nodes: readonly Expr[]): void {
    if (nodes.length === 0) return;
    const row = rowBytes(4 * nodes.length * Math.ceil(this.#operation.units / 4));
    const home = makeHome(this.#context.scratch("gates", this.#timesteps * this.#batch * row), 0, {
      timeStride: this.#batch * row,
      batchStride: row,
      blockStride: 16 * nodes.length,
    });
    for (const [i, expr] of nodes.entries()) this.#kept.set(expr, { home, offset: 16 * i });
  }

  #widthOf(expr: Expr): number {
    return this.#schedule.widthOf(expr);
  }
}

/** Streams of a state that lies in `slots` slots in turn; before the first step it is at `initial`, whose rows lie alike. */
function stateStreams(initial: Home, home: Home, slots: number): StateHome {
  const slotOf = (timestep: I32): I32 => (slots === 2 ? i32.and(timestep, 1) : timestep);
  const address = (slot: I32): I32 => i32.add(i32.mul(slot, home.timeStride), home.buffer.address + home.start);
  const rows = { rowStride: home.batchStride, blockStride: home.blockStride };
  return {
    next: { ...rows, at: (timestep) => address(slotOf(timestep)) },
    previous: {
      ...rows,
      at: (timestep) =>
        choose(
          i32.const(initial.buffer.address + initial.start),
          address(slotOf(i32.sub(timestep, 1))),
          i32.eqz(timestep),
        ),
    },
  };
}

/** The layout, or that of a copy, with neighbours along the last axis side by side. */
function withUnitStride(context: PlanContext, value: Value): Layout {
  const layout = context.read(value);
  return layout.strides.at(-1) === 1 || layout.shape.at(-1) === 1 ? layout : context.readContiguous(value);
}
