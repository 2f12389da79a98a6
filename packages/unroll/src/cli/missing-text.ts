/** Cells of a table that have no number, in sentences: what stands there, in which lines, and what that costs. */
import { count, plural } from "../explain/lines.ts";
import type { Parts } from "../forecast/parts.ts";
import type { Cell, MissingCell, Series } from "../forecast/series.ts";

/** Places of a column, and columns, that are told one by one. */
const mostRuns = 5;

/** Which cells are missing or were filled, by line, and what that costs. */
export function missingSentences(
  { missing, filled, unread }: Pick<Series, "missing" | "filled" | "unread">,
  { skipped }: Pick<Parts, "skipped">,
): string[] {
  const sentences = unreadSentences(unread);
  if (filled.length > 0) {
    const cells = filled.map(({ row, column }) => ({ line: row, column }));
    sentences.push(`${plural(filled.length, "missing value")} filled: ${placesText(cells)}.`);
  }
  if (missing.length > 0) {
    sentences.push(
      `${plural(missing.length, "missing value")}: ${placesText(missing)}. ${plural(skipped, "window")} left out because of that.`,
    );
  }
  return sentences;
}

/** `"abc" in line 101 (visitors) is no number and counts as missing.` */
export function unreadSentences(cells: readonly MissingCell[]): string[] {
  if (cells.length === 0) return [];
  const shown = cells
    .slice(0, mostRuns)
    .map(({ line, column, text }) => `${JSON.stringify(text)} in line ${line} (${column})`);
  const more = cells.length > mostRuns ? ` and ${count(cells.length - mostRuns)} more` : "";
  const verb = cells.length === 1 ? "is no number and counts as missing" : "are no numbers and count as missing";
  return [`${shown.join(", ")}${more} ${verb}.`];
}

/** What windows were left out for: `14 windows left out, because a value in them is missing: wind in lines 2, 9.` */
export function skippedSentence(skipped: number, cells: readonly Cell[]): string {
  return `${plural(skipped, "window")} left out, because a value in them is missing: ${placesText(cells)}.`;
}

/** `GOOG in lines 2 to 56, 60; IBM in line 7`, cut short where it is long. */
function placesText(cells: readonly Cell[]): string {
  const runs = new Map<string, { from: number; to: number }[]>();
  for (const { line, column } of cells) {
    const list = runs.get(column) ?? [];
    runs.set(column, list);
    const last = list.at(-1);
    if (last !== undefined && line === last.to + 1) last.to = line;
    else list.push({ from: line, to: line });
  }
  const columns = [...runs].map(([column, list]) => {
    const shown = list.slice(0, mostRuns).map(({ from, to }) => (from === to ? String(from) : `${from} to ${to}`));
    const more = list.length > mostRuns ? ` and ${count(list.length - mostRuns)} more places` : "";
    const word = list.length === 1 && list[0]!.from === list[0]!.to ? "line" : "lines";
    return `${column} in ${word} ${shown.join(", ")}${more}`;
  });
  const more = columns.length > mostRuns ? ` and ${count(columns.length - mostRuns)} more columns` : "";
  return `${columns.slice(0, mostRuns).join("; ")}${more}`;
}
