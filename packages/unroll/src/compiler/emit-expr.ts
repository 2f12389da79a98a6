/**
 * Emits expression graphs as float32x4 code inside a function being written: four elements at once, shared parts once,
 * multiplies and adds joined. Where operands come from and where results go is the caller's business.
 */
import type { Expr } from "../equations/expr.ts";
import { type FunctionBuilder, f32x4, type Local, type V128, v128 } from "./assembler.ts";
import { booleanOps, type Term, TermTable } from "./terms.ts";
import { cos, erf, exp, log, pow, sigmoid, sign, sin, tanh } from "./vector-math.ts";

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
