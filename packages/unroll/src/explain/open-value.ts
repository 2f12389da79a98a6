/**
 * One value of a traced timestep opened into the numbers that it comes from: each sum into its terms, each product of a
 * vector and a gate block into x_k · W[k, column] with the weight's place in Keras's array. Read from the cell's graph, so
 * that it serves every cell; texts and drawings are the caller's.
 */
import { UnrollError } from "../core/errors.ts";
import type { Row } from "../equations/evaluate.ts";
import type { Expr, ProductNode, WeightBlock } from "../equations/expr.ts";
import { functions, type Relation, relationOf } from "../equations/formula.ts";
import { type CellArrays, cellArrays, type ScanStep } from "../program/evaluate-scan.ts";
import type { ScanOperation, Value } from "../program/program.ts";
import type { ByHand } from "./by-hand.ts";

/** A number of an array, where Keras keeps it. */
export interface OpenedWeight {
  readonly kind: "weight";
  /** As in the formula: "W_f", "b_f". */
  readonly name: string;
  /** Keras's name: "kernel". */
  readonly array: string;
  /** The layer, where it is another one than the cell's. */
  readonly layer?: string;
  /** `[row, column]`, or `[column]` for a vector. */
  readonly index: readonly number[];
  /** Which gate's block of columns. */
  readonly block: number;
  readonly value: number;
}

/** A named number that can be opened itself, unless it is an input. */
export interface OpenedName {
  readonly kind: "name";
  /** "x", "hPrev", "f"; of a gradient "∂L/∂f"; a formula without a name of its own says so with "". */
  readonly name: string;
  readonly unit: number;
  /** `later`: a gradient that comes from the step after. */
  readonly role: "input" | "state" | "value" | "gradient" | "later";
  /** Where it is, if in the cell of another layer. */
  readonly place?: { readonly layer: string; readonly timestep: number };
  readonly value: number;
}

/** A part of an opened value: a leaf, or an operation on other parts; each has its value. */
export type OpenedNode =
  | OpenedWeight
  | OpenedName
  | {
      readonly kind: "number";
      readonly value: number;
      /** Where it comes from, if from outside the cell: "the layer's output". */
      readonly from?: string;
      /** What it is made of there. */
      readonly of?: OpenedNode;
    }
  | {
      readonly kind: "sum";
      readonly terms: readonly { readonly negative: boolean; readonly of: OpenedNode }[];
      readonly value: number;
    }
  | { readonly kind: "product"; readonly factors: readonly OpenedNode[]; readonly value: number }
  | {
      readonly kind: "dot";
      /** As in the formula: "W_f". */
      readonly name: string;
      /** `value` is the product of the two. */
      readonly terms: readonly { readonly factor: OpenedNode; readonly weight: OpenedWeight; readonly value: number }[];
      readonly value: number;
    }
  | { readonly kind: "call"; readonly fn: string; readonly operands: readonly OpenedNode[]; readonly value: number }
  /** Two numbers and what stands between them; a comparison is 1 where it holds, else 0. */
  | {
      readonly kind: "infix";
      readonly sign: Relation | "÷" | "^";
      readonly left: OpenedNode;
      readonly right: OpenedNode;
      readonly value: number;
    }
  /** `yes` where the condition holds, else `no`; `holds` says which of the two it is here. */
  | {
      readonly kind: "cases";
      readonly condition: OpenedNode;
      readonly yes: OpenedNode;
      readonly no: OpenedNode;
      readonly holds: boolean;
      readonly value: number;
    };

/** A named value of one unit with the tree of numbers below it. */
export interface OpenedValue {
  readonly name: string;
  readonly unit: number;
  readonly timestep: number;
  readonly value: number;
  readonly tree: OpenedNode;
}

/**
 * Opens one value of a step.
 *
 * @throws UnrollError `unknown-name` for a name that the cell's equations do not have, `data` for a unit that it has not
 */
