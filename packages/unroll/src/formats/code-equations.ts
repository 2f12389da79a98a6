/**
 * Equations on their way into code: functions get names of their own, values that are used twice get a line, and the library's
 * formula writer prints the rest in a language's notation. It knows no language.
 */
import { substitute } from "../compiler/substitute.ts";
import { argument, Expr, inOrder, type NamedFunction, operandsOf } from "../equations/expr.ts";
import { definitionOf } from "../equations/formula.ts";
import { type Printer, print } from "../equations/print.ts";
import type { Identifiers } from "./code-text.ts";

/** A function that generated code defines: `body` in terms of `x`. */
export interface CodeFunction {
  readonly name: string;
  readonly x: Expr;
  readonly body: Expr;
}

/** `name = value`, in running order. */
export interface Line {
  readonly name: string;
  readonly value: string;
}

/** Functions that every language has, under the symbol of the formula writer. */
const primitives: ReadonlySet<string> = new Set(["tanh", "σ", "exp"]);

/** The functions that some equations call, each under one name, those that others call first. */
export class CodeFunctions {
  readonly functions: CodeFunction[] = [];
  readonly #names: Identifiers;
  readonly #known = new Map<string, string>();

  constructor(names: Identifiers) {
    this.#names = names;
  }

  /**
   * For each node that has to change, the node whose function calls carry the names used in the code.
   * Nodes that equations share stay shared.
   */
  renamed(roots: Iterable<Expr>): (expr: Expr) => Expr {
    const changed = new Map<Expr, Expr>();
    for (const expr of inOrder(roots)) {
      let made = substitute(expr, changed);
      const { node } = made;
      if (node.op === "apply" && node.body !== node.argument && !primitives.has(node.fn.symbol)) {
        made = new Expr({ ...node, fn: { ...node.fn, symbol: this.nameOf(node.fn) } });
      }
      if (made !== expr) changed.set(expr, made);
    }
    return (expr) => changed.get(expr) ?? expr;
  }

  /** The function's name in the code; functions that share a name but not a body are told apart. */
  nameOf(fn: NamedFunction): string {
    const x = argument("x");
    const written = fn.body(x);
    const body = this.renamed([written])(written);
    const key = `${fn.name} ${formOf(body)}`;
    let name = this.#known.get(key);
    if (name === undefined) {
      name = this.#names.unique(fn.name);
      this.#known.set(key, name);
      this.functions.push({ name, x, body });
    }
    return name;
  }
}

/** The expression's form as text, for telling functions apart. */
function formOf(root: Expr): string {
  const order = inOrder([root]);
  const place = new Map(order.map((expr, i) => [expr, i]));
  return order
    .map((expr) => {
      const { node } = expr;
      const own = node.op === "constant" ? node.value : node.op === "apply" ? node.fn.symbol : "";
      return `${node.op}${own}(${operandsOf(expr).map((operand) => place.get(operand))})`;
    })
    .join(" ");
}

/** Nodes that are used more than once and are worth a line of their own, operands first. */
export function sharedNodes(roots: readonly Expr[]): Expr[] {
  const uses = new Map<Expr, number>();
  const order = inOrder(roots);
  for (const expr of order) for (const operand of operandsOf(expr)) uses.set(operand, (uses.get(operand) ?? 0) + 1);
  return order.filter((expr) => (uses.get(expr) ?? 0) > 1 && operandsOf(expr).length > 0);
}

/** Prints a value whose parts may have names. */
export function write(expr: Expr, names: ReadonlyMap<Expr, string>, printer: Printer<string>): string {
  return names.get(expr) ?? print(definitionOf(expr, { names }), printer);
}

/** The lines of a function's body, and what it returns. */
export function functionLines(
  { x, body }: CodeFunction,
  printer: Printer<string>,
): { readonly lines: readonly Line[]; readonly result: string } {
  const names = new Map<Expr, string>([[x, "x"]]);
  const lines = sharedNodes([body])
    .filter((expr) => expr !== body)
    .map((expr, i) => {
      const line = { name: `part${i + 1}`, value: write(expr, names, printer) };
      names.set(expr, line.name);
      return line;
    });
  return { lines, result: write(body, names, printer) };
}
