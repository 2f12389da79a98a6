/** The shapes of a cell's arrays as formulas, read from its graph: what a layer builds its arrays with. */
import type { CountedArray } from "../equations/derive.ts";
import { constant, type Expr, letter } from "../equations/expr.ts";
import type { CellArray, CellGraph } from "./define.ts";

/** The letters of a cell's count: features of the input and units. */
export interface CellSizes {
  /** i, or whatever formula the input's last axis has. */
  readonly features: Expr;
  /** h */
  readonly units: Expr;
}

/** g, the number of gates, with the gates' names. */
export function gatesLetter(cell: CellGraph): Expr {
  return letter("g", cell.gates.length, "gates, blocks of every array", `${cell.kind}: ${cell.gates.join(", ")}`);
}

/** The arrays of a cell with a size formula for each axis: kernel `[i, g × h]` and so on. */
export function cellArraySizes(cell: CellGraph, sizes: CellSizes, gates = gatesLetter(cell)): CountedArray[] {
  return cell.arrays.map((array) => {
    const columns = hasGateBlocks(cell, array) ? gates.times(sizes.units) : sizes.units;
    const shape = array.rows === 1 ? [columns] : [rowsOf(array, sizes), columns];
    return { name: array.name, shape, blocks: array.blocks };
  });
}

/** Kernel, recurrent kernel and bias have a block for each gate; the cell's own vectors have one. */
export function hasGateBlocks(cell: CellGraph, { blocks }: CellArray): boolean {
  return String(blocks) === String(cell.gates);
}

/** The formula of an array's first axis. */
export function rowsOf({ rows }: CellArray, { features, units }: CellSizes): Expr {
  return rows === "features" ? features : rows === "units" ? units : constant(rows);
}
