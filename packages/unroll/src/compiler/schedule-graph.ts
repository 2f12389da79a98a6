/**
 * Step graphs brought into one form before they are cut into stages: named functions opened into their bodies, equal nodes
 * made the same node, and sums sorted so that what does not depend on the recurrence stands together.
 * It changes how a step is written, never what it computes (but for the order of float additions).
 */
import {
  binary,
  type Expr,
  inOrder,
  operandsOf,
  product,
  row,
  select,
  unary,
  type WeightBlock,
} from "../equations/expr.ts";

/** The operands a node is computed from; a named function is computed from its body. */
export function inputsOf(expr: Expr): readonly Expr[] {
  return expr.node.op === "apply" ? [expr.node.body] : operandsOf(expr);
}

/** Where a node of the graph as given is found in the graph as rewritten. */
export type Renamed = (expr: Expr) => Expr;

/** Rebuilds the graphs below `roots`; `replace` may give another node in place of a rebuilt one. */
export function rewrite(
  roots: Iterable<Expr>,
  replace: (expr: Expr, original: Expr) => Expr = (expr) => expr,
): Renamed {
  const renamed = new Map<Expr, Expr>();
  const interned = new Interner();
  for (const expr of inOrder(roots, { bodies: true })) {
    const operands = inputsOf(expr).map((operand) => renamed.get(operand) as Expr); // operands come first
    renamed.set(expr, interned.intern(replace(interned.intern(rebuild(expr, operands)), expr)));
  }
  return (expr) => {
    const found = renamed.get(expr);
    if (found === undefined) throw new Error("schedule: a node outside the rewritten graph");
    return found;
  };
}

/** The node with other operands. */
function rebuild(expr: Expr, operands: readonly Expr[]): Expr {
  const { node } = expr;
  const [a, b, c] = operands;
  switch (node.op) {
    case "constant":
    case "symbol":
      return expr;
    case "apply":
      return a!;
    case "product":
      return node.vector === a ? expr : product(a!, node.name, node.matrix, node.transposed);
    case "select":
      return select(a!, b!, c!);
    case "rowSum":
    case "rowMax":
    case "rowSparsemaxThreshold":
      return row(node.op, a!);
    default:
      return "b" in node ? binary(node.op, a!, b!) : unary(node.op, a!);
  }
}

/** Gives the first of equal nodes. */
class Interner {
  readonly #known = new Map<string, Expr>();
  readonly #ids = new Map<Expr, number>();

  intern(expr: Expr): Expr {
    const key = this.#keyOf(expr);
    const known = this.#known.get(key) ?? expr;
    this.#known.set(key, known);
    return known;
  }

  #keyOf(expr: Expr): string {
    const { node } = expr;
    switch (node.op) {
      case "symbol":
        return `symbol ${this.#idOf(expr)}`;
      case "constant":
        return `constant ${Object.is(node.value, -0) ? "-0" : node.value}`;
      case "product":
        return `product ${this.#idOf(node.vector)} ${matrixKey(node.matrix, node.transposed)}`;
      default:
        return `${node.op} ${inputsOf(expr)
          .map((operand) => this.#idOf(operand))
          .join(" ")}`;
    }
  }

  #idOf(expr: Expr): number {
    const id = this.#ids.get(expr) ?? this.#ids.size;
    this.#ids.set(expr, id);
    return id;
  }
}

/** A name for a matrix as a product uses it. */
export function matrixKey({ array, block, row }: WeightBlock, transposed: boolean): string {
  return `${array} ${row} ${block}${transposed ? " transposed" : ""}`;
}

/**
 * Sorts every sum of several terms into `((early + products) + rest)`: first those for which `isEarly` holds (where a product
 * is among them, else they are rest), then products, then the rest. x·W + h·U + b becomes (x·W + b) + h·U: the first part
 * leaves the time loop, and h·U is added onto it.
 */
export function sortSums(
  roots: readonly Expr[],
  isEarly: (term: Expr) => boolean,
  hasProduct: (term: Expr) => boolean,
): Renamed {
  const uses = countUses(roots);
  const termsOf = (expr: Expr, root: boolean): Expr[] => {
    const { node } = expr;
    return node.op === "add" && (root || uses.get(expr) === 1)
      ? [...termsOf(node.a, false), ...termsOf(node.b, false)]
      : [expr];
  };
  const renamed = new Map<Expr, Expr>();
  return rewrite(roots, (rebuilt, original) => {
    renamed.set(original, rebuilt);
    const terms = termsOf(original, true);
    if (terms.length < 2) return rebuilt;
    const early = terms.filter(isEarly);
    const hoisted = early.some(hasProduct) ? early : [];
    const others = terms.filter((term) => !hoisted.includes(term));
    const products = others.filter((term) => term.node.op === "product");
    const rest = others.filter((term) => term.node.op !== "product");
    const groups = [
      ...(hoisted.length > 0 ? [sumOf(hoisted, renamed)] : []),
      ...products.map((term) => renamed.get(term)!),
    ];
    return [...groups, ...(rest.length > 0 ? [sumOf(rest, renamed)] : [])].reduce((total, term) => total.plus(term));
  });
}

function sumOf(terms: readonly Expr[], renamed: ReadonlyMap<Expr, Expr>): Expr {
  return terms.map((term) => renamed.get(term)!).reduce((total, term) => total.plus(term));
}

/** How many nodes and roots use each node. */
export function countUses(roots: readonly Expr[]): Map<Expr, number> {
  const uses = new Map<Expr, number>();
  const use = (expr: Expr): void => void uses.set(expr, (uses.get(expr) ?? 0) + 1);
  for (const root of roots) use(root);
  for (const expr of inOrder(roots, { bodies: true })) for (const operand of inputsOf(expr)) use(operand);
  return uses;
}
