/**
 * A cell's step as code in any language: which blocks of the arrays it uses under which names, and its equations as lines in
 * running order. How arrays are cut and loops are written is each language's own.
 */
import type { CellGraph } from "../cells/define.ts";
import { type Expr, inOrder, operandsOf } from "../equations/expr.ts";
import { sharedNodes } from "./code-equations.ts";

/** An array's column blocks by gate; undefined where the equations do not use one. */
export interface ArrayBlocks {
  readonly array: string;
  readonly row: number;
  readonly names: readonly (string | undefined)[];
}

/** The names under which equations use the blocks of the cell's arrays: W_i, W_f ...; b_i ...; a row of its own for each bias row. */
export function blocksOf(cell: CellGraph): ArrayBlocks[] {
  const used = new Map<string, string>();
  for (const { node } of inOrder(cell.named.values(), { bodies: true })) {
    const block = node.op === "product" ? node.matrix : node.op === "symbol" ? node.weight : undefined;
    if (block !== undefined && "name" in node) used.set(`${block.array} ${block.row} ${block.block}`, node.name);
  }
  return cell.arrays.flatMap(({ name, rows, blocks }) =>
    Array.from({ length: rows === 2 ? 2 : 1 }, (_, row) => ({
      array: name,
      row,
      names: blocks.map((_, block) => used.get(`${name} ${row} ${block}`)),
    })),
  );
}

export interface StepNode {
  readonly name: string;
  readonly expr: Expr;
}

/**
 * The nodes of a step that get a line: the cell's named values, and what several equations share. Operands come first,
 * whatever order the cell gives its values in.
 *
 * @param renamed the node that stands for one of the cell's own
 */
export function stepNodes(cell: CellGraph, renamed: (expr: Expr) => Expr): StepNode[] {
  const named = new Map<Expr, string>();
  for (const [name, expr] of cell.named) if (operandsOf(expr).length > 0) named.set(renamed(expr), name);
  const roots = [...cell.named.values()].map(renamed);
  for (const [i, expr] of sharedNodes(roots).entries()) if (!named.has(expr)) named.set(expr, `part${i + 1}`);
  return inOrder(roots).flatMap((expr) => (named.has(expr) ? [{ name: named.get(expr)!, expr }] : []));
}
