/**
 * The backward trace: what each timestep contributes to the gradients of a recurrent layer, and how large the gradient of
 * the state is on its way back through time. From the float64 reference; finite differences of the loss stand beside it.
 */
import { cellAdjoint } from "../cells/adjoint.ts";
import { checkOptionNames, UnrollError } from "../core/errors.ts";
import { Random, type RandomState } from "../core/random.ts";
import { sizeOf } from "../core/shape.ts";
import type { Variable } from "../core/variable.ts";
import { toRow } from "../equations/evaluate.ts";
import type { Layer } from "../layers/layer.ts";
import { nextRandom } from "../layers/seed.ts";
import type { ModelData } from "../model/data.ts";
import type { Model } from "../model/model.ts";
import { type Evaluation, evaluateProgram } from "../program/evaluate.ts";
import type { ScanBackStep } from "../program/evaluate-scan-gradient.ts";
import type { ScanGradientOperation, ScanOperation, Value } from "../program/program.ts";
import { trainedVariables } from "./compile.ts";
import type { Forward } from "./forward.ts";
import { type GradientOptions, type GradientProgram, gradientProgram } from "./gradients.ts";
import { gradientTraceToText } from "./trace-gradients-text.ts";

/** Options of `traceGradients`. */
export interface TraceGradientsOptions extends Omit<GradientOptions, "device" | "random"> {
  /** Decides what dropout drops; by default from the stream that `setSeed` starts. */
  readonly seed?: number;
  /** Entries of each array that are compared with finite differences; default 2. */
  readonly checks?: number;
  /** Told what each cell's way back was made of, for opening its numbers (explain/open-gradient.ts). */
  readonly onRun?: (run: BackRun) => void;
}

/** A cell's way back as it was computed, of the first example. */
export interface BackRun {
  readonly layer: string;
  readonly scan: ScanOperation;
  readonly operation: ScanGradientOperation;
  /** In order of processing, as forwards. */
  readonly steps: readonly ScanBackStep[];
  readonly numbersOf: (value: Value) => Float64Array;
  /** The way there that it belongs to, and the layer of an array. */
  readonly forward: Forward;
  readonly ownerOf: (variable: Variable) => Layer | undefined;
}

const optionNames = [
  "loss",
  "sampleWeight",
  "training",
  "seed",
  "checks",
  "onRun",
] satisfies (keyof TraceGradientsOptions)[];

/** One timestep on the way back, over all examples of the batch. */
export interface BackStep {
  /** Index into the time axis. */
  readonly timestep: number;
  /** Examples for which the mask is 0 here; they contribute nothing. */
  readonly masked: number;
  /** ‖∂L/∂state‖ after the step by state name, from the output and from all later steps. */
  readonly stateNorms: Readonly<Record<string, number>>;
  /** ‖∂L/∂value‖ for each named value of the equations, gates among them. */
  readonly valueNorms: Readonly<Record<string, number>>;
  /** ∂L/∂value for each named value of the equations, `[examples, units]`; zeros for a masked example. */
  readonly values: Readonly<Record<string, Float64Array>>;
  /** What goes on to the step before by state name, `[examples, units]`. */
  readonly previous: Readonly<Record<string, Float64Array>>;
  /** ∂L/∂x of the step, `[examples, features]`. */
  readonly input: Float64Array;
  /**
   * ‖∂L/∂previous states‖ / ‖∂L/∂states‖: how much longer or shorter the gradient leaves the step than it came. Where the
   * loss reads the last step alone, the product of the factors is what is left of the gradient. 0 where none comes.
   */
  readonly factor: number;
  /** What the step adds to the gradient of each array, row-major in the array's shape; all steps together are the gradient. */
  readonly contributions: Readonly<Record<string, Float64Array>>;
  /** ‖contribution‖ of each array. */
  readonly contributionNorms: Readonly<Record<string, number>>;
}

/** A cell's way back through time. */
export interface BackTrace {
  /** The layer whose cell it is: for Bidirectional the forward or the backward one. */
  readonly layer: string;
  readonly className: string;
  readonly backwards: boolean;
  readonly units: number;
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** In the order of the time axis. */
  readonly steps: readonly BackStep[];
}

/** One entry of an array's gradient beside (L(w + d) − L(w − d)) / 2d. */
export interface DifferenceCheck {
  readonly layer: string;
  readonly array: string;
  /** Row-major position in the array. */
  readonly index: number;
  readonly gradient: number;
  readonly difference: number;
}

