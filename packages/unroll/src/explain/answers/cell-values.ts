/**
 * One step of a cell by equations of one's own choice, in float64: what a slip in one step, or in every step, comes to.
 * The right values come from the by-hand evaluation of the model.
 */
import type { CellGraph } from "../../cells/define.ts";
import { type Row, rowEvaluator, toRow } from "../../equations/evaluate.ts";
import { type Expr, inOrder, type ProductNode, type WeightBlock } from "../../equations/expr.ts";
import { toText } from "../../equations/render.ts";
import type { Layer } from "../../layers/layer.ts";
import type { TraceStep } from "../trace.ts";
import type { Equations } from "./value-slips.ts";

/** The named values after some steps, each beginning where the one before ended. */
export function evaluateSteps(
  equations: Equations,
  cell: CellGraph,
  steps: readonly TraceStep[],
  arrays: Arrays,
): Values {
  const oneStep = stepOf(equations, cell, arrays);
  let before = steps[0]!.before;
  let values: Values = {};
  for (const { x, masked } of steps) {
    if (masked) continue;
    values = oneStep(before, x);
    before = values;
  }
  return values;
}

/** Named values of a step, `[units]` each. */
export type Values = Readonly<Record<string, Float64Array>>;
/** Arrays of a cell's layer by Keras's name, row-major. */
export type Arrays = ReadonlyMap<string, { readonly data: ArrayLike<number>; readonly columns: number }>;

/** One value of a step; what the others need alone is not worked out. */
export function valueInStep(
  equations: Equations,
  name: string,
  cell: CellGraph,
  before: Values,
  x: Float64Array,
  arrays: Arrays,
): Float64Array | undefined {
  const equation = equations.get(name);
  if (equation === undefined) return undefined;
  return stepOf(new Map([[name, equation]]), cell, arrays)(before, x)[name];
}

/** A step, for several of them: the order of the nodes and the rows of weights are found once. */
function stepOf(equations: Equations, cell: CellGraph, arrays: Arrays): (before: Values, x: Float64Array) => Values {
  const evaluate = rowEvaluator(equations.values());
  const inputs: Expr[] = [];
  const states: (readonly [Expr, string])[] = [];
  const weights: (readonly [Expr, WeightBlock])[] = [];
  for (const expr of inOrder(equations.values(), { bodies: true })) {
    const { node } = expr;
    if (node.op !== "symbol") continue;
    const state = cell.states.find(({ name }) => `${name}Prev` === node.name);
    if (node.role === "input") inputs.push(expr);
    else if (state !== undefined) states.push([expr, state.name]);
    else if (node.weight !== undefined) weights.push([expr, node.weight]);
  }
  const rows = new Map<Expr, Row>();
  return (before, x) => {
    const width = before[cell.states[0]!.name]!.length;
    for (const [expr, block] of weights) if (!rows.has(expr)) rows.set(expr, weightRow(block, width, arrays));
    const symbols = new Map<Expr, Row>(rows);
    for (const expr of inputs) symbols.set(expr, x);
    for (const [expr, name] of states) symbols.set(expr, before[name]!);
    const read = evaluate({ width, symbols, product: (node, vector) => multiply(node, vector, width, arrays) });
    return Object.fromEntries([...equations].map(([name, expr]) => [name, toRow(read(expr), width)]));
  };
}

/** A row that the array does not have (GRU's other form) counts as zeros. */
function weightRow({ array, block, row }: WeightBlock, width: number, arrays: Arrays): Float64Array {
  const { data, columns } = arrays.get(array) ?? { data: [], columns: 0 };
  return Float64Array.from({ length: width }, (_, unit) => data[row * columns + block * width + unit] ?? 0);
}

function multiply({ matrix, transposed }: ProductNode, vector: Row, width: number, arrays: Arrays): Float64Array {
  const { data, columns } = arrays.get(matrix.array)!; // every cell has its kernels
  const rows = data.length / columns;
  const values = toRow(vector, rows);
  const first = matrix.block * width;
  const sums = new Float64Array(width);
  // Row by row, as the array lies in memory; each sum still adds its rows in order.
  for (let row = 0; row < rows; row++) {
    for (let unit = 0; unit < width; unit++) {
      const at = transposed ? unit * columns + row : row * columns + unit;
      sums[unit]! += values[row]! * data[first + at]!;
    }
  }
  return sums;
}

export function arraysOf(layer: Layer): Arrays {
  return new Map(
    layer.arrays.map(({ spec, variable }) => [spec.name, { data: variable.data, columns: variable.shape.at(-1)! }]),
  );
}

/** "f = σ(x·W_f + b_f + hPrev·U_f)" */
export function equationText(equations: Equations, name: string): string {
  const names = new Map([...equations].filter(([other]) => other !== name).map(([other, expr]) => [expr, other]));
  return `${name} = ${toText(equations.get(name)!, { names })}`;
}
