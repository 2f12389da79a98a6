/** What a printed summary and the model beside it come to: line by line, and as a whole. */
import type { PrintedRow, PrintedView } from "../worker/protocol.ts";

export type LineState = "same" | "differs" | "onlyThere" | "onlyHere" | "cutOff";

export interface PrintedVerdict {
  readonly rows: readonly (PrintedRow & { readonly state: LineState })[];
  /** Lines that can be compared, and those of them that are not the same. */
  readonly lines: number;
  readonly apart: number;
  readonly totalsDiffer: boolean;
  readonly agrees: boolean;
}

export function verdictOf({ rows, total }: PrintedView): PrintedVerdict {
  const told = rows.map((row) => ({ ...row, state: stateOf(row) }));
  const seen = told.filter(({ state }) => state !== "cutOff");
  const apart = seen.filter(({ state }) => state !== "same").length;
  const totalsDiffer = total.there !== null && total.there !== total.here;
  return { rows: told, lines: seen.length, apart, totalsDiffer, agrees: apart === 0 && !totalsDiffer };
}

function stateOf({ there, here, differs, cutOff }: PrintedRow): LineState {
  if (cutOff) return "cutOff";
  if (here === undefined) return "onlyThere";
  if (there === undefined) return "onlyHere";
  return differs.className || differs.shape || differs.count ? "differs" : "same";
}

/** A cause as a sentence; an option keeps its spelling. */
export function causeSentence(cause: string): string {
  const first = /^\w+=/.test(cause) ? cause.charAt(0) : cause.charAt(0).toUpperCase();
  return `${first}${cause.slice(1)}${/[.!?]$/.test(cause) ? "" : "."}`;
}
