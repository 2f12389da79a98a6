/**
 * The reference: a tensor program in float64, plain loops, one example and one timestep at a time. Slow and easy to check;
 * tests, traces and `verify` compare the engine with it. It changes no variable: what an update comes to is read by `valueOf`.
 */
import type { Random } from "../core/random.ts";
import { sizeOf, stridesOf } from "../core/shape.ts";
import type { Variable } from "../core/variable.ts";
import { isRowOp } from "../equations/arithmetic.ts";
import { rowEvaluator, toRow } from "../equations/evaluate.ts";
import { type Expr, inOrder } from "../equations/expr.ts";
import { type Earlier, stepsOfBefore } from "./earlier-steps.ts";
import { broadcastStrides, forEachOffset } from "./evaluate-offsets.ts";
import { evaluateScan, type Listening, nobody, type OnStep } from "./evaluate-scan.ts";
import { evaluateScanGradient, type KeptStates, type OnBackStep } from "./evaluate-scan-gradient.ts";
import { canGoTogether, evaluateScanTogether } from "./evaluate-scan-together.ts";
import { neededSteps } from "./needed-steps.ts";
import {
  type ConcatOperation,
  type GatherOperation,
  type MapOperation,
  type Operation,
  type ProductOperation,
  type Program,
  type ReduceOperation,
  type ScanOperation,
  type Value,
  valuesInOrder,
} from "./program.ts";

export interface EvaluateOptions {
  /** Where random operations draw from; needed when the program has any. */
  readonly random?: Random;
  /** Called after each example and timestep of each scan, with every intermediate by name. */
  readonly onStep?: OnStep;
  /** The same on the way back, for each scan that is differentiated: from the last step processed to the first. */
  readonly onBackStep?: OnBackStep;
  /** The rows that a listener is given hold during the call only: for one that takes from them what it needs. */
  readonly reuse?: boolean;
  /** The scans whose steps are told; all when left out. */
  readonly watched?: (scan: ScanOperation) => boolean;
  /** All examples of a batch go through a scan side by side where nobody listens: the same numbers, for large batches sooner. */
  readonly together?: boolean;
  /** With `together`: a list in which evaluations that follow each other keep the rows that scans are worked out in. */
  readonly rows?: Float64Array[];
  /** Where the states of scans that are differentiated are kept from one evaluation to the next, while their numbers stay. */
  readonly keptStates?: KeptStates;
  /** Of axis 1 of these results only so many entries are looked at: steps of scans that only others need are left out. */
  readonly wanted?: ReadonlyMap<Value, number>;
  /** Values whose numbers are there already: neither they nor what only they need is evaluated. */
  readonly known?: ReadonlyMap<Value, Float64Array>;
  /** An evaluation of this very program whose steps were kept: each scan goes on from the first step that differs from it. */
  readonly earlier?: Earlier | undefined;
  /** Numbers to use instead of a variable's own, for instance float64 ones. */
  readonly variables?: ReadonlyMap<Variable, ArrayLike<number>>;
}

export interface Evaluation {
  /** Row-major, in the order of the program's results. */
  readonly results: readonly Float64Array[];
  /** The numbers of any value that the program computes, updates' values included. */
  valueOf(value: Value): Float64Array;
}

const noneLeftOut: ReadonlyMap<Operation, number> = new Map();

/** Whether there are timesteps that nobody looks at. */
function leavesOut(entries: ReadonlyMap<Value, number>): boolean {
  return [...entries].some(([{ shape }, count]) => shape.length > 2 && count < shape[1]!);
}

type NumbersOf = (value: Value) => Float64Array;

/**
 * Runs a program on `inputs`, one for each of the program's inputs, row-major.
 *
 * @throws Error when an input has the wrong count of numbers or the program draws without a generator: defects of the caller.
 */
