/**
 * Reverse-mode differentiation of tensor programs: gradients of a loss as values of the same kind, so that the reference
 * evaluates them and the engine compiles them like any other program. Every rule is one function below.
 */

import { stridesOf } from "../core/shape.ts";
import type { Variable } from "../core/variable.ts";
import { adjoint } from "../equations/differentiate.ts";
import { argument, inOrder } from "../equations/expr.ts";
import { broadcastTo, filled, gather, map, matmul, reduce, reshape, resultsOf, transpose, view } from "./builder.ts";
import { viewGradient } from "./differentiate-view.ts";
import {
  type ConcatOperation,
  type MapOperation,
  type Operation,
  type PadOperation,
  type ProductOperation,
  type ReduceOperation,
  type ScanOperation,
  sourcesOf,
  type Value,
  valuesInOrder,
} from "./program.ts";

/** A source's share of an operation's gradient. */
type Share = readonly [source: Value, gradient: Value];

/**
 * The gradient of `loss` (of the sum of its elements, when it has several) for each of `wrt`, in their shapes. Values of one
 * variable count as one. Where nothing flows the gradient is a constant 0, at no cost.
 *
 * Where several elements tie for a maximum they share its gradient.
 *
 * @throws UnrollError `unsupported` for activations without a gradient (sparsemax).
 * @example const [dKernel] = differentiate(loss, [kernel]);
 */
export function differentiate(loss: Value, wrt: readonly Value[]): Value[] {
  const values = valuesInOrder([loss]);
  const active = activeValues(values, wrt);
  const shares = new Map<Variable | Value, Value[]>();
  const flow = (to: Value, gradient: Value): void => {
    if (!active.has(to)) return;
    const list = shares.get(keyOf(to));
    if (list === undefined) shares.set(keyOf(to), [gradient]);
    else list.push(gradient);
  };
  const gradientOf = (value: Value): Value | undefined => {
    const list = shares.get(keyOf(value));
    if (list === undefined) return undefined;
    const total = sum(list);
    shares.set(keyOf(value), [total]);
    return total;
  };

  flow(loss, filled(loss.shape, 1));
  for (const results of byOperation(values).reverse()) {
    const { operation } = results[0]!;
    if (sourcesOf(operation).some((source) => active.has(source))) {
      for (const [source, gradient] of pullBack(operation, results, gradientOf)) flow(source, gradient);
    }
  }
  return wrt.map((value) => gradientOf(value) ?? filled(value.shape, 0));
}

/** Weight values of one variable have one gradient. */
function keyOf(value: Value): Variable | Value {
  return value.operation.op === "weight" ? value.operation.variable : value;
}

/** The values that depend on any of `wrt`. */
function activeValues(order: readonly Value[], wrt: readonly Value[]): Set<Value> {
  const keys = new Set(wrt.map(keyOf));
  const active = new Set<Value>();
  for (const value of order) {
    if (keys.has(keyOf(value)) || sourcesOf(value.operation).some((source) => active.has(source))) active.add(value);
  }
  return active;
}

/** The values of each operation together, in an order in which sources come first. */
function byOperation(values: readonly Value[]): Value[][] {
  const groups = new Map<Operation, Value[]>();
  for (const value of values) {
    const group = groups.get(value.operation);
    if (group === undefined) groups.set(value.operation, [value]);
    else group.push(value);
  }
  return [...groups.values()];
}

function sum(list: readonly Value[]): Value {
  return list.length === 1 ? list[0]! : map(list, (terms) => terms.reduce((total, term) => total.plus(term)));
}

function pullBack(
  operation: Operation,
  results: readonly Value[],
  gradientOf: (value: Value) => Value | undefined,
): readonly Share[] {
  if (operation.op === "scan") return pullBackScan(operation, results, gradientOf);
  const y = results[0]!;
  const dy = gradientOf(y);
  if (dy === undefined) return [];
  switch (operation.op) {
    case "input":
    case "weight":
    case "constant":
    case "random":
      return [];
    case "map":
      return pullBackMap(operation, dy);
    case "product":
      return pullBackProduct(operation, dy);
    case "view":
      return [[operation.source, viewGradient(operation, dy)]];
    case "viewGradient":
      return [[operation.source, view(dy, operation.source.shape, operation.strides, operation.offset)]];
    case "pad":
      return [[operation.source, window(dy, operation.source.shape, operation.before)]];
    case "concat":
      return pullBackConcat(operation, dy);
    case "reduce":
      return pullBackReduce(operation, y, dy);
    case "gather": {
      const { table, ids } = operation;
      return [[table, resultsOf({ op: "gatherGradient", source: dy, ids }, [table.shape])[0]!]];
    }
    case "gatherGradient":
      return [[operation.source, gather(dy, operation.ids)]];
    case "scanGradient":
      throw new Error("tensor program: a scan is differentiated once only");
  }
}

