/**
 * Checks a gradient that was worked out by hand: of one weight, or of a named value at one timestep (backpropagation through
 * time), against the backward pass in float64. A wrong one is explained by differentiating with slips put in.
 */
import { UnrollError } from "../../core/errors.ts";
import { formatShape, sizeOf, stridesOf } from "../../core/shape.ts";
import type { Variable } from "../../core/variable.ts";
import type { Layer } from "../../layers/layer.ts";
import type { ModelData } from "../../model/data.ts";
import type { Model } from "../../model/model.ts";
import { weightValue } from "../../program/builder.ts";
import { differentiate } from "../../program/differentiate.ts";
import { evaluateProgram } from "../../program/evaluate.ts";
import type { Value } from "../../program/program.ts";
import { type GradientProgram, gradientProgram } from "../../training/gradients.ts";
import type { LossLike } from "../../training/losses.ts";
import { traceGradients } from "../../training/trace-gradients.ts";
import { layerRunOf } from "../by-hand.ts";
import type { ValueCheck } from "./check-value.ts";
import { familyOf, layerIn } from "./layer-family.ts";
import { type ProgramChange, rewriteProgram } from "./rewrite-program.ts";
import { findGradientSlips, type GradientNumbers } from "./search-gradients.ts";
import { compareWritten } from "./written-number.ts";

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

/** Which gradient, and what the learner has for it. */
export interface GradientAnswer extends GradientQuestion {
  /** As written: the number of its decimals says how far it was rounded. */
  readonly value: number | string;
}

/**
 * Says whether a gradient is right within the rounding it is written with, and which slips give it.
 *
 * @throws UnrollError `unknown-name`, `data` where there is no such number, as `gradients` does for the data
 * @example checkGradient(model, { layer: "rnn", array: "recurrent_kernel", index: [0, 0], value: "-0.0312", x, y, loss: "mse" })
 * @example checkGradient(model, { layer: "rnn", name: "h", timestep: 2, unit: 0, value: "0.41", x, y, loss: "mse" })
 */
export function checkGradient(model: Model, answer: GradientAnswer): ValueCheck {
  const numbers = findGradient(model, answer);
  const compared = compareWritten(answer.value, numbers.expected);
  return {
    kind: "gradient",
    layer: numbers.layer,
    name: numbers.name,
    ...compared,
    findings: compared.right ? [] : findGradientSlips(numbers, answer.value),
  };
}

/** The number that is asked for, and what it would be with slips. Throws UnrollError as `checkGradient` does. */
export function findGradient(model: Model, answer: GradientQuestion): GradientNumbers {
  const { x, y, loss } = answer;
  const program = gradientProgram(model, x, y, { ...(loss === undefined ? {} : { loss }), training: false });
  const layer = layerIn(model, answer.layer);
  const { forward } = program;
  const call = forward.calls.find((one) => familyOf(one.call.layer).includes(layer));
  if (call === undefined) throw noGradient(layer, "the layer", "it computes nothing");
  const run = layerRunOf(call, forward.inputs[0]!.shape[0]!);
  const common = { layer: layer.name, run, ...averages(program) };
  return answer.array === undefined
    ? { ...common, ...ofValue(program, run, layer, answer) }
    : { ...common, ...ofWeight(model, program, layer, answer) };
}

/** How many rows, and how many numbers, the loss is the mean of. */
function averages({ forward }: GradientProgram): { rows: number; elements: number } {
  const [output] = forward.outputs;
  const elements = sizeOf(output!.shape);
  return { elements, rows: elements / (output!.shape.at(-1) ?? 1) };
}

/** The gradient of one weight, summed over examples and timesteps. */
function ofWeight(model: Model, program: GradientProgram, layer: Layer, answer: GradientQuestion) {
  const { array = "", index = [] } = answer;
  const { variable, owner } = arrayOf(layer, array);
  const position = positionIn(variable, index, owner);
  const of = (change: ProgramChange): number | undefined => {
    const loss = changedLoss(program, change);
    return loss === undefined ? undefined : gradientAt(program, loss, weightValue(variable), position);
  };
  const gradient = gradientNumbers(program, program.forward.loss, weightValue(variable));
  const mirrored = [...index].reverse();
  return {
    name: `∂L/∂${array}[${index.join(", ")}]`,
    expected: gradient[position]!,
    shares: sharesOf(model, answer, owner, array, position),
    others: otherEntries(gradient, variable, position),
    mirrored:
      index.length === 2 && isInside(variable, mirrored) ? gradient[positionIn(variable, mirrored, owner)] : undefined,
    withChange: of,
  };
}

