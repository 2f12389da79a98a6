/**
 * Cuts the equations of a timestep into stages: what can be computed for all timesteps before the loop, the product and
 * elementwise stages of one step, and what can wait until after the loop. Forward steps and adjoint steps are the same to it.
 * It decides what is computed where and what is kept in memory; where in memory, and the code, is the emitter's.
 */
import { type Expr, inOrder } from "../equations/expr.ts";
import { Facts, isProduct } from "./schedule-facts.ts";
import { inputsOf, rewrite, sortSums } from "./schedule-graph.ts";
import { cutRegion } from "./schedule-stages.ts";

/** The equations of one timestep, over symbols. */
export interface StepGraph {
  /** Vectors that go from step to step: the symbol for the value before, the equation for the value after. */
  readonly states: readonly { readonly name: string; readonly previous: Expr; readonly next: Expr }[];
  /** Values wanted of every timestep. */
  readonly outputs: readonly Expr[];
  readonly features: number;
  readonly units: number;
  /** Elements in a row of symbols for which their role does not say it: states and weights have units, the input has features. */
  readonly widths?: ReadonlyMap<Expr, number>;
}

/** Products added up in registers. */
export interface Accumulation {
  /** The node that has the sum as its value. */
  readonly result: Expr;
  /** What the sum starts from: a value computed before the loop, or 0. */
  readonly start: Expr | undefined;
  readonly products: readonly Expr[];
}

/** One pass over all rows (examples): row reductions, then products, then elementwise equations, then stores. */
export interface Stage {
  /** Elements in a row of the stored values. */
  readonly width: number;
  /** Row operators, taken of rows that are in memory; each leaves one number a row in memory. */
  readonly reductions: readonly Expr[];
  readonly accumulations: readonly Accumulation[];
  /** Values to compute and store, operands before users. */
  readonly stores: readonly Expr[];
}

/** How long a stored node lives: a row for every timestep, or overwritten by the next step. */
export type Kept = "sequence" | "step";

export interface Schedule {
  /** Once, with a row for each timestep and example. */
  readonly before: readonly Stage[];
  /** For each timestep, a row for each example. */
  readonly step: readonly Stage[];
  /** Once, with a row for each timestep and example. */
  readonly after: readonly Stage[];
  /** Nodes in memory other than symbols: kept for all timesteps, or overwritten by the next one. */
  readonly kept: ReadonlyMap<Expr, Kept>;
  /** Next states and outputs as the stages name them, in the order of the step graph. */
  readonly next: readonly Expr[];
  readonly outputs: readonly Expr[];
  /** Elements in a row of any node; 1 for a number that a whole row shares. */
  widthOf(expr: Expr): number;
}

/** Schedules one timestep. */
export function schedule(graph: StepGraph): Schedule {
  const { next, outputs } = normalise(graph);
  const facts = new Facts(graph, [...next, ...outputs]);
  const late = findLate(facts, next);

  const afterRoots = new Set(outputs.filter((expr) => late.has(expr)));
  // What the loop must leave for the region after it; symbols are in memory anyway.
  const handed = [...late]
    .flatMap(inputsOf)
    .filter((expr) => facts.isRecurrent(expr) && !late.has(expr) && !isSymbol(expr));
  const isHoisted = (expr: Expr): boolean =>
    !facts.isRecurrent(expr) &&
    facts.hasProduct(expr) &&
    (facts.roots.has(expr) || facts.usersOf(expr).some((user) => facts.isRecurrent(user)));
  const hoisted = new Set(facts.order.filter(isHoisted));
  const sequences = new Set([...outputs.filter((expr) => !late.has(expr) && !hoisted.has(expr)), ...handed]);
  const stepRoots = new Set([...next, ...sequences]);

  const before = cutRegion(facts, hoisted, new Set());
  const step = cutRegion(facts, stepRoots, hoisted);
  const after = cutRegion(facts, afterRoots, new Set([...hoisted, ...sequences]));
  const kept = new Map<Expr, Kept>();
  for (const expr of step.between) kept.set(expr, "step");
  for (const expr of [...hoisted, ...before.between, ...sequences, ...afterRoots, ...after.between]) {
    kept.set(expr, "sequence");
  }
  return {
    before: before.stages,
    step: step.stages,
    after: after.stages,
    kept,
    next,
    outputs,
    widthOf: (expr) => facts.widthOf(expr),
  };
}

/** Nodes that no next state needs and that have a product of their own, not needed by a state either: they wait until after the loop. */
function findLate(facts: Facts, next: readonly Expr[]): Set<Expr> {
  const needed = new Set(inOrder(next, { bodies: true }));
  const late = new Set<Expr>();
  for (const expr of facts.order) {
    if (needed.has(expr) || !facts.isRecurrent(expr)) continue;
    if (isProduct(expr) || inputsOf(expr).some((input) => late.has(input))) late.add(expr);
  }
  return late;
}

function isSymbol({ node }: Expr): boolean {
  return node.op === "symbol";
}

/** Bodies opened, equal nodes merged, sums sorted. */
function normalise(graph: StepGraph): { next: Expr[]; outputs: Expr[] } {
  const given = [...graph.states.map((state) => state.next), ...graph.outputs];
  const opened = rewrite(given);
  const roots = given.map(opened);
  const facts = new Facts(graph, roots);
  const sorted = sortSums(
    roots,
    (term) => !facts.isRecurrent(term),
    (term) => facts.hasProduct(term),
  );
  const all = roots.map(sorted);
  return { next: all.slice(0, graph.states.length), outputs: all.slice(graph.states.length) };
}
