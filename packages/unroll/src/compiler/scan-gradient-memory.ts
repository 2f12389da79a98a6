/**
 * Where everything of a scan's gradient lies: the forward scan's nodes, read backwards; the gradients of states; and what is
 * wanted of every timestep, as rows for products within the loop and as blocks for sums over time.
 */
import type { Expr, WeightBlock } from "../equations/expr.ts";
import type { ScanGradientOperation, Value } from "../program/program.ts";
import { choose, i32 } from "./assembler.ts";
import type { PlanContext } from "./kernel.ts";
import { addressOf } from "./layout.ts";
import { vectorBytes } from "./machine.ts";
import type { SavedScan } from "./scan.ts";
import type { BlockGradient, ScanAdjoint } from "./scan-adjoint.ts";
import {
  alternatingState,
  evenness,
  type Home,
  layoutHome,
  makeHome,
  reversed,
  rowBytes,
  segmentState,
  sequenceState,
  withUnitStride,
} from "./scan-homes.ts";
import { ScanMemory, type ScanSize, vectorsOf } from "./scan-memory.ts";
import { type BlockTask, blockedStrides } from "./scan-weights.ts";
import { type Schedule, schedule } from "./schedule.ts";
import { inputsOf } from "./schedule-graph.ts";

export class GradientMemory {
  readonly size: ScanSize;
  readonly schedule: Schedule;
  /** Answers for the stages; its timesteps run from the last processed to the first. */
  readonly rows: ScanMemory;
  /** The equation of the input's gradient, where it is wanted and anything flows to it. */
  readonly input: Expr | undefined;
  readonly #context: PlanContext;
  readonly #operation: ScanGradientOperation;
  readonly #note: SavedScan;
  readonly #blocks: readonly BlockGradient[];
  readonly #vectors: ScanAdjoint["vectors"];
  /** What the schedule is asked for, in its order of outputs. */
  readonly #wanted: readonly Expr[];
  /** Forward symbols, timesteps as the scan processes them. */
  readonly #forward: ReadonlyMap<Expr, Home>;
  /** Left-hand sides of array gradients that are written for the purpose, and right-hand sides in blocks. */
  readonly #lefts = new Map<Expr, Home>();
  readonly #rights = new Map<Expr, Home>();

