/** A cell's equations for showing: each named value in terms of the others. */
import type { Equation, Notation } from "../equations/render.ts";
import type { CellGraph } from "./define.ts";

/**
 * The equations of one timestep in the order the cell gives them, and the notation that writes gates by their names.
 *
 * @example
 * const { equations, notation } = cellEquations(lstm.graph(choices));
 * equations.map((equation) => toText(equation, notation)) // "i = σ(x·W_i + b_i + hPrev·U_i)", ...
 */
export function cellEquations(cell: CellGraph): {
  readonly equations: readonly Equation[];
  readonly notation: Notation;
} {
  return {
    equations: [...cell.named].map(([name, expr]) => ({ name, expr, perStep: true })),
    notation: { names: new Map([...cell.named].map(([name, expr]) => [expr, name])), meanings: cell.meanings },
  };
}
