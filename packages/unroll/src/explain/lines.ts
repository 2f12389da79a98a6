/** Plain text in lines of a given width: what the text outputs of this folder share. */

/**
 * Breaks a line at spaces; further lines of a formula are indented two more than the first and begin with "=" where that
 * is possible, those of a sentence are not. A word that is too long stays whole.
 */
export function wrapLine(line: string, width: number): string[] {
  if (line.length <= width) return [line];
  const indent = /^ */.exec(line)![0];
  const hanging = line.endsWith(".") ? indent : `${indent}  `;
  const lines: string[] = [];
  let current = indent;
  for (const word of unitsOf(line.trim(), line.endsWith("."), width - hanging.length)) {
    const start = lines.length === 0 ? indent : hanging;
    const joined = current.trim() === "" ? `${start}${word}` : `${current} ${word}`;
    if (joined.length > width && current.trim() !== "") {
      lines.push(current.trimEnd());
      current = `${hanging}${word}`;
    } else {
      current = joined;
    }
  }
  return [...lines, current.trimEnd()];
}

/** What a line is filled with: words, in a formula its parts from "=" to "=" where they are short enough. */
function unitsOf(text: string, isSentence: boolean, room: number): string[] {
  const remark = isSentence ? -1 : text.search(/ {2}\(/);
  if (remark > 0) return [...unitsOf(text.slice(0, remark), false, room), ...remarkUnits(text.slice(remark + 2), room)];
  const parts = isSentence ? [text] : text.split(/ (?== )/);
  if (parts.length < 3) return text.split(" "); // one "=" names a value, and words follow
  return parts.flatMap((part) => (part.length <= room ? [part] : part.split(" ")));
}

/** What the letters of a formula stand for, "(T = 30: timesteps; k = 2: window)": a letter is not parted from its number. */
function remarkUnits(text: string, room: number): string[] {
  const letters = text.split(/(?<=;) /).flatMap((one) => (one.length <= room ? [one] : one.split(/(?<! =|^\(?\w+) /)));
  return ["", ...letters];
}

export function wrapText(text: string, width: number): string {
  return text
    .split("\n")
    .flatMap((line) => wrapLine(line, width))
    .join("\n");
}

export function indented(text: string, by = "  "): string {
  return text.replaceAll(/^(?=.)/gm, by);
}

/** 1,234 */
export function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** "1 parameter", "2 parameters" */
export function plural(value: number, word: string): string {
  return `${count(value)} ${word}${value === 1 ? "" : "s"}`;
}
