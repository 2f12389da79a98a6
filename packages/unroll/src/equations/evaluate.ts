/**
 * The by-hand value of an expression graph: float64, one row at a time, every intermediate kept. This is the reference
 * that kernels are compared with, so it does what the graph says and nothing else.
 */
import { binaryOperators, isRowOp, rowOperators, unaryOperators } from "./arithmetic.ts";
import { type Expr, inOrder, type ProductNode } from "./expr.ts";
import { binaryLoops, unaryLoops } from "./row-loops.ts";

/** One number that every element of the row shares, or one for each element. */
export type Row = number | Float64Array;

/** A row to be written, of so many elements; what is in it before has no meaning. */
export type NewRow = (length: number) => Float64Array;

export interface RowBindings {
  /** Elements of a row: what a row operator counts a shared number as. */
  readonly width: number;
  /** A row or a number for each symbol of the graph. */
  readonly symbols: ReadonlyMap<Expr, Row>;
  /** `vector · block` for the product nodes, in a new row; only graphs of cells have them. */
  product?(node: ProductNode, vector: Row, newRow: NewRow): Float64Array;
}

/** What each node of an evaluated graph came to. */
export type ValueOf = (expr: Expr) => Row;

export interface RowEvaluatorOptions {
  /** The rows of one call are written over by the next: for loops that take from them what they need. */
  readonly reuse?: boolean;
  /** With `reuse`: a list in which several evaluators, used one after the other, keep their rows. */
  readonly rows?: Float64Array[];
}

/**
 * Evaluates the roots and everything below them.
 *
 * @throws Error for a symbol without a binding, which is a defect of the caller.
 * @example evaluateRow([x.plus(1)], { width: 2, symbols: new Map([[x, Float64Array.of(1, 2)]]) })
 */
export function evaluateRow(roots: Iterable<Expr>, bindings: RowBindings): ValueOf {
  return rowEvaluator(roots)(bindings);
}

/** The same for many rows: the order of the nodes, and what each does, are found once. */
export function rowEvaluator(
  roots: Iterable<Expr>,
  { reuse = false, rows }: RowEvaluatorOptions = {},
): (bindings: RowBindings) => ValueOf {
  const order = inOrder(roots, { bodies: true });
  const places = new Map(order.map((expr, place) => [expr, place]));
  const placeOf = (expr: Expr): number => {
    const place = places.get(expr);
    if (place === undefined) throw new Error(`expression graph: no value for ${expr.node.op}`);
    return place;
  };
  const kept = rows ?? [];
  const steps = order.map((expr, place) => stepOf(expr, placeOf, reuse ? keptRow(kept, place) : freshRow));
  return (bindings) => {
    const values: Row[] = [];
    for (const step of steps) values.push(step(values, bindings));
    return (expr) => values[placeOf(expr)]!;
  };
}

function freshRow(length: number): Float64Array {
  return new Float64Array(length);
}

function keptRow(rows: Float64Array[], place: number): NewRow {
  return (length) => {
    const kept = rows[place];
    if (kept?.length === length) return kept;
    const row = new Float64Array(length);
    rows[place] = row;
    return row;
  };
}

/** One node's value from those of the nodes before it. */
type Step = (values: readonly Row[], bindings: RowBindings) => Row;

function stepOf(expr: Expr, placeOf: (expr: Expr) => number, newRow: NewRow): Step {
  const { node } = expr;
  switch (node.op) {
    case "constant":
      return () => node.value;
    case "symbol":
      return (_, { symbols }) => {
        const bound = symbols.get(expr);
        if (bound === undefined) throw new Error(`expression graph: no binding for symbol ${node.name}`);
        return bound;
      };
    case "apply": {
      const body = placeOf(node.body);
      return (values) => values[body]!;
    }
    case "product": {
      const vector = placeOf(node.vector);
      return (values, { product }) => {
        if (product === undefined) throw new Error(`expression graph: no binding for product ${node.name}`);
        return product(node, values[vector]!, newRow);
      };
    }
    case "select": {
      const [condition, a, b] = [placeOf(node.condition), placeOf(node.a), placeOf(node.b)];
      return (values) => selected(values[condition]!, values[a]!, values[b]!, newRow);
    }
    default: {
      const a = placeOf(node.a);
      if ("b" in node) {
        const b = placeOf(node.b);
        const loop = binaryLoops[node.op];
        if (loop !== undefined) return (values) => loop(values[a]!, values[b]!, newRow);
        const operator = binaryOperators[node.op];
        return (values) => combined(operator, values[a]!, values[b]!, newRow);
      }
      if (isRowOp(node.op)) {
        const operator = rowOperators[node.op];
        return (values, { width }) => operator(toRow(values[a]!, width));
      }
      const loop = unaryLoops[node.op];
      if (loop !== undefined) return (values) => loop(values[a]!, newRow);
      const operator = unaryOperators[node.op];
      return (values) => changed(operator, values[a]!, newRow);
    }
  }
}

/** The row, with a shared number written out for every element. */
export function toRow(value: Row, width: number): Float64Array {
  return typeof value === "number" ? new Float64Array(width).fill(value) : value;
}

function changed(operator: (a: number) => number, a: Row, newRow: NewRow): Row {
  if (typeof a === "number") return operator(a);
  const result = newRow(a.length);
  for (let i = 0; i < a.length; i++) result[i] = operator(a[i]!);
  return result;
}

function combined(operator: (a: number, b: number) => number, a: Row, b: Row, newRow: NewRow): Row {
  if (typeof a === "number") {
    if (typeof b === "number") return operator(a, b);
    const result = newRow(b.length);
    for (let i = 0; i < b.length; i++) result[i] = operator(a, b[i]!);
    return result;
  }
  const result = newRow(a.length);
  if (typeof b === "number") for (let i = 0; i < a.length; i++) result[i] = operator(a[i]!, b);
  else for (let i = 0; i < a.length; i++) result[i] = operator(a[i]!, b[i]!);
  return result;
}

function selected(condition: Row, a: Row, b: Row, newRow: NewRow): Row {
  const row = [condition, a, b].find((operand) => typeof operand !== "number");
  if (row === undefined) return condition !== 0 ? a : b;
  const at = (operand: Row, i: number): number => (typeof operand === "number" ? operand : operand[i]!);
  const result = newRow((row as Float64Array).length); // not a number: just found so
  for (let i = 0; i < result.length; i++) result[i] = at(condition, i) !== 0 ? at(a, i) : at(b, i);
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
