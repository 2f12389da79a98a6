/** Equations as ONNX nodes: the same expression graph that the engine compiles, one node for each operator. */
import { logSoftmax, relu, softmax } from "../equations/activations.ts";
import { isRowOp } from "../equations/arithmetic.ts";
import type { BinaryOp, Expr, NamedFunction, ProductNode, RowOp, UnaryOp } from "../equations/expr.ts";
import { inOrder } from "../equations/expr.ts";
import type { OnnxBuilder } from "./onnx-builder.ts";

const unary: Readonly<Record<UnaryOp, string>> = {
  neg: "Neg",
  abs: "Abs",
  exp: "Exp",
  log: "Log",
  sqrt: "Sqrt",
  tanh: "Tanh",
  sigmoid: "Sigmoid",
  erf: "Erf",
  sin: "Sin",
  cos: "Cos",
  floor: "Floor",
  ceil: "Ceil",
  sign: "Sign",
};

const arithmetic: Readonly<Partial<Record<BinaryOp, string>>> = {
  add: "Add",
  sub: "Sub",
  mul: "Mul",
  div: "Div",
  max: "Max",
  min: "Min",
  pow: "Pow",
};

/** These give true and false in ONNX, 1 and 0 here. */
const comparisons: Readonly<Partial<Record<BinaryOp, string>>> = {
  less: "Less",
  lessEqual: "LessOrEqual",
  equal: "Equal",
};

/** Functions that are one operator in ONNX too, with its attributes. */
const operatorOf: ReadonlyMap<NamedFunction, readonly [string, { readonly axis?: number }]> = new Map([
  [relu, ["Relu", {}]],
  [softmax, ["Softmax", { axis: -1 }]],
  [logSoftmax, ["LogSoftmax", { axis: -1 }]],
]);

const FLOAT = 1;
const BOOL = 9;

export interface ExprOperands {
  /** Names of the symbols' values, each with all entries of the row where the equation has row operators. */
  readonly symbols: ReadonlyMap<Expr, string>;
  /** Entries of a row. */
  readonly width: number;
  /** Writes `vector · block`; only cells have products. */
  product?(node: ProductNode, vector: string): string;
}

/** Whether the equation looks along the row: softmax and its like. */
export function hasRowOps(body: Expr): boolean {
  return inOrder([body], { bodies: true }).some(({ node }) => isRowOp(node.op));
}

/** Adds the nodes that compute expressions; a node of the graph that is used twice is computed once. */
export function exprEmitter(builder: OnnxBuilder, { symbols, width, product }: ExprOperands): (expr: Expr) => string {
  const names = new Map<Expr, string>(symbols);
  const conditions = new Map<Expr, string>();

  const nameOf = (expr: Expr): string => {
    const known = names.get(expr);
    if (known !== undefined) return known;
    const name = emit(expr);
    names.set(expr, name);
    return name;
  };

  const conditionOf = (expr: Expr): string => {
    const known = conditions.get(expr);
    if (known !== undefined) return known;
    const { node } = expr;
    const comparison = "b" in node && node.op !== "select" ? comparisons[node.op] : undefined;
    const name =
      comparison !== undefined && "b" in node
        ? builder.add(comparison, [nameOf(node.a), nameOf(node.b)])
        : builder.add("Cast", [nameOf(expr)], { to: BOOL });
    conditions.set(expr, name);
    return name;
  };

  const emit = (expr: Expr): string => {
    const { node } = expr;
    switch (node.op) {
      case "constant":
        return builder.scalar(node.value);
      case "symbol":
        throw new Error(`ONNX: nothing gives ${node.name} a value`);
      case "apply": {
        const known = node.argument.extent === "row" ? operatorOf.get(node.fn) : undefined;
        return known === undefined ? nameOf(node.body) : builder.add(known[0], [nameOf(node.argument)], known[1]);
      }
      case "product":
        if (product === undefined) throw new Error("ONNX: a product outside of a cell");
        return product(node, nameOf(node.vector));
      case "select":
        return builder.add("Where", [conditionOf(node.condition), nameOf(node.a), nameOf(node.b)]);
      case "rowSum":
      case "rowMax":
      case "rowSparsemaxThreshold":
        return alongRow(node.op, node.a);
      default: {
        if (!("b" in node)) return builder.add(unary[node.op], [nameOf(node.a)]);
        const operator = arithmetic[node.op];
        return operator === undefined
          ? builder.add("Cast", [conditionOf(expr)], { to: FLOAT })
          : builder.add(operator, [nameOf(node.a), nameOf(node.b)]);
      }
    }
  };

  const alongRow = (op: RowOp, a: Expr): string => {
    const value = a.extent === "row" ? nameOf(a) : builder.add("Expand", [nameOf(a), builder.ints([width])]);
    const last = builder.ints([-1]);
    const sum = (of: string): string => builder.add("ReduceSum", [of, last], { keepdims: 1 });
    if (op === "rowSum") return sum(value);
    if (op === "rowMax") return builder.add("ReduceMax", [value, last], { keepdims: 1 });
    // As RowOp says: running sums of the elements in descending order, added up over the support.
    const [descending] = builder.addMany("TopK", [value, builder.ints([width])], 2, {
      axis: -1,
      largest: 1,
      sorted: 1,
    });
    const runningSums = builder.add("CumSum", [descending!, builder.ints([-1], [])]);
    const places = builder.floats(
      builder.scoped("places"),
      [width],
      Float32Array.from({ length: width }, (_, i) => i + 1),
    );
    const left = builder.add("Mul", [descending!, places]);
    const inSupport = builder.add("Greater", [left, builder.add("Sub", [runningSums, builder.scalar(1)])]);
    const counted = builder.add("Cast", [inSupport], { to: FLOAT });
    const total = sum(builder.add("Mul", [runningSums, counted]));
    return builder.add("Div", [builder.add("Sub", [total, builder.scalar(1)]), sum(counted)]);
  };

  return nameOf;
}