/** Each operand's gradient is an equation of its own over the operands it needs, summed over the axes along which it repeats. */
function pullBackMap({ operands, symbols, body }: MapOperation, dy: Value): Share[] {
  const seed = argument("dy");
  const { gradients } = adjoint([{ expr: body, seed }], symbols);
  return operands.flatMap((operand, i): Share[] => {
    const gradient = gradients[i];
    if (gradient === undefined) return [];
    if (gradient === seed) return [[operand, sumTo(dy, operand.shape)]];
    const used = new Set(inOrder([gradient], { bodies: true }));
    const inputs = [...operands, dy];
    const kept = [...symbols, seed].flatMap((symbol, k) => (used.has(symbol) ? [{ symbol, value: inputs[k]! }] : []));
    const [full] = resultsOf(
      {
        op: "map",
        operands: kept.map(({ value }) => value),
        symbols: kept.map(({ symbol }) => symbol),
        body: gradient,
      },
      [dy.shape],
    );
    return [[operand, sumTo(full!, operand.shape)]];
  });
}

/** Undoes broadcasting: the sum over axes along which `shape` was repeated. */
function sumTo(value: Value, shape: readonly number[]): Value {
  const extra = value.shape.length - shape.length;
  const repeated = value.shape.flatMap((size, axis) =>
    axis < extra || (shape[axis - extra] === 1 && size !== 1) ? [axis] : [],
  );
  if (repeated.length === 0) return value;
  const summed = reduce("sum", value, repeated);
  return extra === 0 ? summed : reshape(summed, shape);
}

function pullBackProduct({ a, b, transposeA, transposeB }: ProductOperation, dy: Value): Share[] {
  const left = matmul(dy, b, { transposeB: !transposeB });
  const da = transposeA ? transpose(left, swappedLast(left.shape.length)) : left;
  if (b.shape.length === a.shape.length) {
    const db = transposeB
      ? matmul(dy, a, { transposeA: true, transposeB: transposeA })
      : matmul(a, dy, { transposeA: !transposeA });
    return [
      [a, da],
      [b, db],
    ];
  }
  // One matrix for all: the leading axes become rows of one long product.
  const upright = transposeA ? transpose(a, swappedLast(a.shape.length)) : a;
  const rowsA = reshape(upright, [upright.shape.slice(0, -1).reduce((n, size) => n * size, 1), upright.shape.at(-1)!]);
  const rowsDy = reshape(dy, [rowsA.shape[0]!, dy.shape.at(-1)!]);
  const db = transposeB ? matmul(rowsDy, rowsA, { transposeA: true }) : matmul(rowsA, rowsDy, { transposeA: true });
  return [
    [a, da],
    [b, db],
  ];
}

function swappedLast(rank: number): number[] {
  return Array.from({ length: rank }, (_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis));
}

/** The part of `value` of the given shape that starts after `before[axis]` entries. */
function window(value: Value, shape: readonly number[], before: PadOperation["before"]): Value {
  const strides = stridesOf(value.shape);
  return view(
    value,
    shape,
    strides,
    before.reduce((offset, count, axis) => offset + count * strides[axis]!, 0),
  );
}

function pullBackConcat({ sources, axis }: ConcatOperation, dy: Value): Share[] {
  let start = 0;
  return sources.map((source): Share => {
    const before = source.shape.map((_, i) => (i === axis ? start : 0));
    start += source.shape[axis]!;
    return [source, window(dy, source.shape, before)];
  });
}

function pullBackReduce({ kind, source, axes }: ReduceOperation, y: Value, dy: Value): Share[] {
  if (kind === "sum") return [[source, broadcastTo(dy, source.shape)]];
  const largest = map([source, y], ([x, maximum]) => x!.equals(maximum!));
  const count = reduce("sum", largest, axes);
  return [[source, map([dy, largest, count], ([d, is, n]) => d!.times(is!).over(n!))]];
}

function pullBackScan(
  scan: ScanOperation,
  results: readonly Value[],
  gradientOf: (value: Value) => Value | undefined,
): Share[] {
  const outputs: (Value | undefined)[] = Array.from({ length: 1 + scan.cell.states.length });
  for (const value of results) outputs[value.result] = gradientOf(value);
  if (outputs.every((output) => output === undefined)) return [];
  const state = [scan.input.shape[0]!, scan.units];
  const gradients = resultsOf({ op: "scanGradient", scan, outputs }, [
    scan.input.shape,
    ...scan.arrays.map(({ shape }) => shape),
    ...scan.cell.states.map(() => state),
  ]);
  const sources = [scan.input, ...scan.arrays, ...(scan.initialStates ?? [])];
  return sources.map((source, i): Share => [source, gradients[i]!]);
}
