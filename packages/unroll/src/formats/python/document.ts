/**
 * What every source of code becomes before it is read: cells with their outputs, and positions in them.
 * The readers of single formats are in notebook.ts (JSON), markdown.ts and text-export.ts.
 */

/** One cell: its code or prose, where it starts, and the texts printed below it. */
export interface Cell {
  readonly kind: "code" | "markdown";
  /** Code with notebook magics blanked, so that lines keep their numbers. */
  readonly source: string;
  /** Line of the file on which `source` starts, from 1; always 1 inside an .ipynb, where lines count per cell. */
  readonly firstLine: number;
  readonly outputs: readonly string[];
}

export type DocumentFormat = "ipynb" | "markdown" | "text-export" | "python";

/** A notebook, script or text with code in it, as a list of cells in reading order. */
export interface CodeDocument {
  readonly format: DocumentFormat;
  readonly cells: readonly Cell[];
}

/** A place in a document: cell from 1, and line from 1 (of the file, or of the cell in an .ipynb). */
export interface Position {
  readonly cell: number;
  readonly line: number;
}

const CELL_MAGICS_AROUND_PYTHON = /^%%(time|timeit|capture|prun|skip|tensorflow_version|notify|wandb|python3?|local)\b/;
const MAGIC =
  /^\s*((pip3?|conda)\s+install\b|%{1,2}[A-Za-z]|!|\?[A-Za-z]|[\w.]+\s*=\s*[!%]\s*[A-Za-z]|[A-Za-z_][\w.]*\?{1,2}\s*$)/;

/** A magic that tells a version; `pass` with it as a comment stands in its place. */
const TELLS_VERSION = /\bpip3?\s+install\b|%tensorflow_version\b/;

/** Takes the lines that only a notebook understands (`%matplotlib`, `!pip`, `name?`) out of code, keeping every line's number. */
export function blankMagics(source: string): string {
  const lines = source.split("\n");
  const first = lines.findIndex((line) => line.trim() !== "");
  if (first >= 0 && lines[first]!.startsWith("%%") && !CELL_MAGICS_AROUND_PYTHON.test(lines[first]!)) {
    return lines.map(() => "").join("\n");
  }
  const kept: string[] = [];
  let magic: number | undefined;
  for (const line of lines) {
    const text = line.trim().replace(/\\$/, "");
    if (magic !== undefined) {
      if (kept[magic]!.includes("#")) kept[magic] += ` ${text}`;
      kept.push("");
    } else if (MAGIC.test(line)) {
      magic = kept.length;
      // `pass` keeps a block that held nothing but the magic from ending up empty.
      kept.push(`${/^\s*/.exec(line)![0]}pass${TELLS_VERSION.test(text) ? `  # ${text}` : ""}`);
    } else kept.push(line);
    if (!line.endsWith("\\")) magic = undefined;
  }
  return kept.join("\n");
}
