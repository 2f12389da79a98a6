/** A copy of the audited document with each finding beside what it speaks of; the original text stays as it is. */
import type { Audit } from "./audit.ts";
import { type AuditFinding, findingToText } from "./audit-finding.ts";

/**
 * Of a notebook: a Markdown cell behind each cell with findings. Of a text: a comment, in prose a quotation, below each line with findings.
 *
 * @param source the same text that was audited
 */
export function annotatedCopy(source: string, { findings }: Audit): string {
  const notebook = notebookOf(source);
  return notebook === undefined ? annotatedText(source, findings) : annotatedNotebook(notebook, findings);
}

/** Whether findings are told by cell: true for an .ipynb. */
export function isNotebook(source: string): boolean {
  return notebookOf(source) !== undefined;
}

interface Notebook {
  readonly cells: readonly unknown[];
  readonly nbformat?: unknown;
  readonly nbformat_minor?: unknown;
}

function notebookOf(source: string): Notebook | undefined {
  if (!/^\s*\{/.test(source)) return undefined;
  try {
    const json: unknown = JSON.parse(source);
    const isOne = typeof json === "object" && json !== null && "cells" in json && Array.isArray(json.cells);
    return isOne ? (json as Notebook) : undefined; // it has a list of cells
  } catch {
    return undefined;
  }
}

function annotatedNotebook(notebook: Notebook, findings: readonly AuditFinding[]): string {
  const cells = notebook.cells.flatMap((cell, index) => {
    const here = findings.filter((finding) => finding.cell === index + 1);
    if (here.length === 0) return [cell];
    const text = here.map((finding) => `- **unroll audit:** ${firstLineOf(finding, true)}`).join("\n");
    return [cell, { cell_type: "markdown", metadata: {}, ...idFor(notebook, index), source: [text] }];
  });
  return `${JSON.stringify({ ...notebook, cells }, undefined, 1)}\n`;
}

/** From format 4.5 every cell has a name of its own. */
function idFor({ nbformat, nbformat_minor: minor }: Notebook, index: number): { id?: string } {
  const named = nbformat === 4 && typeof minor === "number" && minor >= 5;
  return named ? { id: `unroll-audit-${index + 1}` } : {};
}

function annotatedText(source: string, findings: readonly AuditFinding[]): string {
  return source
    .split("\n")
    .flatMap((line, index) => {
      const here = findings.filter((finding) => finding.line === index + 1);
      return [line, ...here.map((finding) => `${finding.inProse ? ">" : "#"} unroll audit: ${firstLineOf(finding)}`)];
    })
    .join("\n");
}

function firstLineOf(finding: AuditFinding, isNotebook = false): string {
  return findingToText(finding, isNotebook).split("\n")[0]!; // a text has a first line
}
