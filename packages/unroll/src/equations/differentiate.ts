/**
 * Reverse-mode differentiation of expression graphs: from gradients of outputs to gradients of operands, as expressions of the
 * same kind, so that the adjoint of a cell is rendered, evaluated and compiled like the cell itself.
 */
import { UnrollError } from "../core/errors.ts";
import {
  type BinaryNode,
  constant,
  type Expr,
  inOrder,
  one,
  operandsOf,
  type ProductNode,
  product,
  select,
  type UnaryNode,
  unary,
  type WeightBlock,
  zero,
} from "./expr.ts";

/** A term of a matrix block's gradient: the outer product of two vectors, to be summed over examples and timesteps. */
export interface WeightProduct {
  readonly matrix: WeightBlock;
  /** Gives the rows, before any dropout factor: `[features or units]`. */
  readonly left: Expr;
  /** Gives the columns: `[units]`. */
  readonly right: Expr;
}

/** A term of a trainable vector's gradient, to be summed over examples and timesteps. */
export interface WeightVector {
  readonly weight: WeightBlock;
  /** `[units]` */
  readonly vector: Expr;
}

export interface Adjoint {
  /** The gradient of each of `wrt`; undefined where nothing flows. */
  readonly gradients: readonly (Expr | undefined)[];
  readonly weightProducts: readonly WeightProduct[];
  readonly weightVectors: readonly WeightVector[];
  /** The gradient of any node on the way, such as a gate. */
  gradientOf(expr: Expr): Expr | undefined;
}

/**
 * Pulls the gradients of `outputs` (their seeds) back to `wrt` and to every weight in the graph.
 *
 * At a tie `max` and `min` pass the gradient to their second operand, so relu'(0) = 0; `rowMax` shares it among the largest.
 *
 * @throws UnrollError `unsupported` for sparsemax, whose threshold in Keras has no derivative in these nodes.
 */
export function adjoint(
  outputs: readonly { readonly expr: Expr; readonly seed: Expr }[],
  wrt: readonly Expr[],
): Adjoint {
  const order = inOrder(
    outputs.map(({ expr }) => expr),
    { bodies: true },
  );
  const active = activeNodes(order, wrt);
  const gradients = new Map<Expr, Expr>();
  const weightProducts: WeightProduct[] = [];
  const weightVectors: WeightVector[] = [];

  const flow = (to: Expr, gradient: Expr): void => {
    if (!active.has(to) || isZero(gradient)) return;
    const before = gradients.get(to);
    gradients.set(to, before === undefined ? gradient : sum(before, gradient));
  };

  for (const { expr, seed } of outputs) flow(expr, fold(seed, seed, expr));
  for (const expr of order.reverse()) {
    const dy = gradients.get(expr);
    if (dy === undefined) continue;
    const { node } = expr;
    if (node.op === "symbol" && node.weight !== undefined) weightVectors.push({ weight: node.weight, vector: dy });
    if (node.op === "product") weightProducts.push(outerProduct(node, dy));
    for (const [operand, gradient] of pullBack(expr, dy)) flow(operand, fold(gradient, expr, operand));
  }
  return {
    gradients: wrt.map((expr) => gradients.get(expr)),
    weightProducts,
    weightVectors,
    gradientOf: (expr) => gradients.get(expr),
  };
}

/** The nodes through which something that has a gradient is reached. */
function activeNodes(order: readonly Expr[], wrt: readonly Expr[]): Set<Expr> {
  const active = new Set<Expr>(wrt);
  for (const expr of order) {
    const { node } = expr;
    const isWeight = node.op === "product" || (node.op === "symbol" && node.weight !== undefined);
    if (isWeight || inputsOf(expr).some((operand) => active.has(operand))) active.add(expr);
  }
  return active;
}

function inputsOf(expr: Expr): readonly Expr[] {
  return expr.node.op === "apply" ? [expr.node.body] : operandsOf(expr);
}

/** A number that the whole row of its user shares gets the sum of the row's gradients. */
function fold(gradient: Expr, user: Expr, operand: Expr): Expr {
  return user.extent === "row" && operand.extent === "one" ? gradient.rowSum() : gradient;
}

