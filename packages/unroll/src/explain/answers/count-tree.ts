/**
 * A layer's count as a tree that can be changed: its terms by what they are for (input part, recurrent part, bias), and the
 * layers inside. The tree writes itself as a formula in textbook form and as a derivation; slips are changes of the tree.
 */

import { gatesLetter } from "../../cells/array-sizes.ts";
import type { CellGraph } from "../../cells/define.ts";
import type { Shape } from "../../core/shape.ts";
import { type Derivation, deriveSize, productOf, sumOf } from "../../equations/derive.ts";
import { evaluateSize } from "../../equations/evaluate.ts";
import { constant, type Expr, letter } from "../../equations/expr.ts";
import { toText } from "../../equations/render.ts";
import type { Sizes } from "../../layers/index.ts";
import type { Layer } from "../../layers/layer.ts";
import { shapeOf } from "../../layers/sizes.ts";
import { partsOf } from "../../model/graph-type.ts";
import type { Model } from "../../model/model.ts";
import { inputLetters, type Rebinding, rebindLetters } from "./letters.ts";

/** What a term counts. */
export type TermRole = "input" | "recurrent" | "bias" | "other";

/** A product that the count adds up: an array, or its block for one gate. */
export interface Term {
  readonly name: string;
  readonly role: TermRole;
  /** Whether it is counted once for each gate. */
  readonly perGate: boolean;
  /** Without the gates. */
  readonly factors: readonly Expr[];
  readonly trained: boolean;
}

export interface CountTree {
  /** The layer's name. */
  readonly name: string;
  readonly className: string;
  /** The letter g, for a layer that runs a cell. */
  readonly gates: Expr | undefined;
  readonly terms: readonly Term[];
  readonly inside: readonly CountTree[];
  /** What the whole is multiplied with. */
  readonly factor?: Expr;
}

/** Where a layer's input comes from. */
export interface Source {
  readonly from: string;
  readonly shape: Shape;
}

/** The count of a layer that reads these inputs. */
export function countTree(layer: Layer, sources: readonly Source[]): CountTree {
  const sizes = inputLetters(sources);
  return { ...ownTree(layer, sizes), inside: insideOf(layer, sizes, sources) };
}

const cells = new WeakMap<Layer, CellGraph>();

/** The equations of a layer do not change; making them anew for every count would take most of the time. */
function cellOf(layer: Layer): CellGraph | undefined {
  const cell = cells.get(layer) ?? layer.type.cell?.(layer.config);
  if (cell !== undefined) cells.set(layer, cell);
  return cell;
}

function ownTree(layer: Layer, sizes: readonly Sizes[]): Omit<CountTree, "inside"> {
  const { name, className } = layer;
  const cell = cellOf(layer);
  if (cell !== undefined) {
    const units = letter("h", Number(layer.config.units), "units", "option units");
    const terms = cell.arrays.map(({ name: array, rows, blocks }): Term => {
      const perGate = String(blocks) === String(cell.gates);
      const size = rows === "features" ? sizes[0]!.at(-1)! : rows === "units" ? units : constant(rows);
      const role = rows === "features" ? "input" : rows === "units" ? "recurrent" : perGate ? "bias" : "other";
      return { name: array, role, perGate, factors: rows === 1 ? [units] : [size, units], trained: layer.trainable };
    });
    return { name, className, gates: gatesLetter(cell), terms };
  }
  const specs = layer.type.weights?.(layer.config, sizes, name) ?? [];
  const terms = specs.map(({ name: array, shape, trainable }): Term => {
    const role = /bias$/.test(array)
      ? "bias"
      : /recurrent/.test(array)
        ? "recurrent"
        : shape.length > 1
          ? "input"
          : "other";
    return { name: array, role, perGate: false, factors: shape, trained: layer.trainable && trainable !== false };
  });
  return { name, className, gates: undefined, terms };
}

/** Of a nested model each layer by its own place in the graph, of a wrapper by what the wrapper gives it. */
function insideOf(layer: Layer, sizes: readonly Sizes[], sources: readonly Source[]): CountTree[] {
  if (partsOf(layer) !== undefined) {
    const { graph } = layer as Model; // it has parts
    const first = new Map([...graph.calls].reverse().map((call) => [call.layer, call]));
    return [...new Set(graph.calls.map((call) => call.layer))].map((child) => {
      const inputs = first.get(child)!.inputs.map(({ shape, node }) => ({ from: node.layer.name, shape }));
      return countTree(child, inputs);
    });
  }
  const given = layer.type.childInputs?.(layer.config, sizes, layer.children);
  return layer.children.map((child, index) => {
    if (given === undefined) return countTree(child, sources);
    return countTree(
      child,
      given[index]!.map((one) => ({ from: `what ${layer.name} gives it`, shape: shapeOf(one) })),
    );
  });
}

/** The tree with letters bound to something else, also inside. */
export function rebindTree(tree: CountTree, rebinding: Rebinding): CountTree {
  const change = (expr: Expr): Expr => rebindLetters(expr, rebinding);
  return {
    ...tree,
    gates: tree.gates === undefined ? undefined : change(tree.gates),
    terms: tree.terms.map((term) => ({ ...term, factors: term.factors.map(change) })),
    inside: tree.inside.map((child) => rebindTree(child, rebinding)),
  };
}