  /** `used` has the results that anything asks for: the input's gradient, the arrays', the initial states'. */
  constructor(
    context: PlanContext,
    operation: ScanGradientOperation,
    note: SavedScan,
    used: readonly (Value | undefined)[],
  ) {
    const { scan } = operation;
    const { adjoint } = note;
    const features = scan.input.shape[2]!;
    this.size = note.size;
    this.#context = context;
    this.#operation = operation;
    this.#note = note;
    this.#forward = this.#useForward();

    const names = scan.cell.arrays.map(({ name }) => name);
    const isWanted = ({ array }: WeightBlock): boolean => used[1 + names.indexOf(array)] !== undefined;
    this.input = used[0] === undefined ? undefined : adjoint.input;
    this.#blocks = adjoint.blocks.filter(({ matrix }) => isWanted(matrix));
    this.#vectors = adjoint.vectors.filter(({ weight }) => isWanted(weight));
    const copiedLefts = this.#blocks.map(({ left }) => left).filter((left) => this.#readyLeft(left) === undefined);
    const rights = [...this.#blocks.map(({ right }) => right), ...this.#vectors.map(({ vector }) => vector)];
    this.#wanted = [...new Set([...(this.input === undefined ? [] : [this.input]), ...rights, ...copiedLefts])];
    const { states, widths } = adjoint;
    this.schedule = schedule({ states, outputs: this.#wanted, features, units: scan.units, widths });
    this.rows = new ScanMemory(this.size, this.schedule, true);

    this.#placeForward();
    this.#placeOutputGradient();
    this.#placeStates();
    if (this.input !== undefined) this.#placeInputGradient(used[0]!, this.input);
    for (const left of copiedLefts) this.#placeLeft(left);
    for (const right of rights) this.#placeRight(right);
    this.rows.placeRest((name, bytes) => context.scratch(name, bytes));
  }

  /** The terms of one block of an array's gradient. */
  termsOf({ array, block, row }: WeightBlock): BlockTask["terms"] {
    const isHere = (weight: WeightBlock): boolean =>
      weight.array === array && weight.block === block && weight.row === row;
    const rightOf = (expr: Expr): Home => this.#rights.get(this.#named(expr))!;
    return [
      ...this.#blocks
        .filter(({ matrix }) => isHere(matrix))
        .map(({ left, right }) => ({
          left: this.#readyLeft(left) ?? this.#lefts.get(this.#named(left))!,
          right: rightOf(right),
        })),
      ...this.#vectors
        .filter(({ weight }) => isHere(weight))
        .map(({ vector }) => ({ left: undefined, right: rightOf(vector) })),
    ];
  }

  /** A wanted node as the schedule names it. */
  #named(expr: Expr): Expr {
    return this.schedule.outputs[this.#wanted.indexOf(expr)]!;
  }

  #useForward(): Map<Expr, Home> {
    const { symbols, states, step, adjoint } = this.#note;
    const homes = new Map(symbols);
    for (const [i, { previous }] of step.graph.states.entries()) {
      const { sequence } = states[i]!; // with a gradient, every state keeps all timesteps of a segment
      homes.set(previous, sequence!.previous);
      homes.set(adjoint.nextStates[i]!, sequence!.next);
    }
    const { saved, touched, size } = this.#note;
    const homesUsed = [...homes.values(), ...saved.map(({ home }) => home)].map(({ buffer }) => buffer);
    // Computing segments again takes all that the scan took.
    for (const buffer of size.segment < size.timesteps ? touched : homesUsed) this.#context.use(buffer);
    return homes;
  }

  /** A forward node's home if its rows follow one another evenly with neighbours side by side, as left-hand sides must. */
  #readyLeft(left: Expr): Home | undefined {
    const home = this.#forward.get(left);
    return home?.blockStride === vectorBytes(this.size.machine) && evenness(home, this.size.batch) === 1
      ? home
      : undefined;
  }

  #placeForward(): void {
    const backwards = new Map<Home, Home>();
    const inReverse = (home: Home): Home => {
      const known = backwards.get(home) ?? reversed(home);
      backwards.set(home, known);
      return known;
    };
    for (const [symbol, home] of this.#forward) this.rows.placeSymbol(symbol, inReverse(home));
    for (const [i, { symbol }] of this.#note.adjoint.saved.entries()) {
      const { home, offset } = this.#note.saved[i]!;
      this.rows.placeSymbol(symbol, inReverse(home), offset);
    }
  }

  /** The gradient that reaches the output from outside: a sequence, or only after the last step. */
  #placeOutputGradient(): void {
    const symbol = this.#note.adjoint.outputGradient;
    if (symbol === undefined) return;
    const { scan, outputs } = this.#operation;
    const { batch, timesteps, units } = this.size;
    if (scan.returnSequences) {
      const layout = withUnitStride(this.#context, outputs[0]!);
      this.rows.placeSymbol(
        symbol,
        reversed(layoutHome(layout, timesteps, layout.strides[1]!, vectorBytes(this.size.machine))),
      );
      return;
    }
    const layout = this.#context.readContiguous(outputs[0]!);
    const none = this.#context.lasting("no gradient", 4 * batch * units);
    this.rows.placeStream(symbol, {
      at: (outer) => choose(i32.const(addressOf(layout)), i32.const(none.address), i32.eqz(outer)),
      rowStride: 4 * units,
      blockStride: vectorBytes(this.size.machine),
    });
  }

  /** Gradients of states alternate between two places, but for those that the regions outside the loop read. */
  #placeStates(): void {
    const { batch, timesteps, segment, units, machine } = this.size;
    const row = rowBytes(units, machine);
    const sizes = { timesteps, batch, row, block: vectorBytes(machine) };
    const outside = readOutside(this.schedule);
    for (const { name, previous } of this.#note.adjoint.states) {
      const isSequence = outside.has(previous);
      const buffer = this.#context.scratch(name, (isSequence ? segment + 1 : 2) * batch * row);
      const sequence = () =>
        segment < timesteps
          ? segmentState(buffer, sizes, { slots: segment, fromEnd: true })
          : sequenceState(buffer, sizes);
      this.rows.placeState(previous, isSequence ? sequence() : alternatingState(buffer, sizes));
    }
  }

