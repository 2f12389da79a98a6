/**
 * Formulas: an expression graph laid out as mathematics is written, with sums and products of many terms, fractions and
 * named values. One walk (`print`) decides where parentheses are needed; printers say what each piece looks like.
 */
import { type Expr, inOrder, type NamedFunction, type Node, type SymbolNode } from "./expr.ts";

/** How names and numbers are shown. */
export interface Notation {
  /** Nodes that are written by a name of their own, such as the gates of a cell. */
  readonly names?: ReadonlyMap<Expr, string>;
  /** What names mean, in words, for sentences: `{ f: "forget gate" }`. */
  readonly meanings?: Readonly<Record<string, string>>;
  /** Whether a size letter is replaced by its number where it has one; one answer for all, or one for each. */
  readonly numbers?: boolean | ((letter: SymbolNode) => boolean);
  /** Another letter or word for a size, such as "units" for h; undefined keeps its own. Marks such as the 1 of i_1 stay. */
  readonly sizes?: (letter: SymbolNode) => string | undefined;
  /** True gives every name in MathML its code as `data-letter`, for pages that point at names. */
  readonly marked?: boolean;
}

/** A name as it is written: h_{t−1} is `{ base: "h", subscripts: [], step: "before" }`. */
export interface Name {
  /** As in code: "hPrev", "W_i". */
  readonly code: string;
  readonly base: string;
  /** True for ∂L/∂ of what the rest names. */
  readonly gradient: boolean;
  readonly hat: boolean;
  readonly subscripts: readonly string[];
  /** Values of a timestep carry its index. */
  readonly step: "now" | "before" | undefined;
  readonly meaning: string | undefined;
}

/** Something written in front of parentheses. */
export interface FunctionName {
  readonly text: string;
  readonly latex: string;
  readonly words: string;
}

export type Sign = "⊙" | "·" | "×" | "";
export type Relation = "<" | "≤" | ">" | "≥" | "=";
export type Fence = "abs" | "floor" | "ceil";

export type Formula =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "name"; readonly name: Name }
  | { readonly kind: "sum"; readonly terms: readonly { readonly negative: boolean; readonly of: Formula }[] }
  /** `signs[i]` stands between factors i and i + 1. */
  | { readonly kind: "product"; readonly factors: readonly Formula[]; readonly signs: readonly Sign[] }
  | { readonly kind: "matrixProduct"; readonly vector: Formula; readonly matrix: Name; readonly transposed: boolean }
  | { readonly kind: "fraction"; readonly over: Formula; readonly under: Formula }
  | { readonly kind: "power"; readonly base: Formula; readonly exponent: Formula }
  | { readonly kind: "call"; readonly fn: FunctionName; readonly operands: readonly Formula[] }
  | { readonly kind: "root"; readonly of: Formula }
  | { readonly kind: "fence"; readonly fence: Fence; readonly of: Formula }
  | { readonly kind: "relation"; readonly relation: Relation; readonly left: Formula; readonly right: Formula }
  | { readonly kind: "cases"; readonly condition: Formula; readonly yes: Formula; readonly no: Formula };

/** Lays an expression out; shared nodes are written out wherever they are used unless `names` has them. */
export function formulaOf(expr: Expr, notation: Notation = {}): Formula {
  const name = notation.names?.get(expr);
  return name === undefined ? layOut(expr, notation) : { kind: "name", name: nameOf(name, true, notation) };
}

/** The same for the definition of a named node: the node itself is written out, what it uses by name. */
export function definitionOf(expr: Expr, notation: Notation = {}): Formula {
  return layOut(expr, notation);
}

/** True for counts and shapes: every letter is a size. They are written with × and brackets. */
export function isSizeFormula(expr: Expr): boolean {
  return inOrder([expr]).every(({ node }) => node.op !== "product" && (node.op !== "symbol" || node.role === "size"));
}

const gradientMark = "∂L/∂";

/** The name of the gradient of the loss with respect to a value: "∂L/∂z", "∂L/∂hPrev". */
export function gradientName(of: string): string {
  return `${gradientMark}${of}`;
}

/** The value that such a name is about; undefined for other names. */
export function gradientOf(name: string): string | undefined {
  return name.startsWith(gradientMark) ? name.slice(gradientMark.length) : undefined;
}