/** What each timestep and each example adds; none for arrays outside cells. */
function sharesOf(
  model: Model,
  { x, y, loss }: GradientQuestion,
  owner: Layer,
  array: string,
  position: number,
): GradientNumbers["shares"] {
  if (owner.type.cell === undefined || !owner.trainable) return [];
  const { runs } = traceGradients(model, x, y, { ...(loss === undefined ? {} : { loss }), training: false, checks: 0 });
  const run = runs.find((one) => one.layer === owner.name);
  const shares = (run?.steps ?? []).map(({ timestep, contributions }) => ({
    timestep,
    value: contributions[array]?.[position] ?? Number.NaN,
  }));
  return run?.backwards === true ? shares.reverse() : shares;
}

/** The gradient that reaches a value of one example at one timestep, from the loss and from all later steps. */
function ofValue(
  program: GradientProgram,
  run: GradientNumbers["run"],
  layer: Layer,
  { name = "h", timestep, unit = 0, sample = 0 }: GradientQuestion,
) {
  const scans = run.scans.filter((one) => one.name === layer.name || layer === run.call.call.layer);
  const [scanRun] = scans;
  if (name === "output" || scanRun === undefined) return ofOutput(program, run, { timestep, unit, sample }, layer);
  if (scans.length > 1) throw noGradient(layer, name, `name ${scans.map((one) => one.name).join(" or ")}`);
  const { scan } = scanRun;
  if (!scan.cell.named.has(name))
    throw noGradient(layer, name, `its values are ${[...scan.cell.named.keys()].join(", ")}`);
  const kernel = scan.arrays[0]!;
  const rows = (change: ProgramChange): ReadonlyMap<number, Float64Array> | undefined => {
    const rewritten = rewriteProgram([program.forward.loss], change);
    const loss = rewritten.valueOf(program.forward.loss);
    const found = new Map<number, Float64Array>();
    const wrt = rewritten.valueOf(kernel);
    const results = differentiate(loss, [wrt]);
    evaluateProgram({ inputs: program.program.inputs, results, updates: [] }, program.inputs, {
      onBackStep(operation, step) {
        const row = step.gradients.get(name);
        if (operation.scan.arrays[0] === wrt && step.batchIndex === sample && row !== undefined) {
          found.set(step.timestep, row);
        }
      },
    });
    return found;
  };
  const right = rows({})!;
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
    withChange: (change: ProgramChange) => rows(change)?.get(at)?.[unit],
  };
}

function ofOutput(
  program: GradientProgram,
  { call }: GradientNumbers["run"],
  { timestep, unit, sample }: { timestep: number | undefined; unit: number; sample: number },
  layer: Layer,
) {
  const output = call.outputs[0]!;
  const [batch, ...shape] = output.shape as [number, ...number[]];
  const width = shape.at(-1) ?? 1;
  const size = sizeOf(shape);
  const row = shape.length > 1 ? (timestep ?? size / width - 1) : 0;
  if (unit >= width || row >= size / width || sample >= batch) {
    throw noGradient(layer, "output", `it gives ${shape.join(" × ")} numbers an example`);
  }
  const gradient = gradientNumbers(program, program.forward.loss, output);
  const place = (step: number, column: number): number => sample * size + step * width + column;
  const units = Array.from({ length: width }, (_, other) => other).filter((other) => other !== unit);
  return {
    name: "∂L/∂output",
    expected: gradient[place(row, unit)]!,
    shares: [],
    others: units.map((other) => ({ where: `unit ${other}`, value: gradient[place(row, other)]! })),
    mirrored: undefined,
    withChange: (change: ProgramChange) => {
      const rewritten = rewriteProgram([program.forward.loss], change);
      const loss = rewritten.valueOf(program.forward.loss);
      return gradientAt(program, loss, rewritten.valueOf(output), place(row, unit));
    },
  };
}

/** Undefined where the change does not reach the loss. */
function changedLoss({ forward }: GradientProgram, change: ProgramChange): Value | undefined {
  const loss = rewriteProgram([forward.loss], change).valueOf(forward.loss);
  return loss === forward.loss ? undefined : loss;
}

function gradientNumbers({ program, inputs }: GradientProgram, loss: Value, wrt: Value): Float64Array {
  const results = differentiate(loss, [wrt]);
  return evaluateProgram({ inputs: program.inputs, results, updates: [] }, inputs).results[0]!;
}

function gradientAt(program: GradientProgram, loss: Value, wrt: Value, position: number): number | undefined {
  return gradientNumbers(program, loss, wrt)[position];
}

/** The other entries, each with its place. */
function otherEntries(gradient: Float64Array, { shape }: Variable, position: number): GradientNumbers["others"] {
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
