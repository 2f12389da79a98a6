/**
 * One step of a cell by equations of one's own choice, in float64: what a slip in one step, or in every step, comes to.
 * The right values come from the by-hand evaluation of the model.
 */
import type { CellGraph } from "../../cells/define.ts";
import { type Row, type RowBindings, rowEvaluator, toRow, type ValueOf } from "../../equations/evaluate.ts";
import { type Expr, inOrder, type WeightBlock } from "../../equations/expr.ts";
import { toText } from "../../equations/render.ts";
import type { Layer } from "../../layers/layer.ts";
import { multiplyRows, type WeightMatrix } from "../../program/evaluate-scan.ts";
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

/** Prepares the steps that lead to the value of this name, by any equations. */
export type PrepareSteps = (equations: Equations, name: string) => SlippedSteps;

/** What different equations of a cell of so many units share: its arrays, and the rows that steps are worked out in. */
export function stepsIn(cell: CellGraph, arrays: Arrays, units: number): PrepareSteps {
  const rows: Float64Array[] = [];
  const weightOf = weightsIn(arrays, units);
  const product: RowBindings["product"] = ({ matrix, transposed }, vector, newRow) => {
    const found = weightOf.matrix(matrix);
    const given = toRow(vector, transposed ? units : found.rows);
    const result = newRow(transposed ? found.rows : units);
    multiplyRows(found, given, undefined, transposed, result, 1);
    return result;
  };
  return (equations, name) => {
    const wanted = [...new Set([name, ...cell.states.map((state) => state.name)])].flatMap((one) => {
      const expr = equations.get(one);
      return expr === undefined ? [] : [{ name: one, expr }];
    });
    const roots = wanted.map(({ expr }) => expr);
    const evaluate = rowEvaluator(roots, { reuse: true, rows });
    const inputs: Expr[] = [];
    const states: { readonly expr: Expr; readonly name: string }[] = [];
    const symbols = new Map<Expr, Row>();
    for (const expr of inOrder(roots, { bodies: true })) {
      const { node } = expr;
      if (node.op !== "symbol") continue;
      const state = cell.states.find((one) => `${one.name}Prev` === node.name);
      if (node.role === "input") inputs.push(expr);
      else if (state !== undefined) states.push({ expr, name: state.name });
      else if (node.weight !== undefined) symbols.set(expr, weightOf.row(node.weight));
    }
    const step = (before: Values, x: Float64Array): ValueOf => {
      for (const expr of inputs) symbols.set(expr, x);
      for (const { expr, name: state } of states) symbols.set(expr, before[state]!);
      return evaluate({ width: units, symbols, product });
    };
    const copied = (read: ValueOf): Values =>
      Object.fromEntries(wanted.map(({ name: one, expr }) => [one, toRow(read(expr), units).slice()]));
    return {
      oneStep: (before, x) => copied(step(before, x)),
      afterSteps(steps) {
        const start = steps[0]!.before;
        const rowsOf = (): Values => Object.fromEntries(wanted.map((one) => [one.name, new Float64Array(units)]));
        let before = start;
        // A step reads the states that the one before it left: two sets of rows take turns.
        let [free, other] = [rowsOf(), rowsOf()];
        for (const { x, masked } of steps) {
          if (masked) continue;
          const read = step(before, x);
          for (const { name: one, expr } of wanted) free[one]!.set(toRow(read(expr), units));
          before = free;
          [free, other] = [other, free];
        }
        return before === start ? {} : before;
      },
    };
  };
}

/** Blocks of the arrays, each looked up once. */
function weightsIn(
  arrays: Arrays,
  units: number,
): { matrix(block: WeightBlock): WeightMatrix; row(block: WeightBlock): Float64Array } {
  const numbers = new Map<string, Float64Array>();
  const numbersOf = (array: string): Float64Array => {
    const known = numbers.get(array) ?? Float64Array.from(arrays.get(array)?.data ?? []);
    numbers.set(array, known);
    return known;
  };
  return {
    matrix({ array, block }) {
      const { columns } = arrays.get(array)!; // every cell has its kernels
      const weights = numbersOf(array);
      return { units, rows: weights.length / columns, start: block * units, stride: columns, weights };
    },
    // A row that the array does not have (GRU's other form) counts as zeros.
    row({ array, block, row }) {
      const weights = numbersOf(array);
      const start = row * (arrays.get(array)?.columns ?? 0) + block * units;
      return Float64Array.from({ length: units }, (_, unit) => weights[start + unit] ?? 0);
    },
  };
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
