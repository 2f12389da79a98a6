/**
 * Finds the number that a learner was asked for in a model's by-hand evaluation: a named value of a cell at one timestep, or
 * an entry of a layer's output; and says what it would be with a change in the model's program.
 */

import type { CellGraph } from "../../cells/define.ts";
import { UnrollError } from "../../core/errors.ts";
import { inOrder } from "../../equations/expr.ts";
import { familyOf } from "../../layers/family.ts";
import type { Layer } from "../../layers/layer.ts";
import type { ModelData } from "../../model/data.ts";
import type { Model } from "../../model/model.ts";
import { scan as scanValues } from "../../program/builder.ts";
import { evaluateProgram } from "../../program/evaluate.ts";
import type { OnStep } from "../../program/evaluate-scan.ts";
import { neededSteps } from "../../program/needed-steps.ts";
import { type Value, valuesInOrder } from "../../program/program.ts";
import { type ByHand, declaredBatch, evaluateByHand, type LayerRun, type ScanRun } from "../by-hand.ts";
import { exampleOf, traceRuns } from "../run-trace.ts";
import type { TraceRun } from "../trace.ts";
import { carriedValues, type LayerChange, type ReadNumber, readEntry, readInCell } from "./carried-values.ts";
import { layerIn } from "./layer-family.ts";
import { type ProgramChange, rewriteProgram } from "./rewrite-program.ts";

/** Which number. */
export interface ValueQuestion {
  /** The layer's name or place; of Bidirectional also `forward_<name>` and `backward_<name>`. */
  readonly layer: string | number;
  /** The value's name in the equations, "f", "h"; "output" for what the layer gives. */
  readonly name?: string;
  /** Instead of a name: the gate as Keras orders its columns, "f", "c". */
  readonly gate?: string;
  /** Index into the time axis, from 0; the last when left out. */
  readonly timestep?: number;
  /** Index of the unit, from 0. */
  readonly unit: number;
  /** The data of the model, and which of its examples, from 0. */
  readonly x: ModelData;
  readonly sample?: number;
}

/** Where in a cell a number stands. */
export interface CellPlace {
  readonly owner: Layer;
  readonly cell: CellGraph;
  readonly run: TraceRun;
  /** Which of the run's steps. */
  readonly at: number;
}

export interface AskedValue {
  readonly layer: Layer;
  readonly name: string;
  readonly unit: number;
  /** Undefined where the layer gives no sequence. */
  readonly timestep: number | undefined;
  /** float64, by hand. */
  readonly expected: number;
  /** The layer, and those that run before it, the nearest first. */
  readonly own: LayerRun;
  readonly before: readonly LayerRun[];
  /** Undefined for an output. */
  readonly place: CellPlace | undefined;
  /** Numbers beside it, each with where it stands. */
  readonly others: readonly { readonly where: string; readonly value: number }[];
  /** The number in a changed program; undefined where the change does not reach it. */
  withChange(change: ProgramChange): number | undefined;
  /** The same for changes of layers before this one, each of one call. */
  withChangesBefore(changes: readonly LayerChange[]): readonly (number | undefined)[];
}

/**
 * @throws UnrollError `unknown-name`, `data` where there is no such value, `shape` when `x` does not fit
 */
export function findValue(model: Model, question: ValueQuestion): AskedValue {
  const { inputs, written, at } = exampleOf(model, question.x, question.sample ?? 0);
  const wanted = layerIn(model, question.layer);
  const index = written.layers.findIndex(({ call }) => familyOf(call.call.layer).includes(wanted));
  const own = written.layers[index];
  if (own === undefined) throw noValue(wanted, question, "an input layer computes nothing");
  const earlier = written.layers.slice(0, index);
  const common = { layer: wanted, own, before: earlier.toReversed() };
  const scans = own.scans.filter(({ name, perSample }) => perSample === 1 && isIn(wanted, own, name));
  const [scan, ...more] = scans;
  const named = question.gate !== undefined || (question.name !== undefined && question.name !== "output");
  if (named && more.length > 0) throw noValue(wanted, question, `name ${scans.map(({ name }) => name).join(" or ")}`);
  const isCell = scan !== undefined && more.length === 0 && question.name !== "output";
  if (named && !isCell) throw noValue(wanted, question, 'this layer has "output" only');
  const hand = evaluateByHand(written, inputs, model.name, (one) => isCell && one === scan.scan);
  const found = isCell ? inCell(question, scan, own, wanted, hand, at) : inOutput(question, own, wanted, hand, at);
  const { read, looked, ...value } = found;
  const carriedOn = (changes: readonly LayerChange[]): number[] | undefined => {
    // A model with a batch of its own has states for so many examples.
    if (read === undefined || declaredBatch(model) !== undefined) return undefined;
    const needed = neededSteps([...looked.keys()], looked).ofValues;
    return carriedValues(earlier, { own, read, expected: value.expected, needed }, hand, changes);
  };
  return {
    ...common,
    ...value,
    withChangesBefore: (changes) => carriedOn(changes) ?? changes.map(({ change }) => value.withChange(change)),
  };
}

