/**
 * The one error class of the library and the words around it.
 * Everything a user can do wrong ends here; kernels never throw, they run only on checked input.
 */
import { display } from "./display.ts";

/** What went wrong, as a stable word for programs; the message is for people. */
export type ErrorCode =
  | "shape"
  | "option"
  | "unknown-name"
  | "weights"
  | "unbuilt"
  | "graph"
  | "memory"
  | "format"
  | "file"
  | "unsupported"
  | "data"
  | "usage"
  | "aborted";

/** What an error says, part by part. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  /** Where: a layer's name, a file, a cell and line. */
  readonly path: string;
  /** The rule that was broken, without a final full stop. */
  readonly expected: string;
  /** What came instead, as `name = value`. */
  readonly received?: string;
  /** What to do about it, a whole sentence. */
  readonly hint?: string;
}

/**
 * What went wrong, for people and for programs. Reads `<where>: <rule>. Received: <name = value>. <what to do>.`
 *
 * @example
 * new UnrollError({
 *   code: "shape", path: "gru_1", expected: "input must have 4 features, as when it was built",
 *   received: "shape = [2, 10, 3]", hint: "Rebuild the model or fix the data.",
 * }).message
 */
export class UnrollError extends Error {
  readonly code: ErrorCode;
  readonly path: string;
  readonly expected: string;
  readonly received: string | undefined;
  readonly hint: string | undefined;

  constructor(record: ErrorRecord, options?: { cause?: unknown }) {
    super(messageOf(record), options);
    this.name = "UnrollError";
    this.code = record.code;
    this.path = record.path;
    this.expected = record.expected;
    this.received = record.received;
    this.hint = record.hint;
  }
}

function messageOf({ path, expected, received, hint }: ErrorRecord): string {
  const parts = [path === "" ? `${expected}.` : `${path}: ${expected}.`];
  if (received !== undefined) parts.push(`Received: ${received}.`);
  if (hint !== undefined) parts.push(hint);
  return parts.join(" ");
}

/** The known name nearest to a misspelt one, or undefined when none is near enough to be meant. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  const wanted = canonical(name);
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of known) {
    const other = canonical(candidate);
    const distance = editDistance(wanted, other, bestDistance);
    // Names of which no letter is left are not near, however short they are.
    if (distance < bestDistance && distance < Math.max(wanted.length, other.length)) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `Did you mean "returnSequences"?`, or undefined. */
export function didYouMean(name: string, known: Iterable<string>): string | undefined {
  const nearest = nearestName(name, known);
  return nearest === undefined ? undefined : `Did you mean ${nearest}?`;
}

/**
 * Names that a caller may have misspelled: an option that nobody reads would change nothing, without a word.
 *
 * @throws UnrollError `unknown-name`, with the nearest of `known`; `option` where the options are no object
 */
export function checkOptionNames(path: string, given: object, known: readonly string[]): void {
  if (typeof given !== "object" || given === null) throw badOption(path, "options", "an object", given);
  const name = Object.keys(given).find((one) => !known.includes(one));
  if (name === undefined) return;
  throw new UnrollError({
    code: "unknown-name",
    path,
    expected: `has no option named ${name}`,
    hint: didYouMean(name, known) ?? `Its options are ${known.join(", ")}.`,
  });
}

function canonical(name: string): string {
  const letters = name.toLowerCase().replaceAll(/[^\p{L}\p{M}\p{N}]/gu, "");
  return letters === "" ? name : letters;
}

/** Levenshtein distance, given up once it reaches `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** An UnrollError about an option's value. */
export function badOption(where: string, option: string, rule: string, value: unknown, hint?: string): UnrollError {
  return new UnrollError({
    code: "option",
    path: where,
    expected: `${option} must be ${rule}`,
    received: `${option} = ${display(value)}`,
    hint,
  });
}
