/**
 * A cell over time in float64: one example, one timestep, every intermediate by name. Masks, directions and initial states
 * as in Keras's RNN. This is the by-hand forward pass and the source of traces.
 */
import { type NewRow, type Row, rowEvaluator, toRow, type ValueOf } from "../equations/evaluate.ts";
import { type Expr, inOrder, type ProductNode, type WeightBlock } from "../equations/expr.ts";
import type { ScanOperation, Value } from "./program.ts";

/** What one example's timestep leaves behind. */
export interface ScanStates {
  /** Which example of the batch, from 0. */
  readonly batchIndex: number;
  /** Index into the input's time axis; with `backwards` it goes down from the last. */
  readonly timestep: number;
  /** True where the mask is 0: the cell's values are shown, but states and output are those of the step before. */
  readonly masked: boolean;
  /** States before and after the step, in the cell's order, `[units]` each. */
  readonly statesBefore: readonly Float64Array[];
  readonly statesAfter: readonly Float64Array[];
  /** What the sequence holds for this step, `[units]`. */
  readonly output: Float64Array;
}

/** What one example's timestep came to. */
export interface ScanStep extends ScanStates {
  /** Every named value of the cell's equations, `[units]` each; gathered when it is asked for. */
  readonly values: ReadonlyMap<string, Float64Array>;
  /** Any node of the cell's graph, such as a product or a sum inside a gate. */
  valueOf(expr: Expr): Row;
}

export type OnStep = (scan: ScanOperation, step: ScanStep) => void;

/** Who is told of the steps, if anybody. */
export interface Listening<T> {
  readonly onStep: T | undefined;
  /** The rows that it is given hold during the call only. */
  readonly reuse: boolean;
}

export const nobody: Listening<never> = { onStep: undefined, reuse: true };

/**
 * Output, then final states: the results of the operation.
 *
 * @param most steps, in order of processing; those behind them leave zeros in the output sequence
 * @param earlier steps of each example that are known, the first ones in order of processing
 */
export function evaluateScan(
  scan: ScanOperation,
  numbersOf: (value: Value) => Float64Array,
  listening: Listening<OnStep> = nobody,
  most = Number.POSITIVE_INFINITY,
  earlier: readonly (readonly ScanStep[])[] = [],
): Float64Array[] {
  const { units, cell } = scan;
  const [batch, timesteps] = scan.input.shape as [number, number];
  const output = new Float64Array(batch * units * (scan.returnSequences ? timesteps : 1));
  const finalStates = cell.states.map(() => new Float64Array(batch * units));
  const run = exampleRunner(scan, cellArrays(scan, numbersOf), numbersOf, listening, most);
  for (let batchIndex = 0; batchIndex < batch; batchIndex++) {
    const steps = run(batchIndex, earlier[batchIndex]);
    for (let step = 0; step < steps.length; step++) {
      const done = steps[step]!;
      if (scan.returnSequences) output.set(done.output, (batchIndex * timesteps + step) * units);
      else if (step === timesteps - 1) output.set(done.output, batchIndex * units);
    }
    finalStates.forEach((state, i) => {
      state.set(steps.at(-1)?.statesAfter[i] ?? initialState(scan, i, batchIndex, numbersOf), batchIndex * units);
    });
  }
  return [output, ...finalStates];
}

