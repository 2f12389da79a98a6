/**
 * A cell over time in float64, all examples of a batch at each timestep: the same numbers as evaluate-scan.ts, which goes through
 * them one by one and can tell of every step. For many examples whose outputs alone are wanted.
 */
import { isRowOp } from "../equations/arithmetic.ts";
import { type NewRow, type Row, rowEvaluator, toRow } from "../equations/evaluate.ts";
import { type Expr, inOrder, type ProductNode } from "../equations/expr.ts";
import { type CellArrays, cellArrays, multiplyRows } from "./evaluate-scan.ts";
import type { ScanOperation, Value } from "./program.ts";

/** Whether no equation of the cell looks at a row as a whole: rows of several examples then stand in one. */
export function canGoTogether({ cell }: ScanOperation): boolean {
  return inOrder(cell.named.values(), { bodies: true }).every(({ node }) => !isRowOp(node.op));
}

/** As evaluateScan: output, then final states. */
export function evaluateScanTogether(
  scan: ScanOperation,
  numbersOf: (value: Value) => Float64Array,
  most = Number.POSITIVE_INFINITY,
  rows: Float64Array[] = [],
): Float64Array[] {
  const { cell, units } = scan;
  const [batch, timesteps, features] = scan.input.shape as [number, number, number];
  const arrays = cellArrays(scan, numbersOf);
  const input = numbersOf(scan.input);
  const mask = scan.mask === undefined ? undefined : numbersOf(scan.mask);
  const nextStates = cell.states.map(({ next }) => next);
  const evaluate = rowEvaluator(nextStates, { reuse: true, rows });
  const width = batch * units;
  const product = productOf(arrays, batch);

  const x = new Float64Array(batch * features);
  const states: Float64Array[] = cell.states.map((_, i) =>
    scan.initialStates === undefined ? new Float64Array(width) : numbersOf(scan.initialStates[i]!).slice(),
  );
  const symbols = new Map<Expr, Row>([[cell.x, x]]);
  for (const [expr, row] of arrays.vectors) symbols.set(expr, repeated(row, batch));
  for (const [i, { previous }] of cell.states.entries()) symbols.set(previous, states[i]!);

  const output = new Float64Array(width);
  const sequence = new Float64Array(scan.returnSequences ? timesteps * width : 0);
  for (let step = 0; step < timesteps && step < most; step++) {
    const timestep = scan.backwards ? timesteps - 1 - step : step;
    for (let example = 0; example < batch; example++) {
      const from = (example * timesteps + timestep) * features;
      for (let i = 0; i < features; i++) x[example * features + i] = input[from + i]!;
    }
    const nodeOf = evaluate({ width, symbols, product });
    // One that only hands a state on is that state's own row.
    const next = nextStates
      .map((expr) => toRow(nodeOf(expr), width))
      .map((row) => (states.includes(row) ? row.slice() : row));
    for (let example = 0; example < batch; example++) {
      const [from, to] = [example * units, (example + 1) * units];
      if (mask === undefined || mask[example * timesteps + timestep] !== 0) {
        for (let i = 0; i < states.length; i++) copy(next[i]!, from, states[i]!, from, units);
        copy(states[0]!, from, output, from, units);
      } else if (scan.zeroOutputForMask) {
        output.fill(0, from, to);
      }
      if (scan.returnSequences) copy(output, from, sequence, (example * timesteps + step) * units, units);
    }
  }
  return [scan.returnSequences ? sequence : output, ...states];
}

function productOf(arrays: CellArrays, batch: number) {
  return (node: ProductNode, vector: Row, newRow: NewRow): Float64Array => {
    const matrix = arrays.matrixOf(node.matrix);
    const [taken, made] = node.transposed ? [arrays.units, matrix.rows] : [matrix.rows, arrays.units];
    const result = newRow(batch * made);
    multiplyRows(matrix, toRow(vector, batch * taken), factorsOf(arrays, node, batch), node.transposed, result, batch);
    return result;
  };
}

/** `[batch, rows]`, or undefined for none. */
function factorsOf(arrays: CellArrays, { matrix }: ProductNode, batch: number): Float64Array | undefined {
  const first = arrays.factors(matrix, 0);
  if (first === undefined) return undefined;
  const all = new Float64Array(batch * first.length);
  for (let example = 0; example < batch; example++) all.set(arrays.factors(matrix, example)!, example * first.length);
  return all;
}

function repeated(row: Float64Array, times: number): Float64Array {
  const all = new Float64Array(times * row.length);
  for (let time = 0; time < times; time++) all.set(row, time * row.length);
  return all;
}

function copy(source: Float64Array, from: number, target: Float64Array, to: number, count: number): void {
  for (let i = 0; i < count; i++) target[to + i] = source[from + i]!;
}
