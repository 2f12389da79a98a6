/**
 * Makes the values of a tensor program. Layers call these functions; shapes are known and have been checked by the layer,
 * so a misfit found here is a defect of the layer, not of the user's model.
 */
import { broadcastShapes, sizeOf, stridesOf } from "../core/shape.ts";
import type { Variable } from "../core/variable.ts";
import { argument, type Expr } from "../equations/expr.ts";
import type { Operation, ScanOperation, Value } from "./program.ts";

let nextId = 0;

function value(operation: Operation, shape: readonly number[], result = 0): Value {
  return { id: nextId++, shape, operation, result };
}

function must(condition: boolean, rule: string): void {
  if (!condition) throw new Error(`tensor program: ${rule}`);
}

export function inputValue(name: string, shape: readonly number[]): Value {
  return value({ op: "input", name }, shape);
}

export function weightValue(variable: Variable): Value {
  return value({ op: "weight", variable }, variable.shape);
}

/** `fill` in every element. */
export function filled(shape: readonly number[], fill: number): Value {
  return value({ op: "constant", value: fill }, shape);
}

/** Random numbers, fresh on each run: uniform in [0, 1), or standard normal. */
export function random(shape: readonly number[], distribution: "uniform" | "normal"): Value {
  return value({ op: "random", distribution }, shape);
}

/**
 * An elementwise equation: `map([x, bias], ([x, b]) => x.plus(b).tanh())`. Operands broadcast as in NumPy; row operators
 * reduce over the last axis of the result.
 */
export function map(operands: readonly Value[], equation: (symbols: readonly Expr[]) => Expr): Value {
  const symbols = operands.map((_, index) => argument(`a${index}`));
  let shape: readonly number[] = [];
  for (const operand of operands) {
    const wider = broadcastShapes(shape, operand.shape);
    must(wider !== undefined, `operands must broadcast: ${operands.map((o) => `[${o.shape}]`).join(" ")}`);
    shape = wider as readonly number[]; // every size in a program is known
  }
  return value({ op: "map", operands, symbols, body: equation(symbols) }, shape);
}

/** `[..., rows, inner] · [..., inner, columns]`; `b` may be a single matrix. */
export function matmul(a: Value, b: Value, { transposeA = false, transposeB = false } = {}): Value {
  const [rowsA, innerA] = lastTwo(a.shape, transposeA);
  const [innerB, columns] = lastTwo(b.shape, transposeB);
  must(innerA === innerB, `inner sizes must be equal: [${a.shape}] · [${b.shape}]`);
  const batch = a.shape.slice(0, -2);
  must(
    b.shape.length === 2 || String(b.shape.slice(0, -2)) === String(batch),
    `leading axes: [${a.shape}] · [${b.shape}]`,
  );
  return value({ op: "product", a, b, transposeA, transposeB }, [...batch, rowsA, columns]);
}

/** The same elements in another shape. */
export function reshape(source: Value, shape: readonly number[]): Value {
  must(sizeOf(shape) === sizeOf(source.shape), `reshape [${source.shape}] to [${shape}]`);
  return value({ op: "view", source, offset: 0, strides: stridesOf(shape) }, shape);
}

/** Any other look at the source's row-major elements. */
export function view(source: Value, shape: readonly number[], strides: readonly number[], offset = 0): Value {
  must(shape.length === strides.length, "a view needs one stride an axis");
  return value({ op: "view", source, offset, strides }, shape);
}

/** Axes in another order: axis i of the result is axis `order[i]` of the source. */
export function transpose(source: Value, order: readonly number[]): Value {
  const strides = stridesOf(source.shape);
  return view(
    source,
    order.map((axis) => source.shape[axis]!),
    order.map((axis) => strides[axis]!),
  );
}

/** Entries `start` to `end` (not included) of one axis, every `step`th; a step of -1 from the last entry reverses: start = size - 1, end = -1. */
export function slice(source: Value, axis: number, start: number, end: number, step = 1): Value {
  const count = Math.ceil((end - start) / step);
  must(
    count >= 0 && start >= 0 && start + (count - 1) * step < source.shape[axis]!,
    `slice ${start}:${end}:${step} of [${source.shape}]`,
  );
  const strides = stridesOf(source.shape);
  return view(
    source,
    source.shape.map((size, i) => (i === axis ? count : size)),
    strides.map((stride, i) => (i === axis ? stride * step : stride)),
    start * strides[axis]!,
  );
}

/** One axis back to front. */
export function reverse(source: Value, axis: number): Value {
  return slice(source, axis, source.shape[axis]! - 1, -1, -1);
}

/** The source repeated along axes of size 1 (or new leading axes), without a copy. */
export function broadcastTo(source: Value, shape: readonly number[]): Value {
  const extra = shape.length - source.shape.length;
  const strides = stridesOf(source.shape);
  return view(
    source,
    shape,
    shape.map((size, axis) =>
      axis < extra || (source.shape[axis - extra] === 1 && size !== 1) ? 0 : strides[axis - extra]!,
    ),
  );
}

export function pad(source: Value, before: readonly number[], after: readonly number[], fill = 0): Value {
  if ([...before, ...after].every((count) => count === 0)) return source;
  return value(
    { op: "pad", source, before, after, value: fill },
    source.shape.map((size, axis) => before[axis]! + size + after[axis]!),
  );
}

export function concat(sources: readonly Value[], axis: number): Value {
  if (sources.length === 1) return sources[0]!;
  const total = sources.reduce((sum, source) => sum + source.shape[axis]!, 0);
  return value(
    { op: "concat", sources, axis },
    sources[0]!.shape.map((size, i) => (i === axis ? total : size)),
  );
}

/** Sum or maximum over axes, which stay with size 1. */
export function reduce(kind: "sum" | "max", source: Value, axes: readonly number[]): Value {
  return value(
    { op: "reduce", kind, source, axes },
    source.shape.map((size, axis) => (axes.includes(axis) ? 1 : size)),
  );
}

/** Rows of `table` `[rows, width]` at `ids`: `[...ids, width]`. */
export function gather(table: Value, ids: Value): Value {
  return value({ op: "gather", table, ids }, [...ids.shape, table.shape[1]!]);
}

/** Results of a cell run over time: the output, then the final states. */
export function scan(operation: Omit<ScanOperation, "op">): Value[] {
  const full: ScanOperation = { op: "scan", ...operation };
  const [batch, timesteps] = operation.input.shape as [number, number];
  const state = [batch, operation.units];
  const output = operation.returnSequences ? [batch, timesteps, operation.units] : state;
  return [output, ...operation.cell.states.map(() => state)].map((shape, result) => value(full, shape, result));
}

/** Makes the results of an operation that passes build themselves (adjoints). */
export function resultsOf(operation: Operation, shapes: readonly (readonly number[])[]): Value[] {
  return shapes.map((shape, result) => value(operation, shape, result));
}

function lastTwo(shape: readonly number[], transposed: boolean): [number, number] {
  const rows = shape[shape.length - 2]!;
  const columns = shape[shape.length - 1]!;
  return transposed ? [columns, rows] : [rows, columns];
}
