/**
 * Notebooks saved as plain text: `In [5]:` lines, then the code, then what it printed, then the next prose, with nothing
 * between them but blank lines. Where the code ends is found by reading: the longest run of paragraphs that is Python.
 */
import { blankMagics, type Cell } from "./document.ts";
import { isWholePython } from "./syntax-tree.ts";

const PROMPT = /^\s*In ?\[(\d+|None|\*| )?\]:?\s?(.*)$/;
const OUTPUT_PROMPT = /^\s*Out ?\[(\d+|None|\*| )?\]:?\s?/;
const PRINTED = /^\s*(Model: "|_{8,}|={8,}|Layer \(type\)|[┏┃│└]|Total params:|Epoch \d+\/\d+|\d+\/\d+ \[=)/;
/** Paragraphs longer than this are tried as they come; a cell this long is code or it is not. */
const MOST_PARAGRAPHS = 400;
/** Characters of one cell that are tried. */
const LONGEST_TRIAL = 100_000;

/** True where the text has lines like `In [5]:` or `In [None]:`. */
export function isTextExport(text: string): boolean {
  return text.split("\n").some((line) => PROMPT.test(line));
}

/** Cuts such a text into cells; `firstLine` of each is its line in the text. */
export function cellsOfTextExport(text: string): Cell[] {
  const lines = text.split("\n");
  const starts = lines.flatMap((line, i) => (PROMPT.test(line) ? [i] : []));
  const cells: Cell[] = [];
  const lead = lines.slice(0, starts[0] ?? lines.length).join("\n");
  if (lead.trim() !== "") cells.push({ kind: "markdown", source: lead, firstLine: 1, outputs: [] });
  starts.forEach((start, k) => {
    const block = lines.slice(start, starts[k + 1] ?? lines.length);
    // Code may stand on the prompt's own line.
    block[0] = PROMPT.exec(block[0]!)![2]!;
    const end = endOfCode(block);
    const outputs = block
      .slice(end)
      .map((line) => line.replace(OUTPUT_PROMPT, ""))
      .join("\n");
    cells.push({
      kind: "code",
      source: blankMagics(block.slice(0, end).join("\n")),
      firstLine: start + 1,
      outputs: outputs.trim() === "" ? [] : [outputs],
    });
  });
  return cells;
}

/** Number of lines of `block` that are code: the longest run of whole paragraphs that parses, else the first paragraph. */
function endOfCode(block: readonly string[]): number {
  const stops = paragraphEnds(block).slice(0, MOST_PARAGRAPHS);
  let end = 0;
  let failures = 0;
  let size = 0;
  let last = 0;
  for (const stop of stops) {
    const from = end;
    if (failures === 0 && startsOutput(block.slice(from, stop))) break;
    size += block.slice(last, stop).join("\n").length;
    last = stop;
    if (size > LONGEST_TRIAL) break;
    if (hasErrors(block.slice(0, stop).join("\n"))) {
      // An open bracket or string may close in a later paragraph; prose never turns into Python again.
      if (++failures > 12) break;
    } else {
      end = stop;
      failures = 0;
    }
  }
  if (end > 0) return end;
  const printed = block.findIndex((line) => PRINTED.test(line) || OUTPUT_PROMPT.test(line));
  return printed >= 0 ? printed : (stops[0] ?? block.length);
}

function startsOutput(paragraph: readonly string[]): boolean {
  const first = paragraph.find((line) => line.trim() !== "");
  return first !== undefined && (PRINTED.test(first) || OUTPUT_PROMPT.test(first));
}

/** Line counts after which a paragraph has just ended. */
function paragraphEnds(block: readonly string[]): number[] {
  const ends: number[] = [];
  for (let i = 0; i < block.length; i++) {
    const blank = block[i]!.trim() === "";
    const nextBlank = i + 1 === block.length || block[i + 1]!.trim() === "";
    if (!blank && nextBlank) ends.push(i + 1);
  }
  return ends;
}

function hasErrors(source: string): boolean {
  return !isWholePython(blankMagics(source));
}
