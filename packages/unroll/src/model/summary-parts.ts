/**
 * The arguments of a summary that both Keras's share: where columns end, and which layers are listed. Only what they mean;
 * the texts are in summary-keras2.ts and summary-keras3.ts.
 */
import { badOption, type UnrollError } from "../core/errors.ts";
import type { SummaryRow } from "./summary-table.ts";

export interface SummaryParts {
  /** Where each column but "Trainable" ends, as a share of the width: [0.45, 0.8, 1]. Keras 2 also takes characters. */
  readonly positions?: readonly number[];
  /** First and last layer to list, each a name or a regular expression that its beginning matches. */
  readonly layerRange?: readonly [first: string, last: string];
}

/** The longest line, in characters: nobody reads a longer one, and it is made before it is printed. */
export const longestLine = 10_000;

/** @throws UnrollError `option` unless they are numbers, one at least for each column. */
export function checkPositions(positions: readonly number[], columns: number): void {
  const isEnd = (end: unknown): boolean => typeof end === "number" && Math.abs(end) <= longestLine;
  if (Array.isArray(positions) && positions.length >= columns && positions.every(isEnd)) return;
  const hint = columns === 3 ? "Give a list such as [0.45, 0.8, 1]." : "Give a list such as [0.3, 0.56, 0.74, 1].";
  const rule = `${columns} numbers up to ${longestLine}, one for each column`;
  throw badOption("summary", "positions", rule, positions, hint);
}

/**
 * The rows from the first that one name of the range matches to the last that the other does; Keras takes the names in
 * either order.
 *
 * @throws UnrollError `option` for a range that is no pair of texts, or that matches nothing.
 */
export function rowsInRange(
  rows: readonly SummaryRow[],
  range: SummaryParts["layerRange"] | undefined,
): readonly SummaryRow[] {
  if (range === undefined) return rows;
  const matches = patternsOf(range).map((pattern) =>
    rows.flatMap(({ name }, index) => (pattern.test(name) ? [index] : [])),
  );
  const [lower, upper] = matches as [number[], number[]]; // one for each of the two
  if (lower.length === 0 || upper.length === 0) throw badRange(range, "two names that layers of the model have");
  const [first, last] = lower[0]! > upper.at(-1)! ? [upper[0]!, lower.at(-1)!] : [lower[0]!, upper.at(-1)!];
  return rows.slice(first, last + 1);
}

function patternsOf(range: readonly string[]): RegExp[] {
  const isPair = Array.isArray(range) && range.length === 2 && range.every((one) => typeof one === "string");
  if (!isPair) throw badRange(range, "two names or regular expressions");
  try {
    return range.map((one) => new RegExp(`^(?:${one})`));
  } catch {
    throw badRange(range, "two names or regular expressions");
  }
}

function badRange(range: unknown, rule: string): UnrollError {
  const hint = 'Give the first and the last layer, such as ["lstm", "dense_1"].';
  return badOption("summary", "layerRange", rule, range, hint);
}
