/**
 * Finds the gradient that a learner was asked for: of one weight, of a named value of a cell at one timestep, or of a layer's
 * output; and says what it would be with a change on the way back.
 */
import { UnrollError } from "../../core/errors.ts";
import { formatShape, sizeOf, stridesOf } from "../../core/shape.ts";
import type { Variable } from "../../core/variable.ts";
import { familyOf } from "../../layers/family.ts";
import type { Layer } from "../../layers/layer.ts";
import type { ModelData } from "../../model/data.ts";
import { partsOf } from "../../model/graph-type.ts";
import type { Model } from "../../model/model.ts";
import { weightValue } from "../../program/builder.ts";
import { differentiate } from "../../program/differentiate.ts";
import { evaluateProgram } from "../../program/evaluate.ts";
import type { ScanOperation, Value, WeightOperation } from "../../program/program.ts";
import { type GradientProgram, gradientProgram } from "../../training/gradients.ts";
import type { LossLike } from "../../training/losses.ts";
import { type LayerRun, layerRunOf } from "../by-hand.ts";
import { layerIn } from "./layer-family.ts";
import { type LossFacts, lossFacts } from "./loss-facts.ts";
import { type GradientTarget, type Known, type SlippedGradient, WayBack } from "./way-back.ts";

/** Which gradient: of `array[index]`, or of `name` at `timestep` and `unit`. */
export interface GradientQuestion {
  /** The layer's name or place; of Bidirectional also `forward_<name>` and `backward_<name>`. */
  readonly layer: string | number;
  /** Keras's name of the array: "kernel", "recurrent_kernel", "bias". */
  readonly array?: string;
  /** Place in the array as Keras keeps it, from 0. */
  readonly index?: readonly number[];
  /** Instead of an array: a named value, such as "h". */
  readonly name?: string;
  /** Index into the time axis, from 0; the last when left out. */
  readonly timestep?: number;
  /** Index of the unit, from 0. */
  readonly unit?: number;
  /** Which example of the data, from 0; only with a named value. */
  readonly sample?: number;
  /** All examples of the batch and their targets. */
  readonly x: ModelData;
  readonly y: ModelData;
  /** By default the losses of `compile`. */
  readonly loss?: LossLike;
}

/** What a gradient is made of, and what it would be with a change. */
export interface AskedGradient {
  readonly layer: string;
  readonly name: string;
  /** float64 */
  readonly expected: number;
  readonly loss: LossFacts;
  /** What each timestep adds, over all examples, in the order of processing. */
  readonly shares: readonly { readonly timestep: number; readonly value: number }[];
  readonly others: readonly { readonly where: string; readonly value: number }[];
  /** The entry with row and column exchanged. */
  readonly mirrored: number | undefined;
  /** The layer itself, then those that the gradient comes through before it, the nearest first. */
  readonly passed: readonly PassedLayer[];
}

/** A layer on the way back, and the asked number with a change in how it passes the gradient on. */
export interface PassedLayer {
  readonly run: LayerRun;
  readonly withChange: SlippedGradient;
}

/** What is found in the gradient of one kind of number. */
interface Found extends Pick<AskedGradient, "name" | "expected" | "shares" | "others" | "mirrored"> {
  readonly target: GradientTarget;
}

/**
 * @throws UnrollError `unknown-name`, `data` where there is no such number, as `gradients` does for the data
 */
export function findGradient(model: Model, question: GradientQuestion): AskedGradient {
  const { x, y, loss } = question;
  const program = gradientProgram(model, x, y, { ...(loss === undefined ? {} : { loss }), training: false });
  const layer = layerIn(model, question.layer);
  const batch = program.forward.inputs[0]!.shape[0]!;
  const runs = program.forward.calls
    .filter(({ call }) => partsOf(call.layer) === undefined)
    .map((call) => layerRunOf(call, batch));
  const at = runs.findIndex(({ call }) => familyOf(call.call.layer).includes(layer));
  const own = runs[at];
  if (own === undefined) throw noGradient(layer, "the layer", "it computes nothing");
  const { target, ...found } =
    question.array === undefined ? ofValue(program, own, layer, question) : ofWeight(program, own, layer, question);
  return {
    layer: layer.name,
    loss: lossFacts(program.forward, (value) => numbersIn(program, value)),
    ...found,
    passed: passedLayers(program, runs.slice(at), target, found.expected),
  };
}

