/**
 * The tensor program: what a layer or a model computes, as a list of few primitive operations on arrays of known shape.
 * A layer writes its program once; passes beside this file evaluate it in float64 plain loops and differentiate it,
 * compiler/ turns it into WebAssembly. This file holds the operations only; builder.ts makes them and checks shapes.
 */
import type { CellGraph } from "../cells/define.ts";
import type { Variable } from "../core/variable.ts";
import type { Expr } from "../equations/expr.ts";

/** An array of float32 numbers (float64 in the reference) that an operation produces. Masks are 1 and 0; ids are whole numbers. */
export interface Value {
  readonly id: number;
  /** Row-major sizes, batch first; every size is known. */
  readonly shape: readonly number[];
  readonly operation: Operation;
  /** Which of the operation's results this is; 0 except for scan and scanGradient. */
  readonly result: number;
}

export type Operation =
  | InputOperation
  | WeightOperation
  | ConstantOperation
  | RandomOperation
  | MapOperation
  | ProductOperation
  | ViewOperation
  | ViewGradientOperation
  | PadOperation
  | ConcatOperation
  | ReduceOperation
  | GatherOperation
  | GatherGradientOperation
  | ScanOperation
  | ScanGradientOperation;

/** Data that the caller gives on each run. */
export interface InputOperation {
  readonly op: "input";
  readonly name: string;
}

/** The current numbers of a variable, row-major as Keras stores it. */
export interface WeightOperation {
  readonly op: "weight";
  readonly variable: Variable;
}

/** One number everywhere. */
export interface ConstantOperation {
  readonly op: "constant";
  readonly value: number;
}

/** Fresh random numbers on each run, from the run's seeded generator, drawn in the order of the program. */
export interface RandomOperation {
  readonly op: "random";
  readonly distribution: "uniform" | "normal";
}

/**
 * An elementwise equation over operands that broadcast as in NumPy. `body` is written over `symbols` (role "argument"), one for each operand.
 * Row operators in `body` (softmax) reduce over the last axis of the result.
 */
export interface MapOperation {
  readonly op: "map";
  readonly operands: readonly Value[];
  readonly symbols: readonly Expr[];
  readonly body: Expr;
}

/**
 * Matrix product over the last two axes: `[..., rows, inner] · [..., inner, columns]`. Leading axes are equal, or `b` has none
 * (one matrix for all). With a transpose flag the stored matrix has its last two axes swapped.
 */
