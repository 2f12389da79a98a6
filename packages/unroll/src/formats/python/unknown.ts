/**
 * Values that the code alone does not tell (a vocabulary size from a file), kept as named expressions.
 * They go through arithmetic, so that one number, given by the user or found in a printed table, settles all that follow from it.
 */
import type { Position } from "./document.ts";

/** A shape whose sizes are known, for an unknown that stands for a whole shape; null means any size. */
export type KnownShape = readonly (number | null)[];

/** What an unknown turned out to be. */
export type Solution = Map<Unknown, number | KnownShape>;

/** A number, or an unknown one. */
export type Size = number | Unknown;

export type SizeOperator = "+" | "-" | "*" | "/" | "//" | "%" | "**" | "max" | "min" | "int" | "neg";

interface Origin {
  readonly operator: SizeOperator;
  readonly operands: readonly Size[];
}

/** Expressions of more parts than this are not taken apart any more. */
const HEAVIEST_EXPRESSION = 200;

/** A value that is not known, with the words that describe it. */
export class Unknown {
  readonly kind = "unknown";
  /** How the code writes it. */
  readonly text: string;
  /** Why it is not known, as a clause: `read_csv reads outside data`. */
  readonly reason: string;
  readonly at: Position;
  /** The arithmetic it came from, where it is not a source itself. */
  readonly origin: Origin | undefined;
  /** First variable it was given to. */
  label: string | undefined;
  /** Leading items that are known all the same: `(60, ?)` as the shape of a window of unknown rows. */
  readonly prefix: readonly (Size | null)[] | undefined;
  /** Parts of the expression, counted as often as they occur. */
  readonly #weight: number;
  readonly #parts = new Map<string, Unknown>();

