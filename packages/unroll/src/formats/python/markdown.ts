/**
 * Markdown with fenced code, as README files and notebooks exported to Markdown have it.
 * Python fences become code cells; everything up to the next one is searched for printed outputs.
 */
import { blankMagics, type Cell } from "./document.ts";

const FENCE = /^( {0,3})(`{3,}|~{3,})\s*(.*)$/;
const PYTHON_INFO = /^\{?\.?\s*(python3?|py3?|ipython3?|pycon|keras|tensorflow|jupyter|code-cell)\b/i;
const TABLE_HEADER = /Layer \(type\)/;

/** True where a text has at least one fence that says it holds Python, or fences without a language. */
export function hasFences(text: string): boolean {
  return text.split("\n").some((line) => FENCE.test(line));
}

/** Cuts Markdown into code cells (Python fences) and Markdown cells (the rest). */
export function cellsOfMarkdown(text: string, firstLine = 1): Cell[] {
  const lines = text.split("\n");
  const cells: Cell[] = [];
  let prose: string[] = [];
  let proseStart = 0;

  const endProse = (): void => {
    const source = prose.join("\n");
    prose = [];
    if (source.trim() === "") return;
    const last = cells.at(-1);
    // The text below a code cell is where an exported notebook shows that cell's outputs.
    if (last !== undefined && last.kind === "code")
      cells[cells.length - 1] = { ...last, outputs: [...last.outputs, source] };
    cells.push({ kind: "markdown", source, firstLine: firstLine + proseStart, outputs: [] });
  };

  for (let i = 0; i < lines.length; i++) {
    const open = FENCE.exec(lines[i]!);
    if (open === null) {
      if (prose.length === 0) proseStart = i;
      prose.push(lines[i]!);
      continue;
    }
    const [, indent, ticks, info] = open;
    const body: string[] = [];
    let end = i + 1;
    for (; end < lines.length; end++) {
      const close = FENCE.exec(lines[end]!);
      if (close !== null && close[3] === "" && close[2]!.startsWith(ticks!)) break;
      body.push(lines[end]!.startsWith(indent!) ? lines[end]!.slice(indent!.length) : lines[end]!);
    }
    const code = body.join("\n");
    if (isPython(info!, code)) {
      endProse();
      cells.push(codeCell(body, firstLine + i + 1));
    } else {
      if (prose.length === 0) proseStart = i;
      prose.push(...body);
    }
    i = end;
  }
  endProse();
  return withoutEchoes(cells);
}

/** Prose is output of the code cell before it only until the next code cell, and only once. */
function withoutEchoes(cells: readonly Cell[]): Cell[] {
  return cells.map((cell) => (cell.kind === "markdown" ? { ...cell, outputs: [] } : cell));
}

function isPython(info: string, code: string): boolean {
  if (PYTHON_INFO.test(info)) return true;
  if (info.trim() !== "") return false;
  if (TABLE_HEADER.test(code)) return false;
  return /^\s*(>>> |from \w|import \w|model\b|\w+\s*=\s*\S|def \w|class \w)/m.test(code) && /[(=]/.test(code);
}

/** Code with `>>>` prompts is cut into the typed lines and the printed ones. */
function codeCell(body: readonly string[], firstLine: number): Cell {
  if (!body.some((line) => line.startsWith(">>> "))) {
    return { kind: "code", source: blankMagics(body.join("\n")), firstLine, outputs: [] };
  }
  const outputs: string[] = [];
  const source = body.map((line) => {
    if (line.startsWith(">>> ") || line.startsWith("... ")) return line.slice(4);
    if (line === ">>>" || line === "...") return "";
    outputs.push(line);
    return "";
  });
  return { kind: "code", source: blankMagics(source.join("\n")), firstLine, outputs: [outputs.join("\n")] };
}
