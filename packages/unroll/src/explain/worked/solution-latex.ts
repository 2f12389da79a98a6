/** A worked solution as LaTeX: one aligned formula a number, under paragraphs. Needs amsmath. */
import { substitute } from "../../compiler/substitute.ts";
import { type Expr, symbol } from "../../equations/expr.ts";
import { toLatex } from "../../equations/render.ts";
import type { WorkedNumber, WorkedTable } from "./book.ts";
import type { SolutionFacts, WorkedSection } from "./solution.ts";
import {
  agreement,
  givenByName,
  headingOf,
  isGiven,
  passesOn,
  remarkOn,
  type SolutionTextOptions,
  shown,
  titleOf,
  vector,
} from "./solution-text.ts";
import { defaultDigits, linesOf, shownLines } from "./worked-lines.ts";

export function solutionToLatex(solution: SolutionFacts, { digits = defaultDigits }: SolutionTextOptions = {}): string {
  const blocks = [
    `\\section*{${escaped(titleOf(solution))}}`,
    remarkOn(digits),
    ...solution.inputs.flatMap(({ title, rows }) => [
      `\\paragraph{${escaped(title)} (given)}`,
      rows.map((row) => `${row.label}: $${inMath(vector(row.numbers, digits))}$`).join("\\\\\n"),
    ]),
    ...solution.sections.flatMap((section) => sectionBlocks(section, solution, digits)),
    ...solution.results.flatMap((result) => [
      `\\subsection*{Result of ${escaped(result.layer)}}`,
      `$${result.numbers.map(({ value }) => inMath(shown(value, digits))).join(", ")}$. ${escaped(agreement(result))}`,
    ]),
  ];
  return `${blocks.join("\n\n")}\n`;
}

function sectionBlocks(section: WorkedSection, solution: SolutionFacts, digits: number): string[] {
  const same = passesOn(section);
  return [
    `\\subsection*{${escaped(headingOf(section))}}`,
    escaped(`${section.does}${same === undefined ? "" : ` ${same}`}`),
    ...section.tables.flatMap((table) => {
      const ofCell = table.equations !== undefined;
      return [
        ...(ofCell ? [displayed(lettersLatex(table))] : []),
        ...table.rows.flatMap((row) => [
          ...(ofCell ? [`\\paragraph{${escaped(row.label)}}${row.note === undefined ? "" : ` ${row.note}`}`] : []),
          ...givenByName(row.order.filter(isGiven), ofCell).map(
            (numbers) => `$\\mathit{${escaped(numbers[0]!.name)}} = ${inMath(vector(numbers, digits))}$`,
          ),
          ...row.order
            .filter((number) => !isGiven(number))
            .map((number) => displayed(formulaLatex(number, ofCell, solution, digits))),
        ]),
      ];
    }),
  ];
}

/** The equations of a timestep in letters, under each other. */
export function lettersLatex({ equations }: WorkedTable): string {
  const lines = equations?.equations.map((one) => toLatex(one, equations.notation).replace(" = ", " &= ")) ?? [];
  return aligned(lines.join(" \\\\\n"));
}

/** A number's name and its lines, equals signs under each other. */
export function formulaLatex(number: WorkedNumber, ofCell: boolean, solution: SolutionFacts, digits: number): string {
  const { numbers } = solution;
  const letters = !ofCell && number.formula !== undefined ? [toLatex(withSubscripts(number.formula, numbers))] : [];
  const lines = [...letters, ...shownLines(linesOf(number, numbers), digits, (line) => toLatex(line))];
  return aligned(`${toLatex(subscripted(number, ofCell))} &= ${lines.join(" \\\\\n&= ")}`);
}

const tables = new WeakMap<ReadonlyMap<Expr, WorkedNumber>, ReadonlyMap<Expr, Expr>>();

/** A formula whose numbers carry their indices as subscripts. */
export function withSubscripts(formula: Expr, numbers: ReadonlyMap<Expr, WorkedNumber>): Expr {
  let table = tables.get(numbers);
  if (table === undefined) {
    table = new Map([...numbers].map(([own, number]) => [own, subscripted(number, false)]));
    tables.set(numbers, table);
  }
  return substitute(formula, table);
}

/** The name as a symbol: an underscore begins a subscript, so words are joined by spaces. In a cell's row without timestep. */
export function subscripted({ name, index }: WorkedNumber, ofCell: boolean): Expr {
  const code = [name.replaceAll("_", " "), ...(ofCell ? index.slice(-1) : index)].join("_");
  return symbol(code, "argument", name, { extent: "one" });
}

function aligned(lines: string): string {
  return `\\begin{aligned}\n${lines}\n\\end{aligned}`;
}

function displayed(formula: string): string {
  return `\\[\n${formula}\n\\]`;
}

function inMath(text: string): string {
  return text.replaceAll("−", "-").replaceAll("∞", "\\infty");
}

/** Text for outside of formulas. */
function escaped(text: string): string {
  return text.replaceAll("\\", "\\textbackslash ").replaceAll(/[#$%&_{}]/g, "\\$&");
}