interface Found extends Omit<AskedValue, "layer" | "own" | "before" | "withChangesBefore"> {
  /** Finds the number in another call of the layer; undefined where that would be another number. */
  readonly read: ReadNumber | undefined;
  /** The value that it is an entry of, and how many entries of axis 1 are looked at. */
  readonly looked: ReadonlyMap<Value, number>;
}

function inCell(
  question: ValueQuestion,
  scanRun: ScanRun,
  own: LayerRun,
  layer: Layer,
  hand: ByHand,
  sample: number,
): Found {
  const { scan } = scanRun;
  const run = traceRuns(scanRun, hand, sample)[0]!; // one run an example
  const { unit } = question;
  const name = nameOf(question, scan.cell, layer);
  const at =
    question.timestep === undefined
      ? run.steps.length - 1
      : run.steps.findIndex(({ timestep }) => timestep === question.timestep);
  const step = run.steps[at];
  const expected = step?.values[name]?.[unit];
  if (step === undefined || expected === undefined) throw noValue(layer, question, sizesText(run));
  const root = valuesInOrder(own.call.outputs).find(({ operation }) => operation === scan)!; // the layer runs it
  const [sequence] = scanValues({ ...scan, returnSequences: true });
  const owner = familyOf(own.call.call.layer).find((one) => one.name === scanRun.name) ?? layer;
  return {
    name,
    unit,
    timestep: step.timestep,
    expected,
    place: { owner, cell: scan.cell, run, at },
    others: othersInCell(run, at, name, unit),
    // What a masked step computes is put out by no scan.
    looked: new Map([[sequence!, at + 1]]),
    read: step.masked ? undefined : readInCell(own.scans.indexOf(scanRun), name, unit, at + 1),
    withChange: (change) => {
      let value: number | undefined;
      evaluateChanged(root, change, hand, at + 1, (_, { batchIndex, timestep, values }) => {
        if (batchIndex === sample && timestep === step.timestep) value = values.get(name)?.[unit];
      });
      return value;
    },
  };
}

function inOutput(question: ValueQuestion, own: LayerRun, layer: Layer, hand: ByHand, sample: number): Found {
  const { unit } = question;
  const output = own.call.outputs[0]!;
  const [, ...shape] = output.shape;
  const width = shape.at(-1) ?? 1;
  const size = shape.reduce((product, one) => product * one, 1);
  const steps = size / width;
  const timestep = shape.length > 1 ? (question.timestep ?? steps - 1) : undefined;
  const index = (timestep ?? 0) * width + unit;
  if (unit >= width || (timestep ?? 0) >= steps) {
    throw noValue(layer, question, `it gives ${shape.join(" × ")} numbers an example`);
  }
  const numbers = hand.valueOf(output);
  const read = (row: number, column: number): number => numbers[sample * size + row * width + column]!;
  const row = timestep ?? 0;
  return {
    name: "output",
    unit,
    timestep,
    expected: read(row, unit),
    place: undefined,
    others: [
      ...range(width)
        .filter((other) => other !== unit)
        .map((other) => ({ where: `unit ${other}`, value: read(row, other) })),
      ...range(steps)
        .filter((other) => other !== row)
        .map((other) => ({ where: `timestep ${other}`, value: read(other, unit) })),
    ],
    looked: new Map([[output, row + 1]]),
    read: readEntry(index),
    withChange: (change) => evaluateChanged(output, change, hand, row + 1)?.[sample * size + index],
  };
}

