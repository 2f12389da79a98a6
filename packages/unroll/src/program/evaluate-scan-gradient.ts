/**
 * Backpropagation through time in float64: the cell's adjoint, one example and one timestep at a time, from the last step
 * processed to the first.
 */
import { type CellAdjoint, cellAdjoint } from "../cells/adjoint.ts";
import { sizeOf } from "../core/shape.ts";
import { type NewRow, type Row, rowEvaluator, toRow } from "../equations/evaluate.ts";
import type { Expr, ProductNode } from "../equations/expr.ts";
import {
  type BlockPlace,
  type CellArrays,
  cellArrays,
  exampleRunner,
  type Listening,
  nobody,
  type ScanStates,
} from "./evaluate-scan.ts";
import { type ScanGradientOperation, type ScanOperation, sourcesOf, type Value } from "./program.ts";

/** What one example's timestep came to on the way back. */
export interface ScanBackStep {
  /** Which example of the batch, from 0. */
  readonly batchIndex: number;
  /** Index into the input's time axis, as in ScanStep. */
  readonly timestep: number;
  /** True where the mask is 0: the gradients of the states pass by, and nothing else flows. */
  readonly masked: boolean;
  /** The gradient that reaches each named value of the cell's equations, `[units]`; empty at a masked step. */
  readonly gradients: ReadonlyMap<string, Float64Array>;
  /** What reaches each state after the step, from its output and from all later steps, `[units]`. */
  readonly arriving: readonly Float64Array[];
  /** What goes on to the step before: the gradient of each previous state, `[units]`. */
  readonly states: readonly Float64Array[];
  /** Any node of the cell's graph or of its adjoint; undefined at a masked step. */
  readonly valueOf: ((expr: Expr) => Row) | undefined;
  /** What the step adds to the gradient of each of the scan's arrays, row-major. */
  contributions(): readonly Float64Array[];
}

/** States of each example's steps, by the scan that they are of: a way back that is gone again begins where the first one did. */
export type KeptStates = Map<string, readonly (readonly ScanStates[])[]>;

/** The same for scans whose forward pass is the same, whatever else is changed in them. */
function keyOf(scan: ScanOperation): string {
  return sourcesOf(scan)
    .map(({ id }) => id)
    .join(scan.backwards ? "<" : ">");
}

export type OnBackStep = (operation: ScanGradientOperation, step: ScanBackStep) => void;

/**
 * Gradients of the scan's input, of each of its arrays and of each initial state.
 *
 * @param wanted which of these anybody reads; the others are undefined. A listener is told everything.
 * @param kept forward passes that are known; what is not there is added
 */
