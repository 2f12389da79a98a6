/** What a learner answers and what the checker says to it: data. check.ts makes it, answer-text.ts writes it out. */
import type { Shape } from "../../core/shape.ts";
import type { Derivation, ShapeDerivation } from "../../equations/derive.ts";
import { type SlipId, slipTitles } from "./slip.ts";

/** A slip put in at a layer. */
export interface NamedSlip {
  readonly id: SlipId;
  /** "the second bias row is forgotten" */
  readonly title: string;
  /** The layer's name; the model's where the slip is in the total. */
  readonly layer: string;
  /** What was taken for what, a whole sentence. */
  readonly detail: string;
}

/** One way to the learner's answer. */
export interface Finding {
  /** One slip, or two together. */
  readonly slips: readonly NamedSlip[];
  /** From 0 to 1, to order findings; equal numbers are ties. */
  readonly plausibility: number;
  /** The derivation with the slips put in: it ends at the learner's answer. */
  readonly derivation: Derivation | ShapeDerivation;
}

/** What an answer is about. */
export type AnswerKind = "params" | "total" | "shape" | "value";

/** What is right or wrong about an answer, and which slips give it. */
export interface AnswerCheck {
  readonly kind: AnswerKind;
  /** The layer's name, or the model's for a total. */
  readonly layer: string;
  readonly given: number | Shape;
  readonly expected: number | Shape;
  readonly right: boolean;
  /** For values: significant digits that agree; counts and shapes are right or not. */
  readonly digits: number | undefined;
  /** Ways to a wrong answer, the most plausible first; empty = no known slip. */
  readonly findings: readonly Finding[];
  /** How the right answer comes about; undefined for values. */
  readonly derivation: Derivation | ShapeDerivation | undefined;
  /** Sentences about how the answer is written. */
  readonly remarks: readonly string[];
}

/**
 * What introduces the ways to a wrong answer. Where each needs two slips nothing is sure: of so many pairs some give a number by
 * chance.
 */
export function leadTo(findings: readonly { readonly slips: readonly NamedSlip[] }[]): string {
  const ways = findings.length === 1 ? "One way to it:" : `${findings.length} ways to it, the most likely first:`;
  return findings.every(isPair) ? `Perhaps two slips came together. ${ways}` : ways;
}

/** Whether different slips must come together; the same one in several layers is one idea. */
export function isPair({ slips }: { readonly slips: readonly NamedSlip[] }): boolean {
  return new Set(slips.map(({ id }) => id)).size > 1;
}

/** A finding whose derivation is made when it is shown. */
export interface Candidate {
  readonly slips: readonly NamedSlip[];
  readonly plausibility: number;
  derive(): Derivation | ShapeDerivation;
}

export function namedSlip(id: SlipId, layer: string, detail: string): NamedSlip {
  return { id, title: slipTitles[id], layer, detail };
}

/** Candidates as findings: each set of slips once, the most plausible first. */
export function toFindings(candidates: readonly Candidate[], most = 12): Finding[] {
  return ranked(candidates, most).map(({ slips, plausibility, derive }) => ({
    slips,
    plausibility,
    derivation: derive(),
  }));
}

/**
 * Each set of slips once, the most plausible first, equal ones in a fixed order. Where a list is cut, those that tie with the
 * last stay, so that nothing arbitrary decides.
 */
export function ranked<T extends { readonly slips: readonly NamedSlip[]; readonly plausibility: number }>(
  candidates: readonly T[],
  most: number,
): T[] {
  const rounded = candidates.map((one) => ({ ...one, plausibility: Number(one.plausibility.toFixed(4)) }));
  const ordered = rounded.sort((a, b) => b.plausibility - a.plausibility);
  const seen = new Set<string>();
  const different = ordered.filter(({ slips }) => {
    const key = slips
      .map(({ id, layer }) => `${id} ${layer}`)
      .sort()
      .join(", ");
    return !seen.has(key) && seen.add(key);
  });
  const last = different[most - 1]?.plausibility ?? 0;
  return different.filter(({ plausibility }, index) => index < most || plausibility === last);
}

/** "1. ", "2a. ", "2b. ": equally plausible ones share a number; a single one has none. */
export function rankLabels(findings: readonly { readonly plausibility: number }[]): string[] {
  if (findings.length < 2) return findings.map(() => "");
  const ranks = [...new Set(findings.map(({ plausibility }) => plausibility))];
  return findings.map(({ plausibility }, index) => {
    const ties = findings.filter((other) => other.plausibility === plausibility);
    const place = findings.slice(0, index).filter((other) => other.plausibility === plausibility).length;
    const letter = ties.length === 1 ? "" : String.fromCharCode(97 + place);
    return `${ranks.indexOf(plausibility) + 1}${letter}. `;
  });
}
