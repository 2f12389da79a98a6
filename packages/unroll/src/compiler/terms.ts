/**
 * Expressions as code is written from them: bodies entered, constants folded, whole and half powers as products and roots, equal
 * parts made one. Whoever emits code walks these terms; how an operator is written is the emitter's business.
 */
import { binaryOperators, isRowOp, unaryOperators } from "../equations/arithmetic.ts";
import type { BinaryOp, Expr, UnaryOp } from "../equations/expr.ts";

/** A node after folding constants, entering named functions and finding equal parts. */
export interface Term {
  readonly op: UnaryOp | BinaryOp | "select" | "constant" | "leaf";
  readonly operands: readonly Term[];
  /** Of a constant. */
  readonly value: number;
  /** Of a leaf: a symbol, a product, a row operator. */
  readonly leaf: Expr | undefined;
  uses: number;
}

export const booleanOps: ReadonlySet<string> = new Set(["less", "lessEqual", "equal"]);
const transcendentalOps: ReadonlySet<string> = new Set(["exp", "log", "tanh", "sigmoid", "erf", "sin", "cos", "pow"]);

/** Nodes that an emitter asks its caller for. */
function isLeaf({ node }: Expr): boolean {
  return node.op === "symbol" || node.op === "product" || isRowOp(node.op);
}

/** Turns expressions into terms: equal parts become one term. */
export class TermTable {
  readonly #byExpr = new Map<Expr, Term>();
  readonly #byKey = new Map<string, Term>();
  readonly #ids = new Map<Term, number>();

  of(expr: Expr): Term {
    const known = this.#byExpr.get(expr);
    if (known !== undefined) return known;
    const term = this.#make(expr);
    this.#byExpr.set(expr, term);
    return term;
  }

  #make(expr: Expr): Term {
    const { node } = expr;
    if (isLeaf(expr)) return this.#add({ op: "leaf", operands: [], value: 0, leaf: expr, uses: 0 });
    if (node.op === "constant") return this.#constant(node.value);
    if (node.op === "apply") return this.of(node.body);
    if (node.op === "select") return this.#select(this.of(node.condition), this.of(node.a), this.of(node.b));
    if ("b" in node) return this.#binary(node.op as BinaryOp, this.of(node.a), this.of(node.b)); // the other kinds are done
    const { op, a } = node as { op: UnaryOp; a: Expr }; // likewise
    return this.#unary(op, this.of(a));
  }

  #constant(value: number): Term {
    return this.#shared({ op: "constant", operands: [], value: Math.fround(value), leaf: undefined, uses: 0 });
  }

  #unary(op: UnaryOp, a: Term): Term {
    if (a.op === "constant") return this.#constant(unaryOperators[op](a.value));
    if (op === "neg" && a.op === "neg") return a.operands[0]!;
    return this.#shared({ op, operands: [a], value: 0, leaf: undefined, uses: 0 });
  }

  #binary(op: BinaryOp, a: Term, b: Term): Term {
    if (a.op === "constant" && b.op === "constant") return this.#constant(binaryOperators[op](a.value, b.value));
    const is = (term: Term, value: number): boolean => term.op === "constant" && term.value === value;
    if ((op === "add" && is(a, 0)) || (op === "mul" && is(a, 1))) return b;
    if (((op === "add" || op === "sub") && is(b, 0)) || ((op === "mul" || op === "div") && is(b, 1))) return a;
    if (op === "div" && b.op === "constant" && isPowerOfTwo(b.value))
      return this.#binary("mul", a, this.#constant(1 / b.value));
    if (op === "pow" && b.op === "constant") {
      const simple = this.#simplePower(a, b.value);
      if (simple !== undefined) return simple;
    }
    return this.#shared({ op, operands: [a, b], value: 0, leaf: undefined, uses: 0 });
  }

  /** Whole and half powers by products and roots. */
  #simplePower(a: Term, power: number): Term | undefined {
    if (power === 0) return this.#constant(1);
    if (power < 0) {
      const positive = this.#simplePower(a, -power);
      return positive && this.#binary("div", this.#constant(1), positive);
    }
    if (power === 0.5) return this.#unary("sqrt", a);
    if (!Number.isInteger(power) || power > 16) return undefined;
    const half = power > 1 ? this.#simplePower(a, Math.floor(power / 2))! : a;
    if (power === 1) return a;
    const square = this.#binary("mul", half, half);
    return power % 2 === 0 ? square : this.#binary("mul", square, a);
  }

  #select(condition: Term, a: Term, b: Term): Term {
    if (condition.op === "constant") return condition.value !== 0 ? a : b;
    return this.#shared({ op: "select", operands: [condition, a, b], value: 0, leaf: undefined, uses: 0 });
  }

  #shared(term: Term): Term {
    const ids = term.operands.map((operand) => this.#ids.get(operand)!);
    const value = Object.is(term.value, -0) ? "-0" : term.value;
    const key = `${term.op} ${value} ${ids.join(" ")}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    this.#byKey.set(key, term);
    return this.#add(term);
  }

  #add(term: Term): Term {
    this.#ids.set(term, this.#ids.size);
    return term;
  }
}

/** How many operations one element of the roots takes (equal parts once), and how many of them are transcendental. */
export function costOf(roots: readonly Expr[]): { operations: number; transcendental: number } {
  const table = new TermTable();
  const seen = new Set<Term>();
  let operations = 0;
  let transcendental = 0;
  const visit = (term: Term): void => {
    if (seen.has(term)) return;
    seen.add(term);
    if (term.op !== "leaf" && term.op !== "constant") operations++;
    if (transcendentalOps.has(term.op)) transcendental++;
    for (const operand of term.operands) visit(operand);
  };
  for (const root of roots) visit(table.of(root));
  return { operations, transcendental };
}

function isPowerOfTwo(value: number): boolean {
  return value !== 0 && Number.isFinite(value) && Number.isInteger(Math.log2(Math.abs(value)));
}
