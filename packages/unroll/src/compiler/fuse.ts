/**
 * Joins operations before they are planned: a map that only another map reads becomes part of it, and a map that reads a
 * product becomes the product's epilogue. The program itself is not changed; the result is a list of tasks.
 */
import { constant, type Expr } from "../equations/expr.ts";
import {
  type MapOperation,
  type Operation,
  type ProductOperation,
  sourcesOf,
  type Value,
  valuesInOrder,
} from "../program/program.ts";
import type { ProductEpilogue } from "./kernel.ts";
import { hasRowOps } from "./map.ts";
import { substitute } from "./substitute.ts";

/** Something to compute: an operation, perhaps of several, and the values that it leaves. */
export interface Task {
  readonly operation: Operation;
  readonly results: readonly Value[];
  /** For a product: the map of its result that is done before it is stored. */
  readonly epilogue?: ProductEpilogue;
  /** For a map of several results: the body of each, over the operation's symbols. */
  readonly bodies?: readonly Expr[];
}

/**
 * The tasks that compute the roots, in an order in which they can run. Maps in `apart` are not taken into a product: they
 * would rather be joined with others.
 */
export function tasksOf(roots: readonly Value[], apart: ReadonlySet<Value> = new Set()): Task[] {
  const values = valuesInOrder(roots);
  const readers = countReaders(values, roots);
  const isOnlyReadOnce = (value: Value): boolean => readers.get(value) === 1;
  /** Maps as they are after others were taken into them. */
  const maps = new Map<Value, MapOperation>();
  const absorbed = new Set<Value>();
  for (const value of values) {
    if (value.operation.op !== "map") continue;
    maps.set(value, absorbMaps(value.operation, value, maps, absorbed, isOnlyReadOnce));
  }
  const epilogues = new Map<Value, { product: ProductOperation; epilogue: ProductEpilogue }>();
  for (const [value, map] of maps) {
    if (absorbed.has(value) || apart.has(value) || hasRowOps(map.body)) continue;
    const operand = map.operands.findIndex((source) => canEndIn(source, value) && isOnlyReadOnce(source));
    if (operand < 0) continue;
    const product = map.operands[operand]!;
    absorbed.add(product);
    epilogues.set(value, { product: product.operation as ProductOperation, epilogue: { map, operand } }); // canEndIn asked
  }
  const tasks = new Map<Operation, { operation: Operation; results: Value[]; epilogue?: ProductEpilogue }>();
  for (const value of values) {
    if (absorbed.has(value)) continue;
    const joined = epilogues.get(value);
    const operation = joined?.product ?? maps.get(value) ?? value.operation;
    const task = tasks.get(operation) ?? { operation, results: [], epilogue: joined?.epilogue };
    task.results[value.result] = value;
    tasks.set(operation, task);
  }
  return scansFirst(tasks);
}

/** A scan's gradient reads what the scan keeps, so the scan runs before it, also where nothing else asks for its results. */
function scansFirst(tasks: ReadonlyMap<Operation, Task>): Task[] {
  const order = new Set<Task>();
  for (const task of tasks.values()) {
    const { operation } = task;
    if (operation.op === "scanGradient") {
      order.add(tasks.get(operation.scan) ?? { operation: operation.scan, results: [] });
    }
    order.add(task);
  }
  return [...order];
}

/** How often each value is read: by operations (each operand counts) and by the caller. */
function countReaders(values: readonly Value[], roots: readonly Value[]): Map<Value, number> {
  const readers = new Map<Value, number>();
  const count = (value: Value): void => {
    readers.set(value, (readers.get(value) ?? 0) + 1);
  };
  for (const operation of new Set(values.map((value) => value.operation))) sourcesOf(operation).forEach(count);
  // A root that an operation reads too has two readers, so it is never taken into another and lies in memory.
  roots.forEach(count);
  return readers;
}

function canEndIn(source: Value, map: Value): boolean {
  return source.operation.op === "product" && String(source.shape) === String(map.shape);
}

/** The map with those of its operands put in that are constants, or maps of the same shape that nothing else reads. */
function absorbMaps(
  map: MapOperation,
  value: Value,
  maps: ReadonlyMap<Value, MapOperation>,
  absorbed: Set<Value>,
  isOnlyReadOnce: (value: Value) => boolean,
): MapOperation {
  const operands: Value[] = [];
  const symbols: Expr[] = [];
  const bodies = new Map<Expr, Expr>();
  for (const [i, operand] of map.operands.entries()) {
    const inner = maps.get(operand);
    const symbol = map.symbols[i]!;
    if (operand.operation.op === "constant") {
      bodies.set(symbol, constant(operand.operation.value));
      continue;
    }
    const fits = inner !== undefined && isOnlyReadOnce(operand) && String(operand.shape) === String(value.shape);
    // A product's own map stays with the product where this one has to wait for whole rows.
    const waits =
      fits &&
      hasRowOps(map.body) &&
      inner.operands.some((source) => canEndIn(source, operand) && isOnlyReadOnce(source));
    if (!fits || waits) {
      operands.push(operand);
      symbols.push(symbol);
      continue;
    }
    absorbed.add(operand);
    operands.push(...inner.operands);
    symbols.push(...inner.symbols);
    bodies.set(symbol, inner.body);
  }
  return bodies.size === 0 ? map : { ...map, operands, symbols, body: substitute(map.body, bodies) };
}