export function nameOf(code: string, perStep: boolean, notation: Notation = {}, meaning?: string): Name {
  const of = gradientOf(code);
  const value = of ?? code;
  const before = value.endsWith("Prev");
  const bare = before ? value.slice(0, -"Prev".length) : value;
  const hat = bare.endsWith("Hat") && bare.length > 3;
  const [head, ...subscripts] = (hat ? bare.slice(0, -"Hat".length) : bare).split("_") as [string, ...string[]];
  // bi_z is b with two subscripts, a0 is a with one; longer words stay words.
  const letters = /^(\p{L})(\d+|\p{L})$/u.exec(head);
  return {
    code,
    base: letters?.[1] ?? head,
    gradient: of !== undefined,
    hat,
    subscripts: letters === null ? subscripts : [letters[2]!, ...subscripts],
    step: before ? "before" : perStep ? "now" : undefined,
    meaning: meaning ?? notation.meanings?.[code],
  };
}

function layOut(expr: Expr, notation: Notation): Formula {
  const { node } = expr;
  const part = (operand: Expr): Formula => formulaOf(operand, notation);
  switch (node.op) {
    case "constant":
      return { kind: "number", value: node.value };
    case "symbol":
      return symbolFormula(node, notation);
    case "apply":
      return node.body === node.argument ? part(node.argument) : call(named(node.fn), part(node.argument));
    case "product":
      return {
        kind: "matrixProduct",
        vector: part(node.vector),
        matrix: nameOf(node.name, false, notation),
        transposed: node.transposed,
      };
    case "select":
      return { kind: "cases", condition: part(node.condition), yes: part(node.a), no: part(node.b) };
    case "add":
    case "sub":
    case "neg":
      return { kind: "sum", terms: termsOf(expr, false, notation, true) };
    case "mul":
      return productFormula(expr, notation);
    case "div":
      return { kind: "fraction", over: part(node.a), under: part(node.b) };
    case "pow":
      return { kind: "power", base: part(node.a), exponent: part(node.b) };
    case "less":
    case "lessEqual":
    case "equal": {
      const { relation, left, right } = relationOf(node.op, node.a, node.b);
      return { kind: "relation", relation, left: part(left), right: part(right) };
    }
    case "sqrt":
      return { kind: "root", of: part(node.a) };
    case "abs":
    case "floor":
    case "ceil":
      return { kind: "fence", fence: node.op, of: part(node.a) };
    case "max":
    case "min":
      return call(functions[node.op], part(node.a), part(node.b));
    default:
      return call(functions[node.op], part(node.a));
  }
}

function symbolFormula(node: SymbolNode, { numbers = false, ...notation }: Notation): Formula {
  if (node.role === "size" && typeof node.value === "number") {
    if (typeof numbers === "function" ? numbers(node) : numbers) return { kind: "number", value: node.value };
  }
  const perStep = node.role === "input" || node.role === "state" || gradientOf(node.name) !== undefined;
  const name = nameOf(node.name, perStep, notation, node.meaning);
  const other = node.role === "size" ? notation.sizes?.(node) : undefined;
  return { kind: "name", name: other === undefined ? name : renamed(name, other) };
}

function renamed(name: Name, base: string): Name {
  return { ...name, base, code: [base, ...name.subscripts].join("_") };
}

/** a − (b − c) keeps its parentheses; a + (b + c) and (a − b) + c lose them. */
function termsOf(
  expr: Expr,
  negative: boolean,
  notation: Notation,
  isRoot = false,
): { negative: boolean; of: Formula }[] {
  const { node } = expr;
  const isNamed = !isRoot && notation.names?.has(expr);
  if (!isNamed) {
    if (node.op === "neg") return termsOf(node.a, !negative, notation);
    if (!negative && (node.op === "add" || node.op === "sub")) {
      return [...termsOf(node.a, false, notation), ...termsOf(node.b, node.op === "sub", notation)];
    }
    if (node.op === "constant" && node.value < 0) {
      return [{ negative: !negative, of: { kind: "number", value: -node.value } }];
    }
  }
  return [{ negative, of: formulaOf(expr, notation) }];
}

