/**
 * Equations as spreadsheet formulas: the same arithmetic over cell references, in functions that every spreadsheet program
 * has. Where cells lie is the caller's.
 */
import { substitute } from "../../compiler/substitute.ts";
import { apply, type Expr, inOrder, symbol } from "../../equations/expr.ts";
import { notByHand } from "./elements.ts";

/** How strongly a piece holds together. */
const SUM = 1;
const PRODUCT = 2;
const ATOM = 3;

interface Piece {
  readonly text: string;
  readonly strength: number;
}

/** The largest number that a cell can hold stands for infinity. */
const largest = "1E+307";

/** The formula without its "="; `cellOf` says where the number of a symbol is. */
export function excelFormula(root: Expr, cellOf: (symbol: Expr) => string): string {
  const written = new Map<Expr, Piece>();
  for (const expr of inOrder([root], { bodies: true })) {
    const of = (operand: Expr, atLeast = SUM): string => {
      const { text, strength } = written.get(operand)!; // operands come first
      return strength < atLeast ? `(${text})` : text;
    };
    written.set(expr, pieceOf(expr, of, cellOf));
  }
  return written.get(root)!.text;
}

function pieceOf(expr: Expr, of: (operand: Expr, atLeast?: number) => string, cellOf: (symbol: Expr) => string): Piece {
  const { node } = expr;
  const call = (name: string, ...operands: Expr[]): Piece => ({
    text: `${name}(${operands.map((operand) => of(operand)).join(",")})`,
    strength: ATOM,
  });
  const test = (sign: string, a: Expr, b: Expr): Piece => ({ text: `IF(${of(a)}${sign}${of(b)},1,0)`, strength: ATOM });
  switch (node.op) {
    case "constant":
      return numberPiece(node.value);
    case "symbol":
      return { text: cellOf(expr), strength: ATOM };
    case "apply":
      return { text: of(node.body, ATOM), strength: ATOM };
    case "add":
      return { text: `${of(node.a)}+${of(node.b, PRODUCT)}`, strength: SUM };
    case "sub":
      return { text: `${of(node.a)}-${of(node.b, PRODUCT)}`, strength: SUM };
    case "mul":
      return { text: `${of(node.a, PRODUCT)}*${of(node.b, ATOM)}`, strength: PRODUCT };
    case "div":
      return { text: `${of(node.a, PRODUCT)}/${of(node.b, ATOM)}`, strength: PRODUCT };
    case "neg":
      return { text: `(-${of(node.a, ATOM)})`, strength: ATOM };
    case "sigmoid":
      return { text: `1/(1+EXP(-${of(node.a, ATOM)}))`, strength: PRODUCT };
    case "select":
      return { text: `IF(${of(node.condition)}<>0,${of(node.a)},${of(node.b)})`, strength: ATOM };
    case "less":
      return test("<", node.a, node.b);
    case "lessEqual":
      return test("<=", node.a, node.b);
    case "equal":
      return test("=", node.a, node.b);
    case "ceil":
      return { text: `(-INT(-${of(node.a, ATOM)}))`, strength: ATOM };
    case "product":
    case "rowSum":
    case "rowMax":
    case "rowSparsemaxThreshold":
      throw notByHand(node.op);
    default:
      return "b" in node ? call(names[node.op], node.a, node.b) : call(names[node.op], node.a);
  }
}

const names = {
  max: "MAX",
  min: "MIN",
  pow: "POWER",
  abs: "ABS",
  exp: "EXP",
  log: "LN",
  sqrt: "SQRT",
  tanh: "TANH",
  erf: "ERF",
  sin: "SIN",
  cos: "COS",
  floor: "INT",
  sign: "SIGN",
} as const;

function numberPiece(value: number): Piece {
  if (!Number.isFinite(value)) return { text: value > 0 ? largest : `(-${largest})`, strength: ATOM };
  const text = String(Math.abs(value)).toUpperCase();
  return { text: value < 0 ? `(-${text})` : text, strength: ATOM };
}

/** A formula whose functions are asked of cells of their own, so that each sum can be seen. */
export interface SplitFormula {
  /** What the functions are asked of, each after those that it uses. */
  readonly sums: readonly { readonly symbol: Expr; readonly formula: Expr }[];
  readonly formula: Expr;
}

export function splitFormula(formula: Expr): SplitFormula {
  const replaced = new Map<Expr, Expr>();
  const sums: { symbol: Expr; formula: Expr }[] = [];
  for (const expr of inOrder([formula])) {
    const { node } = expr;
    if (node.op !== "apply" || node.argument.node.op === "symbol") continue;
    const own = symbol("sum", "argument", "sum", { extent: "one" });
    sums.push({ symbol: own, formula: substitute(node.argument, replaced) });
    replaced.set(expr, apply(node.fn, own));
  }
  return { sums, formula: substitute(formula, replaced) };
}