export function openValue(scan: ScanOperation, step: ScanStep, hand: ByHand, name: string, unit: number): OpenedValue {
  const expr = scan.cell.named.get(name);
  if (expr === undefined) {
    throw new UnrollError({
      code: "unknown-name",
      path: scan.cell.kind,
      expected: "the value must be one that the equations name",
      received: `name = ${name}`,
      hint: `They are ${[...scan.cell.named.keys()].join(", ")}.`,
    });
  }
  if (!Number.isInteger(unit) || unit < 0 || unit >= scan.units) {
    throw new UnrollError({
      code: "data",
      path: scan.cell.kind,
      expected: `unit must be a whole number from 0 to ${scan.units - 1}`,
      received: `unit = ${unit}`,
    });
  }
  const opener = new Opener({
    run: { scan, numbersOf: (value) => hand.valueOf(value) },
    valueOf: step.valueOf,
    names: new Map([...scan.cell.named].map(([one, of]) => [of, { name: one, role: "value" }])),
  });
  return {
    name,
    unit,
    timestep: step.timestep,
    value: at(step.valueOf(expr), unit),
    tree: opener.define(expr, unit),
  };
}

/** What an opener reads: one timestep, forwards or on the way back. */
export interface OpenPlace {
  /** Where the weights of a cell's graph are found; left out for an equation without weights. */
  readonly run?: { readonly scan: ScanOperation; readonly numbersOf: (value: Value) => Float64Array };
  readonly valueOf: (expr: Expr) => Row;
  /** Numbers of a row, where sums over it are to be opened. */
  readonly rowWidth?: number;
  /** Nodes that are only named where another one uses them. */
  readonly names: ReadonlyMap<Expr, Pick<OpenedName, "name" | "role">>;
  /** Opens a symbol that is no input, state or weight; left out where the cell has none. */
  readonly argument?: (expr: Expr, unit: number) => OpenedNode;
}

/** A sum over more numbers than these stays closed. */
const mostSummands = 16;

/** Opens nodes of a cell's graph, of its adjoint, or of another equation. */
export class Opener {
  readonly #place: OpenPlace;
  readonly #arrays: CellArrays | undefined;

  constructor(place: OpenPlace) {
    this.#place = place;
    this.#arrays = place.run && cellArrays(place.run.scan, place.run.numbersOf);
  }

