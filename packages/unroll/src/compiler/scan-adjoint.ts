/**
 * The way back through a timestep of a scan, as a step graph like any other: gradients of states are its states, time runs
 * backwards. It also decides which nodes of the forward step are saved and which are computed again.
 */
import { adjoint } from "../equations/differentiate.ts";
import { argument, type Expr, inOrder, product, select, type WeightBlock, zero } from "../equations/expr.ts";
import type { ScanGradientOperation } from "../program/program.ts";
import type { ScanStep } from "./scan-step.ts";
import type { StepGraph } from "./schedule.ts";
import { Facts, isBarrier, isExpensive, isProduct } from "./schedule-facts.ts";
import { inputsOf, rewrite } from "./schedule-graph.ts";

/** An outer product, to be summed over examples and timesteps: `left` gives the rows of the block's gradient, `right` the columns. */
export interface BlockGradient {
  readonly matrix: WeightBlock;
  readonly left: Expr;
  readonly right: Expr;
}

/** Equations of the way back, over the symbols of the forward step and those listed here. */
export interface ScanAdjoint {
  /** `previous` is the symbol for the gradient of the state after the step, `next` that of the state before it. */
  readonly states: StepGraph["states"];
  /** The gradient that reaches the step's output from outside; undefined where it comes with a state's. */
  readonly outputGradient: Expr | undefined;
  /** The gradient of x; undefined where nothing flows. */
  readonly input: Expr | undefined;
  readonly blocks: readonly BlockGradient[];
  /** Rows of bias and the cell's own vectors: gradients to be summed over examples and timesteps. */
  readonly vectors: readonly { readonly weight: WeightBlock; readonly vector: Expr }[];
  /** Forward nodes that must be kept, and the symbols that stand for them. */
  readonly saved: readonly { readonly node: Expr; readonly symbol: Expr }[];
  /** Symbols for the states after the step, in the order of the forward step's states. */
  readonly nextStates: readonly Expr[];
  readonly widths: ReadonlyMap<Expr, number>;
}

/** Differentiates the step of a scan. */
export function scanAdjoint(step: ScanStep, { scan, outputs }: ScanGradientOperation): ScanAdjoint {
  const { graph, outputState } = step;
  const gradients = graph.states.map(({ name }) => argument(`d${name}`));
  // Where only the last output counts and is a state, its gradient is that of the final state.
  const isApart = outputs[0] !== undefined && (scan.returnSequences || outputState === undefined);
  const outputGradient = isApart ? argument("dOutput") : undefined;
  const seeds = graph.states.map(({ next }, i) => {
    const own = gradients[i]!;
    return { expr: next, seed: i === outputState && outputGradient !== undefined ? own.plus(outputGradient) : own };
  });
  if (outputState === undefined && outputGradient !== undefined) {
    seeds.push({ expr: graph.outputs[0]!, seed: outputGradient });
  }
  const result = adjoint(seeds, [scan.cell.x, ...graph.states.map((state) => state.previous)]);
  const [input, ...previous] = result.gradients;

  // Both graphs in one form, so that forward nodes within the adjoint are recognised.
  const forward = seeds.map(({ expr }) => expr);
  const blocks = result.weightProducts;
  const backward = [
    ...result.gradients.filter((expr) => expr !== undefined),
    ...blocks.flatMap(({ left, right }) => [left, right]),
    ...result.weightVectors.map(({ vector }) => vector),
  ];
  const renamed = rewrite([...forward, ...backward]);
  const nextStates = graph.states.map(({ name }) => argument(`${name}Next`));
  const nexts = new Map(
    graph.states.flatMap(({ next }, i) =>
      isComputed(renamed(next)) ? [[renamed(next), nextStates[i]!] as const] : [],
    ),
  );
  const choice = chooseSaved(graph, forward.map(renamed), backward.map(renamed), nexts);
  const bySymbol = new Map([...nexts, ...choice.symbols]);
  /** A number that a whole row shares, as a row: what multiplies or is summed must have elements. */
  const asRow = (expr: Expr): Expr =>
    expr.extent === "row" ? expr : select(gradients[0]!.equals(gradients[0]!), expr, expr);
  const replaced = rewrite(backward.map(renamed), (rebuilt, original) => {
    const { node } = rebuilt;
    const symbol = bySymbol.get(original);
    if (symbol !== undefined || node.op !== "product" || node.vector.extent === "row") return symbol ?? rebuilt;
    return product(asRow(node.vector), node.name, node.matrix, node.transposed);
  });
  const final = (expr: Expr): Expr => replaced(renamed(expr));

  return {
    states: graph.states.map(({ name }, i) => {
      const gradient = previous[i];
      return { name: `d${name}`, previous: gradients[i]!, next: gradient === undefined ? zero : final(gradient) };
    }),
    outputGradient,
    input: input && final(input),
    blocks: blocks.map(({ matrix, left, right }) => ({ matrix, left: final(left), right: asRow(final(right)) })),
    vectors: result.weightVectors.map(({ weight, vector }) => ({ weight, vector: asRow(final(vector)) })),
    saved: [...choice.symbols].map(([node, symbol]) => ({ node, symbol })),
    nextStates,
    widths: choice.widths,
  };
}

/**
 * The forward nodes that the adjoint reads and that cost too much to be computed again: products and sums with products, row
 * operators, transcendentals, or more than three simple operations.
 */
function chooseSaved(
  graph: StepGraph,
  forward: readonly Expr[],
  backward: readonly Expr[],
  nexts: ReadonlyMap<Expr, Expr>,
): { readonly symbols: Map<Expr, Expr>; readonly widths: Map<Expr, number> } {
  const facts = new Facts(graph, forward);
  const own = new Set(inOrder(forward, { bodies: true }));
  const isLeaf = (expr: Expr): boolean => !isComputed(expr) || nexts.has(expr);
  const costs = new Map<Expr, number>();
  const withProduct = new Set<Expr>();
  const heavy = new Set<Expr>();
  for (const expr of facts.order) {
    if (isLeaf(expr)) continue;
    const inputs = inputsOf(expr);
    const isSimple = !isBarrier(expr) && !isExpensive(expr);
    if (isProduct(expr) || (isSimple && inputs.some((input) => withProduct.has(input)))) withProduct.add(expr);
    const cost = inputs.reduce((sum, input) => sum + (heavy.has(input) ? 0 : (costs.get(input) ?? 0)), 1);
    costs.set(expr, cost);
    if (!isSimple || withProduct.has(expr) || cost > 3) heavy.add(expr);
  }
  const symbols = new Map<Expr, Expr>();
  const widths = new Map<Expr, number>(graph.widths);
  const seen = new Set<Expr>();
  const visit = (expr: Expr): void => {
    if (seen.has(expr) || nexts.has(expr)) return;
    seen.add(expr);
    if (own.has(expr) && heavy.has(expr)) {
      const symbol = argument(`saved${symbols.size}`, expr.extent);
      symbols.set(expr, symbol);
      widths.set(symbol, facts.widthOf(expr));
    } else inputsOf(expr).forEach(visit);
  };
  backward.forEach(visit);
  return { symbols, widths };
}

function isComputed({ node }: Expr): boolean {
  return node.op !== "symbol" && node.op !== "constant";
}
