/**
 * Checks a value that was worked out by hand: a gate, a state or a layer's output of one timestep, against the by-hand trace.
 * A wrong one is explained by evaluating the cell's equations with slips put in.
 */
import type { CellGraph } from "../../cells/define.ts";
import { UnrollError } from "../../core/errors.ts";
import { evaluateRow, type Row, toRow } from "../../equations/evaluate.ts";
import { type Expr, inOrder, type ProductNode, type WeightBlock } from "../../equations/expr.ts";
import { toText } from "../../equations/render.ts";
import type { Layer } from "../../layers/layer.ts";
import type { ModelData } from "../../model/data.ts";
import type { Model } from "../../model/model.ts";
import { traceModel } from "../run-trace.ts";
import type { TraceRun, TraceStep } from "../trace.ts";
import { type NamedSlip, namedSlip } from "./answer.ts";
import { type Equations, equationVariants } from "./value-slips.ts";

/** Which value, and what the learner has for it. */
export interface ValueAnswer {
  readonly layer: string | number;
  /** The value's name in the equations: "f", "h"; the layer's output when left out. */
  readonly name?: string;
  /** Index into the time axis, from 0; the last when left out. */
  readonly timestep?: number;
  /** Index of the unit, from 0. */
  readonly unit: number;
  /** As written: the number of its decimals says how far it was rounded. */
  readonly value: number | string;
  /** The data of the model, and which of its examples, from 0. */
  readonly x: ModelData;
  readonly sample?: number;
}

export interface ValueFinding {
  readonly slip: NamedSlip;
  readonly plausibility: number;
  /** True where the slip is made in every step up to this one; false where in this one only. */
  readonly everyStep: boolean;
  /** The equation with the slip in it, and the number that it gives. */
  readonly lines: readonly string[];
}

export interface ValueCheck {
  readonly kind: "value";
  readonly layer: string;
  /** "f" */
  readonly name: string;
  readonly given: number;
  /** float64, by hand. */
  readonly expected: number;
  /** Right to the decimals that are written. */
  readonly right: boolean;
  /** Significant digits of the answer that agree. */
  readonly digits: number;
  readonly findings: readonly ValueFinding[];
}

/**
 * Says whether a value is right within the rounding it is written with, how many digits agree, and which slips give it.
 *
 * @throws UnrollError `unknown-name`, `data` where there is no such value, `shape` when `x` does not fit
 * @example checkValue(model, { layer: "lstm", name: "f", timestep: 2, unit: 0, value: "0.717", x })
 */
export function checkValue(model: Model, answer: ValueAnswer): ValueCheck {
  const { layer: wanted, unit, x, sample = 0 } = answer;
  const layer = model.getLayer(wanted);
  const traced = traceModel(model, x, { sample, layer: layer.name }).layers[0]!; // the layer is in the model
  const [run] = traced.runs;
  const name = answer.name ?? run?.names.find((one) => run.steps[0]?.after[one] !== undefined) ?? "output";
  const given = Number(answer.value);
  if (run === undefined || traced.runs.length > 1 || answer.name === "output") {
    const expected = traced.outputs[0]?.data[unit];
    if (expected === undefined || (answer.name !== undefined && answer.name !== "output"))
      throw noValue(layer, name, unit);
    return {
      ...compare(answer.value, given, expected),
      kind: "value",
      layer: layer.name,
      name: "output",
      findings: [],
    };
  }
  const at =
    answer.timestep === undefined
      ? run.steps.length - 1
      : run.steps.findIndex(({ timestep }) => timestep === answer.timestep);
  const expected = run.steps[at]?.values[name]?.[unit];
  if (expected === undefined) throw noValue(layer, name, unit);
  const compared = compare(answer.value, given, expected);
  const findings = compared.right
    ? []
    : findValueSlips(layer, run, at, { name, unit, given, half: halfUnit(answer.value) });
  const rounding = compared.right || findings.length > 0 ? [] : roundingFinding(layer, given, expected);
  return { ...compared, kind: "value", layer: layer.name, name, findings: [...findings, ...rounding] };
}

interface Target {
  readonly name: string;
  readonly unit: number;
  readonly given: number;
  readonly half: number;
}

