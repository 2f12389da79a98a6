/**
 * Cuts one region of a step (before, within or after the time loop) into stages. A product's vector and a row operator's row
 * must be in memory when a stage begins; everything else goes to the latest stage that serves its users, so that few values
 * are stored.
 */
import type { Expr } from "../equations/expr.ts";
import type { Accumulation, Stage } from "./schedule.ts";
import { type Facts, isBarrier, isProduct, isReduction } from "./schedule-facts.ts";
import { inputsOf } from "./schedule-graph.ts";

export interface Region {
  readonly stages: readonly Stage[];
  /** What the stages leave in memory for each other, roots not counted. */
  readonly between: ReadonlySet<Expr>;
}

/** `ready` nodes are in memory when the region begins, as all symbols are. */
export function cutRegion(facts: Facts, roots: ReadonlySet<Expr>, ready: ReadonlySet<Expr>): Region {
  if (roots.size === 0) return { stages: [], between: new Set() };
  const isReady = (expr: Expr): boolean => ready.has(expr) || expr.node.op === "symbol";
  const nodes = nodesBelow(roots, isReady, facts);
  const { levels, storeLevels, last } = findLevels(facts, nodes, roots, isReady);
  const accumulations = findAccumulations(facts, nodes, isReady);
  const stages: Stage[] = [];
  for (let level = 0; level <= last; level++) {
    const stores = [...nodes, ...[...roots].filter(isReady)].filter((expr) => storeLevels.get(expr) === level);
    let reductions = nodes.filter((expr) => isReduction(expr) && levels.get(expr) === level);
    for (const width of new Set(stores.map((expr) => facts.widthOf(expr)))) {
      const ofWidth = (expr: Expr): boolean => facts.widthOf(expr) === width;
      stages.push({
        width,
        reductions,
        accumulations: accumulations.filter(({ result }) => ofWidth(result) && levels.get(result) === level),
        stores: stores.filter(ofWidth),
      });
      reductions = [];
    }
  }
  const between = nodes.filter((expr) => (storeLevels.has(expr) && !roots.has(expr)) || isReduction(expr));
  return { stages, between: new Set(between) };
}

/** What is computed in this region, operands before users. */
function nodesBelow(roots: ReadonlySet<Expr>, isReady: (expr: Expr) => boolean, facts: Facts): Expr[] {
  const wanted = new Set<Expr>();
  const visit = (expr: Expr): void => {
    if (isReady(expr) || wanted.has(expr)) return;
    wanted.add(expr);
    for (const input of inputsOf(expr)) visit(input);
  };
  for (const root of roots) visit(root);
  return facts.order.filter((expr) => wanted.has(expr));
}

interface Levels {
  /** The stage that computes a node. Cheap nodes have none: each stage computes those it uses. */
  readonly levels: ReadonlyMap<Expr, number>;
  /** The stage that stores a node. */
  readonly storeLevels: ReadonlyMap<Expr, number>;
  readonly last: number;
}

function findLevels(
  facts: Facts,
  nodes: readonly Expr[],
  roots: ReadonlySet<Expr>,
  isReady: (expr: Expr) => boolean,
): Levels {
  const depths = new Map<Expr, number>();
  for (const expr of nodes) {
    const below = inputsOf(expr).map((input) => (isReady(input) ? 0 : depths.get(input)! + (isBarrier(expr) ? 1 : 0)));
    depths.set(expr, Math.max(0, ...below));
  }
  const last = Math.max(...[...roots].map((root) => depths.get(root) ?? 0));

  const levels = new Map<Expr, number>();
  const storeLevels = new Map<Expr, number>();
  const usedAt = new Map<Expr, Set<number>>();
  const use = (expr: Expr, level: number): void => void usedAt.set(expr, (usedAt.get(expr) ?? new Set()).add(level));
  const store = (expr: Expr, level: number): void =>
    void storeLevels.set(expr, Math.min(level, storeLevels.get(expr) ?? level));
  for (const root of roots) {
    use(root, last);
    store(root, last);
  }
  for (const expr of nodes.toReversed()) {
    const uses = [...usedAt.get(expr)!];
    const first = Math.min(...uses);
    const repeated = facts.isCheap(expr) && !isReduction(expr);
    if (!repeated) {
      levels.set(expr, first);
      if (storeLevels.has(expr) || uses.some((level) => level > first)) store(expr, first);
      if (isReduction(expr)) storeLevels.delete(expr);
    }
    for (const level of repeated ? uses : [first]) {
      for (const input of inputsOf(expr)) {
        if (isReady(input)) continue;
        use(input, isBarrier(expr) ? level - 1 : level);
        if (isBarrier(expr)) store(input, level - 1);
      }
    }
  }
  return { levels, storeLevels, last };
}

interface Spine extends Omit<Accumulation, "result"> {
  /** Its products and partial sums, which nothing else uses. */
  readonly inner: readonly Expr[];
}

/** Every product, with those it is added to: sums were sorted into `(start + products) + rest`. */
function findAccumulations(facts: Facts, nodes: readonly Expr[], isReady: (expr: Expr) => boolean): Accumulation[] {
  const found: Accumulation[] = [];
  const taken = new Set<Expr>();
  const isInner = (expr: Expr): boolean => facts.usersOf(expr).length === 1 && !facts.roots.has(expr);
  const spineOf = (expr: Expr): Spine | undefined => {
    if (isProduct(expr)) return { start: undefined, products: [expr], inner: [] };
    const { node } = expr;
    if (node.op !== "add" || !isProduct(node.b) || !isInner(node.b) || node.a === node.b) return undefined;
    if (isReady(node.a) && node.a.node.op !== "symbol") return { start: node.a, products: [node.b], inner: [node.b] };
    const before = isInner(node.a) && !isReady(node.a) ? spineOf(node.a) : undefined;
    return (
      before && {
        start: before.start,
        products: [...before.products, node.b],
        inner: [...before.inner, node.a, node.b],
      }
    );
  };
  for (const expr of nodes.toReversed()) {
    const spine = taken.has(expr) ? undefined : spineOf(expr);
    if (spine === undefined) continue;
    found.push({ result: expr, start: spine.start, products: spine.products });
    for (const part of spine.inner) taken.add(part);
  }
  return found.reverse();
}
