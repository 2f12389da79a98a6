/** What to call code that is not understood. */
import type { SyntaxNode } from "@lezer/common";

/** Numbers one after the other, in brackets or not, as programs print arrays: `[[0.12  3.4e-05]`. */
const printedNumbers =
  /^[[\s]*[-+]?(?:\d+\.?\d*|\.\d+|nan|inf)(?:e[-+]?\d+)?(?:\s+[-+]?(?:\d|\.\d|nan|inf)[\d.e+-]*)+[\]\s.]*$/i;

/** What a line that is no Python is; undefined where nothing more than that can be said. */
export function describePasted(line: string): string | undefined {
  return printedNumbers.test(line) ? `\`${line.trim().slice(0, 60)}\`, which looks like pasted output,` : undefined;
}

/** The kind of syntax and how it begins; `text` is the node's. */
export function describeSyntax(node: SyntaxNode, text: string): string {
  const pasted = describePasted(text.split("\n")[0]!);
  if (pasted !== undefined) return pasted;
  const words = node.name.replaceAll(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  const shown = text.split("\n")[0]!.slice(0, 60);
  return `${words} \`${shown}\``;
}
