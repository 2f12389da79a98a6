/**
 * Which node of a step graph lies where: symbols where the caller says, states and kept nodes in homes. It answers the stage
 * emitter's questions for each region of the schedule; forward steps and adjoint steps use it alike.
 */
import type { Expr } from "../equations/expr.ts";
import type { Buffer } from "./layout.ts";
import { type Machine, vectorBytes } from "./machine.ts";
import { evenness, type Home, rowBytes, type StateHome, segmentHome, streamOf, type Walk } from "./scan-homes.ts";
import type { Schedule, Stage } from "./schedule.ts";
import type { StageMemory, Target } from "./schedule-emit.ts";
import { inputsOf } from "./schedule-graph.ts";
import type { Place, Stream } from "./schedule-place.ts";

export interface ScanSize {
  readonly machine: Machine;
  readonly batch: number;
  readonly timesteps: number;
  /** Timesteps that are processed together, see scan-segments.ts; all of them, or fewer so that their intermediates take less memory. */
  readonly segment: number;
  readonly units: number;
}

export type RegionName = "before" | "step" | "after";

/** A node's home, and where in its blocks it lies. */
export interface Room {
  readonly home: Home;
  readonly offset: number;
}

export class ScanMemory {
  readonly #size: ScanSize;
  readonly #fromEnd: boolean;
  readonly #schedule: Schedule;
  readonly #symbols = new Map<Expr, Room>();
  readonly #streams = new Map<Expr, Stream>();
  readonly #states: StateHome[] = [];
  readonly #kept = new Map<Expr, Room>();
  readonly #also = new Map<Expr, Room[]>();
  readonly #hoisted: ReadonlySet<Expr>;

  /** With `fromEnd` the loop takes the scan's last timestep first. */
  constructor(size: ScanSize, schedule: Schedule, fromEnd = false) {
    this.#size = size;
    this.#fromEnd = fromEnd;
    this.#schedule = schedule;
    this.#hoisted = new Set(schedule.before.flatMap((stage) => stage.stores));
  }

  /** Says where a symbol lies. */
  placeSymbol(symbol: Expr, home: Home, offset = 0): void {
    this.#symbols.set(symbol, { home, offset });
  }

  /** As `placeSymbol`, for what only the time loop reads. */
  placeStream(symbol: Expr, stream: Stream): void {
    this.#streams.set(symbol, stream);
  }

  /** Says where the next state of the step graph lies; call it for each in order. */
  placeState(previous: Expr, state: StateHome): void {
    this.#states.push(state);
    if (state.sequence === undefined) this.placeStream(previous, state.previous);
    else this.placeSymbol(previous, state.sequence.previous);
  }

  get states(): readonly StateHome[] {
    return this.#states;
  }

  /** Says where a kept node lies. */
  placeKept(expr: Expr, room: Room): void {
    this.#kept.set(expr, room);
  }

  /** A second place that a node is stored to. */
  storeAlso(expr: Expr, room: Room): void {
    this.#also.set(expr, [...(this.#also.get(expr) ?? []), room]);
  }

  roomOf(expr: Expr): Room | undefined {
    return this.#kept.get(expr);
  }

