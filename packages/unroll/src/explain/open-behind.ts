/**
 * What reaches a layer's output from behind it, opened: one element of the gradient's tensor program into the sums and
 * products that it is made of, down to weights, outputs of layers, targets, and the next cell's own gradients. It knows no layer.
 */
import { stridesOf } from "../core/shape.ts";
import type { Variable } from "../core/variable.ts";
import { isRowOp } from "../equations/arithmetic.ts";
import { rowEvaluator } from "../equations/evaluate.ts";
import { inOrder } from "../equations/expr.ts";
import { gradientName } from "../equations/formula.ts";
import { broadcastStrides, forEachOffset } from "../program/evaluate-offsets.ts";
import type { MapOperation, ProductOperation, ScanGradientOperation, Value } from "../program/program.ts";
import { type OpenedName, type OpenedNode, type OpenedWeight, Opener } from "./open-value.ts";

/** The program around a layer's way back. */
export interface Behind {
  readonly numbersOf: (value: Value) => Float64Array;
  /** What a value of the way there is called: "dense's output"; undefined for one without a name. */
  readonly nameOf: (value: Value) => string | undefined;
  readonly ownerOf: (variable: Variable) => { readonly layer: string; readonly array: string } | undefined;
  /** The layer that a cell belongs to. */
  readonly layerOf: (operation: ScanGradientOperation) => string;
  /** What a number is called that a cell hands on; left out where those are layers' outputs with a name. */
  readonly openScan?: (value: Value, at: number) => Omit<OpenedName, "value"> | undefined;
}

/** Nodes of one tree; what would be more stays a number. */
const mostNodes = 1500;

/** The number at a row-major position with what it is made of; a plain number where nothing is known about it. */
export function openBehind(root: Value, at: number, behind: Behind): OpenedNode {
  let left = mostNodes;

  const open = (value: Value, position: number): OpenedNode => {
    const plain: OpenedNode = { kind: "number", value: behind.numbersOf(value)[position]! };
    left -= 1;
    if (left < 0) return plain;
    const name = behind.nameOf(value);
    return name === undefined ? openOperation(value, position, plain) : { ...plain, from: name };
  };

  const openOperation = (value: Value, position: number, plain: OpenedNode): OpenedNode => {
    const { operation, shape } = value;
    switch (operation.op) {
      case "weight":
        return weightAt(operation.variable, position, behind) ?? plain;
      case "map":
        return openMap(value, operation, position);
      case "product":
        return openProduct(operation, shape, position, plain.value);
      case "view":
        return open(operation.source, operation.offset + dot(indexOf(position, shape), operation.strides));
      case "viewGradient": {
        const looked: number[] = [];
        forEachOffset(operation.source.shape, operation.strides, operation.offset, (from, to) => {
          if (to === position) looked.push(from);
        });
        return sumOf(operation.source, looked, plain.value);
      }
      case "pad": {
        const index = indexOf(position, shape).map((entry, axis) => entry - operation.before[axis]!);
        const { source } = operation;
        const inside = index.every((entry, axis) => entry >= 0 && entry < source.shape[axis]!);
        return inside ? open(source, dot(index, stridesOf(source.shape))) : plain;
      }
      case "concat": {
        const index = indexOf(position, shape);
        const { axis } = operation;
        let start = 0;
        const source = operation.sources.find((one) => {
          if (index[axis]! < start + one.shape[axis]!) return true;
          start += one.shape[axis]!;
          return false;
        })!; // every index lies in one of them
        return open(source, dot(index.with(axis, index[axis]! - start), stridesOf(source.shape)));
      }
      case "reduce": {
        const parts: number[] = [];
        const strides = broadcastStrides(shape, stridesOf(shape), operation.source.shape);
        forEachOffset(operation.source.shape, strides, 0, (from, to) => {
          if (to === position) parts.push(from);
        });
        if (operation.kind === "sum") return sumOf(operation.source, parts, plain.value);
        return {
          kind: "call",
          fn: "max",
          operands: parts.map((part) => open(operation.source, part)),
          value: plain.value,
        };
      }
      case "gather": {
        const { table, ids } = operation;
        const [rows, width] = table.shape as [number, number];
        // As the operation does: whole, and within the table.
        const id = Math.trunc(behind.numbersOf(ids)[Math.floor(position / width)]!);
        return open(table, Math.max(0, Math.min(rows - 1, id)) * width + (position % width));
      }
      case "scan": {
        const named = behind.openScan?.(value, position);
        return named === undefined ? plain : { ...named, value: plain.value };
      }
      case "scanGradient":
        return value.result === 0 ? inputGradient(operation, position, plain.value) : plain;
      default:
        return plain;
    }
  };

  /** Of several places those that are not 0. */
  const sumOf = (source: Value, places: readonly number[], value: number): OpenedNode => {
    const numbers = behind.numbersOf(source);
    const terms = places.filter((place) => numbers[place] !== 0);
    if (terms.length === 0) return { kind: "number", value };
    if (terms.length === 1) return open(source, terms[0]!);
    return { kind: "sum", terms: terms.map((place) => ({ negative: false, of: open(source, place) })), value };
  };

  const inputGradient = (operation: ScanGradientOperation, position: number, value: number): OpenedNode => {
    const [, timesteps, features] = operation.scan.input.shape as [number, number, number];
    const timestep = Math.floor(position / features) % timesteps;
    const place = { layer: behind.layerOf(operation), timestep };
    return { kind: "name", name: gradientName("x"), unit: position % features, role: "gradient", place, value };
  };

  const openMap = (value: Value, { operands, symbols, body }: MapOperation, position: number): OpenedNode => {
    const { shape } = value;
    const isOfRow = inOrder([body], { bodies: true }).some(({ node }) => isRowOp(node.op));
    const width = isOfRow ? shape.at(-1)! : 1;
    const start = position - (position % width);
    const strides = operands.map((operand) => broadcastStrides(operand.shape, stridesOf(operand.shape), shape));
    const offset = (which: number, place: number): number => dot(indexOf(start + place, shape), strides[which]!);
    const rows = symbols.map((symbol, which) => {
      const numbers = behind.numbersOf(operands[which]!);
      return [symbol, Float64Array.from({ length: width }, (_, place) => numbers[offset(which, place)]!)] as const;
    });
    const opener = new Opener({
      valueOf: rowEvaluator([body])({ width, symbols: new Map(rows) }),
      rowWidth: width,
      names: new Map(),
      argument: (symbol, place) => open(operands[symbols.indexOf(symbol)]!, offset(symbols.indexOf(symbol), place)),
    });
    return opener.define(body, position - start);
  };

  const openProduct = (
    { a, b, transposeA, transposeB }: ProductOperation,
    shape: readonly number[],
    position: number,
    value: number,
  ): OpenedNode => {
    const [rows, columns] = shape.slice(-2) as [number, number]; // a product has two axes at least
    const inner = a.shape.at(transposeA ? -2 : -1)!;
    const matrix = Math.floor(position / (rows * columns));
    const [row, column] = [Math.floor(position / columns) % rows, position % columns];
    const startB = b.shape.length === 2 ? 0 : matrix * inner * columns;
    const places = Array.from({ length: inner }, (_, k) => [
      matrix * rows * inner + (transposeA ? k * rows + row : row * inner + k),
      startB + (transposeB ? column * inner + k : k * columns + column),
    ]) as [number, number][]; // pairs
    const weights = b.operation.op === "weight" ? b.operation.variable : undefined;
    const owner = weights === undefined ? undefined : behind.ownerOf(weights);
    if (weights !== undefined && owner !== undefined) {
      const terms = places.map(([left, right]) => {
        const [factor, weight] = [open(a, left), weightAt(weights, right, behind)!]; // its owner is known
        return { factor, weight, value: factor.value * weight.value };
      });
      return { kind: "dot", name: `${owner.layer} ${owner.array}${transposeB ? "ᵀ" : ""}`, terms, value };
    }
    const terms = places.map(([left, right]): OpenedNode => {
      const factors = [open(a, left), open(b, right)];
      return { kind: "product", factors, value: factors[0]!.value * factors[1]!.value };
    });
    return { kind: "sum", terms: terms.map((of) => ({ negative: false, of })), value };
  };

  return simplified(open(root, at));
}