/** Worked out when it is first asked for. */
function passedLayers(
  program: GradientProgram,
  runs: readonly LayerRun[],
  target: GradientTarget,
  expected: number,
): PassedLayer[] {
  const way = once(() => new WayBack(program, runs, target));
  return runs.map((run, distance) => {
    const slipped = once(() => (distance === 0 ? way().own(run, expected) : way().behind(run, expected)));
    return { run, withChange: (change) => slipped()(change) };
  });
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** The gradient of one weight, summed over examples and timesteps. */
function ofWeight(program: GradientProgram, run: LayerRun, layer: Layer, question: GradientQuestion): Found {
  const { array = "", index = [] } = question;
  const { variable, owner } = arrayOf(layer, array);
  const position = positionIn(variable, index, owner);
  const weight = weightValue(variable);
  const { gradient, shares } = gradientAndShares(program, run, weight, position);
  const mirrored = [...index].reverse();
  return {
    name: `∂L/∂${array}[${index.join(", ")}]`,
    expected: gradient[position]!,
    shares,
    others: otherEntries(gradient, variable, position),
    mirrored:
      index.length === 2 && isInside(variable, mirrored) ? gradient[positionIn(variable, mirrored, owner)] : undefined,
    target: entryOf(weight, position),
  };
}

/** One entry of the gradient of a value. */
function entryOf(value: Value, position: number): GradientTarget {
  return {
    gradientOf(loss, inputs = []) {
      const results = differentiate(loss, [value]);
      return (known, numbers = []) =>
        evaluateProgram({ inputs, results, updates: [] }, numbers, known).results[0]![position]!;
    },
  };
}

/** The gradient of an array, and what each timestep adds to the entry; no shares for arrays outside cells. */
function gradientAndShares(
  { program, forward, inputs }: GradientProgram,
  run: LayerRun,
  weight: Value,
  position: number,
): { gradient: Float64Array; shares: AskedGradient["shares"] } {
  const results = differentiate(forward.loss, [weight]);
  const { variable } = weight.operation as WeightOperation; // a weight's value
  const arrayIn = ({ arrays }: ScanOperation): number =>
    arrays.findIndex(({ operation }) => operation.op === "weight" && operation.variable === variable);
  const shares = new Map<number, number>();
  const { results: numbers } = evaluateProgram({ inputs: program.inputs, results, updates: [] }, inputs, {
    reuse: true,
    watched: (scan) => run.scans.some((one) => one.scan === scan) && arrayIn(scan) >= 0,
    onBackStep({ scan }, { timestep, contributions }) {
      const share = contributions()[arrayIn(scan)]![position]!;
      shares.set(timestep, (shares.get(timestep) ?? 0) + share);
    },
  });
  const inOrder = [...shares].map(([timestep, value]) => ({ timestep, value })).reverse();
  return { gradient: numbers[0]!, shares: inOrder };
}

/** The gradient that reaches a value of one example at one timestep, from the loss and from all later steps. */
function ofValue(program: GradientProgram, run: LayerRun, layer: Layer, question: GradientQuestion): Found {
  const { name = "h", timestep, unit = 0, sample = 0 } = question;
  const scans = run.scans.filter((one) => one.name === layer.name || layer === run.call.call.layer);
  const [scanRun] = scans;
  if (name === "output" || scanRun === undefined) return ofOutput(program, run, question, layer);
  if (scans.length > 1) throw noGradient(layer, name, `name ${scans.map((one) => one.name).join(" or ")}`);
  const { scan } = scanRun;
  if (!scan.cell.named.has(name))
    throw noGradient(layer, name, `its values are ${[...scan.cell.named.keys()].join(", ")}`);
  const kernel = scan.arrays[0]!;
  /** Rows of the gradient by timestep. */
  const rowsOf = (loss: Value, inputs: readonly Value[]) => {
    const results = differentiate(loss, [kernel]);
    return (numbers: readonly ArrayLike<number>[], known?: Known): ReadonlyMap<number, Float64Array> => {
      const found = new Map<number, Float64Array>();
      evaluateProgram({ inputs, results, updates: [] }, numbers, {
        ...known,
        reuse: true,
        // A change keeps the kernel that a scan reads.
        watched: ({ arrays }) => arrays[0] === kernel,
        onBackStep(_, step) {
          const row = step.gradients.get(name);
          if (step.batchIndex === sample && row !== undefined) found.set(step.timestep, row.slice());
        },
      });
      return found;
    };
  };
  const right = rowsOf(program.forward.loss, program.program.inputs)(program.inputs);
  const at = timestep ?? Math.max(...right.keys());
  const expected = right.get(at)?.[unit];
  if (expected === undefined) {
    throw noGradient(layer, name, `there are ${scan.units} units at ${scan.input.shape[1]} timesteps, from 0`);
  }
  return {
    name: `∂L/∂${name}`,
    expected,
    shares: [],
    others: [
      ...[...right]
        .filter(([other]) => other !== at)
        .map(([other, row]) => ({ where: `timestep ${other}`, value: row[unit]! })),
      ...[...right.get(at)!].flatMap((value, other) => (other === unit ? [] : [{ where: `unit ${other}`, value }])),
    ],
    mirrored: undefined,
    target: {
      gradientOf(loss, inputs = []) {
        const rows = rowsOf(loss, inputs);
        return (known, numbers = []) => rows(numbers, known).get(at)?.[unit] ?? 0;
      },
    },
  };
}

function ofOutput(
  program: GradientProgram,
  { call }: LayerRun,
  { timestep, unit = 0, sample = 0 }: GradientQuestion,
  layer: Layer,
): Found {
  const output = call.outputs[0]!;
  const [batch, ...shape] = output.shape as [number, ...number[]];
  const width = shape.at(-1) ?? 1;
  const size = sizeOf(shape);
  const row = shape.length > 1 ? (timestep ?? size / width - 1) : 0;
  if (unit >= width || row >= size / width || sample >= batch) {
    throw noGradient(layer, "output", `it gives ${shape.join(" × ")} numbers an example`);
  }
  const gradient = gradientNumbers(program, output);
  const place = (step: number, column: number): number => sample * size + step * width + column;
  const units = Array.from({ length: width }, (_, other) => other).filter((other) => other !== unit);
  return {
    name: "∂L/∂output",
    expected: gradient[place(row, unit)]!,
    shares: [],
    others: units.map((other) => ({ where: `unit ${other}`, value: gradient[place(row, other)]! })),
    mirrored: undefined,
    target: entryOf(output, place(row, unit)),
  };
}

function gradientNumbers(program: GradientProgram, wrt: Value): Float64Array {
  return numbersIn(program, differentiate(program.forward.loss, [wrt])[0]!);
}

function numbersIn({ program, inputs }: GradientProgram, value: Value): Float64Array {
  return evaluateProgram({ inputs: program.inputs, results: [value], updates: [] }, inputs).results[0]!;
}

/** The other entries, each with its place. */
function otherEntries(gradient: Float64Array, { shape }: Variable, position: number): AskedGradient["others"] {
  const strides = stridesOf(shape);
  return [...gradient].flatMap((value, at) => {
    if (at === position) return [];
    const place = shape.map((size, axis) => Math.floor(at / strides[axis]!) % size);
    return [{ where: `[${place.join(", ")}]`, value }];
  });
}

function arrayOf(layer: Layer, wanted: string): { variable: Variable; owner: Layer } {
  const arrays = familyOf(layer).flatMap((owner) => owner.ownArrays.map(({ variable }) => ({ variable, owner })));
  const found = arrays.filter(({ variable }) => variable.name === wanted);
  if (found.length === 1) return found[0]!;
  const names = [...new Set(arrays.map(({ variable }) => variable.name))];
  const hint =
    found.length > 1
      ? `name ${found.map(({ owner }) => owner.name).join(" or ")}`
      : names.length === 0
        ? "it has no arrays"
        : `its arrays are ${names.join(", ")}`;
  throw noGradient(layer, wanted, hint);
}

function isInside({ shape }: Variable, index: readonly number[]): boolean {
  return (
    index.length === shape.length && index.every((one, axis) => Number.isInteger(one) && one >= 0 && one < shape[axis]!)
  );
}

function positionIn(variable: Variable, index: readonly number[], layer: Layer): number {
  const { shape, name } = variable;
  if (!isInside(variable, index)) {
    throw noGradient(
      layer,
      `${name}[${index.join(", ")}]`,
      `${name} has the shape ${formatShape(shape)}, counted from 0`,
    );
  }
  const strides = stridesOf(shape);
  return index.reduce((sum, one, axis) => sum + one * strides[axis]!, 0);
}

function noGradient({ name: path }: Layer, what: string, hint: string): UnrollError {
  return new UnrollError({
    code: "data",
    path,
    expected: "the layer must have the number whose gradient is asked for",
    received: what,
    hint: `${hint.charAt(0).toUpperCase()}${hint.slice(1)}.`,
  });
}