/**
 * The numbers of a value in the changed program, and where it is a scan its steps; undefined where the change does not reach it.
 *
 * @param count entries of axis 1 that are looked at, or steps
 */
function evaluateChanged(
  root: Value,
  change: ProgramChange,
  hand: ByHand,
  count: number,
  onStep?: OnStep,
): Float64Array | undefined {
  const rewritten = rewriteProgram([root], change, (value) => hand.valueOf(value));
  const changed = rewritten.valueOf(root);
  if (changed === root) return undefined;
  const { operation } = changed;
  const isWatched = onStep !== undefined && operation.op === "scan";
  const shown = isWatched ? scanValues({ ...operation, returnSequences: true })[0]! : changed;
  const { results } = evaluateProgram({ inputs: rewritten.inputs, results: [shown], updates: [] }, rewritten.numbers, {
    reuse: true,
    together: true,
    watched: (scan) => scan === shown.operation,
    wanted: new Map([[shown, count]]),
    ...(onStep && { onStep }),
  });
  return results[0];
}

/** Whether a scan is the wanted layer's, where that is one inside a wrapper. */
function isIn(wanted: Layer, { call }: LayerRun, scan: string): boolean {
  return wanted === call.call.layer || familyOf(wanted).some(({ name }) => name === scan);
}

function nameOf({ name, gate }: ValueQuestion, cell: CellGraph, layer: Layer): string {
  if (gate !== undefined) return gateValue(cell, gate, layer);
  if (name === undefined) return cell.states[0]!.name;
  if (cell.named.has(name)) return name;
  const names = [...cell.named.keys()];
  throw new UnrollError({
    code: "data",
    path: layer.name,
    expected: "the layer must have the value that is asked for",
    received: `name = ${name}`,
    hint: `Its values are ${names.join(", ")}.`,
  });
}

/** The first named value that reads the gate's columns: of the block "c" of an LSTM the candidate g. */
function gateValue({ gates, named, kind }: CellGraph, gate: string, layer: Layer): string {
  const block = gates.indexOf(gate);
  const own = [...named].find(([, expr]) =>
    inOrder([expr]).some(({ node }) => node.op === "product" && node.matrix.block === block),
  );
  if (block !== -1 && own !== undefined) return own[0];
  throw new UnrollError({
    code: "data",
    path: layer.name,
    expected: `the gate must be one of ${kind}`,
    received: `gate = ${gate}`,
    hint: `In the order of the columns they are ${gates.join(", ")}.`,
  });
}

/** Values beside the one asked for: of other steps, names and units. */
function othersInCell({ steps, names }: TraceRun, at: number, name: string, unit: number): AskedValue["others"] {
  const step = steps[at]!;
  const neighbours = [
    { where: `${name} of the step before`, value: steps[at - 1]?.values[name]?.[unit] },
    { where: `${name} of the step after`, value: steps[at + 1]?.values[name]?.[unit] },
    ...names.filter((other) => other !== name).map((other) => ({ where: other, value: step.values[other]?.[unit] })),
    ...range(step.values[name]!.length)
      .filter((other) => other !== unit)
      .map((other) => ({ where: `unit ${other}`, value: step.values[name]![other] })),
  ];
  return neighbours.flatMap(({ where, value }) => (value === undefined ? [] : [{ where, value }]));
}

function sizesText({ names, units, steps }: TraceRun): string {
  return `it has ${names.join(", ")} of ${units} units at ${steps.length} timesteps, counted from 0`;
}

function noValue({ name: path }: Layer, { name, gate, timestep, unit }: ValueQuestion, hint: string): UnrollError {
  const asked = [
    ...(gate === undefined ? [] : [`gate = ${gate}`]),
    ...(name === undefined ? [] : [`name = ${name}`]),
    ...(timestep === undefined ? [] : [`timestep = ${timestep}`]),
    `unit = ${unit}`,
  ];
  return new UnrollError({
    code: "data",
    path,
    expected: "the layer must have the value that is asked for",
    received: asked.join(", "),
    hint: `${hint.charAt(0).toUpperCase()}${hint.slice(1)}.`,
  });
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
