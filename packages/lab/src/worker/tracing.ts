/** The trace of one example as the page shows it: the library's by-hand evaluation of every step, in typed arrays. */

import { type ByHand, evaluateByHand, readExamples, type ScanRun, writeModel } from "unroll/explain/by-hand.ts";
import { inputGradients } from "unroll/explain/input-gradients.ts";
import { openValue } from "unroll/explain/open-value.ts";
import { verifyModel } from "unroll/explain/verify.ts";
import type { ScanStep } from "unroll/program/evaluate-scan.ts";
import { type Layer, type Model, Random, type Tensor, tensor, UnrollError } from "./library.ts";
import type { Edit, OpenedValue, RunView, TraceView } from "./protocol.ts";
import { sceneOf } from "./scene.ts";

/** Timesteps of an input that leaves them open. */
const openTimesteps = 8;

export class Tracing {
  #scans: readonly ScanRun[] = [];
  #outputShapes: readonly (readonly number[])[] = [];
  #hand: ByHand | undefined;

  /** Evaluates the model with the user's changes; the model's own weights stay as they are. */
  run(model: Model, seed: number, edits: readonly Edit[], shortened: number | undefined): TraceView {
    return withEdits(model, seed, edits, (input, examples, unfit) => {
      const inputs = readExamples(model, examples.length === 1 ? examples[0]! : examples);
      const written = writeModel(model, inputs, 1);
      const hand = evaluateByHand(written, inputs, model.name);
      this.#hand = hand;
      this.#outputShapes = written.program.results.map(({ shape }) => shape.slice(1));
      this.#scans = written.layers.flatMap(({ scans }) => scans).filter(({ perSample }) => perSample === 1);
      return {
        runs: this.#scans.map((scan) => this.#runView(scan)),
        outputs: written.program.results.map((value, index) => ({
          name: model.outputs[index]?.node.layer.name ?? "output",
          shape: value.shape.slice(1),
          data: Float64Array.from(hand.valueOf(value)),
        })),
        input: { shape: input.shape, data: Float64Array.from(input.data) },
        check: checkText(model, examples),
        unfit,
        shortened,
      };
    });
  }

  open(run: number, step: number, name: string, unit: number): OpenedValue {
    const { scan, hand, at } = this.#placeOf(run, step);
    return openValue(scan, at, hand, name, unit);
  }

  /** `[steps, features]`: how the cell's output of a unit at a step depends on each input. */
  memory(run: number, step: number, unit: number): Float64Array {
    const { scan, hand } = this.#placeOf(run, step);
    return inputGradients(scan, (value) => hand.valueOf(value), step, Math.min(unit, scan.units - 1));
  }

  /** The length of these gradients for each step up to there. */
  memorySizes(run: number, step: number, unit: number): number[] {
    const gradients = this.memory(run, step, unit);
    const { scan } = this.#placeOf(run, step);
    return rowLengths(gradients, scan.input.shape[2]!).slice(0, step + 1);
  }

  /** The scan of a run, and the shape of one example of each output of the model. */
  scanOf(run: number): { readonly scan: ScanRun; readonly outputShapes: readonly (readonly number[])[] } {
    this.#placeOf(run, 0);
    return { scan: this.#scans[run]!, outputShapes: this.#outputShapes };
  }

  #placeOf(run: number, step: number): { scan: ScanRun["scan"]; hand: ByHand; at: ScanStep } {
    const scan = this.#scans[run]?.scan;
    const at = scan === undefined ? undefined : this.#hand?.stepsOf(scan)[0]?.[step];
    if (scan === undefined || at === undefined || this.#hand === undefined) {
      throw new UnrollError({
        code: "usage",
        path: "step",
        expected: "the step must be one of the trace",
        received: `run = ${run}, step = ${step}`,
      });
    }
    return { scan, hand: this.#hand, at };
  }

  #runView({ scan, name }: ScanRun): RunView {
    const hand = this.#hand!; // set by run()
    const steps = hand.stepsOf(scan)[0] ?? [];
    const [, , features] = scan.input.shape as [number, number, number];
    const { cell, units, backwards } = scan;
    const names = [...cell.named.keys()];
    const inputs = hand.valueOf(scan.input);
    const join = (rowOf: (step: (typeof steps)[number]) => Float64Array): Float64Array => {
      const joined = new Float64Array(steps.length * units);
      for (const [index, step] of steps.entries()) joined.set(rowOf(step), index * units);
      return joined;
    };
    const x = new Float64Array(steps.length * features);
    for (const [index, { timestep }] of steps.entries()) {
      x.set(inputs.subarray(timestep * features, (timestep + 1) * features), index * features);
    }
    return {
      name,
      backwards,
      units,
      features,
      timesteps: steps.map(({ timestep }) => timestep),
      masked: steps.map(({ masked }) => masked),
      names,
      x,
      values: Object.fromEntries(names.map((one) => [one, join(({ values }) => values.get(one)!)])),
      before: Object.fromEntries(
        cell.states.map((state, index) => [`${state.name}Prev`, join(({ statesBefore }) => statesBefore[index]!)]),
      ),
      scene: sceneOf(cell),
      arrays: cell.arrays.map((array, index) => ({ name: array.name, shape: scan.arrays[index]!.shape })),
    };
  }
}

/** The Euclidean length of each row of a row-major matrix. */
export function rowLengths(numbers: Float64Array, columns: number): number[] {
  return Array.from({ length: numbers.length / columns }, (_, row) =>
    Math.hypot(...numbers.subarray(row * columns, (row + 1) * columns)),
  );
}

/** Works on the example with the user's changes, and tells which fit no number; the model's own weights stay as they are. */
export function withEdits<T>(
  model: Model,
  seed: number,
  edits: readonly Edit[],
  work: (input: ReturnType<typeof exampleInput>, examples: Tensor[], unfit: readonly number[]) => T,
): T {
  const original = model.getWeights();
  const input = exampleInput(model, seed);
  try {
    const owners = cellLayers(model);
    const unfit = edits.flatMap((edit, index) => {
      const fits = edit.kind === "input" ? setInput(input.data, edit) : setWeight(owners[edit.run], edit);
      return fits ? [] : [index];
    });
    return work(input, examplesOf(model, seed, input), unfit);
  } finally {
    if (edits.some(({ kind }) => kind === "weight")) model.setWeights(original);
  }
}

/** `[1, ...]` for each of the model's inputs, the first of them as given. */
export function examplesOf(model: Model, seed: number, first = exampleInput(model, seed)): Tensor[] {
  return model.inputs.map((_, index) => {
    const { shape, data } = index === 0 ? first : exampleInput(model, seed, index);
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

/** False for a number that is not there. */
function setInput(data: Float32Array, { index, value }: Extract<Edit, { kind: "input" }>): boolean {
  if (index >= data.length) return false;
  data[index] = value;
  return true;
}

/** Likewise. */
function setWeight(layer: Layer | undefined, edit: Extract<Edit, { kind: "weight" }>): boolean {
  const array = layer?.arrays.find(({ spec }) => spec.name === edit.array);
  if (layer === undefined || array === undefined) return false;
  const { shape, data } = array.variable;
  if (edit.index.length !== shape.length || edit.index.some((index, axis) => index >= shape[axis]!)) return false;
  const offset = edit.index.reduce((at, index, axis) => at * shape[axis]! + index, 0);
  const next = Float32Array.from(data);
  next[offset] = edit.value;
  array.variable.assign(next);
  return true;
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