  #placeInputGradient(value: Value, input: Expr): void {
    const { batch, timesteps, machine } = this.size;
    const row = rowBytes(value.shape[2]!, machine);
    const strides = [row / 4, (batch * row) / 4, 1];
    const layout = this.#context.write(value, { strides, elements: (timesteps * batch * row) / 4 });
    const natural = layoutHome(layout, timesteps, strides[1]!, vectorBytes(machine));
    const home = this.#operation.scan.backwards ? natural : reversed(natural);
    this.rows.placeKept(this.#named(input), { home, offset: 0 });
  }

  #placeLeft(left: Expr): void {
    const expr = this.#named(left);
    if (this.#lefts.has(expr)) return;
    const home = this.#newRows(`left ${this.#lefts.size}`, this.schedule.widthOf(expr), true);
    this.#lefts.set(expr, home);
    this.#place(expr, home);
  }

  #placeRight(right: Expr): void {
    const expr = this.#named(right);
    if (this.#rights.has(expr)) return;
    const { before, step, after } = this.schedule;
    const { units } = this.size;
    const strides = blockedStrides(this.size);
    const name = `right ${this.#rights.size}`;
    const blocks = makeHome(
      this.#context.scratch(name, strides.blockStride * Math.ceil(units / this.size.machine.lanes)),
      0,
      strides,
    );
    this.#rights.set(expr, blocks);
    const isVectorOf = (stages: Schedule["step"]): boolean => stages.some((stage) => vectorsOf(stage).includes(expr));
    const isOutside = isVectorOf([...before, ...after]);
    if (isOutside || isVectorOf(step)) this.#place(expr, this.#newRows(`${name} rows`, units, isOutside));
    this.#place(expr, blocks);
  }

  /** Rows of every timestep of a segment, or of one at a time. */
  #newRows(name: string, width: number, ofEveryTimestep: boolean): Home {
    const { batch, timesteps, segment, machine } = this.size;
    const row = rowBytes(width, machine);
    const bytes = batch * row;
    const slots = ofEveryTimestep ? segment : 1;
    const buffer = this.#context.scratch(name, slots * bytes);
    return makeHome(buffer, 0, {
      timesteps,
      slots,
      timeStride: ofEveryTimestep ? bytes : 0,
      batchStride: row,
      blockStride: vectorBytes(machine),
    });
  }

  /** Gives a node its home, or a second one where it has one; timesteps as the scan processes them. */
  #place(expr: Expr, home: Home): void {
    const room = { home: reversed(home), offset: 0 };
    if (this.rows.roomOf(expr) === undefined) this.rows.placeKept(expr, room);
    else this.rows.storeAlso(expr, room);
  }
}

/** The nodes that the region after the loop computes, and those that it reads. */
function readOutside({ before, step, after }: Schedule): Set<Expr> {
  const ready = new Set([...before, ...step].flatMap(({ stores }) => stores));
  const nodes = new Set<Expr>();
  const visit = (expr: Expr): void => {
    if (nodes.has(expr)) return;
    nodes.add(expr);
    if (!ready.has(expr)) inputsOf(expr).forEach(visit);
  };
  for (const { stores } of after) stores.forEach(visit);
  return nodes;
}
