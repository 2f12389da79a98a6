/** The page about a sweep: parallel coordinates, best so far, and every trial in a table. One file without a request. */
import { escapeXml } from "../../equations/printers.ts";
import { formatError, type Outcome } from "../../forecast/scores.ts";
import { writeFile } from "../../formats/files.ts";
import type { GroupResult, SweepResults, TrialRow } from "../../sweep/index.ts";
import type { ParameterName } from "../../sweep/space.ts";
import { type ChartSeries, drawChart } from "../report/chart.ts";
import { paragraph, reportPage, type Section, table } from "../report/page.ts";
import { settingText, varying } from "./text.ts";

/** Throws UnrollError `file`. */
export async function writeSweepReport(path: string, results: SweepResults): Promise<void> {
  await writeFile(path, new TextEncoder().encode(sweepPage(results)));
}

export function sweepPage({ sweep, target, groups }: SweepResults): string {
  const trials = groups.reduce((sum, group) => sum + group.trials.length, 0);
  const lead = paragraph(
    `${trials} trials, scored by the RMSE of ${target} on rows behind those that they trained on.`,
  );
  const sections = groups.map((group) => groupSection(group, target));
  return reportPage(`Sweep of ${target}`, lead + paragraph(`Sweep ${sweep.slice(0, 12)}`), sections);
}

const classes: Readonly<Record<Outcome, string>> = { beats: "beats", chance: "chance", "does not beat": "loses" };

function groupSection(group: GroupResult, target: string): Section {
  const { trials, best, baselines } = group;
  const names = varying(trials);
  const rows = trials.map((row) => [
    row.trial,
    ...names.map((name) => settingText(row.settings[name])),
    row.status,
    row.folds.map(({ rmse }) => formatError(rmse)).join(", "),
    row.score === null ? "" : formatError(row.score),
  ]);
  const verdict =
    best === null
      ? paragraph("No trial could be trained.")
      : `<p class="verdict ${classes[best.final.outcome]}">${escapeXml(`${best.trial}: ${best.final.verdict}`)}</p>`;
  return {
    title: group.group === null ? "Results" : `Group ${group.group}`,
    body: [
      verdict,
      paragraph(
        `Over the folds, without a model: ${baselines.map(({ name, score }) => `${name} ${formatError(score)}`).join(", ")}.`,
      ),
      bestSoFar(group, target),
      parallelCoordinates(trials, names, target),
      table(["trial", ...names, "status", "folds", "RMSE"], rows, { numbers: true, strong: true }),
    ].join("\n"),
  };
}

/** In the order of the trials' numbers, which does not depend on who was faster. */
function bestSoFar({ trials, baselines }: GroupResult, target: string): string {
  const scored = trials
    .filter((row): row is TrialRow & { score: number } => row.score !== null)
    .map(({ trial, score }) => ({ number: Number(/\d+$/.exec(trial)![0]), score })) // an id ends with its number
    .sort((a, b) => a.number - b.number);
  if (scored.length === 0) return "";
  const x = scored.map(({ number }) => number);
  let least = Number.POSITIVE_INFINITY;
  // A step at each trial: before it and after it.
  const best = scored.flatMap(({ score }) => {
    const before = Math.min(least, scored[0]!.score);
    least = Math.min(least, score);
    return [before, least];
  });
  return drawChart({
    title: "Best so far",
    description: `The smallest error up to each of ${scored.length} trials ends at ${formatError(least)}.`,
    x: { label: "trial", kind: "number" },
    y: { label: `RMSE of ${target}`, kind: "number" },
    series: [
      { kind: "points", name: "each trial", role: "other", x, y: scored.map(({ score }) => score) },
      { kind: "line", name: "best so far", role: "model", x: x.flatMap((one) => [one, one]), y: best },
      ...baselines.map(
        ({ name, score }, place): ChartSeries => ({
          kind: "line",
          name,
          role: place === 0 ? "naive" : "seasonal",
          x: [x[0]!, x.at(-1)!],
          y: [score, score],
        }),
      ),
    ],
  });
}