/** Runs all steps of one example, in processing order, behind those that are known. Values other than states are kept only where `onStep` is told of them. */
export function exampleRunner(
  scan: ScanOperation,
  arrays: CellArrays,
  numbersOf: (value: Value) => Float64Array,
  { onStep, reuse }: Listening<OnStep> = nobody,
  most = Number.POSITIVE_INFINITY,
): (batchIndex: number, earlier?: readonly ScanStep[]) => ScanStates[] {
  const { cell, units } = scan;
  const [, timesteps, features] = scan.input.shape as [number, number, number];
  const input = numbersOf(scan.input);
  const mask = scan.mask === undefined ? undefined : numbersOf(scan.mask);
  const nextStates = cell.states.map(({ next }) => next);
  const evaluate = rowEvaluator(onStep === undefined ? nextStates : cell.named.values(), { reuse });
  const valuesOf = (nodeOf: ValueOf): Map<string, Float64Array> =>
    new Map([...cell.named].map(([name, expr]) => [name, toRow(nodeOf(expr), units)]));
  return (batchIndex, earlier) => {
    const product = (node: ProductNode, vector: Row, newRow: NewRow): Float64Array =>
      arrays.product(node, vector, batchIndex, newRow);
    const symbols = new Map<Expr, Row>(arrays.vectors);
    let states: readonly Float64Array[] = cell.states.map((_, i) => initialState(scan, i, batchIndex, numbersOf));
    let output: Float64Array = new Float64Array(units);
    const steps: ScanStates[] = [];
    const kept = nextStates.map(() => new Float64Array(timesteps * units));
    for (let step = 0; step < timesteps && step < most; step++) {
      const known = earlier?.[step];
      if (known !== undefined) {
        ({ statesAfter: states, output } = known);
        onStep?.(scan, known);
        steps.push(known);
        continue;
      }
      const timestep = scan.backwards ? timesteps - 1 - step : step;
      const start = (batchIndex * timesteps + timestep) * features;
      symbols.set(cell.x, input.subarray(start, start + features));
      for (let i = 0; i < states.length; i++) symbols.set(cell.states[i]!.previous, states[i]!);
      const nodeOf = evaluate({ width: units, symbols, product });
      const masked = mask !== undefined && mask[batchIndex * timesteps + timestep] === 0;
      const statesBefore = states;
      if (!masked) {
        states = nextStates.map((next, i) => {
          const state = kept[i]!.subarray(step * units, (step + 1) * units);
          state.set(toRow(nodeOf(next), units));
          return state;
        });
        output = states[0]!;
      } else if (scan.zeroOutputForMask) {
        output = new Float64Array(units);
      }
      const done = { batchIndex, timestep, masked, statesBefore, statesAfter: states, output };
      onStep?.(scan, {
        ...done,
        get values() {
          return valuesOf(nodeOf);
        },
        valueOf: nodeOf,
      });
      steps.push(done);
    }
    return steps;
  };
}

function initialState(
  scan: ScanOperation,
  state: number,
  batchIndex: number,
  numbersOf: (value: Value) => Float64Array,
): Float64Array {
  const { units, initialStates } = scan;
  const start = batchIndex * units;
  return initialStates === undefined
    ? new Float64Array(units)
    : numbersOf(initialStates[state]!).subarray(start, start + units);
}

/** A scan's arrays as the cell's graph uses them: gate blocks of matrices, and vectors. */
export interface CellArrays {
  readonly units: number;
  /** The weight symbols of the graph with their blocks, `[units]` each. */
  readonly vectors: ReadonlyMap<Expr, Float64Array>;
  /** `vector · block`, or with `transposed` `vector · blockᵀ`, dropout factors included, in a new row. */
  product(
    node: Pick<ProductNode, "matrix" | "transposed">,
    vector: Row,
    batchIndex: number,
    newRow: NewRow,
  ): Float64Array;
  /** The numbers of a block and where they lie. */
  matrixOf(block: WeightBlock): WeightMatrix;
  /** `[rows]` dropout factors of the matrix's rows for one example, or undefined for none. */
  factors(block: WeightBlock, batchIndex: number): Float64Array | undefined;
  /** Where a block lies in its array: element (row, unit) is at start + row · stride + unit. */
  place(block: WeightBlock): BlockPlace;
}

export interface BlockPlace {
  /** Which of the scan's arrays. */
  readonly array: number;
  /** Rows of the array's matrix; bias rows and vectors are blocks of one row each. */
  readonly rows: number;
  readonly start: number;
  readonly stride: number;
}

