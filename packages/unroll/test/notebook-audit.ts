/**
 * What the audit finds in a folder of notebooks, scripts and texts. `node scripts/notebooks.mjs FOLDER --audit` prints it; whether
 * a finding is true is for a reader to say.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { UnrollError } from "../src/core/errors.ts";
import { isNotebook } from "../src/explain/answers/annotate.ts";
import { auditCode } from "../src/explain/answers/audit.ts";
import { findingToText } from "../src/explain/answers/audit-finding.ts";

export interface AuditedDocument {
  readonly file: string;
  readonly models: number;
  /** Numbers and shapes that were checked and are right. */
  readonly right: number;
  /** Each as `unroll audit` prints it. */
  readonly findings: readonly string[];
  /** Why the document could not be read. */
  readonly reason: string | undefined;
}

/** Audits every .ipynb, .md, .py and .txt of a folder, by name. */
export async function auditFolder(folder: string): Promise<AuditedDocument[]> {
  const files = (await readdir(folder)).filter((name) => /\.(?:ipynb|md|py|txt)$/.test(name)).sort();
  return Promise.all(files.map(async (file) => auditDocument(file, await readFile(join(folder, file), "utf8"))));
}

export function auditDocument(file: string, source: string): AuditedDocument {
  try {
    const { models, confirmed, findings } = auditCode(source);
    const texts = findings.map((finding) => findingToText(finding, isNotebook(source)));
    return { file, models: models.length, right: confirmed, findings: texts, reason: undefined };
  } catch (error) {
    if (!(error instanceof UnrollError)) throw error;
    return { file, models: 0, right: 0, findings: [], reason: error.message };
  }
}
