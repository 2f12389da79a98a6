/**
 * What every part of the interpreter shares: position, budget, problems, unknowns and the Keras session.
 * Code of strangers runs only through this, so the limits here are the limits there are.
 */
import type { Position } from "./document.ts";
import type { KerasSession } from "./keras-session.ts";
import { combineSizes, type Size, type SizeOperator, Unknown } from "./unknown.ts";
import { ArrayValue, type CallArguments, PyDict, PyList, PySet, type Value } from "./values.ts";

/** Something that was skipped, and where. */
export interface Problem {
  readonly cell: number;
  readonly line: number;
  readonly message: string;
}

/** Steps of evaluation for one top-level statement, and for a whole document. */
const STEPS_PER_STATEMENT = 200_000;
const STEPS_IN_ALL = 3_000_000;
/** Items in one list, characters in one string. */
export const LARGEST_COLLECTION = 100_000;
/** Items and characters made in all. */
const CELLS_IN_ALL = 20_000_000;
/** Expressions inside of expressions, calls included. */
const DEEPEST_EVALUATION = 700;
const DEEPEST_CALLS = 60;
/** Loops with more rounds run once, as an example round. */
export const MOST_ROUNDS = 2_000;
const MOST_PROBLEMS = 200;

/** Ends a top-level statement that asks for too much. */
export class LimitReached extends Error {}

/** A count of what may still be looked at in a structure that may repeat itself without end. */
export class Allowance {
  #left: number;

  constructor(items = 10_000) {
    this.#left = items;
  }

  /** False once more has been taken than was allowed. */
  take(count = 1): boolean {
    this.#left -= count;
    return this.#left >= 0;
  }
}

/** Ends the block that raised, up to the nearest `try`. */
export class PythonRaise extends Error {}

/** State of one reading of one document. */
export class Runtime {
  at: Position = { cell: 1, line: 1 };
  /** The top-level statement being run, below whose cell its outputs are printed. */
  running: Position = { cell: 1, line: 1 };
  readonly problems: Problem[] = [];
  readonly session: KerasSession;
  readonly #set: ReadonlyMap<string, number | string>;
  readonly usedSettings = new Set<string>();
  /** How many loops and branches of unknown outcome are around the current statement. */
  uncertain = 0;
  /** Calls any value; the interpreter fills this in. */
  call: (callee: Value, args: CallArguments) => Value;
  /** Attribute of any value; the interpreter fills this in. */
  attribute: (object: Value, name: string) => Value;
  #steps = 0;
  #allSteps = 0;
  #cells = 0;
  #depth = 0;
  #calls = 0;
  readonly #unknowns = new Map<string, Unknown>();
  readonly #seen = new Set<string>();

  constructor(session: KerasSession, set: ReadonlyMap<string, number | string>) {
    this.session = session;
    this.#set = set;
    const notReady = (): Value => this.unknown("value", "nothing is loaded");
    this.call = notReady;
    this.attribute = notReady;
  }

  /** Starts the budget of the next top-level statement. */
  startStatement(at: Position): void {
    this.at = at;
    this.running = at;
    this.#steps = 0;
    this.#depth = 0;
    this.#calls = 0;
    this.uncertain = 0;
  }

  get exhausted(): boolean {
    return this.#allSteps > STEPS_IN_ALL;
  }

  step(): void {
    this.#allSteps++;
    if (++this.#steps > STEPS_PER_STATEMENT || this.exhausted) {
      throw new LimitReached(`it takes more than ${STEPS_PER_STATEMENT} steps to work out`);
    }
  }

