/**
 * Text in a fixed number of columns: wrapping at spaces, folding, the ellipsis. It follows the rules of the Python library
 * "rich" that Keras 3 prints with; it knows no table.
 */

/** Where a word that is longer than the line goes: cut off with an ellipsis, or folded onto more lines. */
export type Overflow = "ellipsis" | "fold";
export type Alignment = "left" | "right" | "center";

/** Lines of at most `width` characters, broken at spaces; a line keeps the spaces that still fit behind its last word. */
export function wrapText(text: string, width: number, overflow: Overflow): string[] {
  const breaks = breakPositions(text, width, overflow);
  const edges = [0, ...breaks, text.length];
  return edges.slice(1).map((end, index) => shorten(trimBeyond(text.slice(edges[index], end), width), width, overflow));
}

/** One line filled up with spaces to `width`. */
export function align(line: string, width: number, alignment: Alignment): string {
  if (alignment === "left") return line.padEnd(width);
  const bare = line.trimEnd();
  const before = alignment === "right" ? width - bare.length : Math.floor((width - bare.length) / 2);
  return (" ".repeat(Math.max(0, before)) + bare).padEnd(width);
}

function breakPositions(text: string, width: number, overflow: Overflow): number[] {
  const breaks: number[] = [];
  let column = 0;
  for (const match of text.matchAll(/\s*\S+\s*/g)) {
    const [word] = match;
    const start = match.index;
    const length = word.trimEnd().length;
    if (length <= width - column) {
      column += word.length;
    } else if (length > width && overflow === "fold") {
      if (start > 0) breaks.push(start);
      let at = 0;
      for (; word.length - at > width; at += width) breaks.push(start + at + width);
      column = word.length - at;
    } else if (length > width || column > 0) {
      if (start > 0) breaks.push(start);
      column = word.length;
    }
  }
  return breaks;
}

/** Without the spaces at the end that stand beyond `width`. */
function trimBeyond(line: string, width: number): string {
  const excess = line.length - width;
  if (excess <= 0) return line;
  const spaces = line.length - line.trimEnd().length;
  return line.slice(0, line.length - Math.min(spaces, excess));
}

function shorten(line: string, width: number, overflow: Overflow): string {
  if (line.length <= width) return line;
  return overflow === "ellipsis" ? `${line.slice(0, width - 1)}…` : line.slice(0, width);
}
