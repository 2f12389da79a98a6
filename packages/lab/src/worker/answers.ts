/** A count or shape that the user worked out, checked by the library, which names the slips behind a wrong one. */
import type { AnswerCheck, Finding } from "unroll/explain/answers/answer.ts";
import { checkAnswer } from "unroll/explain/answers/check.ts";
import { derivationView } from "./describe.ts";
import { type Model, UnrollError } from "./library.ts";
import type { CheckView, DerivationView, Shape } from "./protocol.ts";

/** Findings that are shown; more would be guesses. */
const mostFindings = 4;

export function checkText(model: Model, layer: string, answer: string): CheckView {
  const about = layer === "" ? {} : { layer };
  const given = readAnswer(answer);
  const asked = typeof given !== "number" ? { shape: given } : layer === "" ? { total: given } : { params: given };
  return checkView(checkAnswer(model, { ...about, ...asked }));
}

export function checkView(check: AnswerCheck): CheckView {
  return {
    right: check.right,
    remarks: check.remarks,
    findings: check.findings.slice(0, mostFindings).map(({ slips, derivation }) => ({
      slips: slips.map(({ title, detail, layer: where }) => ({ title, detail, layer: where })),
      derivations: derivationsOf(derivation),
    })),
  };
}

/** One for a count; of a shape, one for each axis. */
export function derivationsOf(derivation: Finding["derivation"]): DerivationView[] {
  return "axes" in derivation ? derivation.axes.map(derivationView) : [derivationView(derivation)];
}

/**
 * `1,320`, `(None, 30, 4)`.
 *
 * @throws UnrollError `usage` for what is neither a count nor a shape
 */
export function readAnswer(text: string): number | Shape {
  const trimmed = text.trim();
  if (/^[\d,_ ]+$/.test(trimmed) && !/^\d{1,2},\s?\d{1,2}$/.test(trimmed))
    return Number(trimmed.replaceAll(/[,_ ]/g, ""));
  const parts = trimmed
    .replaceAll(/[()[\]]/g, "")
    .split(",")
    .map((part) => part.trim());
  const sizes = (parts.at(-1) === "" ? parts.slice(0, -1) : parts).map((part) =>
    /^(none|null|\?)$/i.test(part) ? null : /^\d+$/.test(part) ? Number(part) : undefined,
  );
  if (sizes.length > 0 && sizes.every((size) => size !== undefined)) return sizes;
  throw new UnrollError({
    code: "usage",
    path: "answer",
    expected: "the answer must be a count or a shape",
    received: text,
    hint: "Write 132, or (None, 30, 4).",
  });
}
