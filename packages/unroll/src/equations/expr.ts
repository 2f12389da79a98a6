/**
 * The expression graph: what an equation is made of. Cells, activations, losses, update rules, counts and shapes are all
 * written with these nodes once; passes beside this file render, evaluate, differentiate and (in compiler/) emit them.
 * A graph is immutable and shared: the same node used twice is computed once.
 */

/** Operators that take one number to one number. */
export type UnaryOp =
  | "neg"
  | "abs"
  | "exp"
  | "log"
  | "sqrt"
  | "tanh"
  | "sigmoid"
  | "erf"
  | "sin"
  | "cos"
  | "floor"
  | "ceil"
  | "sign";

/** Operators that take two numbers to one. `less`, `lessEqual` and `equal` give 1 or 0. */
export type BinaryOp = "add" | "sub" | "mul" | "div" | "max" | "min" | "pow" | "less" | "lessEqual" | "equal";

/**
 * Reductions over a row (the units of one example, or the last axis): one number that every element of the row can use.
 * An operand of extent "one" counts once for every element. `rowSparsemaxThreshold` is the τ of Keras's sparsemax: with the
 * elements in descending order x₁ ≥ x₂ ≥ … and k the number of j with j·xⱼ > x₁ + … + xⱼ − 1, τ is (s − 1)/k, where s adds up the k
 * running sums x₁, x₁ + x₂, … (up to 3.15; Martins and Astudillo, 2016, take only the last of them).
 */
export type RowOp = "rowSum" | "rowMax" | "rowSparsemaxThreshold";

/** What a symbol stands for. */
export type SymbolRole =
  /** The cell's input x_t, `[features]`. */
  | "input"
  /** A state of the previous step, `[units]`. */
  | "state"
  /** A trainable vector, `[units]`: a bias row's gate block, a peephole. */
  | "weight"
  /** An operand of an elementwise map, or a gradient flowing in. */
  | "argument"
  /** A whole number in a count or a shape: features, units, kernel size. */
  | "size";

/** Whether a value has an element for each entry of the row, or one for the row as a whole. */
export type Extent = "row" | "one";

/** A named operand. Two symbols are the same only when they are the same node. */
export interface SymbolNode {
  readonly op: "symbol";
  readonly name: string;
  readonly role: SymbolRole;
  readonly extent: Extent;
  /** In words, for the sentence pass: "the input of this timestep". */
  readonly meaning: string;
  /** For role "weight": which array of the layer and which part of it. */
  readonly weight?: WeightBlock;
  /** For role "size": the number it stands for; null where it is None. */
  readonly value?: number | null;
  /** For role "size": where the number comes from, in words: "option units", "last axis of the input (None, 30, 5)". */
  readonly from?: string;
}

/** A gate's block of one of the layer's arrays; rows and columns are counted in blocks of `units`. */
export interface WeightBlock {
  /** Keras's name of the array: "kernel", "recurrent_kernel", "bias", or a user's own vector. */
  readonly array: string;
  /** Which column block, in the order of the cell's gates. */
  readonly block: number;
  /** Which row, for a bias of two rows (GRU with reset_after). */
  readonly row: number;
}

/** A row vector times a gate's block of a matrix: `[features or units] · [features or units, units]`. */
export interface ProductNode {
  readonly op: "product";
  /** Written W_i, U_f. */
  readonly name: string;
  readonly vector: Expr;
  readonly matrix: WeightBlock;
  /** True in adjoints: the matrix is used transposed. */
  readonly transposed: boolean;
  readonly extent: "row";
}

/** A function with a name of its own, such as an activation; `body` says what it is in simpler nodes. */
export interface ApplyNode {
  readonly op: "apply";
  readonly fn: NamedFunction;
  readonly argument: Expr;
  readonly body: Expr;
  readonly extent: Extent;
}

export interface ConstantNode {
  readonly op: "constant";
  readonly value: number;
  readonly extent: "one";
}
export interface UnaryNode {
  readonly op: UnaryOp;
  readonly a: Expr;
  readonly extent: Extent;
}
export interface BinaryNode {
  readonly op: BinaryOp;
  readonly a: Expr;
  readonly b: Expr;
  readonly extent: Extent;
}
/** `a` where `condition` is not 0, else `b`. Only the chosen side matters, also when the other is not a number. */
export interface SelectNode {
  readonly op: "select";
  readonly condition: Expr;
  readonly a: Expr;
  readonly b: Expr;
  readonly extent: Extent;
}
export interface RowNode {
  readonly op: RowOp;
  readonly a: Expr;
  readonly extent: "one";
}

export type Node = ConstantNode | SymbolNode | UnaryNode | BinaryNode | SelectNode | RowNode | ApplyNode | ProductNode;

/** A named function of one argument: how it is written, and what it is. */
export interface NamedFunction {
  /** Keras's name: "tanh", "hard_sigmoid". */
  readonly name: string;
  /** Its numbers where they are not those that Keras's name stands for, as words: "slope 0.1". */
  readonly options?: string;
  /** How it is written in a formula, for instance σ. */
  readonly symbol: string;
  readonly latex: string;
  body(x: Expr): Expr;
  /**
   * The gradient of `x` from `dy`, the gradient of the result `y`. Only where it is shorter than through the body, or where
   * the body has a kink that the function has not; left out, the body is differentiated.
   */
  gradient?(dy: Expr, y: Expr, x: Expr): Expr;
}

/** The name with the options, which tell two functions of one name apart: `leaky_relu[slope 0.1]`. */
export function fullName({ name, options }: Pick<NamedFunction, "name" | "options">): string {
  return options === undefined ? name : `${name}[${options}]`;
}