export function evaluateScanGradient(
  operation: ScanGradientOperation,
  numbersOf: (value: Value) => Float64Array,
  wanted: ReadonlySet<number>,
  { onStep: onBackStep, reuse }: Listening<OnBackStep> = nobody,
  kept?: KeptStates,
): (Float64Array | undefined)[] {
  const { scan, outputs } = operation;
  const { cell, units } = scan;
  const [batch, timesteps, features] = scan.input.shape as [number, number, number];
  const arrays = cellArrays(scan, numbersOf);
  const input = numbersOf(scan.input);
  const isWanted = (result: number): boolean => onBackStep !== undefined || wanted.has(result);
  const arrayIsWanted = ({ array }: BlockPlace): boolean => isWanted(1 + array);
  const back = cellAdjoint(cell);
  const inputFlow = isWanted(0) ? back.input : undefined;
  const weightProducts = back.weightProducts.filter(({ matrix }) => arrayIsWanted(arrays.place(matrix)));
  const weightVectors = back.weightVectors.filter(({ weight }) => arrayIsWanted(arrays.place(weight)));
  const evaluate = rowEvaluator(
    [
      ...(inputFlow === undefined ? [] : [inputFlow]),
      ...back.states.flatMap(({ previous }) => (previous === undefined ? [] : [previous])),
      ...weightProducts.flatMap(({ left, right }) => [left, right]),
      ...weightVectors.map(({ vector }) => vector),
      ...(onBackStep === undefined ? [] : back.named.values()),
    ],
    { reuse },
  );
  const forward = forwardSteps(scan, arrays, numbersOf, kept);
  const given = outputs.map((output) => (output === undefined ? undefined : numbersOf(output)));
  const inputGradient = new Float64Array(batch * timesteps * features);
  const noGradients = (): Float64Array[] => scan.arrays.map(({ shape }) => new Float64Array(sizeOf(shape)));
  const arrayGradients = noGradients();
  const stateGradients = cell.states.map(() => new Float64Array(batch * units));

  for (let batchIndex = 0; batchIndex < batch; batchIndex++) {
    const product = (node: ProductNode, vector: Row, newRow: NewRow): Float64Array =>
      arrays.product(node, vector, batchIndex, newRow);
    const symbols = new Map<Expr, Row>(arrays.vectors);
    const steps = forward[batchIndex]!;
    const rowOf = (gradient: Float64Array | undefined, row: number): Float64Array =>
      gradient === undefined ? new Float64Array(units) : gradient.slice(row * units, (row + 1) * units);

    let stateFlow = cell.states.map((_, i) => rowOf(given[i + 1], batchIndex));
    // What reaches an output: its own gradient, and that of the masked steps after it, which repeat it.
    let outputFlow: Float64Array = new Float64Array(units);
    for (let step = timesteps - 1; step >= 0; step--) {
      const { timestep, masked, statesBefore } = steps[step]!;
      if (scan.returnSequences) outputFlow = plus(outputFlow, rowOf(given[0], batchIndex * timesteps + step));
      else if (step === timesteps - 1) outputFlow = rowOf(given[0], batchIndex);
      if (masked) {
        if (scan.zeroOutputForMask) outputFlow = new Float64Array(units);
        onBackStep?.(operation, {
          batchIndex,
          timestep,
          masked,
          gradients: new Map(),
          arriving: stateFlow,
          states: stateFlow,
          valueOf: undefined,
          contributions: noGradients,
        });
        continue;
      }
      const start = (batchIndex * timesteps + timestep) * features;
      const arriving = stateFlow.map((flow, i) => (i === 0 ? plus(flow, outputFlow) : flow));
      symbols.set(cell.x, input.subarray(start, start + features));
      for (let i = 0; i < cell.states.length; i++) {
        symbols.set(cell.states[i]!.previous, statesBefore[i]!);
        symbols.set(back.states[i]!.gradient, arriving[i]!);
      }
      const read = evaluate({ width: units, product, symbols });
      if (inputFlow !== undefined) inputGradient.set(toRow(read(inputFlow), features), start);
      stateFlow = back.states.map(({ previous }) =>
        previous === undefined ? new Float64Array(units) : toRow(read(previous), units).slice(),
      );
      outputFlow = new Float64Array(units);

      const addTo = (gradients: readonly Float64Array[]): void =>
        addArrayGradients({ weightProducts, weightVectors }, read, arrays, batchIndex, gradients);
      addTo(arrayGradients);
      if (onBackStep === undefined) continue;
      const gradients = new Map([...back.named].map(([name, expr]) => [name, toRow(read(expr), units)]));
      const contributions = (): readonly Float64Array[] => {
        const own = noGradients();
        addTo(own);
        return own;
      };
      const states = stateFlow;
      onBackStep(operation, {
        batchIndex,
        timestep,
        masked,
        gradients,
        arriving,
        states,
        valueOf: read,
        contributions,
      });
    }
    stateGradients.forEach((gradient, i) => {
      gradient.set(stateFlow[i]!, batchIndex * units);
    });
  }
  return [inputGradient, ...arrayGradients, ...stateGradients].map((gradient, result) =>
    isWanted(result) ? gradient : undefined,
  );
}

function forwardSteps(
  scan: ScanOperation,
  arrays: CellArrays,
  numbersOf: (value: Value) => Float64Array,
  kept: KeptStates | undefined,
): readonly (readonly ScanStates[])[] {
  const known = kept?.get(keyOf(scan));
  if (known !== undefined) return known;
  const run = exampleRunner(scan, arrays, numbersOf);
  const steps = Array.from({ length: scan.input.shape[0]! }, (_, example) => run(example));
  kept?.set(keyOf(scan), steps);
  return steps;
}

/** Adds what one example's timestep gives to the gradients of a cell's arrays; `read` gives the adjoint's nodes at this step. */
function addArrayGradients(
  { weightProducts, weightVectors }: Pick<CellAdjoint, "weightProducts" | "weightVectors">,
  read: (expr: Expr) => Row,
  arrays: CellArrays,
  batchIndex: number,
  gradients: readonly Float64Array[],
): void {
  for (const { matrix, left, right } of weightProducts) {
    const { array, rows, start, stride } = arrays.place(matrix);
    const factor = arrays.factors(matrix, batchIndex);
    const elements = toRow(read(left), rows);
    const columns = toRow(read(right), arrays.units);
    for (let row = 0; row < rows; row++) {
      const element = elements[row]! * (factor?.[row] ?? 1);
      const first = start + row * stride;
      for (let unit = 0; unit < arrays.units; unit++) gradients[array]![first + unit]! += element * columns[unit]!;
    }
  }
  for (const { weight, vector } of weightVectors) {
    const { array, start } = arrays.place(weight);
    const columns = toRow(read(vector), arrays.units);
    for (let unit = 0; unit < arrays.units; unit++) gradients[array]![start + unit]! += columns[unit]!;
  }
}

function plus(a: Float64Array, b: Float64Array): Float64Array {
  const sum = a.slice();
  for (let i = 0; i < sum.length; i++) sum[i]! += b[i]!;
  return sum;
}