  /** A node by what it uses; named values below it stay names. */
  define(expr: Expr, unit: number): OpenedNode {
    const { node } = expr;
    const value = at(this.#place.valueOf(expr), unit);
    switch (node.op) {
      case "constant":
        return { kind: "number", value };
      case "symbol":
        if (node.weight !== undefined) return this.#weight(node.name, node.weight, 0, unit);
        if (node.role === "argument" && this.#place.argument !== undefined) return this.#place.argument(expr, unit);
        return { kind: "name", name: node.name, unit, role: node.role === "input" ? "input" : "state", value };
      case "add":
      case "sub":
      case "neg":
        return { kind: "sum", terms: this.#terms(expr, unit, false), value };
      case "mul":
        return { kind: "product", factors: this.#factors(expr, unit), value };
      case "product":
        return this.#dot(node, value, unit);
      case "apply":
        return { kind: "call", fn: node.fn.symbol, operands: [this.open(node.argument, unit)], value };
      case "rowSum":
        if (this.#place.rowWidth !== undefined && this.#place.rowWidth <= mostSummands) {
          const terms = Array.from({ length: this.#place.rowWidth }, (_, at) => this.open(node.a, at));
          return { kind: "sum", terms: terms.map((of) => ({ negative: false, of })), value };
        }
        return { kind: "call", fn: "sum over units", operands: [], value };
      case "rowMax":
      case "rowSparsemaxThreshold":
        return { kind: "call", fn: `${node.op.slice(3).toLowerCase()} over units`, operands: [], value };
      case "select": {
        const [condition, yes, no] = [node.condition, node.a, node.b].map((part) => this.open(part, unit));
        return { kind: "cases", condition: condition!, yes: yes!, no: no!, holds: condition!.value !== 0, value };
      }
      case "less":
      case "lessEqual":
      case "equal": {
        const { relation, left, right } = relationOf(node.op, node.a, node.b);
        return { kind: "infix", sign: relation, left: this.open(left, unit), right: this.open(right, unit), value };
      }
      case "div":
      case "pow": {
        const [left, right] = [this.open(node.a, unit), this.open(node.b, unit)];
        return { kind: "infix", sign: node.op === "div" ? "÷" : "^", left, right, value };
      }
      case "max":
      case "min": {
        const operands = [this.open(node.a, unit), this.open(node.b, unit)];
        return { kind: "call", fn: functions[node.op].text, operands, value };
      }
      case "sqrt":
      case "abs":
      case "floor":
      case "ceil":
        return { kind: "call", fn: node.op === "sqrt" ? "√" : node.op, operands: [this.open(node.a, unit)], value };
      default:
        return { kind: "call", fn: functions[node.op].text, operands: [this.open(node.a, unit)], value };
    }
  }

  /** The same, but a named value is only named. */
  open(expr: Expr, unit: number): OpenedNode {
    const named = this.#place.names.get(expr);
    if (named === undefined) return this.define(expr, unit);
    return { kind: "name", ...named, unit, value: at(this.#place.valueOf(expr), unit) };
  }

  #terms(expr: Expr, unit: number, negative: boolean): { negative: boolean; of: OpenedNode }[] {
    const { node } = expr;
    const inside = (operand: Expr, minus: boolean): { negative: boolean; of: OpenedNode }[] =>
      this.#place.names.has(operand)
        ? [{ negative: minus, of: this.open(operand, unit) }]
        : this.#terms(operand, unit, minus);
    if (node.op === "neg") return inside(node.a, !negative);
    if ((node.op !== "add" && node.op !== "sub") || !("b" in node)) return [{ negative, of: this.open(expr, unit) }];
    return [...inside(node.a, negative), ...inside(node.b, node.op === "sub" ? !negative : negative)];
  }

  #factors(expr: Expr, unit: number): OpenedNode[] {
    const { node } = expr;
    if (node.op !== "mul") return [this.open(expr, unit)];
    return [node.a, node.b].flatMap((operand) =>
      this.#place.names.has(operand) ? [this.open(operand, unit)] : this.#factors(operand, unit),
    );
  }

  #dot(node: ProductNode, value: number, unit: number): OpenedNode {
    const { rows } = this.#arrays!.place(node.matrix); // a cell's graph alone has products
    const { transposed } = node;
    const terms = Array.from({ length: transposed ? this.#place.run!.scan.units : rows }, (_, at) => {
      // A vector without a name of its own, such as r ⊙ hPrev, is opened further.
      const factor = this.open(node.vector, at);
      const weight = this.#weight(node.name, node.matrix, transposed ? unit : at, transposed ? at : unit);
      return { factor, weight, value: factor.value * weight.value };
    });
    return { kind: "dot", name: transposed ? `${node.name}ᵀ` : node.name, terms, value };
  }

  #weight(name: string, block: WeightBlock, row: number, unit: number): OpenedWeight {
    const { array, start, stride } = this.#arrays!.place(block); // likewise weights
    const { scan, numbersOf } = this.#place.run!;
    const source = scan.arrays[array]!;
    const offset = start + row * stride + unit;
    const isMatrix = source.shape.length === 2;
    return {
      kind: "weight",
      name,
      array: block.array,
      index: isMatrix ? [Math.floor(offset / stride), offset % stride] : [offset],
      block: block.block,
      value: numbersOf(source)[offset]!,
    };
  }
}

/** An element of a row, or the number that stands for all of them. */
export function at(row: Row, unit: number): number {
  return typeof row === "number" ? row : row[unit]!;
}
