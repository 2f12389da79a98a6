/** A checked answer as plain text: the verdict, the ways to a wrong answer with their derivations, the right derivation. */
import { formatShape, type Shape } from "../../core/shape.ts";
import { derivationToText, shapeDerivationToText } from "../../equations/derivation-output.ts";
import type { Derivation, ShapeDerivation } from "../../equations/derive.ts";
import { toText } from "../../equations/render.ts";
import { count, indented, plural, wrapText } from "../lines.ts";
import { type AnswerCheck, type Finding, leadTo, rankLabels } from "./answer.ts";

/** Options of `answerToText`. */
export interface AnswerTextOptions {
  /** Characters of a line; by default 80. */
  readonly width?: number;
  /** Whether a wrong answer is told the right one, with its derivation; true by default. */
  readonly solution?: boolean;
}

/** A checked answer as text: the verdict, the slips that give it, the right derivation. */
export function answerToText(check: AnswerCheck, { width = 80, solution = true }: AnswerTextOptions = {}): string {
  const blocks = [
    [verdict(check, solution), ...check.remarks.map((remark) => `  ${remark}`)].join("\n"),
    ...findingBlocks(check),
    ...(check.right || check.derivation === undefined
      ? []
      : [solution ? `The right way:\n${indented(derivationText(check.derivation))}` : hint(check.derivation)]),
  ];
  return `${wrapText(blocks.join("\n\n"), width)}\n`;
}

/** "gru_5: 120 parameters is not right, it is 132."; without the solution, "gru_5: 120 parameters is not right." */
export function verdict({ layer, kind, given, expected, right, digits }: AnswerCheck, solution = true): string {
  const shown = showAnswer(given, kind === "params" || kind === "total");
  if (right) return `${layer}: ${shown} is right${digits === undefined ? "" : `, ${plural(digits, "digit")} agree`}.`;
  return `${layer}: ${shown} is not right${solution ? `, it is ${showAnswer(expected, false)}` : ""}.`;
}

function showAnswer(value: number | Shape, isCount: boolean): string {
  if (typeof value !== "number") return formatShape(value);
  return isCount ? plural(value, "parameter") : Number.isInteger(value) ? count(value) : String(value);
}

function findingBlocks({ right, findings }: AnswerCheck): string[] {
  if (right) return [];
  if (findings.length === 0) return ["No known slip gives this answer, nor do two together."];
  const labels = rankLabels(findings);
  return [[leadTo(findings), ...findings.map((finding, index) => findingText(finding, labels[index]!))].join("\n\n")];
}

function findingText({ slips, derivation }: Finding, number: string): string {
  return [
    `${number}${headOf(slips)}`,
    ...slips.map(({ detail }) => `  ${detail}`),
    indented(derivationText(derivation)),
  ].join("\n");
}

/** "The second bias row is forgotten (gru)."; one title where all slips are the same, in several layers. */
export function headOf(slips: Finding["slips"]): string {
  const titles = [...new Set(slips.map(({ title }) => title))];
  const layers = [...new Set(slips.map(({ layer }) => layer))];
  const joined = titles.join(", and ");
  const isName = /^[a-z]+_/.test(joined); // return_sequences
  return `${isName ? joined : `${joined.charAt(0).toUpperCase()}${joined.slice(1)}`} (${layers.join(", ")}).`;
}

/** The letters alone: what to put numbers into. */
function hint(derivation: Derivation | ShapeDerivation): string {
  const formulas = "axes" in derivation ? derivation.axes.slice(1) : [derivation];
  return `The formula: ${formulas.map(({ formula }) => toText(formula)).join(", ")}.`;
}

/** Formula, numbers and result, without those of the parts. */
export function derivationText(derivation: Derivation | ShapeDerivation): string {
  return "axes" in derivation ? shapeDerivationToText(derivation) : derivationToText(derivation, { parts: false });
}
