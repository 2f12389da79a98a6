/**
 * A cell over time, number by number: each timestep's input, gates and states as rows of one table, each with its formula.
 * Written from the cell's graph, so that it serves every cell, also those that users define.
 */
import { cellEquations } from "../../cells/equations.ts";
import { sumOf } from "../../equations/derive.ts";
import { constant, type Expr, inOrder, type ProductNode, type WeightBlock } from "../../equations/expr.ts";
import { type CellArrays, cellArrays, type ScanStep } from "../../program/evaluate-scan.ts";
import type { ScanOperation, Value } from "../../program/program.ts";
import { type Book, bracketed, type WorkedNumber, type WorkedRow, type WorkedTable } from "./book.ts";
import { largestOf, notByHand, scalar } from "./elements.ts";

/** What a run of a cell is written from. */
export interface ScanSource {
  readonly book: Book;
  readonly scan: ScanOperation;
  readonly title: string;
  readonly batchIndex: number;
  /** The steps by hand, in the order of processing. */
  readonly steps: readonly ScanStep[];
  /** Only this timestep, its states before taken as given. */
  readonly only: number | undefined;
  elementAt(value: Value, position: number): Expr;
}

/** A run of a cell: its table, and the symbols that stand for its results. */
export interface WrittenScan {
  readonly table: WorkedTable;
  /** For each step in the order of processing, `[units]`. */
  readonly outputs: readonly (readonly Expr[])[];
  /** In the cell's order, `[units]` each. */
  readonly finalStates: readonly (readonly Expr[])[];
}

type ByName = ReadonlyMap<string, readonly WorkedNumber[]>;

export function writeScan(source: ScanSource): WrittenScan {
  const { scan, steps, only, title } = source;
  const { cell, units } = scan;
  const [features] = scan.input.shape.slice(-1) as [number]; // [batch, timesteps, features]
  const places = cellArrays(scan, () => new Float64Array(0)); // asked for places only
  const names = [...cell.named.keys()];
  const columns = [
    ...Array.from({ length: features }, (_, k) => `x[${k}]`),
    ...names.flatMap((name) => Array.from({ length: units }, (_, unit) => `${name}[${unit}]`)),
  ];
  const shown = only === undefined ? steps : steps.filter(({ timestep }) => timestep === only);
  const start = startStates(source, shown[0]);
  const rows: WorkedRow[] = [rowOf("before", start, features, source)];
  const outputs: Expr[][] = [];
  let states: readonly (readonly Expr[])[] = cell.states.map(({ name }) => symbolsOf(start, name));
  let output: readonly Expr[] = Array.from({ length: units }, () => constant(0));
  for (const step of shown) {
    const before = states;
    const numbers = step.masked ? keptStates(source, step, before) : writeStep(source, places, step, before);
    states = cell.states.map(({ name }) => symbolsOf(numbers, name));
    if (!step.masked) output = states[0]!;
    else if (scan.zeroOutputForMask) output = Array.from({ length: units }, () => constant(0));
    outputs.push([...output]);
    const note = step.masked ? { note: "masked: the states stay as they are" } : {};
    rows.push({ ...rowOf(`timestep ${step.timestep}`, numbers, features, source), ...note });
  }
  return { table: { title, columns, rows, equations: cellEquations(cell) }, outputs, finalStates: states };
}

function symbolsOf(numbers: ByName, name: string): Expr[] {
  return numbers.get(name)!.map(({ symbol }) => symbol); // every state is among them
}

function rowOf(label: string, numbers: ByName, features: number, { scan: { cell, units } }: ScanSource): WorkedRow {
  const read = (name: string, count: number) => Array.from({ length: count }, (_, at) => numbers.get(name)?.[at]);
  return {
    label,
    numbers: [read("x", features), ...[...cell.named.keys()].map((name) => read(name, units))].flat(),
    order: [...numbers.values()].flat(),
  };
}

/** States before the first step shown: given, or worked out where the model computes them. */
function startStates({ book, scan, batchIndex, only, elementAt }: ScanSource, first: ScanStep | undefined): ByName {
  const { cell, units, initialStates } = scan;
  return new Map(
    cell.states.map(({ name }, state) => [
      name,
      Array.from({ length: units }, (_, unit) => {
        if (only !== undefined) return book.give(`${name}Prev`, [unit], first?.statesBefore[state]?.[unit] ?? 0);
        const given = initialStates?.[state];
        if (given === undefined) return book.give(`${name}Prev`, [unit], 0);
        return book.work(`${name}Prev`, [unit], elementAt(given, batchIndex * units + unit));
      }),
    ]),
  );
}

