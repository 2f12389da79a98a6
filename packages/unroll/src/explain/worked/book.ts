/**
 * The book that a worked solution is written into: tables of numbers, each number with the formula that gives it, every
 * formula over the numbers before it. It knows no layer and no cell; elements.ts and scan-steps.ts write into it.
 */
import type { ShownEquations } from "../../cells/equations.ts";
import { UnrollError } from "../../core/errors.ts";
import { evaluateRow, type Row } from "../../equations/evaluate.ts";
import { type Expr, inOrder, symbol } from "../../equations/expr.ts";

/** One number of the calculation. */
export interface WorkedNumber {
  /** What other formulas mention it by. */
  readonly symbol: Expr;
  /** "f", "kernel", "dense" */
  readonly name: string;
  /** Where it stands among the numbers of that name, from 0: `[unit]`, `[timestep, feature]`. */
  readonly index: readonly number[];
  /** float64, by hand. */
  readonly value: number;
  /** Over the symbols of other numbers; undefined where the number is given: data, a weight, a first state. */
  readonly formula: Expr | undefined;
  /** Where the number is looked up in a column of a table by an id. */
  readonly lookup?: Lookup;
}

/** Numbers that are looked up by others, such as a row of an embedding. */
export interface Lookup {
  readonly column: readonly Expr[];
  readonly id: Expr;
}

/** A row of a worked table, a number in each column. */
export interface WorkedRow {
  /** "timestep 3" */
  readonly label: string;
  /** One for each column of the table; undefined where the row has no such number. */
  readonly numbers: readonly (WorkedNumber | undefined)[];
  /** The numbers in an order in which they can be worked out. */
  readonly order: readonly WorkedNumber[];
  readonly note?: string;
}

/** Numbers that are worked out side by side, such as the values of a cell at each timestep. */
export interface WorkedTable {
  readonly title: string;
  /** Heads of the columns: "f[0]". */
  readonly columns: readonly string[];
  readonly rows: readonly WorkedRow[];
  /** The letters: equations of a timestep, for the table of a cell. */
  readonly equations?: ShownEquations;
}

/** More numbers are refused, and more terms in all their formulas. */
const mostNumbers = 50_000;
const mostTerms = 1_000_000;

/** Numbers by their symbols, and their values. */
export class Book {
  readonly numbers = new Map<Expr, WorkedNumber>();
  readonly #values = new Map<Expr, Row>();
  readonly #path: string;
  #terms = 0;

  /** `path` is the model's name, for errors. */
  constructor(path: string) {
    this.#path = path;
  }

  /** A number that is not worked out. */
  give(name: string, index: readonly number[], value: number): WorkedNumber {
    return this.#enter(name, index, value, undefined);
  }

  /** A number by its formula, which is evaluated at once. */
  work(name: string, index: readonly number[], formula: Expr, lookup?: Lookup): WorkedNumber {
    this.#terms += inOrder([formula]).length;
    if (this.#terms > mostTerms) throw this.#tooMuch(`more than ${mostTerms.toLocaleString("en-US")} terms`);
    return this.#enter(name, index, this.valueOf(formula), formula, lookup);
  }

  /** What a formula over the numbers of the book comes to. */
  valueOf(formula: Expr): number {
    return evaluateRow([formula], { width: 1, symbols: this.#values })(formula) as number; // no symbol is a row
  }

  #enter(name: string, index: readonly number[], value: number, formula: Expr | undefined, lookup?: Lookup) {
    if (this.numbers.size >= mostNumbers) {
      throw this.#tooMuch(`more than ${mostNumbers.toLocaleString("en-US")} numbers`);
    }
    const own = symbol(`${name}${bracketed(index)}`, "argument", name, { extent: "one" });
    const number: WorkedNumber = { symbol: own, name, index, value, formula, ...(lookup && { lookup }) };
    this.numbers.set(own, number);
    this.#values.set(own, value);
    return number;
  }

  #tooMuch(received: string): UnrollError {
    return new UnrollError({
      code: "memory",
      path: this.#path,
      expected: "a worked solution must be short enough to be read",
      received,
      hint: "Choose one layer and one timestep.",
    });
  }
}

/** "[2, 0]" without spaces; nothing for a single number. */
export function bracketed(index: readonly number[]): string {
  return index.length === 0 ? "" : `[${index.join(",")}]`;
}

/** A table under construction: numbers by their position in an array of this shape, row-major. */
export class ArrayTable {
  readonly title: string;
  readonly #name: string;
  readonly #shape: readonly number[];
  readonly #columns: readonly string[] | undefined;
  readonly #firstAxis: number;
  readonly #numbers = new Map<number, WorkedNumber>();

  /** Of one example a batch axis of size 1 is left out of the indices, of a weight none is. */
  constructor(
    title: string,
    name: string,
    shape: readonly number[],
    {
      columns,
      isWeight = false,
    }: { readonly columns?: readonly string[] | undefined; readonly isWeight?: boolean } = {},
  ) {
    this.title = title;
    this.#name = name;
    this.#shape = shape;
    this.#columns = columns;
    this.#firstAxis = !isWeight && shape[0] === 1 && shape.length > 1 ? 1 : 0;
  }

  get name(): string {
    return this.#name;
  }

  get isEmpty(): boolean {
    return this.#numbers.size === 0;
  }

  numberAt(position: number): WorkedNumber | undefined {
    return this.#numbers.get(position);
  }

  enter(position: number, number: WorkedNumber): WorkedNumber {
    this.#numbers.set(position, number);
    return number;
  }

  /** The index of a position, as the table shows it. */
  indexOf(position: number): number[] {
    const index = this.#shape.map((size, axis) => {
      const stride = this.#shape.slice(axis + 1).reduce((product, one) => product * one, 1);
      return Math.floor(position / stride) % size;
    });
    return index.slice(this.#firstAxis);
  }

  /** One row for each index of the axes before the last. */
  toTable(): WorkedTable {
    const width = this.#shape.at(-1) ?? 1;
    const entries = [...this.#numbers].sort(([a], [b]) => a - b);
    const byRow = new Map<number, (WorkedNumber | undefined)[]>();
    for (const [position, number] of entries) {
      const row = Math.floor(position / width);
      const numbers = byRow.get(row) ?? new Array<WorkedNumber | undefined>(width).fill(undefined);
      numbers[position % width] = number;
      byRow.set(row, numbers);
    }
    const rows = [...byRow].map(([row, numbers]): WorkedRow => {
      const before = this.indexOf(row * width).slice(0, -1);
      return {
        label: `${this.#name}${bracketed(before)}`,
        numbers,
        order: numbers.filter((number) => number !== undefined),
      };
    });
    const columns = this.#columns ?? Array.from({ length: width }, (_, column) => `[${column}]`);
    return { title: this.title, columns, rows };
  }
}
