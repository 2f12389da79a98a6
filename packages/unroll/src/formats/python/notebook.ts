/**
 * From the text or bytes of a file to cells, whatever the format: .ipynb (formats 3 and 4), .py, Markdown and text exports.
 * The format is found by content, never by the file's name.
 */
import { UnrollError } from "../../core/errors.ts";
import { blankMagics, type Cell, type CodeDocument } from "./document.ts";
import { cellsOfMarkdown, hasFences } from "./markdown.ts";
import { isWholePython } from "./syntax-tree.ts";
import { cellsOfTextExport, isTextExport } from "./text-export.ts";

/** More code than this in one piece is not parsed (characters). */
export const LONGEST_CODE = 1_000_000;

/** Larger files are refused before anything is parsed (bytes). */
const LARGEST_FILE = 64 * 1024 * 1024;

/**
 * Reads code with its printed outputs: .ipynb, .py, Markdown fences or a notebook's text export.
 *
 * Throws UnrollError: "memory" over 64 MiB, "format" where it is JSON but no notebook.
 */
export function readDocument(source: string | Uint8Array): CodeDocument {
  if (source.length > LARGEST_FILE) {
    throw new UnrollError({
      code: "memory",
      path: "code",
      expected: `a file of code must be at most ${LARGEST_FILE / 2 ** 20} MiB`,
      received: `length = ${source.length}`,
      hint: "Clear the notebook's outputs and save it again.",
    });
  }
  const decoded = typeof source === "string" ? source : new TextDecoder("utf-8").decode(source);
  const text = decoded.replace(/^\uFEFF/, "").replaceAll(/\r\n?/g, "\n");
  if (/^\s*\{/.test(text)) {
    const json = parseJson(text);
    if (json !== undefined) return { format: "ipynb", cells: cellsOfNotebook(json) };
  }
  if (isTextExport(text)) return { format: "text-export", cells: cellsOfTextExport(text) };
  if (hasFences(text) && !isPython(text)) return { format: "markdown", cells: cellsOfMarkdown(text) };
  return { format: "python", cells: [{ kind: "code", source: blankMagics(text), firstLine: 1, outputs: [] }] };
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = { readonly [key: string]: Json };

function parseJson(text: string): Json | undefined {
  try {
    // JSON.parse can only return JSON.
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function cellsOfNotebook(notebook: Json): Cell[] {
  const root = isObject(notebook) ? notebook : {};
  const worksheets = Array.isArray(root.worksheets) ? root.worksheets.filter(isObject) : [];
  const listed = Array.isArray(root.cells) ? [root.cells] : worksheets.map((sheet) => sheet.cells);
  const cells = listed.flatMap((list) => (Array.isArray(list) ? list.filter(isObject) : []));
  if (listed.length === 0) {
    throw new UnrollError({
      code: "format",
      path: "code",
      expected: "a JSON file of code must be a Jupyter notebook with cells",
      received: `keys = ${Object.keys(root).slice(0, 6).join(", ") || "none"}`,
      hint: "Give an .ipynb, .py or .md file; a model's JSON is read by loadModel.",
    });
  }
  return cells.map((cell): Cell => {
    // Format 3 calls a code cell's text `input`.
    const source = textOf(cell.source ?? cell.input ?? "");
    if (cell.cell_type !== "code") return { kind: "markdown", source, firstLine: 1, outputs: [] };
    const outputs = Array.isArray(cell.outputs) ? cell.outputs.filter(isObject).map(outputText) : [];
    return { kind: "code", source: blankMagics(source), firstLine: 1, outputs: outputs.filter((text) => text !== "") };
  });
}

/** Plain text of one output: stream text, `data["text/plain"]`, else the HTML without its tags. */
function outputText(output: JsonObject): string {
  const data = isObject(output.data) ? output.data : output;
  const plain = textOf(data["text/plain"] ?? output.text ?? "");
  if (plain !== "" && !plain.startsWith("<IPython")) return withoutAnsi(plain);
  const html = textOf(data["text/html"] ?? output.html ?? "");
  return withoutAnsi(withoutTags(html));
}

function textOf(value: Json): string {
  if (typeof value === "string") return value;
  return Array.isArray(value) ? value.filter((line) => typeof line === "string").join("") : "";
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function withoutAnsi(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal colour codes start with the escape character
  return text.replaceAll(/\u001b\[[0-9;]*m/g, "");
}

const ENTITIES = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["#x27", "'"],
  ["#39", "'"],
  ["nbsp", " "],
]);

function withoutTags(html: string): string {
  return html
    .replaceAll(/<[^<>]*>/g, "")
    .replaceAll(/&([#\w]+);/g, (entity, name: string) => ENTITIES.get(name) ?? entity);
}

function isPython(text: string): boolean {
  return text.length <= LONGEST_CODE && isWholePython(blankMagics(text));
}