function weightAt(
  variable: Variable,
  position: number,
  { ownerOf }: Pick<Behind, "ownerOf">,
): OpenedWeight | undefined {
  const owner = ownerOf(variable);
  if (owner === undefined) return undefined;
  const { layer, array } = owner;
  const index = indexOf(position, variable.shape);
  return { kind: "weight", name: array, array, layer, index, block: 0, value: variable.data[position]! };
}

/** The same without what says nothing: arithmetic on constants, factors of 1, sums of one term; a term that comes twice is 2 × it. */
function simplified(node: OpenedNode): OpenedNode {
  switch (node.kind) {
    case "sum": {
      const all = node.terms.map(({ negative, of }) => ({ negative, of: simplified(of) }));
      if (all.every(({ of }) => isConstant(of))) return { kind: "number", value: node.value };
      const terms = together(all);
      return terms.length === 1 && !terms[0]!.negative ? terms[0]!.of : { ...node, terms };
    }
    case "product": {
      const all = node.factors.map(simplified);
      if (all.every(isConstant)) return { kind: "number", value: node.value };
      const factors = all.filter((one) => !isConstant(one) || one.value !== 1);
      return factors.length === 1 ? factors[0]! : { ...node, factors };
    }
    case "dot":
      return { ...node, terms: node.terms.map((term) => ({ ...term, factor: simplified(term.factor) })) };
    case "call": {
      const operands = node.operands.map(simplified);
      const isKnown = operands.length > 0 && operands.every(isConstant);
      return isKnown ? { kind: "number", value: node.value } : { ...node, operands };
    }
    case "infix": {
      const [left, right] = [simplified(node.left), simplified(node.right)];
      return isConstant(left) && isConstant(right) ? { kind: "number", value: node.value } : { ...node, left, right };
    }
    case "cases":
      return { ...node, condition: simplified(node.condition), yes: simplified(node.yes), no: simplified(node.no) };
    default:
      return node;
  }
}

type Term = Extract<OpenedNode, { kind: "sum" }>["terms"][number];

function together(terms: readonly Term[]): Term[] {
  const counted = new Map<string, { readonly term: Term; count: number }>();
  for (const term of terms) {
    const key = JSON.stringify(term);
    const found = counted.get(key);
    if (found === undefined) counted.set(key, { term, count: 1 });
    else found.count += 1;
  }
  return [...counted.values()].map(({ term, count }) => {
    if (count === 1) return term;
    const { negative, of } = term;
    const factors = [{ kind: "number", value: count } as const, ...(of.kind === "product" ? of.factors : [of])];
    return { negative, of: { kind: "product", factors, value: count * of.value } };
  });
}

/** A number that comes from nowhere else. */
function isConstant(node: OpenedNode): boolean {
  return node.kind === "number" && node.from === undefined;
}

function indexOf(position: number, shape: readonly number[]): number[] {
  return stridesOf(shape).map((stride, axis) => Math.floor(position / stride) % shape[axis]!);
}

function dot(index: readonly number[], strides: readonly number[]): number {
  return index.reduce((sum, entry, axis) => sum + entry * strides[axis]!, 0);
}