export function evaluateProgram(
  program: Program,
  inputs: readonly ArrayLike<number>[],
  options: EvaluateOptions = {},
): Evaluation {
  const { known = new Map<Value, Float64Array>() } = options;
  const results = new Map<Operation, readonly (Float64Array | undefined)[]>();
  const numbersOf: NumbersOf = (value) => {
    const { operation, result } = value;
    const found = known.get(value) ?? results.get(operation)?.[result];
    if (found === undefined) throw new Error(`tensor program: nothing computes this ${operation.op}`);
    return found;
  };
  program.inputs.forEach((input, index) => {
    const data = inputs[index];
    if (data?.length !== sizeOf(input.shape)) {
      throw new Error(`tensor program: input ${index} needs ${sizeOf(input.shape)} numbers, not ${data?.length}`);
    }
    results.set(input.operation, [Float64Array.from(data)]);
  });
  const roots = [...program.results, ...program.updates.map((update) => update.value)];
  const values = valuesInOrder(roots, known);
  const wanted = wantedResults(values);
  const { wanted: entries } = options;
  const steps = entries && leavesOut(entries) ? neededSteps(roots, entries, known).ofScans : noneLeftOut;
  for (const value of values) {
    const { operation } = value;
    if (known.has(value) || results.has(operation)) continue;
    results.set(operation, evaluateOperation(value, numbersOf, wanted.get(operation)!, options, steps));
  }
  return { results: program.results.map(numbersOf), valueOf: numbersOf };
}

/** Which results of each operation anybody reads. */
function wantedResults(values: readonly Value[]): ReadonlyMap<Operation, ReadonlySet<number>> {
  const wanted = new Map<Operation, Set<number>>();
  for (const { operation, result } of values) {
    wanted.set(operation, (wanted.get(operation) ?? new Set()).add(result));
  }
  return wanted;
}

/** The results of the operation that makes `value`; all but scans have one, of the value's shape. */
function evaluateOperation(
  { operation, shape }: Value,
  numbersOf: NumbersOf,
  wanted: ReadonlySet<number>,
  options: EvaluateOptions,
  steps: ReadonlyMap<Operation, number>,
): readonly (Float64Array | undefined)[] {
  const result = new Float64Array(sizeOf(shape));
  switch (operation.op) {
    case "input":
      throw new Error(`tensor program: input ${operation.name} is not among the program's inputs`);
    case "weight":
      result.set(options.variables?.get(operation.variable) ?? operation.variable.data);
      return [result];
    case "constant":
      return [result.fill(operation.value)];
    case "random": {
      const { random } = options;
      if (random === undefined) throw new Error("tensor program: random numbers need a seeded generator");
      // Rounded as the engine stores them, so that both keep and drop the same entries.
      return [result.map(() => Math.fround(operation.distribution === "uniform" ? random.uniform() : random.normal()))];
    }
    case "map":
      return [evaluateMap(operation, shape, result, numbersOf)];
    case "product":
      return [evaluateProduct(operation, shape, result, numbersOf)];
    case "view": {
      const source = numbersOf(operation.source);
      forEachOffset(shape, operation.strides, operation.offset, (position, at) => {
        result[position] = source[at]!;
      });
      return [result];
    }
    case "viewGradient": {
      const source = numbersOf(operation.source);
      forEachOffset(operation.source.shape, operation.strides, operation.offset, (position, at) => {
        result[at]! += source[position]!;
      });
      return [result];
    }
    case "pad":
      result.fill(operation.value);
      write(operation.source, operation.before, shape, result, numbersOf);
      return [result];
    case "concat":
      return [evaluateConcat(operation, shape, result, numbersOf)];
    case "reduce":
      return [evaluateReduce(operation, shape, result, numbersOf)];
    case "gather": {
      const table = numbersOf(operation.table);
      const width = operation.table.shape[1]!;
      rowsOf(operation, operation.table.shape[0]!, numbersOf).forEach((row, position) => {
        for (let i = 0; i < width; i++) result[position * width + i] = table[row * width + i]!;
      });
      return [result];
    }
    case "gatherGradient": {
      const source = numbersOf(operation.source);
      const [rows, width] = shape as [number, number];
      rowsOf(operation, rows, numbersOf).forEach((row, position) => {
        for (let i = 0; i < width; i++) result[row * width + i]! += source[position * width + i]!;
      });
      return [result];
    }
    case "scan": {
      const { earlier } = options;
      const listener = listening(options, operation, options.onStep);
      const together = options.together === true && listener.onStep === undefined && canGoTogether(operation);
      const most = steps.get(operation);
      return together
        ? evaluateScanTogether(operation, numbersOf, most, options.rows)
        : evaluateScan(operation, numbersOf, listener, most, earlier && stepsOfBefore(operation, numbersOf, earlier));
    }
    case "scanGradient":
      return evaluateScanGradient(
        operation,
        numbersOf,
        wanted,
        listening(options, operation.scan, options.onBackStep),
        options.keptStates,
      );
  }
}