function findValueSlips(layer: Layer, run: TraceRun, at: number, target: Target): ValueFinding[] {
  const cell = layer.type.cell!(layer.config); // a run has a cell
  const arrays = arraysOf(layer);
  const gives = (value: number | undefined): boolean =>
    value !== undefined && Math.abs(value - target.given) <= target.half + 1e-7 * Math.abs(value);
  const step = run.steps[at]!;
  const found: ValueFinding[] = [];
  const add = (slip: NamedSlip, plausibility: number, everyStep: boolean, lines: readonly string[]): void => {
    found.push({ slip, plausibility, everyStep, lines });
  };
  for (const { id, result, detail, plausibility } of equationVariants(layer, cell)) {
    const slip = namedSlip(id, layer.name, detail);
    const here = evaluateStep(result, cell, step.before, step.x, arrays)[target.name]?.[target.unit];
    const lines = [equationText(result, target.name), `= ${here}`];
    if (gives(here)) add(slip, plausibility, false, lines);
    else {
      const all = evaluateSteps(result, cell, run.steps.slice(0, at + 1), arrays)[target.name]?.[target.unit];
      if (gives(all)) add(slip, plausibility * 0.95, true, [equationText(result, target.name), `= ${all}`]);
    }
  }
  const first = evaluateStep(cell.named, cell, run.steps[0]!.before, step.x, arrays)[target.name]?.[target.unit];
  if (at > 0 && gives(first)) {
    const detail = "After each step the new state becomes the state before the next one.";
    add(namedSlip("state-not-updated", layer.name, detail), 0.6, false, [
      equationText(cell.named, target.name),
      `= ${first}`,
    ]);
  }
  for (const { where, value } of otherValues(run, at, target)) {
    if (!gives(value)) continue;
    add(namedSlip("another-value", layer.name, `That is ${where}.`), 0.5, false, [`= ${value}`]);
  }
  return found.sort((a, b) => b.plausibility - a.plausibility);
}

/** Values beside the one asked for: of other steps, units and names. */
function otherValues(
  { steps, names }: TraceRun,
  at: number,
  { name, unit }: Target,
): { where: string; value: number }[] {
  const step = steps[at]!;
  const read = (one: TraceStep | undefined, what: string, which: number, where: string) => {
    const value = one?.values[what]?.[which];
    return value === undefined ? [] : [{ where, value }];
  };
  return [
    ...read(steps[at - 1], name, unit, `${name} of the step before`),
    ...read(steps[at + 1], name, unit, `${name} of the step after`),
    ...names.filter((other) => other !== name).flatMap((other) => read(step, other, unit, other)),
    ...[...step.values[name]!.keys()]
      .filter((other) => other !== unit)
      .flatMap((other) => read(step, name, other, `unit ${other}`)),
  ];
}

function evaluateSteps(equations: Equations, cell: CellGraph, steps: readonly TraceStep[], arrays: Arrays): Values {
  let before = steps[0]!.before;
  let values: Values = {};
  for (const { x } of steps) {
    values = evaluateStep(equations, cell, before, x, arrays);
    before = values;
  }
  return values;
}

type Values = Readonly<Record<string, Float64Array>>;
type Arrays = ReadonlyMap<string, { readonly data: ArrayLike<number>; readonly columns: number }>;

function evaluateStep(equations: Equations, cell: CellGraph, before: Values, x: Float64Array, arrays: Arrays): Values {
  const width = before[cell.states[0]!.name]!.length;
  const symbols = new Map<Expr, Row>();
  for (const expr of inOrder(equations.values(), { bodies: true })) {
    const { node } = expr;
    if (node.op !== "symbol") continue;
    const state = cell.states.find(({ name }) => `${name}Prev` === node.name);
    if (node.role === "input") symbols.set(expr, x);
    else if (state !== undefined) symbols.set(expr, before[state.name]!);
    else if (node.weight !== undefined) symbols.set(expr, weightRow(node.weight, width, arrays));
  }
  const read = evaluateRow(equations.values(), {
    width,
    symbols,
    product: (node, vector) => multiply(node, vector, width, arrays),
  });
  return Object.fromEntries([...equations].map(([name, expr]) => [name, toRow(read(expr), width)]));
}

