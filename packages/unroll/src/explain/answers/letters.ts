/**
 * Changing size formulas: other letters or numbers in the place of letters, another operation in the place of one.
 * What slips are made of; the formulas themselves come from the layers.
 */
import type { Shape } from "../../core/shape.ts";
import { formatShape } from "../../core/shape.ts";
import { binary, type Expr, letter, operandsOf, type SymbolNode, unary } from "../../equations/expr.ts";
import type { Sizes } from "../../layers/index.ts";
import { sizesOf } from "../../layers/sizes.ts";

/** What a letter stands for, as the layers word it. */
export type Meaning =
  | "features"
  | "timesteps"
  | "units"
  | "gates"
  | "filters"
  | "window size"
  | "vocabulary"
  | "heads"
  | "key features"
  | "value features";

/** A formula with `change` done to every node, operands first; `undefined` keeps the node. */
export function changeFormula(formula: Expr, change: (expr: Expr) => Expr | undefined): Expr {
  const before = operandsOf(formula);
  const after = before.map((operand) => changeFormula(operand, change));
  const rebuilt = after.every((operand, index) => operand === before[index]) ? formula : withOperands(formula, after);
  return change(rebuilt) ?? rebuilt;
}

function withOperands({ node }: Expr, operands: readonly Expr[]): Expr {
  if ("b" in node && node.op !== "select") return binary(node.op, operands[0]!, operands[1]!);
  switch (node.op) {
    case "neg":
    case "abs":
    case "sqrt":
    case "floor":
    case "ceil":
      return unary(node.op, operands[0]!);
    default:
      throw new Error(`${node.op} is no operation of sizes`);
  }
}

/** Whether a letter has this meaning; more words may follow it behind a comma. */
export function means({ meaning }: SymbolNode, wanted: Meaning): boolean {
  return meaning === wanted || meaning.startsWith(`${wanted},`);
}

/** What to put in the place of a letter; undefined keeps it. */
export type Rebinding = (node: SymbolNode, letter: Expr) => Expr | undefined;

export function rebindLetters(formula: Expr, rebinding: Rebinding): Expr {
  return changeFormula(formula, (expr) => (expr.node.op === "symbol" ? rebinding(expr.node, expr) : undefined));
}

/** The letter with another number, and the reason as its origin. */
export function withNumber({ name, meaning }: SymbolNode, value: number, reason: string): Expr {
  return letter(name, value, meaning, reason);
}

/** A rebinding of every letter of one meaning. */
export function setLetter(meaning: Meaning, value: number, reason: string): Rebinding {
  return (node) => (means(node, meaning) && node.value !== value ? withNumber(node, value, reason) : undefined);
}

/** The number of the first letter with this meaning in some formulas. */
export function numberOf(meaning: Meaning, formulas: Iterable<Expr>): number | undefined {
  for (const formula of formulas) {
    let found: number | undefined;
    rebindLetters(formula, (node) => {
      if (means(node, meaning)) found ??= node.value ?? undefined;
      return undefined;
    });
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Letters for what a layer reads, each told where it comes from. */
export function inputLetters(sources: readonly { readonly from: string; readonly shape: Shape }[]): Sizes[] {
  return sources.map(({ from, shape }, index) =>
    sizesOf(shape, index, sources.length).map((size, axis) => {
      const { node } = size;
      if (node.op !== "symbol") return size;
      const which = axis === shape.length - 1 ? "last axis" : `axis ${axis}`;
      return letter(node.name, node.value ?? null, node.meaning, `${which} of ${formatShape(shape)} from ${from}`);
    }),
  );
}
