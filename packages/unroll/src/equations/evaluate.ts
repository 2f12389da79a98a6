/**
 * The by-hand value of an expression graph: float64, one row at a time, every intermediate kept. This is the reference
 * that kernels are compared with, so it does what the graph says and nothing else.
 */
import { binaryOperators, isRowOp, rowOperators, unaryOperators } from "./arithmetic.ts";
import { type Expr, inOrder, type ProductNode } from "./expr.ts";

/** One number that every element of the row shares, or one for each element. */
export type Row = number | Float64Array;

export interface RowBindings {
  /** Elements of a row: what a row operator counts a shared number as. */
  readonly width: number;
  /** A row or a number for each symbol of the graph. */
  readonly symbols: ReadonlyMap<Expr, Row>;
  /** `vector · block` for the product nodes; only graphs of cells have them. */
  product?(node: ProductNode, vector: Row): Float64Array;
}

/** What each node of an evaluated graph came to. */
export type ValueOf = (expr: Expr) => Row;

/**
 * Evaluates the roots and everything below them.
 *
 * @throws Error for a symbol without a binding, which is a defect of the caller.
 * @example evaluateRow([x.plus(1)], { width: 2, symbols: new Map([[x, Float64Array.of(1, 2)]]) })
 */
export function evaluateRow(roots: Iterable<Expr>, bindings: RowBindings): ValueOf {
  return rowEvaluator(roots)(bindings);
}

/** The same for many rows: the order of the nodes is found once. */
export function rowEvaluator(roots: Iterable<Expr>): (bindings: RowBindings) => ValueOf {
  const order = inOrder(roots, { bodies: true });
  return (bindings) => {
    const values = new Map<Expr, Row>();
    const read: ValueOf = (expr) => {
      const value = values.get(expr);
      if (value === undefined) throw new Error(`expression graph: no value for ${expr.node.op}`);
      return value;
    };
    for (const expr of order) values.set(expr, evaluateNode(expr, read, bindings));
    return read;
  };
}

function evaluateNode(expr: Expr, read: ValueOf, bindings: RowBindings): Row {
  const { node } = expr;
  switch (node.op) {
    case "constant":
      return node.value;
    case "symbol": {
      const bound = bindings.symbols.get(expr);
      if (bound === undefined) throw new Error(`expression graph: no binding for symbol ${node.name}`);
      return bound;
    }
    case "apply":
      return read(node.body);
    case "product":
      if (bindings.product === undefined) throw new Error(`expression graph: no binding for product ${node.name}`);
      return bindings.product(node, read(node.vector));
    case "select":
      return eachElement([node.condition, node.a, node.b].map(read), (condition, a, b) => (condition !== 0 ? a : b));
    default: {
      if ("b" in node) return eachElement([read(node.a), read(node.b)], binaryOperators[node.op]);
      if (isRowOp(node.op)) return rowOperators[node.op](toRow(read(node.a), bindings.width));
      return eachElement([read(node.a)], unaryOperators[node.op]);
    }
  }
}

/** The row, with a shared number written out for every element. */
export function toRow(value: Row, width: number): Float64Array {
  return typeof value === "number" ? new Float64Array(width).fill(value) : value;
}

function eachElement(operands: readonly Row[], operator: (...numbers: number[]) => number): Row {
  const row = operands.find((operand) => typeof operand !== "number");
  const at = (operand: Row, i: number): number => (typeof operand === "number" ? operand : operand[i]!);
  if (row === undefined) return operator(...operands.map((operand) => at(operand, 0)));
  const [a, b, c] = operands;
  const result = new Float64Array(row.length);
  for (let i = 0; i < result.length; i++) {
    // An operator reads as many numbers as it has operands.
    result[i] = operator(at(a!, i), b === undefined ? 0 : at(b, i), c === undefined ? 0 : at(c, i));
  }
  return result;
}

/**
 * The number that a formula of size letters comes to, or null when a letter in it is None.
 * Whole numbers are exact up to 2^53.
 */
export function evaluateSize(expr: Expr): number | null {
  const known = new Map<Expr, number | null>();
  for (const part of inOrder([expr], { bodies: true })) {
    const { node } = part;
    const of = (operand: Expr): number | null => known.get(operand) as number | null; // operands come first
    known.set(part, sizeOfNode(node, of));
  }
  return known.get(expr) as number | null; // the last of the order is the root
}

function sizeOfNode(node: Expr["node"], of: (operand: Expr) => number | null): number | null {
  switch (node.op) {
    case "constant":
      return node.value;
    case "symbol":
      return node.value ?? null;
    case "apply":
      return of(node.body);
    case "product":
      return null;
    case "select": {
      const condition = of(node.condition);
      return condition === null ? null : of(condition !== 0 ? node.a : node.b);
    }
    default: {
      const a = of(node.a);
      if (a === null || isRowOp(node.op)) return null;
      if (!("b" in node)) return unaryOperators[node.op](a);
      const b = of(node.b);
      return b === null ? null : binaryOperators[node.op](a, b);
    }
  }
}
