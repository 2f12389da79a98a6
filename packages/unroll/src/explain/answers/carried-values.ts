/**
 * What slips in layers make of a number behind them, all slips at once: each layer is gone through again a single time, for
 * a batch in which every example has the outputs that one slip gives. It knows programs and calls of layers, no slip.
 */
import { sizeOf } from "../../core/shape.ts";
import { inputValue, scan, slice } from "../../program/builder.ts";
import { evaluateProgram } from "../../program/evaluate.ts";
import { type Operation, type Value, valuesInOrder } from "../../program/program.ts";
import { type ByHand, type LayerRun, layerRunOf } from "../by-hand.ts";
import { shownScan } from "../probes.ts";
import { operationsOf } from "./layer-slips.ts";
import { type ProgramChange, rewriteProgram } from "./rewrite-program.ts";

/** A change in the program of one layer. */
export interface LayerChange {
  readonly run: LayerRun;
  readonly change: ProgramChange;
}

/** The number that is asked for, of any call of its layer: one for each example. */
export type ReadNumber = (own: LayerRun, known: ReadonlyMap<Value, Float64Array>) => Float64Array;

/** Wrong numbers of a value: one `[1, ...]` after another. */
interface WrongNumbers {
  readonly count: number;
  readonly data: Float64Array;
}

/** What is asked for: the layer, how its number is found, and the right one. */
export interface CarriedTo {
  readonly own: LayerRun;
  readonly read: ReadNumber;
  readonly expected: number;
  /** Entries of axis 1 of the outputs before it that matter; all where there is none. */
  readonly needed: ReadonlyMap<Value, number>;
}

/**
 * The asked number with each of the changes; the right one where a change makes no difference.
 *
 * @param before the layers that run before the asked one, in running order, each a call for one example
 * @returns undefined where the layers do not follow each other call by call: then the program has to be rewritten as a whole
 */
export function carriedValues(
  before: readonly LayerRun[],
  { own, read, expected, needed }: CarriedTo,
  hand: ByHand,
  changes: readonly LayerChange[],
): number[] | undefined {
  if (overlap([...before, own])) return undefined;
  const wrong = new Map<Value, WrongNumbers>();
  const settled = new Set<Value>();
  /** Which change each example of the batch is of. */
  const examples: number[] = [];
  const countOf = (values: readonly Value[]): number => Math.max(0, ...values.map((one) => wrong.get(one)?.count ?? 0));
  const given = (value: Value, count: number): Float64Array => stacked(wrong.get(value), hand.valueOf(value), count);

  for (const run of before) {
    const { call } = run;
    const reads = valuesRead(run);
    if (!reads.every((value) => isFollowed(value, wrong, settled))) return undefined;
    const count = countOf(reads);
    const results = count === 0 ? undefined : outputsFor(run, count, given, needed);
    for (const [index, output] of call.outputs.entries()) {
      settled.add(output);
      if (results !== undefined) wrong.set(output, { count, data: results[index]! });
    }
    const reading = new Set(reads);
    const rows: Float64Array[] = [];
    const made = changes.flatMap((one, index) => {
      const outputs = one.run === run ? changedOutputs(run, one.change, hand, needed, reading, rows) : undefined;
      return outputs === undefined ? [] : [{ index, outputs }];
    });
    if (made.length === 0) continue;
    for (const [index, output] of call.outputs.entries()) {
      const right = hand.valueOf(output);
      const data = new Float64Array((examples.length + made.length) * right.length);
      data.set(stacked(wrong.get(output), right, examples.length));
      for (const [at, { outputs }] of made.entries()) data.set(outputs[index]!, (examples.length + at) * right.length);
      wrong.set(output, { count: examples.length + made.length, data });
    }
    examples.push(...made.map(({ index }) => index));
  }

  const reads = valuesRead(own);
  if (!reads.every((value) => isFollowed(value, wrong, settled))) return undefined;
  const numbers = changes.map(() => expected);
  const count = countOf(reads);
  if (count === 0) return numbers;
  const { run, known } = callFor(own, count, given);
  const found = read(run, known);
  for (let example = 0; example < count; example++) numbers[examples[example]!] = found[example]!;
  return numbers;
}

/** An entry of the first output, of each example. */
export function readEntry(position: number): ReadNumber {
  return ({ call }, known) => {
    const [output] = call.outputs;
    const numbers = evaluate([output!], known)[0]!;
    const [count, ...shape] = output!.shape as [number, ...number[]];
    return Float64Array.from({ length: count }, (_, example) => numbers[example * sizeOf(shape) + position]!);
  };
}

/** A named value of a cell after so many steps, of each example; `index` says which of the layer's scans runs it. */
export function readInCell(index: number, name: string, unit: number, steps: number): ReadNumber {
  return ({ scans }, known) => {
    const { scan: whole } = scans[index]!;
    const timesteps = whole.input.shape[1]!;
    // Later steps do not matter; backwards the first ones are the last.
    const [start, end] = whole.backwards ? [timesteps - steps, timesteps] : [0, steps];
    const cut = (value: Value): Value => (steps === timesteps ? value : slice(value, 1, start, end));
    const { op: _, ...shown } = shownScan(whole, name);
    const [last] = scan({
      ...shown,
      input: cut(whole.input),
      mask: whole.mask === undefined ? undefined : cut(whole.mask),
      returnSequences: false,
    });
    const numbers = evaluate([last!], known)[0]!;
    return Float64Array.from({ length: last!.shape[0]! }, (_one, example) => numbers[example * whole.units + unit]!);
  };
}