  constructor(record: {
    text: string;
    reason: string;
    at: Position;
    origin?: Origin;
    prefix?: readonly (Size | null)[];
  }) {
    this.text = record.text.length > 120 ? `${record.text.slice(0, 117)}...` : record.text;
    this.reason = record.reason;
    this.at = record.at;
    const weight =
      record.origin?.operands.reduce<number>((sum, one) => sum + (one instanceof Unknown ? one.#weight : 1), 1) ?? 1;
    this.#weight = weight > HEAVIEST_EXPRESSION ? 1 : weight;
    this.origin = weight > HEAVIEST_EXPRESSION ? undefined : record.origin;
    this.prefix = record.prefix;
  }

  /** What to call it: the variable, else the code. */
  get name(): string {
    return this.label ?? this.text;
  }

  /** The attribute, item or result `suffix` of this value; the same one each time it is asked for. */
  part(suffix: string, at: Position, text = `${this.name}${suffix}`): Unknown {
    const known = this.#parts.get(suffix);
    if (known !== undefined) return known;
    const part = new Unknown({ text, reason: this.reason, at });
    this.#parts.set(suffix, part);
    return part;
  }
}

/** `a + b` where at least one side is unknown. */
export function combineSizes(operator: SizeOperator, operands: readonly Size[], at: Position): Unknown {
  const texts = operands.map(wrapped);
  const text =
    operator === "max" || operator === "min" || operator === "int"
      ? `${operator}(${operands.map(nameOf).join(", ")})`
      : operator === "neg"
        ? `-${texts[0]}`
        : texts.join(` ${operator} `);
  const source = operands.find((operand) => operand instanceof Unknown);
  return new Unknown({ text, reason: source?.reason ?? "", at, origin: { operator, operands } });
}

function nameOf(size: Size): string {
  return size instanceof Unknown ? size.name : String(size);
}

function wrapped(size: Size): string {
  const composed = size instanceof Unknown && size.label === undefined && size.origin !== undefined;
  return composed ? `(${size.text})` : nameOf(size);
}

/** Arithmetic as Python does it on whole numbers and floats. */
export function applySizeOperator(operator: SizeOperator, operands: readonly number[]): number {
  const [a, b] = operands as readonly [number, number];
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return a / b;
    case "//":
      return Math.floor(a / b);
    case "%":
      return a - Math.floor(a / b) * b;
    case "**":
      return a ** b;
    case "max":
      return Math.max(...operands);
    case "min":
      return Math.min(...operands);
    case "int":
      return Math.trunc(a);
    case "neg":
      return -a;
  }
}

/** The number that a size comes to under a solution, or undefined. */
export function sizeUnder(size: Size, solution: Solution): number | undefined {
  if (!(size instanceof Unknown)) return size;
  const given = solution.get(size);
  if (typeof given === "number") return given;
  if (size.origin === undefined) return undefined;
  const operands = size.origin.operands.map((operand) => sizeUnder(operand, solution));
  if (operands.some((operand) => operand === undefined)) return undefined;
  // Checked in the line above.
  const result = applySizeOperator(size.origin.operator, operands as number[]);
  return Number.isFinite(result) ? result : undefined;
}

/** `size` as constant + sum of factor × unknown; unknowns that are not linear stand for themselves. */
interface LinearForm {
  constant: number;
  readonly terms: Map<Unknown, number>;
}

function linearForm(size: Size): LinearForm {
  if (!(size instanceof Unknown)) return { constant: size, terms: new Map() };
  const alone = { constant: 0, terms: new Map([[size, 1]]) };
  if (size.origin === undefined) return alone;
  const { operator, operands } = size.origin;
  const [a, b] = operands.map(linearForm);
  if (operator === "neg") return addForms({ constant: 0, terms: new Map() }, a!, -1);
  if (operator === "+") return addForms(a!, b!, 1);
  if (operator === "-") return addForms(a!, b!, -1);
  if (operator === "*" && a!.terms.size === 0) return addForms({ constant: 0, terms: new Map() }, b!, a!.constant);
  if (operator === "*" && b!.terms.size === 0) return addForms({ constant: 0, terms: new Map() }, a!, b!.constant);
  return alone;
}

function addForms(a: LinearForm, b: LinearForm, factor: number): LinearForm {
  const terms = new Map(a.terms);
  for (const [unknown, weight] of b.terms) {
    const sum = (terms.get(unknown) ?? 0) + factor * weight;
    if (sum === 0) terms.delete(unknown);
    else terms.set(unknown, sum);
  }
  return { constant: a.constant + factor * b.constant, terms };
}

/** `a - b` as a number where what is unknown cancels: `(i + 60) - i` is 60. */
export function knownDifference(a: Size, b: Size): number | undefined {
  const form = addForms(linearForm(a), linearForm(b), -1);
  return form.terms.size === 0 ? form.constant : undefined;
}

/**
 * Records that `size` is `value`, and what follows for the one unknown it is made of: `len(words) + 1 = 5` makes `len(words)` 4.
 * Returns false where an earlier finding says otherwise.
 */
export function learn(size: Unknown, value: number, solution: Solution): boolean {
  const earlier = sizeUnder(size, solution);
  if (earlier !== undefined) return earlier === value;
  solution.set(size, value);
  const { constant, terms } = linearForm(size);
  const open = [...terms].filter(([unknown]) => sizeUnder(unknown, solution) === undefined || unknown === size);
  if (open.length !== 1) return true;
  const [unknown, factor] = open[0]!;
  if (unknown === size) return true;
  let rest = constant;
  for (const [other, weight] of terms) if (other !== unknown) rest += weight * sizeUnder(other, solution)!;
  const solved = (value - rest) / factor;
  if (Number.isInteger(solved)) solution.set(unknown, solved);
  return true;
}

/** The unknowns worth naming inside `size`: the nearest ones that have a variable's name, else the sources. */
export function namedParts(size: Size): Unknown[] {
  if (!(size instanceof Unknown)) return [];
  if (size.label !== undefined || size.origin === undefined) return [size];
  return [...new Set(size.origin.operands.flatMap(namedParts))];
}

/** Every unknown that `size` is made of, itself first. */
export function allParts(size: Size): Unknown[] {
  if (!(size instanceof Unknown)) return [];
  return [size, ...(size.origin?.operands.flatMap(allParts) ?? [])];
}
