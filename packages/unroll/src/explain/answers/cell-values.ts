/**
 * One step of a cell by equations of one's own choice, in float64: what a slip in one step, or in every step, comes to.
 * The right values come from the by-hand evaluation of the model.
 */
import type { CellGraph } from "../../cells/define.ts";
import { evaluateRow, type Row, toRow } from "../../equations/evaluate.ts";
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
  let before = steps[0]!.before;
  let values: Values = {};
  for (const { x, masked } of steps) {
    if (masked) continue;
    values = evaluateStep(equations, cell, before, x, arrays);
    before = values;
  }
  return values;
}

/** Named values of a step, `[units]` each. */
export type Values = Readonly<Record<string, Float64Array>>;
/** Arrays of a cell's layer by Keras's name, row-major. */
export type Arrays = ReadonlyMap<string, { readonly data: ArrayLike<number>; readonly columns: number }>;

/** The named values of one step. */
export function evaluateStep(
  equations: Equations,
  cell: CellGraph,
  before: Values,
  x: Float64Array,
  arrays: Arrays,
): Values {
  const width = before[cell.states[0]!.name]!.length;
  const symbols = new Map<Expr, Row>();
  for (const expr of inOrder(equations.values(), { bodies: true })) {
    const { node } = expr;
    if (node.op !== "symbol") continue;
    const state = cell.states.find(({ name }) => `${name}Prev` === node.name);
    if (node.role === "input") symbols.set(expr, x);
    else if (state !== undefined) symbols.set(expr, before[state.name]!);
    else if (node.weight !== undefined) symbols.set(expr, weightRow(node.weight, width, arrays));
  }
  const read = evaluateRow(equations.values(), {
    width,
    symbols,
    product: (node, vector) => multiply(node, vector, width, arrays),
  });
  return Object.fromEntries([...equations].map(([name, expr]) => [name, toRow(read(expr), width)]));
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
  const element = (row: number, column: number): number => data[row * columns + matrix.block * width + column]!;
  return Float64Array.from({ length: width }, (_, unit) => {
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += values[row]! * (transposed ? element(unit, row) : element(row, unit));
    return sum;
  });
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
