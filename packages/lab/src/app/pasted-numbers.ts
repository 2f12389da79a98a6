/** Numbers from pasted lines: one a line, or the last column. Beside semicolons and tabs a comma is a decimal point. */

export interface LeftOut {
  /** Counted from 1. */
  readonly line: number;
  readonly text: string;
}

export interface Pasted {
  readonly numbers: readonly number[];
  /** Lines that hold something, which is no number; a heading is one of them. */
  readonly leftOut: readonly LeftOut[];
}

export function pastedNumbers(text: string): Pasted {
  const numbers: number[] = [];
  const leftOut: LeftOut[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const number = lastNumber(line);
    if (number !== undefined) numbers.push(number);
    else if (line.trim() !== "") leftOut.push({ line: index + 1, text: line.trim() });
  }
  return { numbers, leftOut };
}

function lastNumber(line: string): number | undefined {
  const hasOthers = /[;\t]/.test(line);
  const last = line
    .split(hasOthers ? /[;\t]/ : ",")
    .at(-1)!
    .trim();
  const number = Number(hasOthers ? last.replace(/^([-+]?\d*),(\d+)$/, "$1.$2") : last);
  return last !== "" && Number.isFinite(number) ? number : undefined;
}