function valuesRead({ call }: LayerRun): Value[] {
  return [...call.inputs, ...call.initialStates, ...call.masks.filter((mask) => mask !== undefined)];
}

/** Whether it is known what slips make of a value: it is an output of a layer gone through, or depends on none that is wrong. */
function isFollowed(value: Value, wrong: ReadonlyMap<Value, WrongNumbers>, settled: ReadonlySet<Value>): boolean {
  return settled.has(value) || valuesInOrder([value], settled).every((one) => !wrong.has(one));
}

/** Whether an operation belongs to two calls: one inside another, or the weights of a layer that is called twice. */
function overlap(runs: readonly LayerRun[]): boolean {
  const seen = new Set<Operation>();
  for (const run of runs) {
    for (const operation of operationsOf(run)) {
      if (seen.has(operation)) return true;
      seen.add(operation);
    }
  }
  return false;
}

/** The wrong numbers of the first examples, and for those behind them the right ones. */
function stacked(wrong: WrongNumbers | undefined, right: Float64Array, count: number): Float64Array {
  if (wrong?.count === count) return wrong.data;
  const data = new Float64Array(count * right.length);
  if (wrong !== undefined) data.set(wrong.data);
  for (let example = wrong?.count ?? 0; example < count; example++) data.set(right, example * right.length);
  return data;
}

/** The call of a layer for a batch of so many examples. */
function callFor(
  { call }: LayerRun,
  count: number,
  given: (value: Value, count: number) => Float64Array,
): { run: LayerRun; known: Map<Value, Float64Array> } {
  const known = new Map<Value, Float64Array>();
  const wide = new Map<Value, Value>();
  const widened = (value: Value): Value => {
    const made = wide.get(value) ?? inputValue("given", [count, ...value.shape.slice(1)]);
    wide.set(value, made);
    known.set(made, given(value, count));
    return made;
  };
  const inputs = call.inputs.map(widened);
  const initialStates = call.initialStates.map(widened);
  const masks = call.masks.map((mask) => (mask === undefined ? undefined : widened(mask)));
  const { layer, training = false } = call.call;
  const states = initialStates.length === 0 ? {} : { initialStates };
  const { outputs } = layer.compute(inputs, { ...states, masks, training });
  return { run: layerRunOf({ ...call, inputs, initialStates, masks, outputs }, count), known };
}

function outputsFor(
  run: LayerRun,
  count: number,
  given: (value: Value, count: number) => Float64Array,
  needed: ReadonlyMap<Value, number>,
): readonly Float64Array[] {
  const wide = callFor(run, count, given);
  const { outputs } = wide.run.call;
  return evaluate(outputs, wide.known, wantedOf(outputs, run, needed));
}

/** How much of what stands in the place of a call's outputs matters. */
function wantedOf(
  values: readonly Value[],
  { call }: LayerRun,
  needed: ReadonlyMap<Value, number>,
): ReadonlyMap<Value, number> {
  return new Map(
    values.flatMap((value, index): [Value, number][] => {
      const count = needed.get(call.outputs[index]!);
      return count === undefined ? [] : [[value, count]];
    }),
  );
}

function evaluate(
  results: readonly Value[],
  known: ReadonlyMap<Value, Float64Array>,
  wanted: ReadonlyMap<Value, number> = new Map(),
): readonly Float64Array[] {
  return evaluateProgram({ inputs: [], results, updates: [] }, [], { known, together: true, wanted }).results;
}

/** A layer's outputs with a change in it; undefined where they stay what they are. */
function changedOutputs(
  run: LayerRun,
  change: ProgramChange,
  hand: ByHand,
  needed: ReadonlyMap<Value, number>,
  settled: ReadonlySet<Value>,
  rows: Float64Array[],
): readonly Float64Array[] | undefined {
  const { outputs } = run.call;
  const numbersOf = (value: Value): Float64Array => hand.valueOf(value);
  const rewritten = rewriteProgram(outputs, change, numbersOf, settled);
  const changed = outputs.map((output) => rewritten.valueOf(output));
  if (changed.every((value, index) => value === outputs[index])) return undefined;
  const { inputs, numbers } = rewritten;
  const wanted = wantedOf(changed, run, needed);
  const { results } = evaluateProgram({ inputs, results: changed, updates: [] }, numbers, {
    together: true,
    wanted,
    rows,
  });
  return results.every((one, index) => areEqual(one, numbersOf(outputs[index]!))) ? undefined : results;
}

function areEqual(a: Float64Array, b: Float64Array): boolean {
  return a.every((value, index) => Object.is(value, b[index]));
}