function productFormula(expr: Expr, notation: Notation): Formula {
  const factors: Expr[] = [];
  const collect = (part: Expr): void => {
    const opened = part.node.op === "mul" && (part === expr || !notation.names?.has(part));
    if (!opened) {
      factors.push(part);
      return;
    }
    const { a, b } = part.node as Extract<Node, { a: Expr; b: Expr }>; // a mul node, as `opened` says
    collect(a);
    collect(b);
  };
  collect(expr);
  const size = isSizeFormula(expr);
  const [first, second] = factors;
  if (factors.length === 2 && first === second && !size) {
    return { kind: "power", base: formulaOf(first!, notation), exponent: { kind: "number", value: 2 } };
  }
  // 0.5·x rather than x·0.5; counts keep the order in which they are explained.
  if (!size) factors.sort((a, b) => Number(b.node.op === "constant") - Number(a.node.op === "constant"));
  const laidOut = factors.map((factor) => formulaOf(factor, notation));
  const signs = laidOut.slice(1).map((right, i): Sign => {
    if (size) return sizeSign(laidOut[i]!, right, factors.length === 2);
    return factors[i]!.extent === "row" && factors[i + 1]!.extent === "row" ? "⊙" : "·";
  });
  return { kind: "product", factors: laidOut, signs };
}

/** 2h and h(h+i) are written side by side; other sizes, and words, with ×. */
function sizeSign(left: Formula, right: Formula, alone: boolean): Sign {
  const isLetter = (formula: Formula): boolean => formula.kind === "name" && formula.name.base.length === 1;
  if (alone && left.kind === "number" && isLetter(right)) return "";
  return isLetter(left) && right.kind === "sum" && hasName(right) && !hasGroup(right) ? "" : "×";
}

/** Whether a sum of sizes has parentheses inside, so that it stands in square brackets. */
function hasGroup(formula: Formula): boolean {
  if (formula.kind === "sum")
    return formula.terms.some(({ of, negative }) => (negative && of.kind === "sum") || hasGroup(of));
  return formula.kind === "product" && formula.factors.some((factor) => factor.kind === "sum" || hasGroup(factor));
}

/** Whether a count's formula still has letters; groups of letters are written tightly. */
export function hasName(formula: Formula): boolean {
  switch (formula.kind) {
    case "name":
      return true;
    case "sum":
      return formula.terms.some(({ of }) => hasName(of));
    case "product":
      return formula.factors.some(hasName);
    case "fraction":
      return hasName(formula.over) || hasName(formula.under);
    case "fence":
    case "root":
      return hasName(formula.of);
    default:
      return false;
  }
}

const relations = { less: ["<", ">"], lessEqual: ["≤", "≥"], equal: ["=", "="] } as const;

/** A comparison as it is written; a constant stands on the right: x > 0, not 0 < x. */
export function relationOf(
  op: keyof typeof relations,
  a: Expr,
  b: Expr,
): { readonly relation: Relation; readonly left: Expr; readonly right: Expr } {
  const [forward, backward] = relations[op];
  return a.node.op === "constant" && b.node.op !== "constant"
    ? { relation: backward, left: b, right: a }
    : { relation: forward, left: a, right: b };
}

function call(fn: FunctionName, ...operands: Formula[]): Formula {
  return { kind: "call", fn, operands };
}

function named({ name, options, symbol, latex }: NamedFunction): FunctionName {
  const words = name.replaceAll("_", " ");
  return { text: symbol, latex, words: options === undefined ? words : `${words} (${options})` };
}

/** How operators are written that stand in front of parentheses. */
export const functions = {
  exp: { text: "exp", latex: "\\exp", words: "exponential" },
  log: { text: "log", latex: "\\log", words: "logarithm" },
  tanh: { text: "tanh", latex: "\\tanh", words: "tanh" },
  sigmoid: { text: "σ", latex: "\\sigma", words: "sigmoid" },
  erf: { text: "erf", latex: "\\operatorname{erf}", words: "error function" },
  sin: { text: "sin", latex: "\\sin", words: "sine" },
  cos: { text: "cos", latex: "\\cos", words: "cosine" },
  sign: { text: "sign", latex: "\\operatorname{sign}", words: "sign" },
  max: { text: "max", latex: "\\max", words: "larger" },
  min: { text: "min", latex: "\\min", words: "smaller" },
  rowSum: { text: "Σⱼ", latex: "\\textstyle\\sum_{j}", words: "sum along the row" },
  rowMax: { text: "maxⱼ", latex: "\\max_{j}", words: "largest along the row" },
  rowSparsemaxThreshold: { text: "τ", latex: "\\tau", words: "sparsemax threshold" },
} as const satisfies Readonly<Record<string, FunctionName>>;
