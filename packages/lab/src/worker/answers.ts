/** A count or shape that the user worked out, checked by the library, which names the slips behind a wrong one. */
import { checkAnswer } from "unroll/explain/answers/check.ts";
import { derivationView } from "./describe.ts";
import { type Model, UnrollError } from "./library.ts";
import type { CheckView } from "./protocol.ts";

/** Findings that are shown; more would be guesses. */
const mostFindings = 4;

export function checkText(model: Model, layer: string, answer: string): CheckView {
  const about = layer === "" ? {} : { layer };
  const check = checkAnswer(model, { ...about, ...readAnswer(answer, layer === "") });
  return {
    right: check.right,
    remarks: check.remarks,
    findings: check.findings.slice(0, mostFindings).map(({ slips, derivation }) => ({
      slips: slips.map(({ title, detail, layer: where }) => ({ title, detail, layer: where })),
      derivations: "axes" in derivation ? derivation.axes.map(derivationView) : [derivationView(derivation)],
    })),
  };
}

function readAnswer(
  text: string,
  isTotal: boolean,
): { total: number } | { params: number } | { shape: (number | null)[] } {
  const trimmed = text.trim();
  if (/^[\d,_ ]+$/.test(trimmed) && !/^\d{1,2},\s?\d{1,2}$/.test(trimmed)) {
    const count = Number(trimmed.replaceAll(/[,_ ]/g, ""));
    return isTotal ? { total: count } : { params: count };
  }
  const parts = trimmed
    .replaceAll(/[()[\]]/g, "")
    .split(",")
    .map((part) => part.trim());
  const sizes = (parts.at(-1) === "" ? parts.slice(0, -1) : parts).map((part) =>
    /^(none|null|\?)$/i.test(part) ? null : /^\d+$/.test(part) ? Number(part) : undefined,
  );
  if (sizes.length > 0 && sizes.every((size) => size !== undefined)) return { shape: sizes };
  throw new UnrollError({
    code: "usage",
    path: "answer",
    expected: "the answer must be a count or a shape",
    received: text,
    hint: "Write 132, or (None, 30, 4).",
  });
}
