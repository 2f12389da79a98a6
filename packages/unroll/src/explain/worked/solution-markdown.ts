/** A worked solution as Markdown: headings, tables of what is given, and `$$` formulas. */
import type { SolutionFacts, WorkedSection } from "./solution.ts";
import { formulaLatex, lettersLatex } from "./solution-latex.ts";
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
import { defaultDigits } from "./worked-lines.ts";

export function solutionToMarkdown(
  solution: SolutionFacts,
  { digits = defaultDigits }: SolutionTextOptions = {},
): string {
  const blocks = [
    `# ${titleOf(solution)}`,
    remarkOn(digits),
    ...solution.inputs.flatMap(({ title, rows }) => [
      `**${title}** (given)`,
      rows.map((row) => `- ${row.label}: ${vector(row.numbers, digits)}`).join("\n"),
    ]),
    ...solution.sections.flatMap((section) => sectionBlocks(section, solution, digits)),
    ...solution.results.flatMap((result) => [
      `## Result of ${result.layer}`,
      `${result.numbers.map(({ value }) => `**${shown(value, digits)}**`).join(", ")}`,
      agreement(result),
    ]),
  ];
  return `${blocks.join("\n\n")}\n`;
}

function sectionBlocks(section: WorkedSection, solution: SolutionFacts, digits: number): string[] {
  const same = passesOn(section);
  return [
    `## ${headingOf(section)}`,
    `${section.does}${same === undefined ? "" : ` ${same}`}`,
    ...section.tables.flatMap((table) => {
      const ofCell = table.equations !== undefined;
      return [
        `### ${table.title}`,
        ...(ofCell ? [displayed(lettersLatex(table))] : []),
        ...table.rows.flatMap((row) => [
          ...(ofCell ? [`**${row.label}**${row.note === undefined ? "" : `, ${row.note}`}`] : []),
          ...givenByName(row.order.filter(isGiven), ofCell).map(
            (numbers) => `\`${numbers[0]!.name}\` = ${vector(numbers, digits)}`,
          ),
          ...row.order
            .filter((number) => !isGiven(number))
            .map((number) => displayed(formulaLatex(number, ofCell, solution, digits))),
        ]),
      ];
    }),
  ];
}

function displayed(formula: string): string {
  return `$$\n${formula}\n$$`;
}
