/** The syntax tree of Python text, by Lezer's error-tolerant grammar: the one place that calls it. */
import type { SyntaxNode, Tree } from "@lezer/common";
import { parser } from "@lezer/python";

/** With more open brackets than this the parser's time grows with their square. */
const mostOpenBrackets = 10_000;

/** Undefined where brackets are nested too deeply for the parser, which also calls itself for each. */
export function syntaxTree(text: string): Tree | undefined {
  if (openBrackets(text) > mostOpenBrackets) return undefined;
  try {
    return parser.parse(text);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The text being parsed and where its lines are. */
export interface Source {
  readonly text: string;
  lineAt(offset: number): number;
}

/** Direct children, without comments. */
export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) {
    if (child.name !== "Comment") children.push(child);
  }
  return children;
}

/** Whether the text is Python from its first word to its last. */
export function isWholePython(text: string): boolean {
  const tree = syntaxTree(text);
  if (tree === undefined) return false;
  const cursor = tree.cursor();
  do {
    if (cursor.type.isError) return false;
  } while (cursor.next());
  return true;
}

/** Where the innermost bracket stands that is never closed; undefined where all are. */
export function unclosedBracket(tree: Tree): number | undefined {
  const open: number[] = [];
  const cursor = tree.cursor();
  do {
    if (cursor.name === "(" || cursor.name === "[" || cursor.name === "{") open.push(cursor.from);
    else if (cursor.name === ")" || cursor.name === "]" || cursor.name === "}") open.pop();
  } while (cursor.next());
  return open.at(-1);
}

/** The most brackets that are open at once; those in strings and comments count too. */
function openBrackets(text: string): number {
  let open = 0;
  let most = 0;
  for (const bracket of text.matchAll(/[([{]|[)\]}]/g)) {
    open = "([{".includes(bracket[0]) ? open + 1 : Math.max(0, open - 1);
    most = Math.max(most, open);
  }
  return most;
}
