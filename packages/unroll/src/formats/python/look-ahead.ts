/** What a block of code would do, told from its text alone: which names it sets, and whether it builds layers. */
import type { Expression, Statement } from "./ast.ts";
import { layerSignature } from "./keras-layers.ts";

type Node = Statement | Expression;

/** Calls `visit` for every statement and expression inside, functions' bodies included. */
function walk(nodes: readonly unknown[], visit: (node: Node) => void): void {
  const waiting: unknown[] = [...nodes];
  for (let next = waiting.pop(); waiting.length > 0 || next !== undefined; next = waiting.pop()) {
    if (Array.isArray(next)) waiting.push(...next);
    else if (typeof next === "object" && next !== null) {
      // Everything in a syntax tree with a line is a statement or an expression.
      if ("kind" in next && "line" in next) visit(next as Node);
      waiting.push(...Object.values(next));
    }
  }
}

/** Names that these statements give values to, in any nested block. */
export function assignedNames(statements: readonly Statement[]): Set<string> {
  const names = new Set<string>();
  const target = (expression: Expression): void => {
    if (expression.kind === "name") names.add(expression.name);
    else if (expression.kind === "tuple" || expression.kind === "list") expression.items.forEach(target);
    else if (expression.kind === "starred") target(expression.value);
  };
  walk(statements, (node) => {
    if (node.kind === "assign") node.targets.forEach(target);
    else if (node.kind === "update" || node.kind === "for") target(node.target);
    else if (node.kind === "walrus") names.add(node.name);
    else if (node.kind === "function" || node.kind === "class") names.add(node.name);
  });
  return names;
}

const building = new WeakMap<readonly Statement[], boolean>();

/** True where the code makes layers or models, or adds to them. */
export function buildsLayers(statements: readonly Statement[]): boolean {
  const known = building.get(statements);
  if (known !== undefined) return known;
  let found = false;
  walk(statements, (node) => {
    if (node.kind !== "call") return;
    const { callee } = node;
    const name = callee.kind === "name" || callee.kind === "attribute" ? callee.name : "";
    found ||= name === "Sequential" || name === "Model" || name === "Input" || layerSignature(name) !== undefined;
  });
  building.set(statements, found);
  return found;
}
