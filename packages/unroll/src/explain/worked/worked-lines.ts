/**
 * A number's lines, as one writes them by hand: the numbers put in, then one level of arithmetic a line, down to the result.
 * What the lines look like is the caller's.
 */
import { substitute } from "../../compiler/substitute.ts";
import { workOut } from "../../equations/derive.ts";
import { constant, type Expr, inOrder } from "../../equations/expr.ts";
import type { WorkedNumber } from "./book.ts";

/** Significant digits that are shown, unless told. */
export const defaultDigits = 5;

/** The numbers put in, then each level worked out; the last is the number. Empty for a number that is given. */
export function linesOf({ formula, value }: WorkedNumber, numbers: ReadonlyMap<Expr, WorkedNumber>): Expr[] {
  if (formula === undefined) return [];
  const known = inOrder([formula], { bodies: true }).flatMap((expr): [Expr, Expr][] => {
    const number = numbers.get(expr);
    return number === undefined ? [] : [[expr, constant(number.value)]];
  });
  const lines: Expr[] = [];
  let line = substitute(formula, new Map(known));
  while (line.node.op !== "constant") {
    lines.push(line);
    const next = workOut(line);
    if (next === line) break;
    line = next;
  }
  return [...lines, constant(value)];
}

/** The formula with each number shown to so many significant digits; whole numbers stay. */
export function shownWith(expr: Expr, digits: number): Expr {
  const rounded = inOrder([expr], { bodies: true }).flatMap((part): [Expr, Expr][] => {
    const { node } = part;
    if (node.op !== "constant" || !Number.isFinite(node.value)) return [];
    const value = Number.isInteger(node.value) ? node.value : Number(node.value.toPrecision(digits));
    return [[part, constant(value + 0)]]; // −0 + 0 = 0
  });
  return substitute(expr, new Map(rounded));
}

/** Lines that are written alike with so many digits once: rounding makes neighbours equal. */
export function shownLines<Out>(lines: readonly Expr[], digits: number, write: (line: Expr) => Out): Out[] {
  const shown = lines.map((line) => write(shownWith(line, digits)));
  return shown.filter((line, at) => line !== shown[at - 1]);
}
