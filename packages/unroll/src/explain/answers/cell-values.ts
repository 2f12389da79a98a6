/**
 * One step of a cell by equations of one's own choice, in float64: what a slip in one step, or in every step, comes to.
 * The right values come from the by-hand evaluation of the model.
 */
import type { CellGraph } from "../../cells/define.ts";
import { type Row, type RowBindings, rowEvaluator, toRow } from "../../equations/evaluate.ts";
import { type Expr, inOrder, type ProductNode, type WeightBlock } from "../../equations/expr.ts";
import { toText } from "../../equations/render.ts";
import type { Layer } from "../../layers/layer.ts";
import type { TraceStep } from "../trace.ts";
import type { Equations } from "./value-slips.ts";

/** Named values of a step, `[units]` each. */
export type Values = Readonly<Record<string, Float64Array>>;
/** Arrays of a cell's layer by Keras's name, row-major. */
export type Arrays = ReadonlyMap<string, { readonly data: ArrayLike<number>; readonly columns: number }>;

/** Steps of a cell by some equations. */
export interface SlippedSteps {
  /** What one step comes to: the asked value, where the equations have it, and the states. */
  oneStep(before: Values, x: Float64Array): Values;
  /** The same after several steps, each beginning where the one before ended. */
  afterSteps(steps: readonly Pick<TraceStep, "x" | "before" | "masked">[]): Values;
}

/** Prepares the steps that lead to the value of this name. */
export function slippedSteps(equations: Equations, name: string, cell: CellGraph, arrays: Arrays): SlippedSteps {
  const oneStep = stepOf(equations, [name, ...cell.states.map((state) => state.name)], cell, arrays);
  return {
    oneStep,
    afterSteps(steps) {
      let before = steps[0]!.before;
      let values: Values = {};
      for (const { x, masked } of steps) {
        if (masked) continue;
        values = oneStep(before, x);
        before = values;
      }
      return values;
    },
  };
}

/** A step, for several of them: the order of the nodes and the rows of weights are found once. */
function stepOf(
  equations: Equations,
  names: readonly string[],
  cell: CellGraph,
  arrays: Arrays,
): (before: Values, x: Float64Array) => Values {
  const wanted = [...new Set(names)].flatMap((name) => {
    const expr = equations.get(name);
    return expr === undefined ? [] : [{ name, expr }];
  });
  const roots = wanted.map(({ expr }) => expr);
  const evaluate = rowEvaluator(roots, { reuse: true });
  const inputs: Expr[] = [];
  const states: { readonly expr: Expr; readonly name: string }[] = [];
  const weights: { readonly expr: Expr; readonly block: WeightBlock }[] = [];
  for (const expr of inOrder(roots, { bodies: true })) {
    const { node } = expr;
    if (node.op !== "symbol") continue;
    const state = cell.states.find(({ name }) => `${name}Prev` === node.name);
    if (node.role === "input") inputs.push(expr);
    else if (state !== undefined) states.push({ expr, name: state.name });
    else if (node.weight !== undefined) weights.push({ expr, block: node.weight });
  }
  const symbols = new Map<Expr, Row>();
  return (before, x) => {
    const width = before[cell.states[0]!.name]!.length;
    for (const { expr, block } of weights) {
      if (!symbols.has(expr)) symbols.set(expr, weightRow(block, width, arrays));
    }
    for (const expr of inputs) symbols.set(expr, x);
    for (const { expr, name } of states) symbols.set(expr, before[name]!);
    const product: RowBindings["product"] = (node, vector, newRow) => multiply(node, vector, arrays, newRow(width));
    const read = evaluate({ width, symbols, product });
    const values: Record<string, Float64Array> = {};
    for (const { name, expr } of wanted) values[name] = toRow(read(expr), width).slice();
    return values;
  };
}

/** A row that the array does not have (GRU's other form) counts as zeros. */
function weightRow({ array, block, row }: WeightBlock, width: number, arrays: Arrays): Float64Array {
  const { data, columns } = arrays.get(array) ?? { data: [], columns: 0 };
  return Float64Array.from({ length: width }, (_, unit) => data[row * columns + block * width + unit] ?? 0);
}

function multiply({ matrix, transposed }: ProductNode, vector: Row, arrays: Arrays, sums: Float64Array): Float64Array {
  const { data, columns } = arrays.get(matrix.array)!; // every cell has its kernels
  const rows = data.length / columns;
  const values = toRow(vector, rows);
  const width = sums.length;
  const first = matrix.block * width;
  sums.fill(0);
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
