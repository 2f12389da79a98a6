/** A cell's equations for showing, forwards and backwards: each named value in terms of the others. */
import { gradientName } from "../equations/formula.ts";
import type { Equation, Notation } from "../equations/render.ts";
import { type CellAdjoint, cellAdjoint } from "./adjoint.ts";
import type { CellGraph } from "./define.ts";

export interface ShownEquations {
  readonly equations: readonly Equation[];
  readonly notation: Notation;
}

/**
 * The equations of one timestep in the order the cell gives them, and the notation that writes gates by their names.
 *
 * @example
 * const { equations, notation } = cellEquations(lstm.graph(choices));
 * equations.map((equation) => toText(equation, notation)) // "i = σ(x·W_i + b_i + hPrev·U_i)", ...
 */
export function cellEquations(cell: CellGraph): ShownEquations {
  return {
    equations: [...cell.named].map(([name, expr]) => ({ name, expr, perStep: true })),
    notation: { names: new Map([...cell.named].map(([name, expr]) => [expr, name])), meanings: cell.meanings },
  };
}

/**
 * The equations of one step of backpropagation through time: the gradient of the loss with respect to each named value, the
 * states before and the input. h_later is h as the output and later steps read it.
 *
 * @example "∂L/∂c = ∂L/∂c_later + ∂L/∂h ⊙ o ⊙ (1 − tanh(c)²)", "∂L/∂f = ∂L/∂c ⊙ cPrev", ..., "∂L/∂cPrev = ∂L/∂c ⊙ f"
 */
export function cellAdjointEquations(cell: CellGraph, back: CellAdjoint = cellAdjoint(cell)): ShownEquations {
  const { notation } = cellEquations(cell);
  const gradients = [...back.named].reverse().map(([name, expr]) => ({ name: gradientName(name), expr }));
  const previous = back.states.flatMap((state) =>
    state.previous === undefined ? [] : [{ name: gradientName(`${state.name}Prev`), expr: state.previous }],
  );
  const input = back.input === undefined ? [] : [{ name: gradientName("x"), expr: back.input }];
  const meanings = Object.entries(cell.meanings).map(([name, meaning]) => [
    gradientName(name),
    `gradient of the ${meaning}`,
  ]);
  return {
    equations: [...gradients, ...previous, ...input].map((equation) => ({ ...equation, perStep: true })),
    notation: {
      names: new Map([...notation.names!, ...gradients.map(({ name, expr }) => [expr, name] as const)]),
      meanings: { ...cell.meanings, ...Object.fromEntries(meanings) },
    },
  };
}
