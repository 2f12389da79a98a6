/**
 * The adjoint of a cell: one timestep of backpropagation through time as an expression graph, derived from the cell's
 * equations. What runs it over time is in program/ and compiler/.
 */
import { adjoint, type WeightProduct, type WeightVector } from "../equations/differentiate.ts";
import { type Expr, inOrder, operandsOf, symbol } from "../equations/expr.ts";
import { gradientName } from "../equations/formula.ts";
import type { CellGraph } from "./define.ts";

export interface CellAdjoint {
  /**
   * The states of the step: `gradient` is the symbol for what reaches the new state from later steps and from the output,
   * `previous` the gradient of the state before; undefined where nothing flows to it.
   */
  readonly states: readonly { readonly name: string; readonly gradient: Expr; readonly previous: Expr | undefined }[];
  /** The gradient of x before any dropout factor, `[features]`; its products carry their own factors. */
  readonly input: Expr | undefined;
  /** For each named value of the cell, the gradient that reaches it, `[units]`; for traces. */
  readonly named: ReadonlyMap<string, Expr>;
  /** Gradients of matrix blocks: outer products to be summed over examples and timesteps. */
  readonly weightProducts: readonly WeightProduct[];
  /** Gradients of bias blocks and of the cell's own vectors, to be summed likewise. */
  readonly weightVectors: readonly WeightVector[];
  /** The cell's own nodes that the adjoint reads: what a forward pass must save or compute again. Constants are left out. */
  readonly forward: readonly Expr[];
}

const known = new WeakMap<CellGraph, CellAdjoint>();

/**
 * Differentiates a cell's equations. The same graph gives the same nodes each time.
 *
 * @throws UnrollError `unsupported` when an activation has no gradient (sparsemax).
 * @example cellAdjoint(lstm.graph(choices)).states.map(({ gradient, previous }) => ...) // dh and dc in, dh and dc out
 */
export function cellAdjoint(cell: CellGraph): CellAdjoint {
  let found = known.get(cell);
  if (found === undefined) {
    found = differentiateCell(cell);
    known.set(cell, found);
  }
  return found;
}

function differentiateCell(cell: CellGraph): CellAdjoint {
  const seeds = cell.states.map(({ name }) =>
    symbol(gradientName(`${name}_later`), "argument", `what reaches ${name} from the output and from later steps`),
  );
  const previous = cell.states.map((state) => state.previous);
  const result = adjoint(
    cell.states.map(({ next }, i) => ({ expr: next, seed: seeds[i]! })),
    [cell.x, ...previous, ...cell.named.values()],
  );
  const [input, ...gradients] = result.gradients;
  const named = new Map<string, Expr>();
  for (const [name, expr] of cell.named) {
    const gradient = result.gradientOf(expr);
    if (gradient !== undefined) named.set(name, gradient);
  }
  const { weightProducts, weightVectors } = result;
  const roots = [
    ...result.gradients.filter((gradient) => gradient !== undefined),
    ...weightProducts.flatMap(({ left, right }) => [left, right]),
    ...weightVectors.map(({ vector }) => vector),
  ];
  return {
    states: cell.states.map(({ name }, i) => ({ name, gradient: seeds[i]!, previous: gradients[i] })),
    input,
    named,
    weightProducts,
    weightVectors,
    forward: forwardNodes(cell, roots),
  };
}

/** The nodes of the cell's graph that the roots reach first. */
function forwardNodes(cell: CellGraph, roots: readonly Expr[]): Expr[] {
  const own = new Set([...inOrder(cell.named.values()), ...inOrder(cell.named.values(), { bodies: true })]);
  const reached = new Set<Expr>();
  const seen = new Set<Expr>();
  const visit = (expr: Expr): void => {
    if (seen.has(expr)) return;
    seen.add(expr);
    if (!own.has(expr)) operandsOf(expr).forEach(visit);
    else if (expr.node.op !== "constant") reached.add(expr);
  };
  roots.forEach(visit);
  return [...reached];
}