export interface ProductOperation {
  readonly op: "product";
  readonly a: Value;
  readonly b: Value;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/**
 * Another look at the source's elements: element `index` is `source[offset + Σ index[axis] · strides[axis]]`, in elements of the
 * row-major source. Covers reshape, transpose, slice, reverse, broadcast and sliding windows; elements may appear many times.
 */
export interface ViewOperation {
  readonly op: "view";
  readonly source: Value;
  readonly offset: number;
  readonly strides: readonly number[];
}

/** The adjoint of a view: zeros of this value's shape, to which each element of `source` is added where the view looked. */
export interface ViewGradientOperation {
  readonly op: "viewGradient";
  readonly source: Value;
  readonly offset: number;
  readonly strides: readonly number[];
}

/** The source with `value` around it: `before[axis]` and `after[axis]` entries. */
export interface PadOperation {
  readonly op: "pad";
  readonly source: Value;
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly value: number;
}

export interface ConcatOperation {
  readonly op: "concat";
  readonly sources: readonly Value[];
  readonly axis: number;
}

/** Sum or maximum over the given axes, which stay with size 1. */
export interface ReduceOperation {
  readonly op: "reduce";
  readonly kind: "sum" | "max";
  readonly source: Value;
  readonly axes: readonly number[];
}

/** Rows of `table` `[rows, width]` at `ids` `[...]`: `[..., width]`. Ids are truncated to whole numbers and kept within the table. */
export interface GatherOperation {
  readonly op: "gather";
  readonly table: Value;
  readonly ids: Value;
}

/** The adjoint of gather: zeros `[rows, width]`, to which each row of `source` is added at its id. */
export interface GatherGradientOperation {
  readonly op: "gatherGradient";
  readonly source: Value;
  readonly ids: Value;
}

/**
 * A cell run over time. Results: 0 the output, `[batch, timesteps, units]` or (without `returnSequences`) `[batch, units]`;
 * then the final states `[batch, units]`, in the cell's order.
 */
export interface ScanOperation {
  readonly op: "scan";
  readonly cell: CellGraph;
  readonly units: number;
  /** `[batch, timesteps, features]` */
  readonly input: Value;
  /** The cell's arrays in the order of `cell.arrays`, as Keras stores them: kernel `[features, gates × units]` ... */
  readonly arrays: readonly Value[];
  /** States before the first step, `[batch, units]` each; zeros where absent. */
  readonly initialStates: readonly Value[] | undefined;
  /** `[batch, timesteps]`, 1 = the step counts. At a masked step states stay and the output repeats (zeros before the first valid step). */
  readonly mask: Value | undefined;
  /** From the last timestep to the first; the output sequence is in processing order. */
  readonly backwards: boolean;
  readonly returnSequences: boolean;
  /** Write zeros instead of the repeated output at masked steps. */
  readonly zeroOutputForMask: boolean;
  /** Factors on x_t `[batch, features]`, constant over time: one for all gates, or one a gate; empty for none. */
  readonly inputFactors: readonly Value[];
  /** Factors on the hidden vector that enters the recurrent product, `[batch, units]`: one for all gates, or one a gate; empty for none. */
  readonly recurrentFactors: readonly Value[];
}

/**
 * The adjoint of a scan. Results: gradients of `input`, of each of `arrays`, of each initial state, in this order.
 * `outputs` are the gradients of the scan's results (undefined = zero).
 */
export interface ScanGradientOperation {
  readonly op: "scanGradient";
  readonly scan: ScanOperation;
  readonly outputs: readonly (Value | undefined)[];
}

/** A program: inputs in call order, results in return order, and variables that a run changes (moving statistics). */
export interface Program {
  readonly inputs: readonly Value[];
  readonly results: readonly Value[];
  /** After a run the variable holds the value: BatchNormalization's moving statistics, states of stateful layers. */
  readonly updates: readonly { readonly variable: Variable; readonly value: Value }[];
}

/** The values an operation reads. */
export function sourcesOf(operation: Operation): readonly Value[] {
  switch (operation.op) {
    case "input":
    case "weight":
    case "constant":
    case "random":
      return [];
    case "map":
      return operation.operands;
    case "product":
      return [operation.a, operation.b];
    case "view":
    case "viewGradient":
    case "pad":
    case "reduce":
      return [operation.source];
    case "concat":
      return operation.sources;
    case "gather":
      return [operation.table, operation.ids];
    case "gatherGradient":
      return [operation.source, operation.ids];
    case "scan":
      return [
        operation.input,
        ...operation.arrays,
        ...(operation.initialStates ?? []),
        ...(operation.mask === undefined ? [] : [operation.mask]),
        ...operation.inputFactors,
        ...operation.recurrentFactors,
      ];
    case "scanGradient":
      return [...sourcesOf(operation.scan), ...operation.outputs.filter((value) => value !== undefined)];
  }
}

/** Every operation that the roots need, sources first, each once. */
export function operationsInOrder(roots: Iterable<Value>): Operation[] {
  const order: Operation[] = [];
  const seen = new Set<Operation>();
  const visit = (operation: Operation): void => {
    if (seen.has(operation)) return;
    seen.add(operation);
    for (const source of sourcesOf(operation)) visit(source.operation);
    order.push(operation);
  };
  for (const root of roots) visit(root.operation);
  return order;
}

/** Every value that the roots need, sources first, each once; what only a known one needs is left out. */
export function valuesInOrder(
  roots: Iterable<Value>,
  known: { has(value: Value): boolean } = new Set<Value>(),
): Value[] {
  const order: Value[] = [];
  const seen = new Set<Value>();
  const visit = (value: Value): void => {
    if (seen.has(value)) return;
    seen.add(value);
    if (!known.has(value)) sourcesOf(value.operation).forEach(visit);
    order.push(value);
  };
  for (const root of roots) visit(root);
  return order;
}
