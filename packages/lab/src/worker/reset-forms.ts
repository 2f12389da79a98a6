/** A GRU's step in both of its forms, reset before the product with the recurrent kernel and after it: the same numbers go in. */
import { cellEquations } from "unroll/cells/equations.ts";
import { toMathMLRow } from "unroll/equations/render.ts";
import type { ByHand, ScanRun } from "unroll/explain/by-hand.ts";
import { openValue } from "unroll/explain/open-value.ts";
import { evaluateScan, type ScanStep } from "unroll/program/evaluate-scan.ts";
import type { ScanOperation, Value } from "unroll/program/program.ts";
import { equationView } from "./describe.ts";
import { type CellGraph, type Expr, type Layer, operandsOf } from "./library.ts";
import type { EquationView, FormulaView, ResetForm, ResetView } from "./protocol.ts";

/**
 * The layer's own form and the other one, which has the same weights: of two bias rows their sum, of one bias a second row of zeros.
 *
 * @returns undefined for a cell that has no such option
 */
export function resetForms(
  layer: Layer,
  { scan }: ScanRun,
  hand: ByHand,
  step: ScanStep,
  unit: number,
): ResetView | undefined {
  const { type, config } = layer;
  if (typeof config.resetAfter !== "boolean" || type.cell === undefined) return undefined;
  const isAfter = config.resetAfter;
  const other = type.cell({ ...config, resetAfter: !isAfter });
  const found = otherStep(scan, other, hand, step);
  const own: ResetForm = {
    equation: candidate(scan.cell),
    candidate: openValue(scan, step, hand, "hHat", unit),
    output: openValue(scan, step, hand, "h", unit),
  };
  const otherHand = { valueOf: found.numbersOf, stepsOf: () => [] };
  const forms: ResetForm = {
    equation: candidate(other),
    candidate: openValue(found.scan, found.step, otherHand, "hHat", unit),
    output: openValue(found.scan, found.step, otherHand, "h", unit),
  };
  const hasBias = config.useBias === true;
  return { isAfter, hasBias, before: isAfter ? forms : own, after: isAfter ? own : forms };
}

/** One step of the other cell from the same input and the same state. */
function otherStep(
  scan: ScanOperation,
  cell: CellGraph,
  hand: ByHand,
  at: ScanStep,
): { scan: ScanOperation; step: ScanStep; numbersOf: (value: Value) => Float64Array } {
  const { units } = scan;
  const features = scan.input.shape[2]!;
  const numbers = new Map<Value, Float64Array>();
  const given = (shape: readonly number[], data: Float64Array): Value => {
    const value: Value = { id: -1, shape, operation: { op: "input", name: "given" }, result: 0 };
    numbers.set(value, data);
    return value;
  };
  const width = cell.gates.length * units;
  const arrays = cell.arrays.map(({ name }) => {
    const source = scan.arrays[scan.cell.arrays.findIndex((one) => one.name === name)]!; // the two have the same arrays
    const data = hand.valueOf(source);
    if (name !== "bias") return given(source.shape, data);
    if (source.shape.length === 1)
      return given(
        [2, width],
        Float64Array.from({ length: 2 * width }, (_, at) => data[at] ?? 0),
      );
    return given(
      [width],
      data.slice(0, width).map((value, at) => value + data[width + at]!),
    );
  });
  const x = hand.valueOf(scan.input).subarray(at.timestep * features, (at.timestep + 1) * features);
  const one: ScanOperation = {
    ...scan,
    cell,
    arrays,
    input: given([1, 1, features], x),
    initialStates: at.statesBefore.map((state) => given([1, units], state)),
    mask: undefined,
    backwards: false,
  };
  const numbersOf = (value: Value): Float64Array => numbers.get(value) ?? hand.valueOf(value);
  let step: ScanStep | undefined;
  const onStep = (_: ScanOperation, found: ScanStep): void => {
    step = found;
  };
  evaluateScan(one, numbersOf, { onStep, reuse: false });
  return { scan: one, step: { ...step!, timestep: at.timestep }, numbersOf }; // it has one step
}

/** The candidate's equation, with the part marked in which the two forms differ: what the reset gate is multiplied with. */
function candidate(cell: CellGraph): EquationView {
  const { equations, notation } = cellEquations(cell);
  const view = equationView(equations.find(({ name }) => name === "hHat")!, notation); // a GRU has one
  const reset = cell.named.get("r")!; // likewise
  const part = readerOf(cell.named.get("hHat")!, reset);
  if (part === undefined) return view;
  const written = toMathMLRow(part, { ...notation, marked: true });
  const marked = <T extends FormulaView>(formula: T): T => ({
    ...formula,
    mathml: formula.mathml.replace(written, `<mrow class="differs">${written}</mrow>`),
  });
  return { ...marked(view), sum: view.sum.map((term) => ({ ...term, formula: marked(term.formula) })) };
}

/** The term of the sum in which a value is read. */
function readerOf(root: Expr, value: Expr): Expr | undefined {
  const { node } = root;
  const reads = (expr: Expr): boolean => expr === value || operandsOf(expr).some(reads);
  if (!reads(root)) return undefined;
  if (node.op !== "apply" && node.op !== "add") return root;
  return operandsOf(root)
    .map((operand) => readerOf(operand, value))
    .find((found) => found !== undefined);
}
