/**
 * What the scheduler knows of each node of a step graph: who uses it, whether it depends on the recurrence, how wide a row
 * of it is, what computing it again would cost.
 */
import { type Expr, inOrder } from "../equations/expr.ts";
import type { StepGraph } from "./schedule.ts";
import { inputsOf } from "./schedule-graph.ts";

const expensive: ReadonlySet<string> = new Set([
  ...["exp", "log", "tanh", "sigmoid", "erf", "sin", "cos", "pow", "div", "sqrt"],
]);

export class Facts {
  /** Every node, operands before users. */
  readonly order: readonly Expr[];
  readonly roots: ReadonlySet<Expr>;
  readonly #graph: StepGraph;
  readonly #users = new Map<Expr, Expr[]>();
  readonly #recurrent = new Set<Expr>();
  readonly #withProduct = new Set<Expr>();
  readonly #widths = new Map<Expr, number>();
  readonly #cost = new Map<Expr, number>();

  constructor(graph: StepGraph, roots: readonly Expr[]) {
    this.#graph = graph;
    this.roots = new Set(roots);
    this.order = inOrder(roots, { bodies: true });
    const states = new Set(graph.states.map((state) => state.previous));
    for (const expr of this.order) {
      const inputs = inputsOf(expr);
      for (const input of new Set(inputs)) this.#users.set(input, [...this.usersOf(input), expr]);
      if (states.has(expr) || inputs.some((input) => this.isRecurrent(input))) this.#recurrent.add(expr);
      if (isProduct(expr) || inputs.some((input) => this.hasProduct(input))) this.#withProduct.add(expr);
      this.#widths.set(expr, this.#findWidth(expr));
      this.#cost.set(expr, this.#findCost(expr));
    }
  }

  usersOf(expr: Expr): readonly Expr[] {
    return this.#users.get(expr) ?? [];
  }

  /** Depends on a state of the step before. */
  isRecurrent(expr: Expr): boolean {
    return this.#recurrent.has(expr);
  }

  /** Is or depends on a product. */
  hasProduct(expr: Expr): boolean {
    return this.#withProduct.has(expr);
  }

  /** Elements in a row; 1 for a number that the whole row shares. */
  widthOf(expr: Expr): number {
    const width = this.#widths.get(expr);
    if (width === undefined) throw new Error(`schedule: a node outside the graph (${expr.node.op})`);
    return width;
  }

  /** At most three simple operations on what is in memory anyway, or one number a row: rather computed again than kept. */
  isCheap(expr: Expr): boolean {
    return this.#cost.get(expr)! <= 3;
  }

  #findWidth(expr: Expr): number {
    const { node } = expr;
    const { features, units, widths } = this.#graph;
    if (node.extent === "one") return 1;
    if (node.op === "product") return node.transposed && node.matrix.array === "kernel" ? features : units;
    if (node.op === "symbol") return widths?.get(expr) ?? (node.role === "input" ? features : units);
    return Math.max(...inputsOf(expr).map((input) => this.widthOf(input)));
  }

  #findCost(expr: Expr): number {
    if (isBarrier(expr)) return isReduction(expr) ? 0 : Number.POSITIVE_INFINITY;
    const { node } = expr;
    if (node.op === "symbol" || node.op === "constant") return 0;
    const below = inputsOf(expr).reduce((total, input) => total + this.#cost.get(input)!, 0);
    return below + (node.extent === "one" ? 0 : isExpensive(expr) ? 4 : 1);
  }
}

/** Costs more than a multiplication by far. */
export function isExpensive({ node }: Expr): boolean {
  return expensive.has(node.op);
}

export function isProduct({ node }: Expr): boolean {
  return node.op === "product";
}

export function isReduction({ node }: Expr): boolean {
  return node.op === "rowSum" || node.op === "rowMax" || node.op === "rowSparsemaxThreshold";
}

/** Needs whole rows of its operand, which therefore must be in memory when a stage begins. */
export function isBarrier(expr: Expr): boolean {
  return isProduct(expr) || isReduction(expr);
}