/** How a scan's steps are told. */
function listening<T>(
  { watched, reuse = false }: EvaluateOptions,
  scan: ScanOperation,
  onStep: T | undefined,
): Listening<T> {
  return onStep !== undefined && (watched === undefined || watched(scan)) ? { onStep, reuse } : nobody;
}

/** Element by element, or with row operators row by row of the last axis. */
function evaluateMap(
  { operands, symbols, body }: MapOperation,
  shape: readonly number[],
  result: Float64Array,
  numbersOf: NumbersOf,
): Float64Array {
  const hasRowOps = inOrder([body], { bodies: true }).some(({ node }) => isRowOp(node.op));
  const width = hasRowOps ? (shape.at(-1) ?? 1) : result.length;
  const full = operands.map((operand) => broadcast(operand, shape, numbersOf));
  const evaluate = rowEvaluator([body]);
  for (let start = 0; start < result.length; start += width) {
    const rows = symbols.map((symbol, i): [Expr, Float64Array] => [symbol, full[i]!.subarray(start, start + width)]);
    result.set(toRow(evaluate({ width, symbols: new Map(rows) })(body), width), start);
  }
  return result;
}

function broadcast(operand: Value, shape: readonly number[], numbersOf: NumbersOf): Float64Array {
  const source = numbersOf(operand);
  const result = new Float64Array(sizeOf(shape));
  forEachOffset(shape, broadcastStrides(operand.shape, stridesOf(operand.shape), shape), 0, (position, at) => {
    result[position] = source[at]!;
  });
  return result;
}

/** `[..., rows, inner] · [..., inner, columns]` */
function evaluateProduct(
  { a, b, transposeA, transposeB }: ProductOperation,
  shape: readonly number[],
  result: Float64Array,
  numbersOf: NumbersOf,
): Float64Array {
  const [rows, columns] = shape.slice(-2) as [number, number];
  const inner = a.shape.at(transposeA ? -2 : -1)!;
  const left = numbersOf(a);
  const right = numbersOf(b);
  const matrices = sizeOf(shape.slice(0, -2));
  for (let matrix = 0; matrix < matrices; matrix++) {
    const startA = matrix * rows * inner;
    const startB = b.shape.length === 2 ? 0 : matrix * inner * columns;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        let sum = 0;
        for (let k = 0; k < inner; k++) {
          const atA = startA + (transposeA ? k * rows + row : row * inner + k);
          const atB = startB + (transposeB ? column * inner + k : k * columns + column);
          sum += left[atA]! * right[atB]!;
        }
        result[(matrix * rows + row) * columns + column] = sum;
      }
    }
  }
  return result;
}

function evaluateConcat(
  { sources, axis }: ConcatOperation,
  shape: readonly number[],
  result: Float64Array,
  numbersOf: NumbersOf,
): Float64Array {
  let start = 0;
  for (const source of sources) {
    const before = shape.map((_, i) => (i === axis ? start : 0));
    write(source, before, shape, result, numbersOf);
    start += source.shape[axis]!;
  }
  return result;
}

/** Puts the source into the result with `before[axis]` entries ahead of it. */
function write(
  source: Value,
  before: readonly number[],
  shape: readonly number[],
  result: Float64Array,
  numbersOf: NumbersOf,
): void {
  const data = numbersOf(source);
  const strides = stridesOf(shape);
  const offset = before.reduce((sum, count, axis) => sum + count * strides[axis]!, 0);
  forEachOffset(source.shape, strides, offset, (position, at) => {
    result[at] = data[position]!;
  });
}

function evaluateReduce(
  { kind, source }: ReduceOperation,
  shape: readonly number[],
  result: Float64Array,
  numbersOf: NumbersOf,
): Float64Array {
  const data = numbersOf(source);
  if (kind === "max") result.fill(Number.NEGATIVE_INFINITY);
  forEachOffset(source.shape, broadcastStrides(shape, stridesOf(shape), source.shape), 0, (position, at) => {
    result[at] = kind === "sum" ? result[at]! + data[position]! : Math.max(result[at]!, data[position]!);
  });
  return result;
}

/** Ids as rows of a table: whole numbers within it. */
function rowsOf({ ids }: Pick<GatherOperation, "ids">, rows: number, numbersOf: NumbersOf): Float64Array {
  return numbersOf(ids).map((id) => Math.min(Math.max(Math.trunc(id), 0), rows - 1));
}
