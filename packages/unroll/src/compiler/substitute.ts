/** Putting expressions in the place of symbols. Parts that hold none of the symbols stay the same nodes. */
import { Expr, type Extent, type Node } from "../equations/expr.ts";

/** The expression with each node replaced that the table has; bodies of named functions too. */
export function substitute(root: Expr, replacements: ReadonlyMap<Expr, Expr>): Expr {
  return substituteAll([root], replacements)[0]!;
}

/** As `substitute`; nodes that the roots share stay shared. */
export function substituteAll(roots: readonly Expr[], replacements: ReadonlyMap<Expr, Expr>): Expr[] {
  const done = new Map<Expr, Expr>(replacements);
  const visit = (expr: Expr): Expr => {
    const known = done.get(expr);
    if (known !== undefined) return known;
    const result = rebuild(expr, visit);
    done.set(expr, result);
    return result;
  };
  return roots.map(visit);
}

/** The same node with what stands in its operands' places; the very node where nothing does. */
export function rebuild(expr: Expr, visit: (operand: Expr) => Expr): Expr {
  const { node } = expr;
  switch (node.op) {
    case "constant":
    case "symbol":
      return expr;
    case "product":
      return with_(expr, { vector: visit(node.vector) });
    case "apply":
      return with_(expr, { argument: visit(node.argument), body: visit(node.body) });
    case "select":
      return with_(expr, { condition: visit(node.condition), a: visit(node.a), b: visit(node.b) });
    default:
      return with_(expr, "b" in node ? { a: visit(node.a), b: visit(node.b) } : { a: visit(node.a) });
  }
}

/** The same node with other operands; the very node when they are the same. */
function with_(expr: Expr, operands: Readonly<Record<string, Expr>>): Expr {
  const node = expr.node as Node & Readonly<Record<string, unknown>>; // its operands are asked for by name
  let isSame = true;
  for (const name in operands) isSame &&= node[name] === operands[name];
  if (isSame) return expr;
  const extent: Extent =
    node.op === "product" || Object.values(operands).some((operand) => operand.extent === "row") ? "row" : "one";
  return new Expr({ ...node, ...operands, extent: node.op.startsWith("row") ? "one" : extent } as Node); // the same kind of node
}