  /** Counts work that goes through `count` items or characters without making any. */
  spend(count: number): void {
    this.#cells += count;
    if (this.#cells > CELLS_IN_ALL) throw new LimitReached("the code goes through more data than is followed");
  }

  /** Asks for `count` items or characters before they are made. */
  reserve(count: number): void {
    if (!(count <= LARGEST_COLLECTION)) {
      throw new LimitReached(`it makes something of ${count} items; at most ${LARGEST_COLLECTION} are followed`);
    }
    this.spend(count);
  }

  /** Runs `body` one level deeper. */
  deeper<T>(body: () => T): T {
    if (++this.#depth > DEEPEST_EVALUATION) throw new LimitReached("it is nested too deeply");
    try {
      return body();
    } finally {
      this.#depth--;
    }
  }

  /** Runs the body of a called function; restores the depth even where it raises. */
  inCall<T>(body: () => T): T {
    const depth = this.#depth;
    const at = this.at;
    if (++this.#calls > DEEPEST_CALLS)
      throw new LimitReached(`functions call each other more than ${DEEPEST_CALLS} deep`);
    try {
      return body();
    } finally {
      this.#calls--;
      this.#depth = depth;
      this.at = at;
    }
  }

  /** Runs `body` as an example: what it counts up or appends to from outside becomes unknown. */
  asExample<T>(body: () => T): T {
    this.uncertain++;
    try {
      return body();
    } finally {
      this.uncertain--;
    }
  }

  /** Runs `body` as a trial: its problems are not noted, and the names that it takes are given back. */
  quietly<T>(body: () => T): T {
    const noted = this.problems.length;
    const names = this.session.remember();
    this.spend(names.size);
    const at = this.at;
    try {
      return body();
    } finally {
      for (const { cell, line, message } of this.problems.splice(noted))
        this.#seen.delete(`${cell}:${line}:${message}`);
      this.session.restore(names);
      this.at = at;
    }
  }

  /** Above 0 while the code of a layer is followed for its shapes: operations there are no layers of the model. */
  followed = 0;

  /** Runs `body` as a trial inside of a layer's own code. */
  following<T>(body: () => T): T {
    this.followed++;
    try {
      return this.quietly(body);
    } finally {
      this.followed--;
    }
  }

  /** Notes what was not understood here; the same words at the same line are noted once. */
  problem(message: string, at: Position = this.at): void {
    const key = `${at.cell}:${at.line}:${message}`;
    if (this.#seen.has(key) || this.problems.length >= MOST_PROBLEMS) return;
    this.#seen.add(key);
    this.problems.push({ cell: at.cell, line: at.line, message });
  }

  /** A new unknown; where the user has set its name, the value that was set. */
  unknown(text: string, reason: string): Unknown {
    return new Unknown({ text, reason, at: this.at });
  }

  /** The shape of an array of which only the first sizes are known. */
  unknownShape(text: string, sizes: readonly (Size | null)[]): Unknown {
    return new Unknown({
      text,
      reason: "is the shape of data that the code does not show",
      at: this.at,
      prefix: sizes,
    });
  }

  /** Arithmetic with an unknown side: the same operands give the same unknown. */
  combine(operator: SizeOperator, operands: readonly Size[]): Unknown {
    const made = combineSizes(operator, operands, this.at);
    const key = `${operator} ${operands.map((operand) => (operand instanceof Unknown ? `#${this.#numberOf(operand)}` : operand)).join(" ")}`;
    const known = this.#unknowns.get(key);
    if (known !== undefined) return known;
    this.#unknowns.set(key, made);
    return made;
  }

  readonly #numbers = new Map<Unknown, number>();

  #numberOf(unknown: Unknown): number {
    const known = this.#numbers.get(unknown);
    if (known !== undefined) return known;
    this.#numbers.set(unknown, this.#numbers.size);
    return this.#numbers.size - 1;
  }

  /** The value the user set for this name, or undefined. */
  setting(name: string): number | string | undefined {
    const value = this.#set.get(name);
    if (value !== undefined) this.usedSettings.add(name);
    return value;
  }

  /** What a variable of this name gets: the value itself, with its name remembered, or what the user set for it. */
  named(name: string, value: Value): Value {
    if (value instanceof Unknown) {
      const given = this.setting(name) ?? this.setting(value.name);
      if (given !== undefined) return given;
      value.label ??= name;
    } else if (
      value instanceof PyList ||
      value instanceof ArrayValue ||
      value instanceof PyDict ||
      value instanceof PySet
    ) {
      value.label ??= name;
    }
    return value;
  }

  array(shape: readonly (Size | null)[]): ArrayValue {
    return new ArrayValue(shape);
  }

  list(items: Value[], open = false): PyList {
    this.reserve(items.length);
    return new PyList(items, open, this.uncertain);
  }
}
