/**
 * Long products of a vector and a matrix without the terms that are not shown: a step carries an opened value to the page with every
 * frame, and a layer of 128 units has 128 terms in each.
 */
import type { OpenedNode, OpenedNow } from "./protocol.ts";

/** Terms that are shown until all are asked for. */
export const mostTerms = 12;

/** How many terms a product has, of which only the first may be there. */
export function termsOf(dot: Extract<OpenedNode, { kind: "dot" }>): number {
  return "count" in dot && typeof dot.count === "number" ? dot.count : dot.terms.length;
}

export function withFirstTerms(opened: OpenedNow): OpenedNow {
  const { was } = opened;
  const now = { ...opened, tree: cut(opened.tree) };
  return was === undefined ? now : { ...now, was: { ...was, tree: cut(was.tree) } };
}

function cut(node: OpenedNode): OpenedNode {
  switch (node.kind) {
    case "dot": {
      if (node.terms.length <= mostTerms) return node;
      const short = { ...node, terms: node.terms.slice(0, mostTerms), count: node.terms.length };
      return short;
    }
    case "sum":
      return { ...node, terms: node.terms.map(({ negative, of }) => ({ negative, of: cut(of) })) };
    case "product":
      return { ...node, factors: node.factors.map(cut) };
    case "call":
      return { ...node, operands: node.operands.map(cut) };
    case "infix":
      return { ...node, left: cut(node.left), right: cut(node.right) };
    case "cases":
      return { ...node, condition: cut(node.condition), yes: cut(node.yes), no: cut(node.no) };
    default:
      return node;
  }
}
