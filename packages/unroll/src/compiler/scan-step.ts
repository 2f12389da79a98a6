/**
 * One timestep of a scan as a step graph: the cell's equations with the operation's factors and mask written into them.
 */
import type { CellGraph } from "../cells/define.ts";
import { argument, type Expr, inOrder, product, select, zero } from "../equations/expr.ts";
import type { ScanOperation } from "../program/program.ts";
import type { StepGraph } from "./schedule.ts";
import { substitute, substituteAll } from "./substitute.ts";

/** What of a scan decides its equations. */
export type ScanOptions = Pick<
  ScanOperation,
  "cell" | "units" | "initialStates" | "mask" | "zeroOutputForMask" | "inputFactors" | "recurrentFactors"
>;

/** A scan's step graph and the symbols it adds to the cell's. */
export interface ScanStep {
  readonly graph: StepGraph;
  /** 1 where the step counts, one number a row. */
  readonly mask: Expr | undefined;
  readonly inputFactors: readonly Expr[];
  readonly recurrentFactors: readonly Expr[];
  /** The state whose next value is the step's output; undefined = the graph's first output. */
  readonly outputState: number | undefined;
}

export function scanStep(options: ScanOptions, features: number): ScanStep {
  const { cell, units } = options;
  const inputFactors = options.inputFactors.map((_, i) => argument(`inputFactor${i}`));
  const recurrentFactors = options.recurrentFactors.map((_, i) => argument(`recurrentFactor${i}`));
  const nextStates = withFactors(cell, inputFactors, recurrentFactors);
  const widths = new Map([
    ...inputFactors.map((symbol) => [symbol, features] as const),
    ...recurrentFactors.map((symbol) => [symbol, units] as const),
  ]);
  const states = cell.states.map(({ name, previous }, i) => ({ name, previous, next: nextStates[i]! }));
  const shared = { inputFactors, recurrentFactors };
  const graphOf = (all: StepGraph["states"], outputs: readonly Expr[]): StepGraph => ({
    states: all,
    outputs,
    features,
    units,
    widths,
  });
  if (options.mask === undefined) {
    return { ...shared, graph: graphOf(states, []), mask: undefined, outputState: 0 };
  }
  const mask = argument("mask", "one");
  const masked = states.map(({ name, previous, next }) => ({ name, previous, next: select(mask, next, previous) }));
  if (options.zeroOutputForMask) {
    const output = select(mask, nextStates[0]!, zero);
    return { ...shared, graph: graphOf(masked, [output]), mask, outputState: undefined };
  }
  // From zero states on, the repeated output is the state itself; otherwise it is zeros until the first step that counts.
  if (options.initialStates === undefined) return { ...shared, graph: graphOf(masked, []), mask, outputState: 0 };
  const previous = argument("outputPrev");
  const carried = { name: "output", previous, next: select(mask, nextStates[0]!, previous) };
  return { ...shared, graph: graphOf([...masked, carried], []), mask, outputState: states.length };
}

/** The cell's next states with each product's vector multiplied by the factor of its gate. */
function withFactors(cell: CellGraph, inputFactors: readonly Expr[], recurrentFactors: readonly Expr[]): Expr[] {
  const roots = cell.states.map((state) => state.next);
  const replacements = new Map<Expr, Expr>();
  for (const expr of inOrder(roots, { bodies: true })) {
    const { node } = expr;
    if (node.op !== "product") continue;
    const factors = { kernel: inputFactors, recurrent_kernel: recurrentFactors }[node.matrix.array] ?? [];
    const factor = factors.length === 1 ? factors[0] : factors[node.matrix.block];
    if (factor === undefined) continue;
    // A product within the vector came before, so it is in the table by now.
    const vector = substitute(node.vector, replacements);
    replacements.set(expr, product(vector.times(factor), node.name, node.matrix, node.transposed));
  }
  return substituteAll(roots, replacements);
}