  /**
   * Gives a home to every kept node that has none. Nodes of before the loop that its equations read lie side by side, as the
   * loop's tiles read them: `[time][batch][unit block][node][lane]`.
   */
  placeRest(allocate: (name: string, bytes: number) => Buffer): void {
    const { batch, timesteps, segment, machine } = this.#size;
    const { kept, before, step, after } = this.#schedule;
    const vectors = new Set([...before, ...step, ...after].flatMap(vectorsOf));
    const rest = [...kept].filter(([expr]) => !this.#kept.has(expr));
    const gates = rest
      .map(([expr]) => expr)
      .filter((expr) => this.#hoisted.has(expr) && !vectors.has(expr) && this.#isUnitsWide(expr));
    this.placeTogether(gates, (bytes) => allocate("gates", bytes));
    for (const [i, [expr, how]] of rest.entries()) {
      if (this.#kept.has(expr)) continue;
      const isNumber = expr.extent === "one";
      const row = isNumber ? 4 : rowBytes(this.#schedule.widthOf(expr), machine);
      const slots = how === "sequence" ? segment : 1;
      const home = segmentHome(allocate(`node ${i}`, slots * batch * row), 0, {
        timesteps,
        slots,
        fromEnd: this.#fromEnd,
        timeStride: slots === 1 ? 0 : batch * row,
        batchStride: row,
        blockStride: isNumber ? 0 : vectorBytes(machine),
      });
      this.placeKept(expr, { home, offset: 0 });
    }
  }

  /** One home for nodes of `units` elements that are read and written together. */
  placeTogether(nodes: readonly Expr[], allocate: (bytes: number) => Buffer): void {
    if (nodes.length === 0) return;
    const { batch, timesteps, segment, units, machine } = this.#size;
    const { lanes } = machine;
    const row = rowBytes(lanes * nodes.length * Math.ceil(units / lanes), machine);
    const home = segmentHome(allocate(segment * batch * row), 0, {
      timesteps,
      slots: segment,
      fromEnd: this.#fromEnd,
      timeStride: batch * row,
      batchStride: row,
      blockStride: 4 * lanes * nodes.length,
    });
    for (const [i, expr] of nodes.entries()) this.placeKept(expr, { home, offset: 4 * lanes * i });
  }

  /** Memory of a stage, given what earlier stages stored. */
  forStage(region: RegionName, walk: Walk, available: ReadonlySet<Expr>): Omit<StageMemory, "panels" | "scratch"> {
    const placeIn = (room: Room): Place => ({ stream: streamOf(room.home, walk), offset: room.offset });
    const nextOf = (expr: Expr): Target[] =>
      this.#states
        .filter((_, i) => this.#schedule.next[i] === expr)
        .map(({ next, sequence }) =>
          sequence === undefined ? { stream: next, offset: 0 } : placeIn({ home: sequence.next, offset: 0 }),
        );
    return {
      source: (expr) => {
        const stream = this.#streams.get(expr);
        if (stream !== undefined) return { stream, offset: 0 };
        const symbol = this.#symbols.get(expr);
        if (symbol !== undefined) return placeIn(symbol);
        if (!available.has(expr)) return undefined;
        const kept = this.#kept.get(expr);
        return kept === undefined ? nextOf(expr)[0] : placeIn(kept);
      },
      targets: (expr) => {
        const states = region === "step" ? nextOf(expr) : [];
        const wasStored = region === "step" && this.#hoisted.has(expr);
        const own = wasStored ? undefined : this.#kept.get(expr);
        const also = wasStored ? [] : (this.#also.get(expr) ?? []);
        return [...states, ...[...(own === undefined ? [] : [own]), ...also].map(placeIn)];
      },
      widthOf: (expr) => this.#schedule.widthOf(expr),
    };
  }

  /**
   * The walk for a region outside the time loop, through so many timesteps: all rows at once where they lie evenly, else along
   * one of the axes.
   */
  outsideWalk(stages: readonly Stage[], length: number): Walk {
    const { batch, timesteps } = this.#size;
    const isPart = length < timesteps;
    const rooms = [...this.#touchedBy(stages)].flatMap((expr) => {
      const own = this.#symbols.get(expr) ?? this.#kept.get(expr);
      return [...(own === undefined ? [] : [own]), ...(this.#also.get(expr) ?? [])];
    });
    const homes = rooms.map(({ home }) => home).filter(({ batchStride }) => batchStride !== 0);
    const rows = batch * length;
    if (homes.every((home) => evenness(home, batch) === 1)) return { outer: 1, rows, along: "flat", isPart };
    if (homes.every((home) => evenness(home, batch) === -1)) return { outer: 1, rows, along: "flatBackwards", isPart };
    if (batch < 4 && length > batch) return { outer: batch, rows: length, along: "batch", isPart };
    return { outer: length, rows: batch, along: "time", isPart };
  }

  /** The nodes that some stages compute, and those that they read. */
  #touchedBy(stages: readonly Stage[]): Set<Expr> {
    const stores = new Set(stages.flatMap((stage) => stage.stores));
    const nodes = new Set<Expr>();
    const visit = (expr: Expr): void => {
      if (nodes.has(expr)) return;
      nodes.add(expr);
      if (stores.has(expr) || !this.#kept.has(expr)) inputsOf(expr).forEach(visit);
    };
    stores.forEach(visit);
    return nodes;
  }

  #isUnitsWide(expr: Expr): boolean {
    return expr.extent === "row" && this.#schedule.widthOf(expr) === this.#size.units;
  }
}

/** The vectors that a stage multiplies. */
export function vectorsOf({ accumulations }: Stage): Expr[] {
  return accumulations.flatMap(({ products }) =>
    products.flatMap(({ node }) => (node.op === "product" ? [node.vector] : [])),
  );
}
