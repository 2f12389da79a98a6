/** A worked solution as plain text, and the words that its other forms share. */
import { type Equation, formatNumber, toText } from "../../equations/render.ts";
import { count, indented, plural, wrapText } from "../lines.ts";
import type { WorkedNumber, WorkedRow, WorkedTable } from "./book.ts";
import { nameInRow } from "./scan-steps.ts";
import type { SolutionFacts, WorkedResult, WorkedSection } from "./solution.ts";
import { defaultDigits, linesOf, shownLines } from "./worked-lines.ts";

/** Options of a solution's `toText`. */
export interface SolutionTextOptions {
  /** Characters of a line; by default 80. Text only. */
  readonly width?: number;
  /** Significant digits shown of each number, up to 6; 5 by default. The calculation keeps all. */
  readonly digits?: number;
}

export function solutionToText(
  solution: SolutionFacts,
  { width = 80, digits = defaultDigits }: SolutionTextOptions = {},
): string {
  const blocks = [
    `${titleOf(solution)}\n${remarkOn(digits)}`,
    ...solution.inputs.map((table) => givenText(table, digits)),
    ...solution.sections.map((section) => sectionText(section, solution, digits)),
    ...solution.results.map((result) => resultText(result, digits)),
  ];
  return `${wrapText(blocks.join("\n\n"), width)}\n`;
}

/** "sequential worked out by hand, example 0" */
export function titleOf({ name, sample, layer, timestep }: SolutionFacts): string {
  const what = layer === undefined ? name : `${layer} of ${name}`;
  return `${what} worked out by hand, example ${sample}${timestep === undefined ? "" : `, timestep ${timestep}`}`;
}

export function remarkOn(digits: number): string {
  return `Numbers are shown to ${plural(digits, "digit")}; all digits are calculated with.`;
}

function givenText({ title, rows }: WorkedTable, digits: number): string {
  return [`${title} (given)`, ...rows.map((row) => `  ${row.label}: ${vector(row.numbers, digits)}`)].join("\n");
}

/** "(0.1, 0.2)" */
export function vector(numbers: WorkedRow["numbers"], digits: number): string {
  return `(${numbers.map((number) => (number === undefined ? "" : shown(number.value, digits))).join(", ")})`;
}

export function shown(value: number, digits: number): string {
  return formatNumber(Number.isInteger(value) ? value : Number(value.toPrecision(digits)));
}

/** "gru (GRU) reads x", then what it does. */
export function headingOf({ name, className }: WorkedSection): string {
  return `${name} (${className})`;
}

/** What to say of a layer that has no numbers of its own. */
export function passesOn({ reads, tables }: WorkedSection): string | undefined {
  if (tables.length > 0) return undefined;
  return `Calculates nothing: its numbers are those of ${reads.join(" and ")}, perhaps in another order.`;
}

function sectionText(section: WorkedSection, solution: SolutionFacts, digits: number): string {
  const same = passesOn(section);
  return [
    headingOf(section),
    indented([section.does, ...(same === undefined ? [] : [same])].join("\n")),
    ...section.tables.map((table) => indented(tableText(table, solution, digits))),
  ].join("\n");
}

function tableText(table: WorkedTable, solution: SolutionFacts, digits: number): string {
  return [
    `${table.title}:`,
    ...(table.equations === undefined ? [] : [indented(lettersOf(table).join("\n"))]),
    ...table.rows.map((row) => indented(rowText(row, table, solution, digits))),
  ].join("\n");
}

/** The equations of a timestep in letters. */
export function lettersOf({ equations }: WorkedTable): string[] {
  return equations?.equations.map((one: Equation) => toText(one, equations.notation)) ?? [];
}

function rowText(row: WorkedRow, table: WorkedTable, solution: SolutionFacts, digits: number): string {
  const ofCell = table.equations !== undefined;
  const given = row.order.filter(isGiven);
  const worked = row.order.filter((number) => !isGiven(number));
  const lines = [
    ...(ofCell ? [`${row.label}${row.note === undefined ? "" : ` (${row.note})`}`] : []),
    ...givenByName(given, ofCell).map((numbers) => `${numbers[0]!.name} = ${vector(numbers, digits)}`),
    ...worked.map((number) => numberText(number, ofCell, solution, digits)),
  ];
  return lines.map((line, index) => (ofCell && index > 0 ? indented(line) : line)).join("\n");
}

/** Numbers that are read, not worked out: given ones, and those that are another number as it is. */
export function isGiven({ formula, lookup }: WorkedNumber): boolean {
  return formula === undefined || (formula.node.op === "symbol" && lookup === undefined);
}

/** Given numbers of a row in lists by name. */
export function givenByName(numbers: readonly WorkedNumber[], ofCell: boolean): WorkedNumber[][] {
  if (!ofCell) return numbers.map((number) => [number]);
  const names = [...new Set(numbers.map(({ name }) => name))];
  return names.map((name) => numbers.filter((number) => number.name === name));
}

function numberText(number: WorkedNumber, ofCell: boolean, { numbers }: SolutionFacts, digits: number): string {
  const name = nameInRow(number, ofCell);
  const { formula, lookup } = number;
  const letters = !ofCell && formula !== undefined && lookup === undefined ? [toText(formula)] : [];
  const [first, ...rest] = [
    ...letters,
    ...(lookup === undefined || formula === undefined ? [] : [toText(formula)]),
    ...shownLines(linesOf(number, numbers), digits, (line) => toText(line)),
  ];
  const margin = " ".repeat(name.length + 1);
  return [`${name} = ${first}`, ...rest.map((line) => `${margin}= ${line}`)].join("\n");
}

function resultText(result: WorkedResult, digits: number): string {
  const numbers = result.numbers.map(({ value }) => shown(value, digits));
  return [
    `result of ${result.layer}, shape (${result.shape.join(", ")}${result.shape.length === 1 ? "," : ""}): ${numbers.join(", ")}`,
    agreement(result),
  ].join("\n");
}

/** How far the float32 engine is from the numbers by hand. */
export function agreement({ numbers, engine }: WorkedResult): string {
  if (engine === undefined) return "The engine's number is not asked for inside another model.";
  const furthest = numbers.reduce((most, { value }, at) => Math.max(most, Math.abs(value - engine[at]!)), 0);
  const all = numbers.length === 1 ? `${engine[0]}` : `${count(numbers.length)} numbers`;
  return `The engine (float32) gives ${all}; the largest difference is ${furthest === 0 ? "0" : furthest.toExponential(1)}.`;
}
