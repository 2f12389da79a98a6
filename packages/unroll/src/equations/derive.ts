/**
 * Derivations: how a count or a size comes about, as data. Letters with their numbers, the formula, the numbers put in, then
 * one level of arithmetic a line, down to the result; and the same for each part. Nothing here knows a layer.
 */
import type { Shape } from "../core/shape.ts";
import { evaluateSize } from "./evaluate.ts";
import {
  apply,
  binary,
  constant,
  type Expr,
  inOrder,
  one,
  operandsOf,
  type SymbolNode,
  select,
  unary,
  zero,
} from "./expr.ts";

/** A letter of a formula. */
export interface DerivationLetter {
  readonly name: string;
  /** null where it is None. */
  readonly value: number | null;
  /** "units" */
  readonly meaning: string;
  /** "option units" */
  readonly from: string;
}

/** How a count comes about: letters, formula, numbers put in, result. */
export interface Derivation {
  /** What is derived: "parameters", "kernel", "gate f". */
  readonly title: string;
  /** The letters of the formula, in the order they appear. */
  readonly letters: readonly DerivationLetter[];
  /** In letters. */
  readonly formula: Expr;
  /** The formula with its numbers put in, then one level worked out at a time; the last is the result where it is known. */
  readonly steps: readonly Expr[];
  /** null where a letter that matters is None. */
  readonly result: number | null;
  /** The terms one by one: each array of a layer, each gate of an array. */
  readonly parts: readonly Derivation[];
}

/** An array of a layer with one size formula an axis; `blocks` are the equal column blocks of its last axis. */
export interface CountedArray {
  readonly name: string;
  readonly shape: readonly Expr[];
  readonly blocks?: readonly string[];
}

/** How an output shape comes about, one derivation for each axis. */
export interface ShapeDerivation {
  readonly title: string;
  /** One for each axis. */
  readonly axes: readonly Derivation[];
  readonly result: Shape;
}

/** Derives the number that a size formula comes to. */
export function deriveSize(title: string, formula: Expr, parts: readonly Derivation[] = []): Derivation {
  const letters = lettersOf(formula);
  const steps: Expr[] = [];
  let before = formula;
  let next = putNumbersIn(formula);
  if (next === formula) next = workOut(formula);
  while (next !== before) {
    steps.push(next);
    before = next;
    next = workOut(next);
  }
  return { title, letters, formula, steps, result: evaluateSize(formula), parts };
}

/**
 * Derives a count of parameters, array by array and block by block. The total's formula is the sum over arrays of the product
 * of the axes, unless a better-known form of the same number is given.
 *
 * @example deriveCount("parameters", [{ name: "kernel", shape: [i, u] }, { name: "bias", shape: [u] }]) // i × u + u
 */
export function deriveCount(title: string, arrays: readonly CountedArray[], formula?: Expr): Derivation {
  const total = formula ?? sumOf(arrays.map(({ shape }) => productOf(shape)));
  return deriveSize(title, total, arrays.map(deriveArray));
}

/** Derives each size of a shape. */
export function deriveShape(title: string, sizes: readonly Expr[]): ShapeDerivation {
  const axes = sizes.map((size, axis) => deriveSize(`axis ${axis}`, size));
  return { title, axes, result: axes.map(({ result }) => result) };
}

/** The formula with the number of each known letter in its place. */
export function putNumbersIn(formula: Expr): Expr {
  return rewrite(formula, (expr) => {
    const { node } = expr;
    return node.op === "symbol" && typeof node.value === "number" ? constant(node.value) : expr;
  });
}

/** Works out every innermost operation whose operands are numbers; a sum or product of several terms at once. */
export function workOut(formula: Expr): Expr {
  const operands = chainOf(formula);
  if (operands.length > 0 && operands.every(isNumber)) {
    const value = evaluateSize(formula);
    return value === null ? formula : constant(value);
  }
  return rebuild(formula, (operand) =>
    sameChain(formula, operand) ? rebuildChain(formula, operand) : workOut(operand),
  );
}

/** Inside a longer sum or product only the terms are worked out, not part of the chain. */
function rebuildChain(chain: Expr, link: Expr): Expr {
  return rebuild(link, (operand) => (sameChain(chain, operand) ? rebuildChain(chain, operand) : workOut(operand)));
}

function deriveArray({ name, shape, blocks = [] }: CountedArray): Derivation {
  const parts =
    blocks.length < 2
      ? []
      : blocks.map((block) =>
          deriveSize(`${name}, ${block}`, productOf([...shape.slice(0, -1), blockSize(shape.at(-1)!, blocks.length)])),
        );
  return deriveSize(name, productOf(shape), parts);
}

/** The size of one of `count` equal blocks: the axis g × h without its g. */
function blockSize(axis: Expr, count: number): Expr {
  if (axis.node.op === "mul") {
    if (evaluateSize(axis.node.a) === count) return axis.node.b;
    if (evaluateSize(axis.node.b) === count) return axis.node.a;
  }
  return axis.over(count);
}

export function sumOf(terms: readonly Expr[]): Expr {
  return terms.length === 0 ? zero : terms.reduce((sum, term) => sum.plus(term));
}

export function productOf(factors: readonly Expr[]): Expr {
  return factors.length === 0 ? one : factors.reduce((product, factor) => product.times(factor));
}

function lettersOf(formula: Expr): DerivationLetter[] {
  const letters = inOrder([formula]).flatMap(({ node }) => (node.op === "symbol" ? [node] : []));
  const byName = new Map<string, SymbolNode>(letters.map((node) => [node.name, node]));
  return [...byName.values()].map(({ name, value = null, meaning, from = "" }) => ({ name, value, meaning, from }));
}

function isNumber({ node }: Expr): boolean {
  return node.op === "constant";
}

/** The operands of a node; of a sum or product of several terms, all terms. */
function chainOf(expr: Expr): readonly Expr[] {
  return operandsOf(expr).flatMap((operand) => (sameChain(expr, operand) ? chainOf(operand) : [operand]));
}

function sameChain(expr: Expr, operand: Expr): boolean {
  const kindOf = ({ node }: Expr): string => (node.op === "sub" ? "add" : node.op);
  return kindOf(expr) === kindOf(operand) && (kindOf(expr) === "add" || kindOf(expr) === "mul");
}

/** Bottom up; an unchanged node stays the same node. */
function rewrite(expr: Expr, change: (expr: Expr) => Expr): Expr {
  return change(rebuild(expr, (operand) => rewrite(operand, change)));
}

function rebuild(expr: Expr, change: (operand: Expr) => Expr): Expr {
  const before = operandsOf(expr);
  const after = before.map(change);
  if (after.every((operand, i) => operand === before[i])) return expr;
  const { node } = expr;
  if ("b" in node && node.op !== "select") return binary(node.op, after[0]!, after[1]!);
  switch (node.op) {
    case "apply":
      return apply(node.fn, after[0]!);
    case "select":
      return select(after[0]!, after[1]!, after[2]!);
    case "constant":
    case "symbol":
    case "product":
    case "rowSum":
    case "rowMax":
    case "rowSparsemaxThreshold":
      throw new Error(`derivation: ${node.op} is no operation of single numbers`);
    default:
      return unary(node.op, after[0]!);
  }
}