/** Each operand's share of a node's gradient, element by element. */
function pullBack(y: Expr, dy: Expr): readonly (readonly [Expr, Expr])[] {
  const { node } = y;
  switch (node.op) {
    case "constant":
    case "symbol":
      return [];
    case "apply":
      return node.fn.gradient === undefined
        ? [[node.body, dy]]
        : [[node.argument, node.fn.gradient(dy, y, node.argument)]];
    case "product":
      return [[node.vector, product(dy, node.name, node.matrix, !node.transposed)]];
    case "select":
      return [
        [node.a, select(node.condition, dy, zero)],
        [node.b, select(node.condition, zero, dy)],
      ];
    case "rowSum":
      return [[node.a, node.a.extent === "one" ? dy.rowSum() : dy]];
    case "rowMax": {
      if (node.a.extent === "one") return [[node.a, dy]];
      const largest = node.a.equals(y);
      return [[node.a, times(dy.over(largest.rowSum()), largest)]];
    }
    case "rowSparsemaxThreshold":
      throw new UnrollError({
        code: "unsupported",
        path: "sparsemax",
        expected: "has no gradient here, because Keras's threshold depends on the order of the elements",
        hint: "Train with softmax instead.",
      });
    default:
      return "b" in node ? pullBackBinary(node, y, dy) : pullBackUnary(node, y, dy);
  }
}

function pullBackUnary({ op, a }: UnaryNode, y: Expr, dy: Expr): readonly (readonly [Expr, Expr])[] {
  switch (op) {
    case "neg":
      return [[a, negative(dy)]];
    case "abs":
      return [[a, times(dy, a.sign())]];
    case "exp":
      return [[a, times(dy, y)]];
    case "log":
      return [[a, dy.over(a)]];
    case "sqrt":
      return [[a, times(dy, constant(0.5)).over(y)]];
    case "tanh":
      return [[a, times(dy, one.minus(y.squared()))]];
    case "sigmoid":
      return [[a, times(times(dy, y), one.minus(y))]];
    case "erf":
      return [[a, times(dy, constant(2 / Math.sqrt(Math.PI)).times(a.squared().negated().exp()))]];
    case "sin":
      return [[a, times(dy, unary("cos", a))]];
    case "cos":
      return [[a, negative(times(dy, unary("sin", a)))]];
    case "floor":
    case "ceil":
    case "sign":
      return [];
  }
}

function pullBackBinary({ op, a, b }: BinaryNode, y: Expr, dy: Expr): readonly (readonly [Expr, Expr])[] {
  switch (op) {
    case "add":
      return [
        [a, dy],
        [b, dy],
      ];
    case "sub":
      return [
        [a, dy],
        [b, negative(dy)],
      ];
    case "mul":
      return [
        [a, times(dy, b)],
        [b, times(dy, a)],
      ];
    case "div":
      return [
        [a, dy.over(b)],
        [b, negative(times(dy, y).over(b))],
      ];
    case "max":
      return eitherSide(b.lessThan(a), a, b, dy);
    case "min":
      return eitherSide(a.lessThan(b), a, b, dy);
    case "pow":
      return [
        [a, times(times(dy, b), powerBelow(a, b))],
        [b, times(times(dy, y), select(a.greaterThan(0), a.log(), zero))],
      ];
    case "less":
    case "lessEqual":
    case "equal":
      return [];
  }
}

function eitherSide(first: Expr, a: Expr, b: Expr, dy: Expr): readonly (readonly [Expr, Expr])[] {
  return [
    [a, select(first, dy, zero)],
    [b, select(first, zero, dy)],
  ];
}

/** a^(b − 1) */
function powerBelow(a: Expr, b: Expr): Expr {
  if (b.node.op !== "constant") return a.power(b.minus(1));
  return b.node.value === 2 ? a : a.power(b.node.value - 1);
}

/** With a transposed matrix the two vectors change places. */
function outerProduct(node: ProductNode, dy: Expr): WeightProduct {
  const { matrix, vector, transposed } = node;
  return transposed ? { matrix, left: dy, right: vector } : { matrix, left: vector, right: dy };
}

function isZero({ node }: Expr): boolean {
  return node.op === "constant" && node.value === 0;
}

function negative(a: Expr): Expr {
  return a.node.op === "neg" ? a.node.a : a.negated();
}

/** a + b, with signs drawn out: x + (−y) is x − y. */
function sum(a: Expr, b: Expr): Expr {
  if (b.node.op === "neg") return a.minus(b.node.a);
  if (a.node.op === "neg") return b.minus(a.node.a);
  return a.plus(b);
}

/** a · b, with signs drawn out and ones left out. */
function times(a: Expr, b: Expr): Expr {
  if (a.node.op === "constant" && a.node.value === 1) return b;
  if (b.node.op === "constant" && b.node.value === 1) return a;
  if (a.node.op === "neg") return negative(times(a.node.a, b));
  if (b.node.op === "neg") return negative(times(a, b.node.a));
  return a.times(b);
}