/** The tree with its terms changed, also inside; a change that gives undefined drops the term. */
export function changeTerms(tree: CountTree, change: (term: Term, tree: CountTree) => Term | undefined): CountTree {
  return {
    ...tree,
    terms: tree.terms.map((term) => change(term, tree)).filter((term) => term !== undefined),
    inside: tree.inside.map((child) => changeTerms(child, change)),
  };
}

/** The term with every letter, so also those inside. */
export function termsOf(tree: CountTree): Term[] {
  return [...tree.terms, ...tree.inside.flatMap(termsOf)];
}

export function lettersIn(tree: CountTree): Expr[] {
  const own = tree.gates === undefined ? [] : [tree.gates];
  return [...own, ...tree.terms.flatMap(({ factors }) => factors), ...tree.inside.flatMap(lettersIn)];
}

/** The number that a tree comes to, or null where a size is None. */
export function countOf(tree: CountTree): number | null {
  const gates = tree.gates === undefined ? 1 : evaluateSize(tree.gates);
  let sum: number | null = 0;
  const add = (value: number | null): void => {
    sum = sum === null || value === null ? null : sum + value;
  };
  for (const { perGate, factors } of tree.terms) {
    const size = evaluateSize(productOf(factors));
    add(size === null || gates === null ? null : size * (perGate ? gates : 1));
  }
  for (const child of tree.inside) add(countOf(child));
  const factor = tree.factor === undefined ? 1 : evaluateSize(tree.factor);
  return sum === null || factor === null ? null : sum * factor;
}

/** Whether a number counts one array, or one gate of a cell with gates, whether or not the bias has two rows. */
export function isPartOf(tree: CountTree, value: number): boolean {
  const gates = tree.gates === undefined ? null : evaluateSize(tree.gates);
  const gated = tree.terms.filter(({ perGate }) => perGate).map((term) => sizesOf(term));
  const isArray = tree.terms.some((term) =>
    sizesOf(term).some((size) => size === value || (term.perGate && gates !== null && size * gates === value)),
  );
  if (isArray) return true;
  if (gates !== null && gates > 1) {
    const gate = (row: number): number => gated.reduce((sum, sizes) => sum + (sizes.at(row) ?? 0), 0);
    if (gate(0) === value || gate(-1) === value) return true;
  }
  return tree.inside.some((child) => isPartOf(child, value));
}

/** What a term counts for one gate; of a bias with two rows also what one row counts. */
function sizesOf({ role, factors }: Term): number[] {
  const sizes = role === "bias" && factors.length === 2 ? [productOf(factors), factors[1]!] : [productOf(factors)];
  return sizes.map((size) => evaluateSize(size)).filter((size) => size !== null);
}

/** The count in textbook form: g × [h(h+i)+h] for a cell, i × u + u for Dense, 2 × ... for Bidirectional. */
export function formulaOf(tree: CountTree): Expr {
  const gated = tree.terms.filter(({ perGate }) => perGate);
  const plain = tree.terms.filter(({ perGate }) => !perGate).map(({ factors }) => productOf(factors));
  const terms = [
    ...(gated.length === 0 || tree.gates === undefined ? [] : [tree.gates.times(sumOf(gateTerms(gated)))]),
    ...plain,
    ...insideFormulas(tree.inside),
  ];
  const sum = sumOf(terms);
  return tree.factor === undefined ? sum : tree.factor.times(sum);
}

/** The count as a derivation; its parts are the terms, or the layers inside. */
export function deriveTree(tree: CountTree, title = "parameters"): Derivation {
  const parts = [
    ...tree.terms.map(({ name, perGate, factors }) => {
      const size = productOf(factors);
      return deriveSize(name, perGate && tree.gates !== undefined ? tree.gates.times(size) : size);
    }),
    ...tree.inside.map((child) => deriveTree(child, `${child.name} (${child.className})`)),
  ];
  return deriveSize(title, formulaOf(tree), parts);
}

/** h(h+i) for matrices of the same columns, those that meet the state first, then the biases. */
function gateTerms(gated: readonly Term[]): Expr[] {
  const isMatrix = ({ role, factors }: Term): boolean =>
    (role === "input" || role === "recurrent") && factors.length === 2;
  const matrices = gated
    .filter(isMatrix)
    .sort((a, b) => Number(b.role === "recurrent") - Number(a.role === "recurrent"));
  const others = gated.filter((term) => !isMatrix(term)).map(({ factors }) => productOf(factors));
  const columns = matrices[0]?.factors[1];
  if (columns === undefined) return others;
  const sameColumns = matrices.every(({ factors }) => toText(factors[1]!) === toText(columns));
  if (!sameColumns) return [...matrices.map(({ factors }) => productOf(factors)), ...others];
  return [columns.times(sumOf(matrices.map(({ factors }) => factors[0]!))), ...others];
}

/** Equal layers inside are written once and multiplied; different ones as their numbers. */
function insideFormulas(inside: readonly CountTree[]): Expr[] {
  const [first, ...others] = inside.map((child) => ({ formula: formulaOf(child), count: countOf(child) }));
  if (first === undefined) return [];
  if (others.length === 0) return [first.formula];
  const text = toText(first.formula);
  if (others.every(({ formula, count }) => count === first.count && toText(formula) === text)) {
    return [constant(inside.length).times(first.formula)];
  }
  return [first, ...others].filter(({ count }) => count !== 0).map(({ count }) => constant(count ?? 0));
}