export function cellArrays(scan: ScanOperation, numbersOf: (value: Value) => Float64Array): CellArrays {
  const { cell, units } = scan;
  const places = new Map<WeightBlock, BlockPlace>();
  const place = (block: WeightBlock): BlockPlace => {
    const known = places.get(block);
    if (known !== undefined) return known;
    const array = cell.arrays.findIndex(({ name }) => name === block.array);
    const stride = cell.arrays[array]!.blocks.length * units;
    const start = block.row * stride + block.block * units;
    const found = { array, rows: scan.arrays[array]!.shape[0]!, start, stride };
    places.set(block, found);
    return found;
  };

  const vectors = new Map<Expr, Float64Array>();
  for (const expr of inOrder(cell.named.values(), { bodies: true })) {
    if (expr.node.op !== "symbol" || expr.node.weight === undefined) continue;
    const { array, start } = place(expr.node.weight);
    vectors.set(expr, numbersOf(scan.arrays[array]!).subarray(start, start + units));
  }

  const factors = (block: WeightBlock, batchIndex: number): Float64Array | undefined => {
    const ofFeatures = cell.arrays[place(block).array]!.rows === "features";
    const all = ofFeatures ? scan.inputFactors : scan.recurrentFactors;
    const factor = all.length === 1 ? all[0] : all[block.block];
    if (factor === undefined) return undefined;
    const width = factor.shape[1]!;
    return numbersOf(factor).subarray(batchIndex * width, (batchIndex + 1) * width);
  };

  // Found once for each matrix: a product is taken at every timestep.
  const matrices = new Map<WeightBlock, WeightMatrix>();
  const matrixOf = (block: WeightBlock): WeightMatrix => {
    const known = matrices.get(block);
    if (known !== undefined) return known;
    const { array, ...at } = place(block);
    const found = { ...at, units, weights: numbersOf(scan.arrays[array]!) };
    matrices.set(block, found);
    return found;
  };

  const product: CellArrays["product"] = ({ matrix, transposed }, vector, batchIndex, newRow) => {
    const found = matrixOf(matrix);
    const { rows } = found;
    const result = newRow(transposed ? rows : units);
    multiplyRows(found, toRow(vector, transposed ? units : rows), factors(matrix, batchIndex), transposed, result, 1);
    return result;
  };

  return { units, vectors, product, matrixOf, factors, place };
}

/** A block of a matrix and where its numbers lie. */
export interface WeightMatrix extends Omit<BlockPlace, "array"> {
  readonly units: number;
  readonly weights: Float64Array;
}

/**
 * `vectors · block` for `count` vectors that stand behind each other, `[count, rows]` to `[count, units]`; transposed the other
 * way. Each sum adds its terms in order.
 *
 * @param factors of the block's rows, `[count, rows]`
 */
export function multiplyRows(
  matrix: WeightMatrix,
  vectors: Float64Array,
  factors: Float64Array | undefined,
  transposed: boolean,
  result: Float64Array,
  count: number,
): void {
  if (transposed) {
    multiplyTransposed(matrix, vectors, result, count);
    if (factors !== undefined) for (let i = 0; i < result.length; i++) result[i]! *= factors[i]!;
    return;
  }
  const { rows, units, start, stride, weights } = matrix;
  const given = factors === undefined ? vectors : vectors.map((element, i) => element * factors[i]!);
  for (let vector = 0; vector < count; vector++) {
    const [first, to] = [vector * rows, vector * units];
    let unit = 0;
    // Four sums at a time read each element of the vector once.
    for (; unit + 4 <= units; unit += 4) {
      let [a, b, c, d] = [0, 0, 0, 0];
      for (let row = 0, at = start + unit; row < rows; row++, at += stride) {
        const element = given[first + row]!;
        a += element * weights[at]!;
        b += element * weights[at + 1]!;
        c += element * weights[at + 2]!;
        d += element * weights[at + 3]!;
      }
      result[to + unit] = a;
      result[to + unit + 1] = b;
      result[to + unit + 2] = c;
      result[to + unit + 3] = d;
    }
    for (; unit < units; unit++) {
      let sum = 0;
      for (let row = 0, at = start + unit; row < rows; row++, at += stride) sum += given[first + row]! * weights[at]!;
      result[to + unit] = sum;
    }
  }
}

function multiplyTransposed(
  { rows, units, start, stride, weights }: WeightMatrix,
  vectors: Float64Array,
  result: Float64Array,
  count: number,
): void {
  for (let vector = 0; vector < count; vector++) {
    const first = vector * units;
    for (let row = 0; row < rows; row++) {
      const at = start + row * stride;
      let sum = 0;
      for (let unit = 0; unit < units; unit++) sum += vectors[first + unit]! * weights[at + unit]!;
      result[vector * rows + row] = sum;
    }
  }
}
