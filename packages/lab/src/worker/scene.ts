/**
 * The drawing of a cell as data, read from its equation graph: one box for the input, each previous state and each named
 * value, and what it uses through which products. A new cell needs nothing here.
 */

import { equationView } from "./describe.ts";
import { type CellGraph, cellEquations, type Expr, operandsOf } from "./library.ts";
import type { Scene, SceneNode } from "./protocol.ts";

export function sceneOf(cell: CellGraph): Scene {
  const names = new Map<Expr, string>([[cell.x, "x"]]);
  for (const { previous, name } of cell.states) names.set(previous, `${name}Prev`);
  for (const [name, expr] of cell.named) names.set(expr, name);
  const { equations, notation } = cellEquations(cell);
  const sources: SceneNode[] = [
    box("x", "input", "the input of this timestep"),
    ...cell.states.map(({ name }) => ({
      ...box(`${name}Prev`, "state", `${cell.meanings[name]?.replace(/^new /, "") ?? name} of the timestep before`),
      next: name,
    })),
  ];
  const ranks = new Map(sources.map(({ name }) => [name, 0]));
  const values = [...cell.named].map(([name, expr], index): SceneNode => {
    const uses = usesOf(expr, names);
    const rank = 1 + Math.max(0, ...uses.map(({ from }) => ranks.get(from) ?? 0));
    ranks.set(name, rank);
    return {
      ...box(name, "value", cell.meanings[name] ?? name),
      rank,
      gate: gateOf(expr, names),
      operator: operatorOf(expr),
      uses,
      equation: equationView(equations[index]!, notation),
    };
  });
  return { kind: cell.kind, gates: cell.gates, nodes: [...sources, ...values] };
}

function box(name: string, role: SceneNode["role"], meaning: string): SceneNode {
  return { name, role, rank: 0, gate: -1, operator: "", meaning, next: undefined, uses: [], equation: undefined };
}

/** The named values that an equation reads, each with the products that it goes through. */
function usesOf(root: Expr, names: ReadonlyMap<Expr, string>): { from: string; through: string[] }[] {
  const found = new Map<string, Set<string>>();
  walk(root, names, (name, through) => {
    const list = found.get(name) ?? new Set<string>();
    found.set(name, through === undefined ? list : list.add(through));
  });
  return [...found].map(([from, through]) => ({ from, through: [...through] }));
}

function walk(
  root: Expr,
  names: ReadonlyMap<Expr, string>,
  onName: (name: string, through: string | undefined) => void,
  onProduct: (block: number) => void = () => {},
): void {
  const visit = (expr: Expr, through: string | undefined): void => {
    const name = expr === root ? undefined : names.get(expr);
    if (name !== undefined) {
      onName(name, through);
      return;
    }
    const { node } = expr;
    if (node.op === "product") onProduct(node.matrix.block);
    for (const operand of operandsOf(expr)) visit(operand, node.op === "product" ? node.name : through);
  };
  visit(root, undefined);
}

function gateOf(root: Expr, names: ReadonlyMap<Expr, string>): number {
  const blocks = new Set<number>();
  walk(
    root,
    names,
    () => {},
    (block) => blocks.add(block),
  );
  return blocks.size === 1 ? [...blocks][0]! : -1;
}

const signs: Readonly<Record<string, string>> = { add: "+", sub: "−", mul: "⊙", div: "÷", product: "·", select: "?" };

function operatorOf({ node }: Expr): string {
  return node.op === "apply" ? node.fn.symbol : (signs[node.op] ?? node.op);
}
