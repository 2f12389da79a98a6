/** A worked solution as a page to print: formulas as MathML, one layer a page, no scripts, nothing loaded. */
import { escapeXml } from "../../equations/printers.ts";
import { toMathML, toMathMLRow, toSpeech } from "../../equations/render.ts";
import type { WorkedNumber, WorkedTable } from "./book.ts";
import type { SolutionFacts, WorkedSection } from "./solution.ts";
import { subscripted, withSubscripts } from "./solution-latex.ts";
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

export function solutionToHtml(solution: SolutionFacts, { digits = defaultDigits }: SolutionTextOptions = {}): string {
  const title = escapeXml(titleOf(solution));
  const given = solution.inputs.map(
    ({ title: name, rows }) =>
      `<h2>${escapeXml(name)} (given)</h2>\n<ul>${rows.map((row) => `<li>${row.label}: ${vector(row.numbers, digits)}</li>`).join("")}</ul>`,
  );
  const results = solution.results.map(
    (result) =>
      `<section><h2>Result of ${escapeXml(result.layer)}</h2><p><strong>${result.numbers.map(({ value }) => shown(value, digits)).join(", ")}</strong></p><p>${escapeXml(agreement(result))}</p></section>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${title}</title>
<style>
body { font: 11pt/1.5 system-ui, sans-serif; max-width: 19cm; margin: 1cm auto; padding: 0 1em; }
math { font-size: 110%; overflow-x: auto; }
.number { break-inside: avoid; margin: .4em 0 .4em 1em; overflow-x: auto; }
@media print { section { break-before: page; } }
</style>
</head>
<body>
<h1>${title}</h1>
<p>${remarkOn(digits)}</p>
${[...given, ...solution.sections.map((section) => sectionHtml(section, solution, digits)), ...results].join("\n")}
</body>
</html>
`;
}

function sectionHtml(section: WorkedSection, solution: SolutionFacts, digits: number): string {
  const same = passesOn(section);
  return [
    `<section><h2>${escapeXml(headingOf(section))}</h2>`,
    `<p>${escapeXml(`${section.does}${same === undefined ? "" : ` ${same}`}`)}</p>`,
    ...section.tables.map((table) => tableHtml(table, solution, digits)),
    "</section>",
  ].join("\n");
}

function tableHtml(table: WorkedTable, solution: SolutionFacts, digits: number): string {
  const { equations, title, rows } = table;
  const ofCell = equations !== undefined;
  return [
    `<h3>${escapeXml(title)}</h3>`,
    ...(equations?.equations.map((one) => toMathML(one, equations.notation, { display: true })) ?? []),
    ...rows.flatMap((row) => [
      ...(ofCell ? [`<h4>${row.label}${row.note === undefined ? "" : ` (${row.note})`}</h4>`] : []),
      ...givenByName(row.order.filter(isGiven), ofCell).map(
        (numbers) => `<p><code>${escapeXml(numbers[0]!.name)}</code> = ${vector(numbers, digits)}</p>`,
      ),
      ...row.order
        .filter((number) => !isGiven(number))
        .map((number) => `<div class="number">${numberMathML(number, ofCell, solution, digits)}</div>`),
    ]),
  ].join("\n");
}

/** One `<math>` table: the name, and a line for each step, with the whole as words. */
function numberMathML(number: WorkedNumber, ofCell: boolean, { numbers }: SolutionFacts, digits: number): string {
  const letters = !ofCell && number.formula !== undefined ? [toMathMLRow(withSubscripts(number.formula, numbers))] : [];
  const steps = linesOf(number, numbers);
  const lines = [...letters, ...shownLines(steps, digits, (line) => toMathMLRow(line))];
  const name = toMathMLRow(subscripted(number, ofCell));
  const spoken = escapeXml([number.name, ...shownLines(steps, digits, (line) => toSpeech(line))].join(" equals "));
  const body = lines
    .map((line, at) => `<mtr><mtd>${at === 0 ? name : ""}</mtd><mtd><mo>=</mo></mtd><mtd>${line}</mtd></mtr>`)
    .join("");
  return `<math xmlns="http://www.w3.org/1998/Math/MathML" display="block" alttext="${spoken}" aria-label="${spoken}"><mtable displaystyle="true" columnalign="right center left">${body}</mtable></math>`;
}
