/** Which letter of a cell's equations a number, a box or a line of the Step screen belongs to, so that all of them light together (lit.svelte.ts). */
import type { OpenedNode } from "../worker/protocol.ts";

/** As the formula's MathML marks it: "f", "hPrev", "W_f", "∂L/∂c_later"; undefined for what has none. */
export function letterOf(node: OpenedNode): string | undefined {
  if (node.kind === "name") {
    if (node.place !== undefined) return undefined;
    return node.role === "later" ? `${node.name.replace(/Prev$/, "")}_later` : node.name;
  }
  if (node.kind === "weight") return node.layer === undefined ? node.name : undefined;
  return node.kind === "dot" ? matrixLetter(node.name) : undefined;
}

/** A transposed block is the same letter. */
function matrixLetter(name: string): string {
  return name.replace(/ᵀ$/, "");
}

/** Keras's array behind a weight's letter, as an opened value has it; undefined for other letters. */
export function arrayOf(tree: OpenedNode, letter: string): string | undefined {
  if (tree.kind === "weight") return letterOf(tree) === letter ? tree.array : undefined;
  for (const part of partsOf(tree)) {
    const found = arrayOf(part, letter);
    if (found !== undefined) return found;
  }
  return undefined;
}

function partsOf(node: OpenedNode): readonly OpenedNode[] {
  switch (node.kind) {
    case "sum":
      return node.terms.map(({ of }) => of);
    case "product":
      return node.factors;
    case "dot":
      return node.terms.slice(0, 1).flatMap(({ factor, weight }) => [factor, weight]);
    case "call":
      return node.operands;
    case "infix":
      return [node.left, node.right];
    case "cases":
      return [node.condition, node.yes, node.no];
    default:
      return [];
  }
}
