/** For tests: models whose weights are all different, and opened values worked out again. */
import type { Model } from "../model/model.ts";
import type { OpenedNode } from "./open-value.ts";

/** So that a wrong row, column or block is another number. */
export function setDifferentWeights(model: Model): void {
  let next = 0;
  model.setWeights(
    model.getWeights().map(({ shape, data }) => ({
      shape,
      data: Float32Array.from(data, () => Math.fround(((next++ * 7) % 23) / 16 - 0.7)),
    })),
  );
}

const functions: Readonly<Record<string, (value: number) => number>> = {
  σ: (value) => 1 / (1 + Math.exp(-value)),
  tanh: Math.tanh,
  relu: (value) => Math.max(0, value),
};

/** The value of a tree, by arithmetic on its leaves alone. Throws where a node says another value than it opens into. */
export function workedOut(node: OpenedNode): number {
  const value = calculated(node);
  if (!(Math.abs(value - node.value) < 1e-12)) throw new Error(`${node.kind}: ${node.value} opens into ${value}.`);
  return value;
}

function calculated(node: OpenedNode): number {
  switch (node.kind) {
    case "number":
      return node.of === undefined ? node.value : workedOut(node.of);
    case "name":
    case "weight":
      return node.value;
    case "sum":
      return node.terms.reduce((sum, { negative, of }) => sum + (negative ? -1 : 1) * workedOut(of), 0);
    case "product":
      return node.factors.reduce((product, factor) => product * workedOut(factor), 1);
    case "dot":
      return node.terms.reduce((sum, { factor, weight }) => sum + workedOut(factor) * weight.value, 0);
    case "call": {
      if (node.operands.length === 0) return node.value;
      const calculate = functions[node.fn];
      if (calculate === undefined) throw new Error(`No test has worked out ${node.fn} so far.`);
      return calculate(workedOut(node.operands[0]!));
    }
    case "infix": {
      const [left, right] = [workedOut(node.left), workedOut(node.right)];
      if (node.sign === ">") return Number(left > right);
      if (node.sign === "÷") return left / right;
      throw new Error(`No test has worked out ${node.sign} so far.`);
    }
    case "cases":
      return workedOut(workedOut(node.condition) === 0 ? node.no : node.yes);
  }
}

/** The numbers, names and weights that a tree ends in, from left to right. */
export function leavesOf(node: OpenedNode): OpenedNode[] {
  if (node.kind === "sum") return node.terms.flatMap(({ of }) => leavesOf(of));
  if (node.kind === "product") return node.factors.flatMap(leavesOf);
  if (node.kind === "dot") return node.terms.flatMap(({ factor, weight }) => [...leavesOf(factor), weight]);
  if (node.kind === "infix") return [node.left, node.right].flatMap(leavesOf);
  if (node.kind === "cases") return [node.condition, node.yes, node.no].flatMap(leavesOf);
  return node.kind === "call" ? node.operands.flatMap(leavesOf) : [node];
}