/** A node with the arithmetic that equations are written in. */
export class Expr {
  readonly node: Node;

  constructor(node: Node) {
    this.node = node;
  }

  get extent(): Extent {
    return this.node.extent;
  }

  plus(other: Operand): Expr {
    return binary("add", this, other);
  }
  minus(other: Operand): Expr {
    return binary("sub", this, other);
  }
  /** Elementwise product. */
  times(other: Operand): Expr {
    return binary("mul", this, other);
  }
  over(other: Operand): Expr {
    return binary("div", this, other);
  }
  power(other: Operand): Expr {
    return binary("pow", this, other);
  }
  max(other: Operand): Expr {
    return binary("max", this, other);
  }
  min(other: Operand): Expr {
    return binary("min", this, other);
  }
  lessThan(other: Operand): Expr {
    return binary("less", this, other);
  }
  atMost(other: Operand): Expr {
    return binary("lessEqual", this, other);
  }
  greaterThan(other: Operand): Expr {
    return binary("less", toExpr(other), this);
  }
  atLeast(other: Operand): Expr {
    return binary("lessEqual", toExpr(other), this);
  }
  equals(other: Operand): Expr {
    return binary("equal", this, other);
  }
  negated(): Expr {
    return unary("neg", this);
  }
  abs(): Expr {
    return unary("abs", this);
  }
  exp(): Expr {
    return unary("exp", this);
  }
  log(): Expr {
    return unary("log", this);
  }
  sqrt(): Expr {
    return unary("sqrt", this);
  }
  tanh(): Expr {
    return unary("tanh", this);
  }
  sigmoid(): Expr {
    return unary("sigmoid", this);
  }
  erf(): Expr {
    return unary("erf", this);
  }
  sign(): Expr {
    return unary("sign", this);
  }
  floor(): Expr {
    return unary("floor", this);
  }
  ceil(): Expr {
    return unary("ceil", this);
  }
  clip(low: Operand, high: Operand): Expr {
    return this.max(low).min(high);
  }
  squared(): Expr {
    return this.times(this);
  }
  rowSum(): Expr {
    return row("rowSum", this);
  }
  rowMax(): Expr {
    return row("rowMax", this);
  }
}

/** An expression, or a number that stands for itself. */
export type Operand = Expr | number;

export function constant(value: number): Expr {
  return new Expr({ op: "constant", value, extent: "one" });
}

export const one: Expr = constant(1);
export const zero: Expr = constant(0);

function toExpr(operand: Operand): Expr {
  return typeof operand === "number" ? constant(operand) : operand;
}

export function symbol(
  name: string,
  role: SymbolRole,
  meaning: string,
  more: { extent?: Extent; weight?: WeightBlock; value?: number | null; from?: string } = {},
): Expr {
  return new Expr({ op: "symbol", name, role, meaning, extent: role === "size" ? "one" : "row", ...more });
}

/** A letter of a count or a shape, with its number (null = None) and where the number comes from. */
export function letter(name: string, value: number | null, meaning: string, from: string): Expr {
  return symbol(name, "size", meaning, { value, from });
}

/** A named operand of an elementwise map: a0, a1 ... */
export function argument(name: string, extent: Extent = "row"): Expr {
  return symbol(name, "argument", name, { extent });
}

export function select(condition: Expr, a: Operand, b: Operand): Expr {
  const whenTrue = toExpr(a);
  const whenFalse = toExpr(b);
  return new Expr({
    op: "select",
    condition,
    a: whenTrue,
    b: whenFalse,
    extent: widest(condition, whenTrue, whenFalse),
  });
}

export function product(vector: Expr, name: string, matrix: WeightBlock, transposed = false): Expr {
  return new Expr({ op: "product", name, vector, matrix, transposed, extent: "row" });
}

/** Calls a named function: rendered by its name, computed by its body. */
export function apply(fn: NamedFunction, x: Expr): Expr {
  const body = fn.body(x);
  return new Expr({ op: "apply", fn, argument: x, body, extent: body.extent });
}

export function row(op: RowOp, a: Expr): Expr {
  return new Expr({ op, a, extent: "one" });
}

export function unary(op: UnaryOp, a: Expr): Expr {
  return new Expr({ op, a, extent: a.extent });
}

export function binary(op: BinaryOp, a: Operand, b: Operand): Expr {
  const left = toExpr(a);
  const right = toExpr(b);
  return new Expr({ op, a: left, b: right, extent: widest(left, right) });
}

function widest(...operands: Expr[]): Extent {
  return operands.some((operand) => operand.extent === "row") ? "row" : "one";
}

/** The operands of a node, in the order they are written. An apply node has its argument; its body is another way to see it. */
export function operandsOf({ node }: Expr): readonly Expr[] {
  switch (node.op) {
    case "constant":
    case "symbol":
      return [];
    case "select":
      return [node.condition, node.a, node.b];
    case "apply":
      return [node.argument];
    case "product":
      return [node.vector];
    default:
      return "b" in node ? [node.a, node.b] : [node.a];
  }
}

/** Every node that the roots need, operands before users, each once. With `bodies`, apply nodes are entered through their body. */
export function inOrder(roots: Iterable<Expr>, { bodies = false } = {}): Expr[] {
  const order: Expr[] = [];
  const seen = new Set<Expr>();
  const visit = (expr: Expr): void => {
    if (seen.has(expr)) return;
    seen.add(expr);
    const operands = bodies && expr.node.op === "apply" ? [expr.node.body] : operandsOf(expr);
    for (const operand of operands) visit(operand);
    order.push(expr);
  };
  for (const root of roots) visit(root);
  return order;
}
