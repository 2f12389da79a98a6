/** What the audit finds: data, and a line of text for it. audit.ts and audit-prose.ts find it. */
import { formatShape, type Shape } from "../../core/shape.ts";
import { type LearnedOption, learnedText, type SummaryRow } from "../../formats/python/index.ts";
import type { Layer } from "../../layers/layer.ts";
import { snakeCase } from "../../layers/naming.ts";
import type { Model } from "../../model/model.ts";
import type { AnswerCheck } from "./answer.ts";
import type { Outline } from "./outline.ts";

/** A claim that is wrong: where, what would be right, and which slip gives it. */
export interface AuditFinding {
  /** From 1; lines are those of the file, in an .ipynb those of the cell. */
  readonly cell: number;
  readonly line: number;
  /** What is wrong: arithmetic for a count, a number or shape in a comment, joined arrays, a printed summary. */
  readonly kind: "count" | "comment" | "shape" | "concatenated" | "sum" | "summary";
  /** True for a line of prose, false for one of code. */
  readonly inProse: boolean;
  /** The text that says it. */
  readonly text: string;
  readonly given: number | Shape;
  readonly expected: number | Shape;
  /** The layer that it speaks of, and its model. */
  readonly layer: string | undefined;
  readonly model: string | undefined;
  /** The number that a comment beside the arithmetic claims. */
  readonly beside: number | undefined;
  /** How the given number comes about. */
  readonly check: AnswerCheck | undefined;
  /** What the expected number rests on and the code does not say. */
  readonly learned: LearnedOption | undefined;
}

/** A model of the document, and what is printed of it. */
export interface ModelAt {
  readonly model: Model;
  readonly outline: Outline;
  readonly cell: number;
  readonly line: number;
  /** Rows of the printed table, where they are the model's layers. */
  readonly printed: ReadonlyMap<string, SummaryRow>;
  readonly learned: readonly LearnedOption[];
}

/** Layers by the names that the notebook's own table gives them. */
export function aboutOf(check: AnswerCheck, { model, printed, learned }: ModelAt) {
  const layer = printed.get(check.layer)?.name ?? check.layer;
  const told = check.kind === "params" ? learned.find((one) => one.layer === check.layer) : undefined;
  return { given: check.given, expected: check.expected, layer, model: model.name, check, learned: told };
}

/** Whether a layer has the name that Keras gives by itself: lstm, lstm_1. */
export function isAutomatic({ name, className }: Layer): boolean {
  return name.replace(/_\d+$/, "") === snakeCase(className);
}

/** A finding in code of which nothing more is known. */
export const nothingTold = {
  inProse: false,
  layer: undefined,
  model: undefined,
  beside: undefined,
  check: undefined,
  learned: undefined,
} as const;

/** "cell 12, line 3: 120 parameters for gru_5, it is 132: the second bias row is forgotten" */
export function findingToText(finding: AuditFinding, isNotebook = false): string {
  const { cell, line, kind, given, expected, layer, beside, check, text, learned } = finding;
  const where = isNotebook ? `cell ${cell}, line ${line}` : `line ${line}`;
  const show = (value: number | Shape): string =>
    typeof value === "number" ? value.toLocaleString("en-US", { maximumFractionDigits: 6 }) : formatShape(value);
  const of = layer === undefined ? "" : ` for ${layer}`;
  const besideText = beside === undefined || beside === given ? "" : `, beside the comment's ${show(beside)}`;
  const slips = check?.findings[0]?.slips ?? [];
  const titles = [...new Set(slips.map(({ title }) => title))].join(", and ");
  const reason = kind === "concatenated" ? "the steps are concatenated instead of stacked" : titles;
  return `${where}: ${show(given)}${of}${besideText}; it is ${show(expected)}${reason === "" ? "" : `: ${reason}`}.\n    ${text}${learned === undefined ? "" : `\n    ${learnedText(learned)}`}`;
}
