/** The value of a Python string literal: prefixes, quotes and escapes taken away. */

const SIMPLE = new Map([
  ["n", "\n"],
  ["t", "\t"],
  ["r", "\r"],
  ["0", "\0"],
  ["a", "\u0007"],
  ["b", "\b"],
  ["f", "\f"],
  ["v", "\v"],
  ["\\", "\\"],
  ["'", "'"],
  ['"', '"'],
  ["\n", ""],
]);

/** `r"\d"` gives `\d`, `'a\n'` gives a line break; an unfinished literal gives what there is of it. */
export function unescapeString(literal: string): string {
  const match = /^([a-zA-Z]*)("""|'''|"|')/.exec(literal);
  if (match === null) return literal;
  const quote = match[2]!;
  const closed = literal.length >= match[0].length + quote.length && literal.endsWith(quote);
  const body = literal.slice(match[0].length, closed ? -quote.length : undefined);
  if (/r/i.test(match[1]!)) return body;
  return body.replaceAll(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[\s\S])/g, (whole, code: string) => {
    if (code.length > 1) {
      const point = Number.parseInt(code.slice(1), 16);
      return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
    }
    return SIMPLE.get(code) ?? whole;
  });
}
