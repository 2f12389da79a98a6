/** The hand calculations of a notebook or script, checked by the library against the models beside them. */
import { isNotebook } from "unroll/explain/answers/annotate.ts";
import { auditCode } from "unroll/explain/answers/audit.ts";
import { formatShape, type Shape } from "./library.ts";
import type { AuditView } from "./protocol.ts";

export function auditOf(source: string | Uint8Array): AuditView {
  const { findings, confirmed } = auditCode(source);
  const inCells = isNotebook(typeof source === "string" ? source : new TextDecoder().decode(source));
  return {
    confirmed,
    findings: findings.map(({ cell, line, kind, text, given, expected, layer, check }) => ({
      place: inCells ? `cell ${cell}, line ${line}` : `line ${line}`,
      text,
      given: shown(given),
      expected: shown(expected),
      layer: layer ?? "",
      reasons:
        kind === "concatenated"
          ? ["the steps are concatenated instead of stacked"]
          : (check?.findings[0]?.slips ?? []).map(({ title, detail }) => `${title}: ${detail}`),
    })),
  };
}

function shown(value: number | Shape): string {
  return typeof value === "number" ? value.toLocaleString("en-US", { maximumFractionDigits: 6 }) : formatShape(value);
}
