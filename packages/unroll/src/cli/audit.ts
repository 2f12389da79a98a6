/**
 * `unroll audit notebook.ipynb`: rebuilds the models of a notebook and checks the hand arithmetic beside them. Exit code 1
 * when it finds a slip.
 */
import { UnrollError } from "../core/errors.ts";
import { annotatedCopy, isNotebook } from "../explain/answers/annotate.ts";
import { answerToJson } from "../explain/answers/answer-json.ts";
import { answerToText } from "../explain/answers/answer-text.ts";
import { type Audit, auditCode } from "../explain/answers/audit.ts";
import { findingToText } from "../explain/answers/audit-finding.ts";
import { indented, plural, wrapText } from "../explain/lines.ts";
import { writeFile } from "../formats/files.ts";
import { learnedText } from "../formats/python/index.ts";
import { readFileBytes } from "../formats/read-bytes.ts";
import type { Command } from "./command.ts";
import { fileOf, printJson } from "./print.ts";
import { checkTarget } from "./targets.ts";

export const audit: Command = {
  name: "audit",
  doc: "check the hand arithmetic in a notebook: code, comments, prose",
  positionals: ["FILE"],
  flags: {
    out: { kind: "string", value: "FILE", doc: "write a copy with the findings beside their lines" },
    force: { kind: "boolean", doc: "replace --out's file where it is there" },
    explain: { kind: "boolean", doc: "show the derivations behind each finding" },
  },
  examples: ["unroll audit notebook.ipynb", "unroll audit notebook.ipynb --out checked.ipynb"],
  async run(invocation) {
    const { flags, terminal } = invocation;
    const file = fileOf(invocation);
    const out = typeof flags.out === "string" ? flags.out : undefined;
    if (out !== undefined) await checkTarget(out, { sources: [file], replace: flags.force === true });
    const source = new TextDecoder().decode(await readFileBytes(file));
    const found = auditCode(source);
    if (!found.hasCode) {
      throw new UnrollError({
        code: "format",
        path: file,
        expected: "there is nothing to audit",
        received: "no code in the file",
        hint: "Give a notebook, a script or Markdown with code. unroll check takes a saved model and your numbers.",
      });
    }
    if (out !== undefined) await writeFile(out, new TextEncoder().encode(annotatedCopy(source, found)));
    if (flags.json === true) printJson(terminal, auditJson(found));
    else terminal.out(wrapText(auditText(found, isNotebook(source), flags.explain === true), terminal.columns));
    return found.findings.length === 0 ? 0 : 1;
  },
};

function auditText({ models, findings, confirmed }: Audit, notebook: boolean, explain: boolean): string {
  if (models.length + findings.length + confirmed === 0) {
    return "Nothing to audit: no Keras model that can be built, and no hand calculation.\n";
  }
  const head = `${plural(models.length, "model")}; ${plural(confirmed, "hand calculation")} right, ${plural(findings.length, "slip")} found.`;
  const told = models.flatMap(({ learned }) => learned).map(learnedText);
  const blocks = findings.map((finding) => {
    const derivation =
      explain && finding.check !== undefined
        ? `\n${indented(answerToText(finding.check, { width: 1000 }), "    ")}`
        : "";
    return `${findingToText(finding, notebook)}${derivation}`;
  });
  return `${[[head, ...told].join("\n"), ...blocks].join("\n\n")}\n`;
}

function auditJson({ models, findings, confirmed }: Audit) {
  return {
    models,
    confirmed,
    findings: findings.map(({ check, ...finding }) => ({
      ...finding,
      ...(check === undefined ? {} : { check: answerToJson(check) }),
    })),
  };
}
