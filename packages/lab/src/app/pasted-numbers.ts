/** Numbers from pasted lines: one a line, or the last column. Beside semicolons and tabs a comma is a decimal point. */
export function pastedNumbers(text: string): number[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const hasOthers = /[;\t]/.test(line);
    const last = line
      .split(hasOthers ? /[;\t]/ : ",")
      .at(-1)!
      .trim();
    const number = Number(hasOthers ? last.replace(/^([-+]?\d*),(\d+)$/, "$1.$2") : last);
    return last !== "" && Number.isFinite(number) ? [number] : [];
  });
}