/** The facts of a backward trace. */
export interface GradientTraceFacts {
  readonly model: string;
  readonly loss: number;
  readonly examples: number;
  readonly runs: readonly BackTrace[];
  readonly checks: readonly DifferenceCheck[];
}

/** What `traceGradients` gives: the facts, and ways to show them. */
export interface GradientTrace extends GradientTraceFacts {
  /** A table of each layer's way back. */
  toText(): string;
  /** Plain data; arrays as lists of numbers. */
  toJSON(): unknown;
}

/**
 * What each timestep contributes to the gradients of `x` and `y` as one batch.
 *
 * @throws UnrollError as `gradients` does; `unsupported` for a model without a recurrent layer that is trained
 * @example console.log(traceGradients(net, x, y, { loss: "mse" }).toText());
 */
export function traceGradients(
  model: Model,
  x: ModelData,
  y: ModelData,
  options: TraceGradientsOptions = {},
): GradientTrace {
  checkOptionNames("traceGradients", options, optionNames);
  const written = gradientProgram(model, x, y, options);
  const seed = (options.seed === undefined ? nextRandom() : new Random(options.seed)).state;
  const steps = new Map<ScanGradientOperation, ScanBackStep[]>();
  const evaluation = evaluateProgram(written.program, written.inputs, {
    random: new Random(seed),
    onBackStep(operation, step) {
      const list = steps.get(operation);
      if (list === undefined) steps.set(operation, [step]);
      else list.push(step);
    },
  });
  if (steps.size === 0) {
    throw new UnrollError({
      code: "unsupported",
      path: model.name,
      expected: "a backward trace needs a recurrent layer that is trained",
      received: `layers = ${model.layers.map(({ className }) => className).join(", ")}`,
      hint: "gradients() works for every model.",
    });
  }
  const owners = ownersOf(model);
  const order = [...owners.values()].map(({ name }) => name);
  if (options.onRun !== undefined) {
    for (const [operation, list] of steps) {
      const { scan } = operation;
      options.onRun({
        layer: nameOf(scan, owners),
        scan,
        operation,
        steps: list.filter(({ batchIndex }) => batchIndex === 0).reverse(),
        numbersOf: evaluation.valueOf,
        forward: written.forward,
        ownerOf: (variable) => owners.get(variable),
      });
    }
  }
  const runs = [...steps]
    .map(([operation, list]) => traceOf(operation, list, owners))
    .sort((a, b) => order.indexOf(a.layer) - order.indexOf(b.layer));
  const facts: GradientTraceFacts = {
    model: model.name,
    loss: evaluation.results[0]![0]!,
    examples: written.inputs[0]!.length / sizeOf(written.program.inputs[0]!.shape.slice(1)),
    runs,
    checks: checksOf(model, written, evaluation, seed, owners, options.checks ?? 2),
  };
  return { ...facts, toText: () => gradientTraceToText(facts), toJSON: () => plain(facts) };
}

/** The layer that each variable belongs to. */
function ownersOf(model: Model): ReadonlyMap<Variable, Layer> {
  const owners = new Map<Variable, Layer>();
  const visit = (layer: Layer): void => {
    for (const { variable } of layer.ownArrays) owners.set(variable, layer);
    layer.children.forEach(visit);
  };
  visit(model);
  return owners;
}

function ownerOf({ arrays }: ScanOperation, owners: ReadonlyMap<Variable, Layer>): Layer | undefined {
  const source = arrays[0]!.operation;
  return source.op === "weight" ? owners.get(source.variable) : undefined;
}

function nameOf(scan: ScanOperation, owners: ReadonlyMap<Variable, Layer>): string {
  return ownerOf(scan, owners)?.name ?? scan.cell.kind;
}

function traceOf(
  operation: ScanGradientOperation,
  list: readonly ScanBackStep[],
  owners: ReadonlyMap<Variable, Layer>,
): BackTrace {
  const { scan } = operation;
  const owner = ownerOf(scan, owners);
  const names = scan.cell.arrays.map(({ name }) => name);
  const byStep = new Map<number, ScanBackStep[]>();
  for (const step of list) byStep.set(step.timestep, [...(byStep.get(step.timestep) ?? []), step]);
  const timesteps = [...byStep.keys()].sort((a, b) => a - b);
  return {
    layer: nameOf(scan, owners),
    className: owner?.className ?? scan.cell.kind,
    backwards: scan.backwards,
    units: scan.units,
    shapes: Object.fromEntries(names.map((name, i) => [name, scan.arrays[i]!.shape])),
    steps: timesteps.map((timestep) => backStep(operation, byStep.get(timestep)!)),
  };
}

