/** Expression graphs as WGSL, one element at a time: equal parts once, each with a name of its own. */
import { isRowOp } from "../../equations/arithmetic.ts";
import { type Expr, inOrder, type RowNode } from "../../equations/expr.ts";
import { type Term, TermTable } from "../terms.ts";
import type { Lines } from "./wgsl.ts";
import { number } from "./wgsl-math.ts";

/**
 * How an operator is written over its operands. `pow`, `sin` and `cos` are missing: WGSL's own are too coarse, and float32 alone
 * cannot do them well; refusal.ts says so.
 */
const operators: { readonly [Op in Term["op"]]?: (...operands: string[]) => string } = {
  neg: (a) => `-(${a})`,
  abs: (a) => `abs(${a})`,
  exp: (a) => `unroll_exp(${a})`,
  log: (a) => `unroll_log(${a})`,
  sqrt: (a) => `sqrt(${a})`,
  tanh: (a) => `unroll_tanh(${a})`,
  sigmoid: (a) => `unroll_sigmoid(${a})`,
  erf: (a) => `unroll_erf(${a})`,
  floor: (a) => `floor(${a})`,
  ceil: (a) => `ceil(${a})`,
  sign: (a) => `sign(${a})`,
  add: (a, b) => `${a} + ${b}`,
  sub: (a, b) => `${a} - ${b}`,
  mul: (a, b) => `${a} * ${b}`,
  div: (a, b) => `${a} / ${b}`,
  max: (a, b) => `max(${a}, ${b})`,
  min: (a, b) => `min(${a}, ${b})`,
  less: (a, b) => `select(0f, 1f, ${a} < ${b})`,
  lessEqual: (a, b) => `select(0f, 1f, ${a} <= ${b})`,
  equal: (a, b) => `select(0f, 1f, ${a} == ${b})`,
  select: (condition, a, b) => `select(${b}, ${a}, ${condition} != 0f)`,
};

/** The operators in some expressions, as code is written for them, that have no WGSL here. */
export function operatorsWithoutWgsl(roots: readonly Expr[]): Set<string> {
  const table = new TermTable();
  const seen = new Set<Term>();
  const missing = new Set<string>();
  const visit = (term: Term): void => {
    if (seen.has(term)) return;
    seen.add(term);
    if (term.op === "constant" && Number.isNaN(term.value)) missing.add("not-a-number");
    if (term.op !== "constant" && term.op !== "leaf" && operators[term.op] === undefined) missing.add(term.op);
    term.operands.forEach(visit);
  };
  for (const root of roots) visit(table.of(root));
  // To a term, products and row operators are the end; what they take is code all the same.
  for (const { node } of inOrder(roots, { bodies: true })) {
    if (node.op === "product") visit(table.of(node.vector));
    else if (isRowOp(node.op)) visit(table.of((node as RowNode).a)); // just asked
  }
  return missing;
}

/** Writes the values of expressions into lines, each part at the first request for a value that needs it. */
export class WgslExpressions {
  readonly #lines: Lines;
  readonly #leaf: (expr: Expr) => string;
  readonly #table = new TermTable();
  readonly #names = new Map<Term, string>();

  /** @param leaf WGSL for a symbol, a product or a row operator; called once for each */
  constructor(lines: Lines, leaf: (expr: Expr) => string) {
    this.#lines = lines;
    this.#leaf = leaf;
  }

  /** The name of the value, or a number. */
  value(expr: Expr): string {
    return this.#value(this.#table.of(expr));
  }

  /** Gives a value that the caller has: a sum, a number loaded from memory. */
  define(expr: Expr, name: string): void {
    this.#names.set(this.#table.of(expr), name);
  }

  #value(term: Term): string {
    if (term.op === "constant") return number(term.value);
    const known = this.#names.get(term);
    if (known !== undefined) return known;
    const name = this.#lines.let(this.#compute(term));
    this.#names.set(term, name);
    return name;
  }

  #compute(term: Term): string {
    if (term.op === "leaf") return this.#leaf(term.leaf!);
    const operator = operators[term.op];
    if (operator === undefined) throw new Error(`compiler: no WGSL for ${term.op}`);
    return operator(...term.operands.map((operand) => this.#value(operand)));
  }
}
