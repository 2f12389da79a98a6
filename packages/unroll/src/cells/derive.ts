/**
 * The count of a cell's parameters in its textbook form, read from the arrays of its graph: g × [h(h+i)+h], with a second bias
 * row g × [h(h+i)+2h], with own vectors + 3h.
 */
import { type CountedArray, type Derivation, deriveCount, sumOf } from "../equations/derive.ts";
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

/** The textbook formula of the count. */
export function cellCountFormula(cell: CellGraph, sizes: CellSizes, gates = gatesLetter(cell)): Expr {
  const { units } = sizes;
  const blocks = cell.arrays.filter((array) => hasGateBlocks(cell, array));
  const matrices = blocks.filter(({ rows }) => rows === "units" || rows === "features");
  // h(h+i): the rows that meet the state first.
  const rows = matrices.sort((a, b) => Number(b.rows === "units") - Number(a.rows === "units"));
  const terms = [
    ...(rows.length === 0 ? [] : [units.times(sumOf(rows.map((array) => rowsOf(array, sizes))))]),
    ...blocks.flatMap((array) => (typeof array.rows === "number" ? [multiple(array.rows, units)] : [])),
  ];
  const own = cell.arrays.length - blocks.length;
  return sumOf([
    ...(terms.length === 0 ? [] : [gates.times(sumOf(terms))]),
    ...(own === 0 ? [] : [multiple(own, units)]),
  ]);
}

/** The count of a cell's parameters: the textbook form, then array by array and gate by gate. */
export function deriveCellCount(title: string, cell: CellGraph, sizes: CellSizes): Derivation {
  const gates = gatesLetter(cell);
  return deriveCount(title, cellArraySizes(cell, sizes, gates), cellCountFormula(cell, sizes, gates));
}

/** Kernel, recurrent kernel and bias have a block for each gate; the cell's own vectors have one. */
function hasGateBlocks(cell: CellGraph, { blocks }: CellArray): boolean {
  return String(blocks) === String(cell.gates);
}

function rowsOf({ rows }: CellArray, { features, units }: CellSizes): Expr {
  return rows === "features" ? features : rows === "units" ? units : constant(rows);
}

function multiple(count: number, units: Expr): Expr {
  return count === 1 ? units : constant(count).times(units);
}
