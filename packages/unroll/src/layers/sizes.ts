/**
 * Sizes as formulas: letters for the axes of an input and the numbers behind a formula. None is a letter without a number;
 * a formula that needs such a letter has no number either.
 */
import { UnrollError } from "../core/errors.ts";
import { formatShape, type Shape, type Size } from "../core/shape.ts";
import { binaryOperators, unaryOperators } from "../equations/arithmetic.ts";
import { type Expr, letter } from "../equations/expr.ts";
import type { Sizes } from "./contract.ts";

const lettersByRank: Readonly<Record<number, readonly string[]>> = {
  2: ["B", "i"],
  3: ["B", "T", "i"],
  4: ["B", "H", "W", "i"],
};

/** Letters for the axes of an input, each with its number: `[B, T, i]`; of several inputs, `[B_1, T_1, i_1]`. */
export function sizesOf(shape: Shape, input = 0, inputs = 1): Sizes {
  const names =
    lettersByRank[shape.length] ??
    shape.map((_, axis) => (axis === 0 ? "B" : axis === shape.length - 1 ? "i" : `d_${axis}`));
  const which = inputs === 1 ? "the input" : `input ${input + 1}`;
  return shape.map((size, axis) =>
    letter(
      inputs === 1 ? names[axis]! : `${names[axis]}_${input + 1}`,
      size,
      meaningOf(axis, shape.length),
      `axis ${axis + 1} of ${which}`,
    ),
  );
}

function meaningOf(axis: number, rank: number): string {
  if (axis === 0) return "batch";
  if (axis === rank - 1) return "features";
  if (rank === 3) return "timesteps";
  if (rank === 4) return axis === 1 ? "height" : "width";
  return `axis ${axis + 1}`;
}

/** The numbers behind formulas of sizes. */
export function shapeOf(sizes: Sizes): Size[] {
  return sizes.map(sizeValue);
}

/** Formulas of sizes share their parts: without this, a model that reads each layer twice would double the work with every layer. */
const knownValues = new WeakMap<Expr["node"], { readonly size: Size }>();

/** The number behind a formula of sizes, or null where it needs a size that is None. */
export function sizeValue({ node }: Expr): Size {
  const known = knownValues.get(node);
  if (known !== undefined) return known.size;
  const size = computedSize(node);
  knownValues.set(node, { size });
  return size;
}

function computedSize(node: Expr["node"]): Size {
  switch (node.op) {
    case "constant":
      return node.value;
    case "symbol":
      return node.value ?? null;
    case "select": {
      const condition = sizeValue(node.condition);
      if (condition === null) return null;
      return sizeValue(condition !== 0 ? node.a : node.b);
    }
    case "apply":
      return sizeValue(node.body);
    case "product":
    case "rowSum":
    case "rowMax":
    case "rowSparsemaxThreshold":
      return null; // formulas of sizes have no rows
    default: {
      const a = sizeValue(node.a);
      if (!("b" in node)) return a === null ? null : unaryOperators[node.op](a);
      const b = sizeValue(node.b);
      return a === null || b === null ? null : binaryOperators[node.op](a, b);
    }
  }
}

/**
 * Axes of an input, counted from the front and in order; negative ones count from the end.
 *
 * @throws UnrollError `shape` when the input has no such axis, or one is named twice
 */
export function axesOf(axes: readonly number[], input: Sizes, name: string): readonly number[] {
  const rank = input.length;
  const found = axes.map((axis) => (axis < 0 ? axis + rank : axis)).sort((a, b) => a - b);
  const isThere = found.every((axis) => axis >= 0 && axis < rank);
  if (isThere && new Set(found).size === found.length) return found;
  throw new UnrollError({
    code: "shape",
    path: name,
    expected: isThere ? "axis must name each axis once" : "axis must be an axis of the input",
    received: `axis = [${axes.join(", ")}], input shape = ${formatShape(shapeOf(input))}`,
    hint: `Give ${rank === 1 ? "0" : `0 to ${rank - 1}`}, or -${rank} to -1 from the end.`,
  });
}