function backStep({ scan }: ScanGradientOperation, examples: readonly ScanBackStep[]): BackStep {
  const { cell, units } = scan;
  const back = cellAdjoint(cell);
  const squares: Record<string, number> = {};
  const features = scan.input.shape[2]!;
  const input = new Float64Array(examples.length * features);
  const values = new Map([...cell.named.keys()].map((name) => [name, new Float64Array(examples.length * units)]));
  const previous = cell.states.map(() => new Float64Array(examples.length * units));
  // Squared lengths over all states and examples.
  let [arrived, left] = [0, 0];
  const contributions = scan.arrays.map(({ shape }) => new Float64Array(sizeOf(shape)));
  for (const example of examples) {
    const { gradients, arriving, states, valueOf: read, batchIndex } = example;
    for (const [name, row] of gradients) {
      squares[name] = (squares[name] ?? 0) + squareSum(row);
      values.get(name)?.set(row, batchIndex * units);
    }
    for (const [i, row] of states.entries()) {
      previous[i]!.set(row, batchIndex * units);
      arrived += squareSum(arriving[i]!);
      left += squareSum(row);
    }
    if (read === undefined) continue;
    if (back.input !== undefined) input.set(toRow(read(back.input), features), batchIndex * features);
    for (const [i, own] of example.contributions().entries()) {
      own.forEach((value, at) => {
        contributions[i]![at]! += value;
      });
    }
  }
  const names = cell.arrays.map(({ name }) => name);
  const stateNorms = cell.states.map(({ name, next }): [string, number] => {
    const named = [...cell.named].find(([, expr]) => expr === next)?.[0] ?? name;
    return [name, Math.sqrt(squares[named] ?? 0)];
  });
  return {
    timestep: examples[0]!.timestep,
    masked: examples.filter(({ masked }) => masked).length,
    stateNorms: Object.fromEntries(stateNorms),
    valueNorms: Object.fromEntries(Object.entries(squares).map(([name, square]) => [name, Math.sqrt(square)])),
    values: Object.fromEntries(values),
    previous: Object.fromEntries(cell.states.map(({ name }, i) => [name, previous[i]!])),
    input,
    factor: arrived === 0 ? 0 : Math.sqrt(left / arrived),
    contributions: Object.fromEntries(names.map((name, i) => [name, contributions[i]!])),
    contributionNorms: Object.fromEntries(names.map((name, i) => [name, Math.sqrt(squareSum(contributions[i]!))])),
  };
}

function squareSum(numbers: Float64Array): number {
  return numbers.reduce((sum, value) => sum + value * value, 0);
}

/** Step of the finite difference, relative to the weight: the cube root of float64's rounding. */
const relativeStep = 6e-6;

/** The largest entries of each array's gradient beside central differences of the loss. */
function checksOf(
  model: Model,
  { program, inputs, forward }: GradientProgram,
  evaluation: Evaluation,
  seed: RandomState,
  owners: ReadonlyMap<Variable, Layer>,
  count: number,
): DifferenceCheck[] {
  const lossOnly = { inputs: program.inputs, results: [forward.loss], updates: [] };
  const lossWith = (variable: Variable, index: number, change: number): number => {
    const numbers = Float64Array.from(variable.data);
    numbers[index]! += change;
    const variables = new Map([[variable, numbers]]);
    return evaluateProgram(lossOnly, inputs, { random: new Random(seed), variables }).results[0]![0]!;
  };
  return trainedVariables(model).flatMap((variable, position) => {
    const gradient = evaluation.results[position + 1]!;
    const largest = [...gradient.keys()]
      .sort((a, b) => Math.abs(gradient[b]!) - Math.abs(gradient[a]!))
      .slice(0, count);
    return largest.map((index) => {
      const step = relativeStep * Math.max(1, Math.abs(variable.data[index]!));
      const difference = (lossWith(variable, index, step) - lossWith(variable, index, -step)) / (2 * step);
      const layer = owners.get(variable)!.name;
      return { layer, array: variable.name, index, gradient: gradient[index]!, difference };
    });
  });
}

function plain(value: unknown): unknown {
  if (value instanceof Float64Array) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, plain(entry)]));
}
