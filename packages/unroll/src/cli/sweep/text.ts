/** What `unroll sweep` prints: the best trials of each group, and how the final models did. */
import { count, wrapText } from "../../explain/lines.ts";
import { formatError } from "../../forecast/scores.ts";
import type { GroupResult, SweepResults, TrialRow } from "../../sweep/index.ts";
import { type ParameterName, plainParameters } from "../../sweep/space.ts";

/** Trials of a group that are shown; all are in the JSON and in the report. */
const mostRows = 15;

/** Tables and sentences, at most `columns` wide. */
export function sweepText(results: SweepResults, columns: number): string {
  const blocks = results.groups.map((group) => groupText(group, results.target, columns));
  return `${blocks.join("\n\n")}\n`;
}

function groupText(group: GroupResult, target: string, columns: number): string {
  const { trials, best, baselines } = group;
  const title = group.group === null ? [] : [`Group ${group.group}`];
  const names = varying(trials);
  const shown = trials.slice(0, mostRows);
  const rows = shown.map((row) => [
    row.trial,
    ...names.map((name) => settingText(row.settings[name])),
    row.folds.length === 0 ? "" : String(Math.max(...row.folds.map(({ epochs }) => epochs))),
    row.score === null ? row.status : formatError(row.score),
  ]);
  const naiveRows = baselines.map(({ name, score }) => [name, ...names.map(() => ""), "", formatError(score)]);
  const table = fitted(["trial", ...names, "epochs", "RMSE"], [...rows, ...naiveRows], columns);
  const more = trials.length > shown.length ? [`and ${count(trials.length - shown.length)} more trials`] : [];
  table.splice(1 + shown.length, 0, ...more);
  const reasons = [
    ...new Set(
      trials.flatMap(({ status, reason }) => (reason === undefined ? [] : [`${outcomes[status]}: ${reason}`])),
    ),
  ].slice(0, 3);
  const sentences = [
    `RMSE of ${target} over the folds. Without a model: ${baselines.map(({ name }) => name).join(", ")}.`,
    ...reasons.map(sentence),
    best === null ? sentence(withoutBest(group)) : `Final model of ${best.trial}: ${best.final.verdict}`,
  ];
  return [...title, ...table, "", wrapText(sentences.join("\n"), columns)].join("\n");
}

/** What a trial without a score is introduced with. */
const outcomes: Readonly<Partial<Record<TrialRow["status"], string>>> = { failed: "Failed", "timed out": "Timed out" };

function withoutBest({ trials, reason }: GroupResult): string {
  return reason === undefined
    ? "No trial could be trained"
    : `The final model of ${trials[0]!.trial} could not be trained: ${reason}`;
}

function sentence(text: string): string {
  return text.endsWith(".") ? text : `${text}.`;
}

/** The parameters in which the trials differ. */
export function varying(trials: readonly TrialRow[]): ParameterName[] {
  const names = new Set([...plainParameters.keys(), ...trials.flatMap(({ settings }) => Object.keys(settings))]);
  const all = [...names] as ParameterName[]; // keys of settings
  return all.filter((name) => new Set(trials.map(({ settings }) => settings[name])).size > 1);
}

export function settingText(value: string | number | null | undefined): string {
  if (typeof value !== "number") return value ?? "default";
  return String(Number(value.toPrecision(4)));
}

/** A table with its last columns whole; those in the middle that do not fit are left out, and said so. */
function fitted(head: readonly string[], rows: readonly (readonly string[])[], columns: number): string[] {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]!.length)) + (column === 0 ? 0 : 2));
  const kept = head.map((_, column) => column);
  const width = (): number => kept.reduce((sum, column) => sum + widths[column]!, 0);
  const dropped: string[] = [];
  while (width() > columns && kept.length > 3) dropped.unshift(head[kept.splice(-3, 1)[0]!]!);
  const lines = all.map((row) =>
    kept
      .map((column) => (column === 0 ? row[column]!.padEnd(widths[column]!) : row[column]!.padStart(widths[column]!)))
      .join(""),
  );
  return dropped.length === 0 ? lines : [...lines, `not shown for want of room: ${dropped.join(", ")}`];
}
