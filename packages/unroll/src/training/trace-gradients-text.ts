/** A backward trace as text: one table for each cell, a bar for the size of the gradient, and what it means. */
import { wrapLine } from "../explain/lines.ts";
import type { BackTrace, GradientTraceFacts } from "./trace-gradients.ts";

/** Timesteps that a table shows; of more, every so many. */
const mostRows = 40;
const barWidth = 24;
/** Columns that a sentence takes at most. */
const textWidth = 80;

export function gradientTraceToText(facts: GradientTraceFacts): string {
  const { model, loss, examples, runs, checks } = facts;
  const head = `${model}: gradients through time, ${examples} example${examples === 1 ? "" : "s"}, loss ${loss.toPrecision(6)}`;
  const worst = checks.reduce(
    (most, { gradient, difference }) => Math.max(most, Math.abs(gradient - difference) / (Math.abs(gradient) + 1e-8)),
    0,
  );
  const check = `Against finite differences: ${checks.length} entries, largest relative difference ${worst.toExponential(1)}.`;
  return `${[head, ...runs.map(runTable), ...(checks.length === 0 ? [] : [check])].join("\n\n")}\n`;
}

function runTable(run: BackTrace): string {
  const state = Object.keys(run.steps[0]!.stateNorms)[0]!;
  const arrays = Object.keys(run.shapes);
  const norms = run.steps.map(({ stateNorms }) => stateNorms[state]!);
  const largest = Math.max(...norms);
  const every = Math.ceil(run.steps.length / mostRows);
  const header = ["t", `‖∂L/∂${state}‖`, ...arrays.map((name) => `→ ${name}`)];
  const rows = run.steps
    .filter((_, index) => index % every === 0 || index === run.steps.length - 1)
    .map((step) => [
      String(step.timestep),
      number(step.stateNorms[state]!),
      ...arrays.map((name) => number(step.contributionNorms[name]!)),
    ]);
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string =>
    cells.map((cell, column) => cell.padStart(widths[column]!)).join("  ");
  const bars = run.steps
    .filter((_, index) => index % every === 0 || index === run.steps.length - 1)
    .map(({ stateNorms }) => bar(stateNorms[state]!, largest));
  const title = `${run.layer} (${run.className}), ${run.units} units${run.backwards ? ", reads from the last timestep" : ""}`;
  return [
    title,
    line(header),
    ...rows.map((row, index) => `${line(row)}  ${bars[index]}`.trimEnd()),
    ...wrapLine(gradientFlow(run), textWidth),
  ].join("\n");
}

function number(value: number): string {
  return value === 0 ? "0" : value.toExponential(2);
}

/** Full for the largest, one cell shorter for each half order of magnitude. */
function bar(value: number, largest: number): string {
  if (value === 0 || largest === 0) return "";
  return "█".repeat(Math.max(1, Math.round(barWidth + 2 * Math.log10(value / largest))));
}

/** Whether the gradient vanishes or explodes on its way back: the first step that was read beside the last, in a sentence. */
export function gradientFlow({ backwards, steps }: BackTrace): string {
  const state = Object.keys(steps[0]!.stateNorms)[0]!;
  const norms = steps.map(({ stateNorms }) => stateNorms[state]!);
  const order = backwards ? [...norms].reverse() : norms;
  const valid = order.filter((norm) => norm > 0);
  const [first, last] = [valid[0], valid.at(-1)];
  if (first === undefined || last === undefined || steps.length < 2) return "No gradient reaches this layer's states.";
  const ratio = first / last;
  const share = `‖∂L/∂${state}‖ at the first step read is ${ratio.toExponential(1)} times that at the last`;
  if (ratio < 1e-3) return `The gradient vanishes: ${share}, so what came early is hardly learnt.`;
  if (ratio > 1e3) return `The gradient explodes: ${share}; clipnorm or a lower learning rate helps.`;
  return `${share}.`;
}
