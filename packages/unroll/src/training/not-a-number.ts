/**
 * Where not-a-number began: the batch that went wrong is run again by the reference, and the first value that float32
 * cannot hold is named by layer, timestep and symbol.
 */
import type { Random } from "../core/random.ts";
import { stridesOf } from "../core/shape.ts";
import type { TensorData } from "../core/tensor.ts";
import type { Model } from "../model/model.ts";
import { evaluateProgram } from "../program/evaluate.ts";
import { type Operation, type Value, valuesInOrder } from "../program/program.ts";
import type { BatchData, Step } from "./step.ts";

/** Where the first number that is none came from. */
export interface NotANumber {
  /** Where it began: a layer, "input x", "target y", "a weight", "the loss". */
  readonly where: string;
  readonly layer?: string;
  readonly batchIndex?: number;
  readonly timestep?: number;
  /** The named value of the cell's equations, or the array: "c", "kernel". */
  readonly symbol?: string;
  readonly unit?: number;
  readonly value: number;
  /** The same as a sentence. */
  readonly message: string;
}

/** Beyond this float32 has only infinity. */
const largest = 3.4028234663852886e38;
const isBad = (value: number): boolean => !(Math.abs(value) <= largest);

/** Runs one batch again. The weights must be those that the batch began with; a step that fails leaves them so. */
export function findNotANumber(
  model: Model,
  { forward, program }: Step,
  batch: BatchData,
  random: Random,
  factors: readonly number[],
): NotANumber {
  const given = [...batch.x, ...batch.y, ...batch.sampleWeight];
  const names = [
    ...forward.inputs.map((value) => `input ${nameOf(value)}`),
    ...forward.targets.map(nameOf),
    ...forward.sampleWeights.map(nameOf),
  ];
  const data = firstBadInput(given, program.inputs, names) ?? firstBadWeight(model);
  if (data !== undefined) return data;
  const steps = new Map<string, NotANumber>();
  const owners = ownersOf(forward.calls.map(({ call, outputs }) => ({ name: call.layer.name, outputs })));
  const roots = {
    inputs: program.inputs,
    // The loss first: random numbers are drawn as the step drew them.
    results: [forward.loss, ...forward.calls.flatMap(({ outputs }) => outputs)],
    updates: [],
  };
  const withFactors = program.inputs.length > given.length ? [...given, Float32Array.from(factors)] : given;
  const evaluation = evaluateProgram(roots, withFactors, {
    random,
    onStep(scan, { batchIndex, timestep, masked, values }) {
      const layer = owners.get(scan);
      if (masked || layer === undefined) return;
      const before = steps.get(layer)?.timestep;
      if (before !== undefined && (scan.backwards ? timestep <= before : timestep >= before)) return;
      for (const [symbol, row] of values) {
        const unit = row.findIndex(isBad);
        if (unit === -1) continue;
        const where = `layer ${layer}`;
        const place = { where, layer, batchIndex, timestep, symbol, unit, value: row[unit]! };
        steps.set(layer, { ...place, message: sentence(place) });
        return;
      }
    },
  });
  for (const { call, outputs } of forward.calls) {
    const layer = call.layer.name;
    const inside = steps.get(layer);
    if (inside !== undefined) return inside;
    for (const output of outputs) {
      const numbers = evaluation.valueOf(output);
      const at = numbers.findIndex(isBad);
      if (at === -1) continue;
      const place = {
        where: `layer ${layer}`,
        layer,
        symbol: "output",
        ...placeOf(at, output.shape),
        value: numbers[at]!,
      };
      return { ...place, message: sentence(place) };
    }
  }
  const value = evaluation.valueOf(forward.loss)[0]!;
  const place = { where: "the loss", value };
  return { ...place, message: `${sentence(place)} Every layer's output was a number.` };
}

function nameOf({ operation }: Value): string {
  return operation.op === "input" ? operation.name : operation.op;
}

function firstBadInput(
  data: readonly TensorData[],
  inputs: readonly Value[],
  names: readonly string[],
): NotANumber | undefined {
  for (const [index, numbers] of data.entries()) {
    const at = numbers.findIndex(isBad);
    if (at === -1) continue;
    const place = { where: names[index]!, ...placeOf(at, inputs[index]!.shape), value: numbers[at]! };
    return { ...place, message: `${sentence(place)} Check the data for missing values.` };
  }
  return undefined;
}

function firstBadWeight(model: Model): NotANumber | undefined {
  for (const { layer, arrays } of weightsByLayer(model)) {
    for (const { variable } of arrays) {
      const at = variable.data.findIndex(isBad);
      if (at === -1) continue;
      const where = `weight ${variable.name} of layer ${layer}`;
      const place = { where, layer, symbol: variable.name, value: variable.data[at]! };
      return {
        ...place,
        message: `${sentence(place)} An earlier step made it so: try a lower learning rate or clipnorm.`,
      };
    }
  }
  return undefined;
}

function weightsByLayer(model: Model): { layer: string; arrays: Model["arrays"] }[] {
  return model.layers.map((layer) => ({ layer: layer.name, arrays: layer.arrays }));
}

/** Which call's layer each operation belongs to: the first that needs it. */
function ownersOf(calls: readonly { name: string; outputs: readonly Value[] }[]): ReadonlyMap<Operation, string> {
  const owners = new Map<Operation, string>();
  for (const { name, outputs } of calls) {
    for (const { operation } of valuesInOrder(outputs)) if (!owners.has(operation)) owners.set(operation, name);
  }
  return owners;
}

function placeOf(at: number, shape: readonly number[]): { batchIndex: number; timestep?: number; unit?: number } {
  const strides = stridesOf(shape);
  const [batchIndex, ...rest] = shape.map((size, axis) => Math.floor(at / strides[axis]!) % size) as [
    number,
    ...number[],
  ]; // one entry an axis
  return {
    batchIndex,
    ...(rest.length > 1 ? { timestep: rest[0]! } : {}),
    ...(rest.length > 0 ? { unit: rest.at(-1)! } : {}),
  };
}

function sentence(place: Omit<NotANumber, "message">): string {
  const { where, batchIndex, timestep, symbol, unit, value } = place;
  const parts = [
    symbol === undefined || where.startsWith("weight") ? undefined : `symbol ${symbol}`,
    unit === undefined ? undefined : `unit ${unit}`,
    timestep === undefined ? undefined : `timestep ${timestep}`,
    batchIndex === undefined ? undefined : `example ${batchIndex} of the batch`,
  ].filter((part) => part !== undefined);
  const what = Number.isNaN(value) ? "is not a number" : `is ${value}, which float32 cannot hold`;
  return `${where}${parts.length === 0 ? "" : ` (${parts.join(", ")})`} ${what}.`;
}
