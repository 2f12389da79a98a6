/**
 * Emits expression graphs as float32x4 code inside a function being written: four elements at once, shared parts once,
 * multiplies and adds joined. Where operands come from and where results go is the caller's business.
 */
import { binaryOperators, isRowOp, unaryOperators } from "../equations/arithmetic.ts";
import type { BinaryOp, Expr, UnaryOp } from "../equations/expr.ts";
import { type FunctionBuilder, f32x4, type Local, type V128, v128 } from "./assembler.ts";
import { cos, erf, exp, log, pow, sigmoid, sign, sin, tanh } from "./vector-math.ts";

/** A node after folding constants, entering named functions and finding equal parts. */
interface Term {
  readonly op: UnaryOp | BinaryOp | "select" | "constant" | "leaf";
  readonly operands: readonly Term[];
  /** Of a constant. */
  readonly value: number;
  /** Of a leaf: a symbol, a product, a row operator. */
  readonly leaf: Expr | undefined;
  uses: number;
}

const booleanOps: ReadonlySet<string> = new Set(["less", "lessEqual", "equal"]);
const transcendentalOps: ReadonlySet<string> = new Set(["exp", "log", "tanh", "sigmoid", "erf", "sin", "cos", "pow"]);

/** Nodes that an emitter asks its caller for. */
function isLeaf({ node }: Expr): boolean {
  return node.op === "symbol" || node.op === "product" || isRowOp(node.op);
}

/** Turns expressions into terms: equal parts become one term. */
class TermTable {
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

/**
 * Writes the values of some expressions into a function, each part at the first request for a value that needs it. An emitter
 * serves one straight piece of code: for another loop body make another.
 *
 * @example
 * const emitter = new ExpressionEmitter(f, [body], (symbol) => v128.load(pointerOf(symbol)));
 * f.do(v128.store(target, emitter.value(body)));
 */
export class ExpressionEmitter {
  readonly #f: FunctionBuilder;
  readonly #leaf: (expr: Expr) => V128;
  readonly #table = new TermTable();
  readonly #locals = new Map<Term, Local<"v128">>();

  /**
   * @param roots every expression that will be asked for; how often parts are used is counted over them
   * @param leaf code for a symbol, a product or a row operator; called once for each
   */
  constructor(f: FunctionBuilder, roots: readonly Expr[], leaf: (expr: Expr) => V128) {
    this.#f = f;
    this.#leaf = leaf;
    const seen = new Set<Term>();
    const count = (term: Term): void => {
      term.uses++;
      if (seen.has(term)) return;
      seen.add(term);
      for (const operand of term.operands) count(operand);
    };
    for (const root of roots) count(this.#table.of(root));
  }

  /** The value in a local or as a constant, computed now unless it was before. */
  value(expr: Expr): V128 {
    return this.#inLocal(this.#table.of(expr));
  }

  /** Gives a value that the caller computed: an accumulator, a value reloaded from memory. */
  define(expr: Expr, value: Local<"v128">): void {
    this.#locals.set(this.#table.of(expr), value);
  }

  #inLocal(term: Term): V128 {
    if (term.op === "constant") return this.#f.splat(term.value);
    const known = this.#locals.get(term);
    if (known !== undefined) return known;
    const local = this.#f.let(this.#compute(term));
    this.#locals.set(term, local);
    return local;
  }

  /** Parts used once stay inside the expression that uses them. */
  #operand(term: Term): V128 {
    const simple = term.uses === 1 && term.op !== "constant" && !this.#locals.has(term);
    return simple ? this.#compute(term) : this.#inLocal(term);
  }

  #compute(term: Term): V128 {
    const f = this.#f;
    if (term.op === "leaf") return this.#leaf(term.leaf!);
    if (term.op === "select") {
      const [condition, a, b] = term.operands as [Term, Term, Term];
      return v128.bitselect(this.#operand(a), this.#operand(b), this.#mask(condition));
    }
    if (booleanOps.has(term.op)) return v128.and(this.#compare(term), f.splat(1));
    const [a, b] = term.operands as [Term, Term];
    switch (term.op) {
      case "add":
        return this.#sum(a, b);
      case "sub":
        if (this.#isFusible(b)) {
          const [left, right] = this.#both(b.operands[0]!, b.operands[1]!);
          return f.nmadd(left, right, this.#operand(a));
        }
        return f32x4.sub(...this.#both(a, b));
      case "mul":
        return f32x4.mul(...this.#both(a, b));
      case "div":
        return f32x4.div(...this.#both(a, b));
      case "max":
        return this.#extreme(a, b, f32x4.pmax, f32x4.max);
      case "min":
        return this.#extreme(a, b, f32x4.pmin, f32x4.min);
      case "pow":
        return pow(f, ...this.#both(a, b));
      case "neg":
        return f32x4.neg(this.#operand(a));
      case "abs":
        return f32x4.abs(this.#operand(a));
      case "sqrt":
        return f32x4.sqrt(this.#operand(a));
      case "floor":
        return f32x4.floor(this.#operand(a));
      case "ceil":
        return f32x4.ceil(this.#operand(a));
      case "exp":
        return a.op === "neg" ? exp(f, this.#operand(a.operands[0]!), true) : exp(f, this.#operand(a));
      case "log":
        return log(f, this.#operand(a));
      case "tanh":
        return tanh(f, this.#operand(a));
      case "sigmoid":
        return sigmoid(f, this.#operand(a));
      case "erf":
        return erf(f, this.#operand(a));
      case "sin":
        return sin(f, this.#operand(a));
      case "cos":
        return cos(f, this.#operand(a));
      case "sign":
        return sign(f, this.#operand(a));
      default:
        throw new Error(`compiler: no code for ${term.op}`);
    }
  }

  #both(a: Term, b: Term): [V128, V128] {
    return [this.#operand(a), this.#operand(b)];
  }

  #isFusible(term: Term): boolean {
    return term.op === "mul" && term.uses === 1 && !this.#locals.has(term);
  }

  #sum(a: Term, b: Term): V128 {
    const [product, other] = this.#isFusible(a) ? [a, b] : [b, a];
    if (!this.#isFusible(product)) return f32x4.add(...this.#both(a, b));
    const [left, right] = this.#both(product.operands[0]!, product.operands[1]!);
    return this.#f.madd(left, right, this.#operand(other));
  }

  /** The one-instruction forms give their first operand where one is not a number, so a constant must be the second. */
  #extreme(a: Term, b: Term, quick: typeof f32x4.pmax, full: typeof f32x4.max): V128 {
    const isNumber = (term: Term): boolean => term.op === "constant" && !Number.isNaN(term.value);
    if (isNumber(b)) return quick(...this.#both(a, b));
    if (isNumber(a)) return quick(...this.#both(b, a));
    return full(...this.#both(a, b));
  }

  /** All bits 1 where the term is not 0. */
  #mask(term: Term): V128 {
    if (booleanOps.has(term.op) && !this.#locals.has(term)) return this.#compare(term);
    return f32x4.ne(this.#operand(term), this.#f.splat(0));
  }

  #compare(term: Term): V128 {
    const [left, right] = this.#both(term.operands[0]!, term.operands[1]!);
    if (term.op === "less") return f32x4.lt(left, right);
    return term.op === "lessEqual" ? f32x4.le(left, right) : f32x4.eq(left, right);
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