/** A row that the array does not have (GRU's other form) counts as zeros. */
function weightRow({ array, block, row }: WeightBlock, width: number, arrays: Arrays): Float64Array {
  const { data, columns } = arrays.get(array) ?? { data: [], columns: 0 };
  return Float64Array.from({ length: width }, (_, unit) => data[row * columns + block * width + unit] ?? 0);
}

function multiply({ matrix, transposed }: ProductNode, vector: Row, width: number, arrays: Arrays): Float64Array {
  const { data, columns } = arrays.get(matrix.array)!; // every cell has its kernels
  const rows = data.length / columns;
  const values = toRow(vector, rows);
  const element = (row: number, column: number): number => data[row * columns + matrix.block * width + column]!;
  return Float64Array.from({ length: width }, (_, unit) => {
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += values[row]! * (transposed ? element(unit, row) : element(row, unit));
    return sum;
  });
}

function arraysOf(layer: Layer): Arrays {
  return new Map(
    layer.arrays.map(({ spec, variable }) => [spec.name, { data: variable.data, columns: variable.shape.at(-1)! }]),
  );
}

function equationText(equations: Equations, name: string): string {
  const names = new Map([...equations].filter(([other]) => other !== name).map(([other, expr]) => [expr, other]));
  return `${name} = ${toText(equations.get(name)!, { names })}`;
}

/** Half a unit of the last decimal that is written. */
function halfUnit(value: number | string): number {
  const [mantissa = "", exponent = "0"] = String(value).toLowerCase().split("e");
  const decimals = mantissa.split(".")[1]?.length ?? 0;
  return 0.5 * 10 ** (Number(exponent) - decimals);
}

function compare(written: number | string, given: number, expected: number) {
  const distance = Math.abs(given - expected);
  const right = distance <= halfUnit(written) * (1 + 1e-9) + 1e-6 * Math.abs(expected);
  const agree = distance === 0 ? 16 : Math.floor(-Math.log10((2 * distance) / Math.max(Math.abs(expected), 1e-300)));
  return { given, expected, right, digits: Math.max(0, Math.min(agree, writtenDigits(written))) };
}

function writtenDigits(value: number | string): number {
  return String(value)
    .toLowerCase()
    .split("e")[0]!
    .replace(/^-?0*\.?0*/, "")
    .replace(".", "").length;
}

/** Near, but not within the digits that are written. */
function roundingFinding(layer: Layer, given: number, expected: number): ValueFinding[] {
  if (Math.abs(given - expected) > 0.01 * Math.max(Math.abs(expected), 0.05)) return [];
  const detail = "The answer is near: keep more digits until the last step.";
  return [
    { slip: namedSlip("rounding", layer.name, detail), plausibility: 0.6, everyStep: false, lines: [`≈ ${expected}`] },
  ];
}

function noValue({ name: path }: Layer, name: string, unit: number): UnrollError {
  return new UnrollError({
    code: "data",
    path,
    expected: "the layer must have the value that is asked for",
    received: `name = ${name}, unit = ${unit}`,
    hint: "unroll trace shows the names, timesteps and units that there are.",
  });
}

/** The verdict, and each way to a wrong value with the equation that gives it. */
export function valueToText({ layer, name, given, expected, right, digits, findings }: ValueCheck): string {
  const agree = `${digits} significant digit${digits === 1 ? " agrees" : "s agree"}`;
  if (right) return `${layer}: ${name} = ${given} is right, ${agree}.\n`;
  const head = `${layer}: ${name} = ${given} is not right, it is ${Number(expected.toPrecision(7))}; ${agree}.`;
  const ways = findings.map(({ slip: { title, detail }, everyStep, lines }) =>
    [
      `${title.charAt(0).toUpperCase()}${title.slice(1)}${everyStep ? ", in every step up to here" : ""}.`,
      `  ${detail}`,
      ...lines.map((line) => `  ${line}`),
    ].join("\n"),
  );
  return `${[head, ...(ways.length === 0 ? ["No known slip gives this value."] : ways)].join("\n\n")}\n`;
}