/** px */
const size = { width: 760, height: 320, top: 54, bottom: 284, left: 40, right: 700 };

/** One upright axis for each parameter, the error last; a line for each trial, the best ones in the model's colour. */
function parallelCoordinates(trials: readonly TrialRow[], names: readonly ParameterName[], target: string): string {
  const scored = trials.filter(({ score }) => score !== null);
  if (scored.length < 2 || names.length === 0) return "";
  const axes = [
    ...names.map((name) =>
      axisOf(
        name,
        scored.map(({ settings }) => settings[name]),
      ),
    ),
    axisOf(
      `RMSE of ${target}`,
      scored.map(({ score }) => score),
    ),
  ];
  const left = (axis: number): number => size.left + (axis * (size.right - size.left)) / (axes.length - 1);
  const top = (share: number): number => size.bottom - share * (size.bottom - size.top);
  const lines = scored.map((_, row) => {
    const places = axes.map(({ shares }, axis) => `${px(left(axis))} ${px(top(shares[row]!))}`);
    const isGood = row < Math.max(1, Math.round(scored.length / 10));
    // Many lines in dashes would hide each other.
    const style = isGood ? "" : ' style="stroke-dasharray:none;stroke-width:1;opacity:.5"';
    return `<path class="line ${isGood ? "model" : "other"}"${style} d="M${places.join("L")}"/>`;
  });
  // Drawn last, the best lie on top.
  lines.reverse();
  const frames = axes.map(({ name, labels }, axis) =>
    [
      `<line class="axis" x1="${px(left(axis))}" x2="${px(left(axis))}" y1="${size.top}" y2="${size.bottom}"/>`,
      label("name", left(axis), size.bottom + 24, name),
      ...labels.map(({ text, share }) => label("tick", left(axis), top(share) + (share === 0 ? 12 : -5), text)),
    ].join(""),
  );
  const words = `Each of ${scored.length} trials as a line through its settings to its error; the best tenth is set off.`;
  return [
    `<div class="scroll"><svg viewBox="0 0 ${size.width} ${size.height}" role="img" xmlns="http://www.w3.org/2000/svg">`,
    `<title>Settings and errors</title><desc>${escapeXml(words)}</desc>`,
    `<text class="title" x="0" y="16">Settings and errors</text>`,
    ...lines,
    ...frames,
    "</svg></div>",
  ].join("\n");
}

interface Axis {
  readonly name: string;
  /** From 0 at the bottom to 1 at the top, one for each trial. */
  readonly shares: readonly number[];
  readonly labels: readonly { readonly text: string; readonly share: number }[];
}

/** Numbers lie by their size, or by their powers of ten where they span more than one; names by their order. */
function axisOf(name: string, values: readonly (string | number | null | undefined)[]): Axis {
  const numbers = values.filter((value) => typeof value === "number");
  if (numbers.length < values.length) {
    const kinds = [...new Set(values.map(settingText))].sort();
    const share = (text: string): number => (kinds.length === 1 ? 0.5 : kinds.indexOf(text) / (kinds.length - 1));
    const labels = kinds.map((text) => ({ text, share: share(text) }));
    return { name, shares: values.map((value) => share(settingText(value))), labels };
  }
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  const isLog = least > 0 && most / least > 10;
  const place = (value: number): number => (isLog ? Math.log(value) : value);
  const span = place(most) - place(least);
  const shares = numbers.map((value) => (span === 0 ? 0.5 : (place(value) - place(least)) / span));
  const labels = [least, most].map((value, share) => ({ text: settingText(value), share }));
  return { name, shares, labels };
}

function label(role: string, left: number, top: number, words: string): string {
  return `<text class="${role}" x="${px(left)}" y="${px(top)}" text-anchor="middle">${escapeXml(words)}</text>`;
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}