function keptStates({ book, scan }: ScanSource, { timestep }: ScanStep, before: readonly (readonly Expr[])[]): ByName {
  return new Map(
    scan.cell.states.map(({ name }, state) => [
      name,
      before[state]!.map((symbol, unit) => book.work(name, [timestep, unit], symbol)),
    ]),
  );
}

function writeStep(
  source: ScanSource,
  places: CellArrays,
  { timestep }: ScanStep,
  before: readonly (readonly Expr[])[],
): ByName {
  const { book, scan, batchIndex, elementAt } = source;
  const { cell, units } = scan;
  const [, timesteps, features] = scan.input.shape as [number, number, number];
  const start = (batchIndex * timesteps + timestep) * features;
  const numbers = new Map<string, WorkedNumber[]>();
  numbers.set(
    "x",
    Array.from({ length: features }, (_, k) => book.work("x", [timestep, k], elementAt(scan.input, start + k))),
  );
  const nameOf = new Map([...cell.named].map(([name, expr]) => [expr, name]));
  const names = inOrder(cell.named.values()).flatMap((expr) => nameOf.get(expr) ?? []);
  const ordered = [...names, ...[...cell.named.keys()].filter((name) => !names.includes(name))];
  for (const name of ordered) {
    const expr = cell.named.get(name)!;
    const element = elementReader(source, places, expr, numbers, before);
    numbers.set(
      name,
      Array.from({ length: units }, (_, unit) => book.work(name, [timestep, unit], element(unit))),
    );
  }
  return numbers;
}

/** Reads a unit of a named value as a formula; everything below it that has a name is only named. */
function elementReader(
  { scan, batchIndex, elementAt }: ScanSource,
  places: CellArrays,
  root: Expr,
  numbers: ByName,
  before: readonly (readonly Expr[])[],
): (unit: number) => Expr {
  const { cell, units } = scan;
  const names = new Map([...cell.named].map(([name, expr]) => [expr, name]));
  const weightAt = (block: WeightBlock, row: number, column: number): Expr => {
    const { array, start, stride } = places.place(block);
    return elementAt(scan.arrays[array]!, start + row * stride + column);
  };
  /** The dropout factor of a row of a matrix; undefined outside of training. */
  const factorOf = ({ array, block }: WeightBlock, row: number): Expr | undefined => {
    const ofFeatures = cell.arrays.find(({ name }) => name === array)?.rows === "features";
    const all = ofFeatures ? scan.inputFactors : scan.recurrentFactors;
    const factor = all.length === 1 ? all[0] : all[block];
    return factor === undefined ? undefined : elementAt(factor, batchIndex * factor.shape[1]! + row);
  };
  const productAt = ({ vector, matrix }: ProductNode, unit: number): Expr =>
    sumOf(
      Array.from({ length: places.place(matrix).rows }, (_, row) => {
        const factor = factorOf(matrix, row);
        const term = read(vector, row).times(weightAt(matrix, row, unit));
        return factor === undefined ? term : term.times(factor);
      }),
    );
  const read = (from: Expr, at: number): Expr =>
    scalar(from, {
      known: (expr) => (expr === root ? undefined : numbers.get(names.get(expr) ?? "")?.[at]?.symbol),
      symbol: (expr) => {
        const { node } = expr;
        if (node.op === "symbol" && node.weight !== undefined) return weightAt(node.weight, 0, at);
        if (expr === cell.x) return numbers.get("x")![at]!.symbol;
        return before[cell.states.findIndex(({ previous }) => previous === expr)]![at]!;
      },
      product: (expr) => productAt(expr.node as ProductNode, at), // asked for products only
      row: (expr) => {
        const { node } = expr;
        if (node.op !== "rowSum" && node.op !== "rowMax") throw notByHand("sparsemax");
        const parts = Array.from({ length: units }, (_, one) => read(node.a, one));
        return node.op === "rowSum" ? sumOf(parts) : largestOf(parts);
      },
    });
  return (unit) => read(root, unit);
}

/** "f[0]" inside the row of its timestep, where the number's own index begins with the timestep. */
export function nameInRow({ name, index }: WorkedNumber, ofCell: boolean): string {
  return `${name}${bracketed(ofCell ? index.slice(-1) : index)}`;
}
