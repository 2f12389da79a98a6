/**
 * The count of a cell's parameters in its textbook form, read from the arrays of its graph: g × [h(h+i)+h], with a second bias
 * row g × [h(h+i)+2h], with own vectors + 3h.
 */
import { type Derivation, deriveCount, sumOf } from "../equations/derive.ts";
import { constant, type Expr } from "../equations/expr.ts";
import { type CellSizes, cellArraySizes, gatesLetter, hasGateBlocks, rowsOf } from "./array-sizes.ts";
import type { CellGraph } from "./define.ts";

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

function multiple(count: number, units: Expr): Expr {
  return count === 1 ? units : constant(count).times(units);
}
