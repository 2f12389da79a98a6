/**
 * Formulas as text, LaTeX, MathML and words: what the command line, the lab and documents show. Layout is in formula.ts,
 * parentheses in print.ts, the look of each piece in printers.ts.
 */
import type { Expr } from "./expr.ts";
import { definitionOf, type Formula, formulaOf, isSizeFormula, type Notation, nameOf } from "./formula.ts";
import { print } from "./print.ts";
import {
  escapeXml,
  latexPrinter,
  markedMathmlPrinter,
  mathmlPrinter,
  spokenName,
  textPrinter,
  wordsPrinter,
} from "./printers.ts";

export type { Notation } from "./formula.ts";
export { formatNumber } from "./printers.ts";

/** A named value and what it is, such as a gate and its equation. */
export interface Equation {
  readonly name: string;
  readonly expr: Expr;
  /** True for values of a timestep, which carry its index in LaTeX and MathML. */
  readonly perStep?: boolean;
}

/** `g × [h(h+i)+h]`, `f ⊙ cPrev + i ⊙ g`. */
export function toText(what: Expr | Equation, notation?: Notation): string {
  const { left, right, brackets } = parts(what, notation);
  return [...left, right].map((side) => print(side, textPrinter, { brackets })).join(" = ");
}

/** For math mode, without delimiters. */
export function toLatex(what: Expr | Equation, notation?: Notation): string {
  const { left, right, brackets } = parts(what, notation);
  return [...left, right].map((side) => print(side, latexPrinter, { brackets })).join(" = ");
}

/** A `<math>` element with its words as `alttext` and `aria-label`; a formula is a block when `display` is true. */
export function toMathML(what: Expr | Equation, notation?: Notation, { display = false } = {}): string {
  const spoken = escapeXml(toSpeech(what, notation));
  const block = display ? ' display="block"' : "";
  return `<math xmlns="http://www.w3.org/1998/Math/MathML"${block} alttext="${spoken}" aria-label="${spoken}">${toMathMLRow(what, notation)}</math>`;
}

/** The inside of `toMathML`: one element, for tables of formulas. */
export function toMathMLRow(what: Expr | Equation, notation?: Notation): string {
  const { left, right, brackets } = parts(what, notation);
  const printer = notation?.marked === true ? markedMathmlPrinter : mathmlPrinter;
  const sides = [...left, right].map((side) => print(side, printer, { brackets }));
  return sides.length === 1 ? sides[0]! : `<mrow>${sides.join("<mo>=</mo>")}</mrow>`;
}

/** As one would read the symbols aloud: "f equals the sigmoid of x times W f plus b f". */
export function toSpeech(what: Expr | Equation, notation?: Notation): string {
  const { left, right, brackets } = parts(what, notation);
  return [...left, right].map((side) => say(side, wordsPrinter(spokenName), brackets)).join(" equals ");
}

/** With what the names mean: "The forget gate is the sigmoid of the input of this timestep times W_f plus ...". */
export function toSentence({ name, expr }: Equation, notation: Notation = {}): string {
  const printer = wordsPrinter(({ code, meaning }) => (meaning === undefined ? code : withArticle(meaning)));
  const subject = notation.meanings?.[name];
  const said = say(definitionOf(expr, notation), printer, isSizeFormula(expr));
  return `${subject === undefined ? name : capitalised(withArticle(subject))} is ${said}.`;
}

function parts(
  what: Expr | Equation,
  notation?: Notation,
): { left: readonly Formula[]; right: Formula; brackets: boolean } {
  if (!("name" in what)) return { left: [], right: formulaOf(what, notation), brackets: isSizeFormula(what) };
  const { name, expr, perStep = false } = what;
  return {
    left: [{ kind: "name", name: nameOf(name, perStep, notation) }],
    right: definitionOf(expr, notation),
    brackets: isSizeFormula(expr),
  };
}

/** A quantity ends with a comma where something follows. */
function say(formula: Formula, printer: ReturnType<typeof wordsPrinter>, brackets: boolean): string {
  return print(formula, printer, { brackets }).replaceAll(/,(?=,|$)/g, "");
}

function withArticle(meaning: string): string {
  return /^(the|a|an) /.test(meaning) ? meaning : `the ${meaning}`;
}

function capitalised(words: string): string {
  return words[0]!.toUpperCase() + words.slice(1);
}
