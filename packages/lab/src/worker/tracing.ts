/** The trace of one example as the page shows it: the library's by-hand evaluation of every step, in typed arrays. */

import { sameShape } from "unroll/core/shape.ts";
import {
  type ByHand,
  evaluateByHand,
  readExamples,
  type ScanRun,
  type WrittenModel,
  writeModel,
} from "unroll/explain/by-hand.ts";
import { inputGradients } from "unroll/explain/input-gradients.ts";
import { openValue } from "unroll/explain/open-value.ts";
import { verifyModel } from "unroll/explain/verify.ts";
import { deviceStatus } from "unroll/layers/device.ts";
import type { ScanStep } from "unroll/program/evaluate-scan.ts";
import { engineNumbers } from "./engine-numbers.ts";
import { type Layer, type Model, Random, type Tensor, tensor, UnrollError } from "./library.ts";
import { openNumber } from "./open-number.ts";
import { pairsOf } from "./pairs.ts";
import type {
  Edit,
  OpenedNode,
  OpenedNow,
  OpenedValue,
  ResetView,
  RunNumbers,
  RunView,
  TraceView,
} from "./protocol.ts";
import { sceneOf } from "./scene.ts";

/** Timesteps of an input that leaves them open. */
const openTimesteps = 8;

/** An example worked out by hand. */
interface Worked {
  readonly model: Model;
  readonly inputs: readonly Tensor[];
  readonly written: WrittenModel;
  readonly hand: ByHand;
  /** Those that run once for an example. */
  readonly scans: readonly ScanRun[];
}

export class Tracing {
  #model: Model | undefined;
  #now: Worked | undefined;
  /** Before the user's changes. */
  #was: Worked | undefined;

