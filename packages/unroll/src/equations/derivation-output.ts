/** Derivations as text, Markdown, LaTeX and MathML, through the one renderer. */
import { formatShape } from "../core/shape.ts";
import type { Derivation, DerivationLetter, ShapeDerivation } from "./derive.ts";
import type { Expr } from "./expr.ts";
import { escapeXml } from "./printers.ts";
import { formatNumber, toLatex, toMathMLRow, toSpeech, toText } from "./render.ts";

/**
 * Plain text, parts indented below the whole.
 *
 * @example
 * parameters: 48
 *   g = 4  gates (i, f, c, o)
 *   ...
 *   g × [h(h+i)+h]
 *   = 4 × [2 × (2 + 3) + 2]
 *   ...
 */
export function derivationToText(derivation: Derivation, { parts = true } = {}): string {
  const lines = [`${derivation.title}: ${formatResult(derivation.result)}`];
  const width = Math.max(0, ...derivation.letters.map((letter) => assignment(letter).length));
  for (const letter of derivation.letters) {
    lines.push(`  ${assignment(letter).padEnd(width)}  ${explanation(letter)}`);
  }
  for (const line of linesOf(derivation)) lines.push(`  ${line}`);
  if (parts) {
    for (const part of derivation.parts) {
      lines.push(...partLines(part).map((line) => `  ${line}`));
    }
  }
  return lines.join("\n");
}

/** One line a part: `kernel: i × g × h = 3 × 4 × 2 = 24`, its own parts indented below. */
function partLines(part: Derivation): string[] {
  const [formula, ...rest] = linesOf(part);
  const short = [formula, rest[0], rest.length > 1 ? rest.at(-1) : undefined].filter((line) => line !== undefined);
  return [`${part.title}: ${short.join(" ")}`, ...part.parts.flatMap(partLines).map((line) => `  ${line}`)];
}

/** Markdown: letters as a table, the lines as a code block, parts as a list. */
export function derivationToMarkdown(derivation: Derivation): string {
  const { title, result, letters, parts } = derivation;
  const blocks = [`**${title}: ${formatResult(result)}**`];
  if (letters.length > 0) {
    const rows = letters.map(
      ({ name, value, meaning, from }) =>
        `| ${[name, formatResult(value), meaning, from].map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`,
    );
    blocks.push(["| letter | value | meaning | from |", "| --- | --- | --- | --- |", ...rows].join("\n"));
  }
  blocks.push(["```text", ...linesOf(derivation), "```"].join("\n"));
  if (parts.length > 0) blocks.push(parts.flatMap(partLines).map(listItem).join("\n"));
  return blocks.join("\n\n");
}

/** LaTeX for math mode: the lines under each other, their equals signs aligned. Parts are derivations of their own. */
export function derivationToLatex(derivation: Derivation): string {
  const [formula, ...steps] = [derivation.formula, ...shownSteps(derivation)].map((line) => toLatex(line));
  return `\\begin{aligned}\n&${formula}${steps.map((step) => ` \\\\\n&= ${step}`).join("")}\n\\end{aligned}`;
}

/** A `<math>` table of the lines, with the whole as words. Parts are derivations of their own. */
export function derivationToMathML(derivation: Derivation): string {
  const lines = [derivation.formula, ...shownSteps(derivation)];
  const spoken = escapeXml(`${derivation.title}: ${lines.map((line) => toSpeech(line)).join(", equals ")}`);
  const rows = lines.map(
    (line, i) => `<mtr><mtd>${i === 0 ? "" : "<mo>=</mo>"}</mtd><mtd>${toMathMLRow(line)}</mtd></mtr>`,
  );
  return `<math xmlns="http://www.w3.org/1998/Math/MathML" display="block" alttext="${spoken}" aria-label="${spoken}"><mtable displaystyle="true">${rows.join("")}</mtable></math>`;
}

/** `output shape: (None, 30, 4)` and a line for each axis. */
export function shapeDerivationToText({ title, axes, result }: ShapeDerivation): string {
  const lines = axes.map((axis) => {
    const letters = axis.letters.map((letter) => `${assignment(letter)}: ${explanation(letter)}`);
    return `  ${axis.title}: ${linesOf(axis).join(" ")}${letters.length > 0 ? `  (${letters.join("; ")})` : ""}`;
  });
  return [`${title}: ${formatShape(result)}`, ...lines].join("\n");
}

/** The formula, then each step after an equals sign. */
function linesOf(derivation: Derivation): string[] {
  return [toText(derivation.formula), ...shownSteps(derivation).map((step) => `= ${toText(step)}`)];
}

/** A formula that is a letter without a number has nothing to work out. */
function shownSteps({ formula, steps }: Derivation): readonly Expr[] {
  return steps.filter((step) => step !== formula);
}

function assignment({ name, value }: DerivationLetter): string {
  return `${name} = ${formatResult(value)}`;
}

function explanation({ meaning, from }: DerivationLetter): string {
  return from === "" ? meaning : `${meaning} (${from})`;
}

function formatResult(result: number | null): string {
  return result === null ? "None" : formatNumber(result);
}

function listItem(line: string): string {
  return line.replace(/^ */, (indent) => `${indent}- `);
}