  /** Evaluates the model with the user's changes; the model's own weights stay as they are. */
  run(model: Model, seed: number, edits: readonly Edit[], shortened: number | undefined): TraceView {
    const windows = edits.filter(({ kind }) => kind === "window");
    // Each goes on from what was worked out before, as far as nothing has changed.
    const last = this.#was ?? this.#now;
    const before =
      windows.length === edits.length
        ? undefined
        : withEdits(model, seed, windows, (_, examples) => worked(model, examples, last));
    return withEdits(model, seed, edits, (input, examples, replaced) => {
      const now = worked(model, examples, before ?? last);
      this.#model = model;
      this.#now = now;
      this.#was = replaced.some((one, at) => one !== undefined && edits[at]!.kind !== "window") ? before : undefined;
      const { program } = now.written;
      return {
        runs: now.scans.map((run, index) => runView(run, now, this.#was, index)),
        pairs: pairsOf(now.written.layers, now.scans, now.hand),
        outputs: program.results.map((value, index) => ({
          name: model.outputs[index]?.node.layer.name ?? "output",
          shape: value.shape.slice(1),
          data: Float64Array.from(now.hand.valueOf(value)),
        })),
        input: { shape: input.shape, data: Float64Array.from(input.data) },
        replaced,
        shortened,
      };
    });
  }

  /** The largest difference between the engine's numbers and those by hand, over the whole example. */
  check(model: Model, seed: number, edits: readonly Edit[]): string {
    return withEdits(model, seed, edits, (_, examples) => checkText(model, examples));
  }

  open(run: number, step: number, name: string, unit: number): OpenedNow {
    const now = this.#need();
    const opened = openNamed(this.#model!, now, placeIn(now, run, step), name, unit); // set with it
    if (this.#was === undefined) return opened;
    return { ...opened, was: openNamed(this.#model!, this.#was, placeIn(this.#was, run, step), name, unit) };
  }

  /** A GRU's step in both forms; undefined for another cell. */
  async resetForms(run: number, step: number, unit: number): Promise<ResetView | undefined> {
    const { resetForms } = await import("./reset-forms.ts");
    const { scans, hand } = this.#need();
    const { at } = placeIn(this.#need(), run, step);
    const layer = cellLayers(this.#model!)[run]; // set with the trace
    return layer === undefined ? undefined : resetForms(layer, scans[run]!, hand, at, unit);
  }

  openOutput(output: number, at: number): OpenedNode {
    const now = this.#need();
    const value = now.written.program.results[output];
    if (value === undefined) throw outside(`output = ${output}`);
    return openNumber(this.#model!, now, value, at); // as above
  }

  /** `[steps, features]`: how the cell's output of a unit at a step depends on each input. */
  memory(run: number, step: number, unit: number): Float64Array {
    const now = this.#need();
    const { scan } = placeIn(now, run, step);
    return inputGradients(scan, (value) => now.hand.valueOf(value), step, Math.min(unit, scan.units - 1));
  }

  /** The length of these gradients for each step up to there. */
  memorySizes(run: number, step: number, unit: number): number[] {
    const gradients = this.memory(run, step, unit);
    const { scan } = placeIn(this.#need(), run, step);
    return rowLengths(gradients, scan.input.shape[2]!).slice(0, step + 1);
  }

  /** The scan of a run, and the shape of one example of each output of the model. */
  scanOf(run: number): { readonly scan: ScanRun; readonly outputShapes: readonly (readonly number[])[] } {
    const { scans, written } = this.#need();
    const scan = scans[run];
    if (scan === undefined) throw outside(`run = ${run}`);
    return { scan, outputShapes: written.program.results.map(({ shape }) => shape.slice(1)) };
  }

  /** What the engine has for a run of the example; undefined where there is no engine. */
  engine(model: Model, seed: number, edits: readonly Edit[], run: number): RunNumbers | undefined {
    if (deviceStatus().device !== "wasm") return undefined;
    return withEdits(model, seed, edits, (_, examples) => {
      const { written, hand, scans } = worked(model, examples);
      const scan = scans[run];
      if (scan === undefined) throw outside(`run = ${run}`);
      const steps = hand.stepsOf(scan.scan)[0] ?? [];
      return engineNumbers(written, scan, steps, inputRows(scan.scan, steps, hand), readInputs(model, examples));
    });
  }

  #need(): Worked {
    if (this.#now === undefined) throw outside("no trace");
    return this.#now;
  }
}

function outside(received: string): UnrollError {
  return new UnrollError({ code: "usage", path: "step", expected: "the step must be one of the trace", received });
}

function readInputs(model: Model, examples: readonly Tensor[]): Tensor[] {
  return readExamples(model, examples.length === 1 ? examples[0]! : [...examples]);
}

function worked(model: Model, examples: readonly Tensor[], last?: Worked): Worked {
  const inputs = readInputs(model, examples);
  const isSame = last?.model === model && last.inputs.every(({ shape }, at) => sameShape(shape, inputs[at]!.shape));
  const written = isSame ? last.written : writeModel(model, inputs, 1);
  const hand = evaluateByHand(written, inputs, model.name, undefined, isSame ? last.hand : undefined);
  const scans = written.layers.flatMap(({ scans }) => scans).filter(({ perSample }) => perSample === 1);
  return { model, inputs, written, hand, scans };
}

function placeIn({ scans, hand }: Worked, run: number, step: number): { scan: ScanRun["scan"]; at: ScanStep } {
  const scan = scans[run]?.scan;
  const at = scan === undefined ? undefined : hand.stepsOf(scan)[0]?.[step];
  if (scan === undefined || at === undefined) throw outside(`run = ${run}, step = ${step}`);
  return { scan, at };
}

function openNamed(
  model: Model,
  { written, hand }: Worked,
  { scan, at }: ReturnType<typeof placeIn>,
  name: string,
  unit: number,
): OpenedValue {
  const { timestep } = at;
  const [, , features] = scan.input.shape as [number, number, number];
  if (name === "x" && unit < features) {
    const tree = openNumber(model, { written, hand }, scan.input, timestep * features + unit);
    const isInput = scan.input.operation.op === "input";
    const value = tree.value;
    return { name, unit, timestep, value, tree: isInput ? { kind: "name", name, unit, role: "input", value } : tree };
  }
  const state = scan.cell.states.findIndex((one) => name === `${one.name}Prev`);
  if (state === -1) return openValue(scan, at, hand, name, unit);
  const value = at.statesBefore[state]![unit] ?? 0;
  const isFirst = timestep === (scan.backwards ? scan.input.shape[1]! - 1 : 0);
  const given = isFirst ? scan.initialStates?.[state] : undefined;
  const tree: OpenedNode = isFirst
    ? given === undefined
      ? { kind: "number", value }
      : openNumber(model, { written, hand }, given, unit)
    : { kind: "name", name, unit, role: "state", value };
  return { name, unit, timestep, value, tree };
}

function runView({ scan, name }: ScanRun, now: Worked, was: Worked | undefined, index: number): RunView {
  const { cell, units, backwards } = scan;
  const steps = now.hand.stepsOf(scan)[0] ?? [];
  const inputIndex = now.written.program.inputs.indexOf(scan.input);
  return {
    ...numbersOf(scan, now.hand),
    name,
    backwards,
    units,
    features: scan.input.shape[2]!,
    timesteps: steps.map(({ timestep }) => timestep),
    masked: steps.map(({ masked }) => masked),
    names: [...cell.named.keys()],
    scene: sceneOf(cell),
    arrays: cell.arrays.map((array, at) => ({ name: array.name, shape: scan.arrays[at]!.shape })),
    readsInput: inputIndex >= 0,
    inputIndex,
    was: was === undefined ? undefined : numbersOf(was.scans[index]!.scan, was.hand),
  };
}

/** The numbers of a scan's steps, each a row. */
function numbersOf(scan: ScanRun["scan"], hand: ByHand): RunNumbers {
  const { cell, units } = scan;
  const steps = hand.stepsOf(scan)[0] ?? [];
  const join = (rowOf: (step: ScanStep) => Float64Array): Float64Array => {
    const joined = new Float64Array(steps.length * units);
    for (const [index, step] of steps.entries()) joined.set(rowOf(step), index * units);
    return joined;
  };
  return {
    x: inputRows(scan, steps, hand),
    values: Object.fromEntries([...cell.named.keys()].map((one) => [one, join(({ values }) => values.get(one)!)])),
    before: Object.fromEntries(
      cell.states.map((state, index) => [`${state.name}Prev`, join(({ statesBefore }) => statesBefore[index]!)]),
    ),
  };
}

/** What a scan reads, a row for each step in order of processing. */
function inputRows(scan: ScanRun["scan"], steps: readonly ScanStep[], hand: ByHand): Float64Array {
  const features = scan.input.shape[2]!;
  const inputs = hand.valueOf(scan.input);
  const x = new Float64Array(steps.length * features);
  for (const [index, { timestep }] of steps.entries()) {
    x.set(inputs.subarray(timestep * features, (timestep + 1) * features), index * features);
  }
  return x;
}

/** The Euclidean length of each row of a row-major matrix. */
export function rowLengths(numbers: Float64Array, columns: number): number[] {
  return Array.from({ length: numbers.length / columns }, (_, row) =>
    Math.hypot(...numbers.subarray(row * columns, (row + 1) * columns)),
  );
}

/** Works on the example with the user's changes, and tells what each replaced; the model's own weights stay as they are. */
export function withEdits<T>(
  model: Model,
  seed: number,
  edits: readonly Edit[],
  work: (input: ReturnType<typeof exampleInput>, examples: Tensor[], replaced: readonly (number | undefined)[]) => T,
): T {
  const original = model.getWeights();
  const inputs = model.inputs.map((_, index) => exampleInput(model, seed, index));
  try {
    const owners = cellLayers(model);
    const replaced = edits.map((edit) => {
      if (edit.kind === "window") return setWindow(inputs[0]!.data, edit);
      return edit.kind === "input" ? setInput(inputs[edit.input ?? 0]?.data, edit) : setWeight(owners[edit.run], edit);
    });
    const examples = inputs.map(({ shape, data }) => tensor(data, [1, ...shape]));
    return work(inputs[0]!, examples, replaced);
  } finally {
    if (edits.some(({ kind }) => kind === "weight")) model.setWeights(original);
  }
}

/** `[1, ...]` for each of the model's inputs. */
export function examplesOf(model: Model, seed: number): Tensor[] {
  return model.inputs.map((_, index) => {
    const { shape, data } = exampleInput(model, seed, index);
    return tensor(data, [1, ...shape]);
  });
}

/** One example for an input of the model: a seeded walk, or ids where an embedding wants them. */
export function exampleInput(model: Model, seed: number, index = 0): { shape: number[]; data: Float32Array } {
  const declared = model.inputs[index]!.shape.slice(1);
  const shape = declared.map((size) => size ?? openTimesteps);
  const random = new Random(seed + 1 + index);
  const vocabulary = model.layers.map(({ config }) => config.inputDim).find((size) => typeof size === "number");
  const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
  const features = shape.length > 1 ? shape.at(-1)! : 1;
  for (let i = 0; i < data.length; i++) {
    if (typeof vocabulary === "number") data[i] = Math.floor(random.uniform(0, vocabulary));
    else {
      const before = i < features ? random.uniform(-0.6, 0.6) : data[i - features]!;
      // Two decimals, so that the numbers can be copied to paper.
      data[i] = Math.round(Math.max(-1.5, Math.min(1.5, 0.9 * before + random.normal(0, 0.3))) * 100) / 100;
    }
  }
  return { shape, data };
}

/** The layers that own a cell, in the order of the runs. */
function cellLayers(model: Model): Layer[] {
  const owners = (layer: Layer): Layer[] => (layer.type.cell === undefined ? layer.children.flatMap(owners) : [layer]);
  return model.layers.flatMap(owners);
}

/** The number that was there; undefined for one that is not. */
function setInput(
  data: Float32Array | undefined,
  { index, value }: Extract<Edit, { kind: "input" }>,
): number | undefined {
  const before = data?.[index];
  if (data !== undefined && before !== undefined) data[index] = value;
  return before;
}

/** Its first number that was there; undefined where the window has another size. */
function setWindow(data: Float32Array, { values }: Extract<Edit, { kind: "window" }>): number | undefined {
  const before = data[0];
  if (values.length !== data.length) return undefined;
  data.set(values);
  return before;
}

/** The number that was there; undefined for one that is not. */
function setWeight(layer: Layer | undefined, edit: Extract<Edit, { kind: "weight" }>): number | undefined {
  const array = layer?.arrays.find(({ spec }) => spec.name === edit.array);
  if (layer === undefined || array === undefined) return undefined;
  const { shape, data } = array.variable;
  if (edit.index.length !== shape.length || edit.index.some((index, axis) => index >= shape[axis]!)) return undefined;
  const offset = edit.index.reduce((at, index, axis) => at * shape[axis]! + index, 0);
  const next = Float32Array.from(data);
  const before = next[offset];
  next[offset] = edit.value;
  array.variable.assign(next);
  return before;
}

function checkText(model: Model, examples: Tensor[]): string {
  try {
    const verification = verifyModel(model, examples.length === 1 ? examples[0]! : examples);
    if (verification.device.name === "none") return "by hand only: no WebAssembly here";
    const largest = Math.max(0, ...verification.layers.map(({ largest: one }) => one?.difference ?? 0));
    const compared = verification.layers.reduce((sum, { compared: count }) => sum + count, 0);
    return `${compared.toLocaleString("en-US")} numbers, by hand and by the engine: largest difference ${largest.toExponential(1)}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
