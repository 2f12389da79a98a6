/**
 * Compares what the engine computes with the by-hand evaluation: the named values of every timestep of every cell, every
 * layer's output, and the prediction.
 */
import { checkOptionNames, UnrollError } from "../core/errors.ts";
import { Random } from "../core/random.ts";
import { sizeOf } from "../core/shape.ts";
import { type Tensor, type TensorLike, tensor } from "../core/tensor.ts";
import { deviceStatus } from "../layers/device.ts";
import { type CompiledRun, prepare } from "../layers/run.ts";
import type { ModelData } from "../model/data.ts";
import type { Model } from "../model/model.ts";
import type { Program, Value } from "../program/program.ts";
import {
  type ByHand,
  batchThatFits,
  declaredBatch,
  evaluateByHand,
  type LayerRun,
  readExamples,
  writeModel,
} from "./by-hand.ts";
import { Comparison, differenceOf } from "./compare.ts";
import { type Probe, probesOf } from "./probes.ts";
import {
  type Difference,
  type NotFinite,
  type Place,
  type PredictionCheck,
  Verification,
  type VerifyOptions,
} from "./verification.ts";
import { remarksOn } from "./verify-remarks.ts";

/** What is compared with the by-hand evaluation; tests put a broken one in its place. */
export type Engine = (program: Program) => CompiledRun;

/** Examples that are evaluated together. */
const chunkSize = 32;

/**
 * Runs the engine and the by-hand evaluation on the same data and compares every number.
 *
 * @throws UnrollError `shape`, `data`, `option`, `memory`, as `predict` does
 */
export function verifyModel(
  model: Model,
  x: ModelData,
  options: VerifyOptions = {},
  engine: Engine = (program) => prepare(program, "wasm"),
): Verification {
  checkOptionNames("verify", options, ["tolerance", "keras"] satisfies (keyof VerifyOptions)[]);
  const { tolerance = 1e-5, keras } = options;
  checkTolerance(tolerance, model.name);
  const examples = readExamples(model, x);
  const samples = examples[0]!.shape[0]!;
  const batch = declaredBatch(model) ?? batchThatFits(model, examples, Math.max(1, Math.min(chunkSize, samples)));
  const comparison = new Comparison(tolerance);
  const predictions = model.outputs.map(({ node }, index): Prediction => {
    const expected = keras === undefined ? undefined : kerasOutput(keras, index, model);
    return { layer: node.layer.name, shape: [], byHand: [], engine: [], keras: expected };
  });
  const device = deviceFor(engine);
  const restore = keepStates(model);
  try {
    for (let start = 0; start < samples; start += batch) {
      const count = Math.min(batch, samples - start);
      const inputs = examples.map((input) => rows(input, start, count, batch));
      const chunk: Chunk = { start, count, comparison, predictions, engine: device.engine };
      compareChunk(model, inputs, batch, chunk);
    }
  } finally {
    restore();
  }
  const checked = predictions.map(finish);
  const badInput = findBadInput(model, examples);
  return new Verification({
    name: model.name,
    tolerance,
    samples,
    device: device.engine === undefined ? { name: "none", reason: device.reason } : { name: "wasm" },
    layers: comparison.layers,
    predictions: checked,
    first: comparison.first,
    keras: largestOf(checked),
    badInput,
    notFinite: { byHand: comparison.byHandNotFinite, engine: comparison.engineNotFinite },
    unverifiable: firstNaN(checked),
    remarks: remarksOn(model, comparison, badInput, device.reason),
  });
}

interface Prediction {
  readonly layer: string;
  shape: readonly number[];
  readonly byHand: number[];
  readonly engine: number[];
  readonly keras: Tensor | undefined;
}

/** The examples from `start` on; a chunk is filled up to the batch size, and only `count` are compared. */
interface Chunk {
  readonly start: number;
  readonly count: number;
  readonly comparison: Comparison;
  readonly predictions: readonly Prediction[];
  readonly engine: Engine | undefined;
}

function compareChunk(model: Model, inputs: readonly Tensor[], batch: number, chunk: Chunk): void {
  const written = writeModel(model, inputs, batch);
  const hand = evaluateByHand(written, inputs, model.name);
  const run = (results: readonly Value[]): readonly ArrayLike<number>[] | undefined => {
    const compiled = chunk.engine?.({ ...written.program, results, updates: [] });
    return compiled
      ?.run(
        inputs.map(({ data }) => data),
        new Random(0),
      )
      .map(({ data }) => data);
  };
  const probes = written.layers.map(probesOf);
  const inside = written.layers.flatMap(({ call }, index) => [
    ...probes[index]!.flatMap(({ values }) => values),
    ...call.outputs,
  ]);
  const found = run(inside);
  let next = 0;
  const take = (): ArrayLike<number> | undefined => found?.[next++];
  for (const [index, layer] of written.layers.entries()) {
    chunk.comparison.open(callName(layer), layer.call.call.layer.className);
    for (const probe of probes[index]!) compareSteps(layer, probe, hand, probe.values.map(take), chunk);
    for (const output of layer.call.outputs) {
      compareArray(callName(layer), "output", output.shape, hand.valueOf(output), take(), chunk);
    }
  }
  comparePredictions(written.program.results, hand, run(written.program.results), chunk);
  for (const { variable, value } of written.program.updates) variable.assign(hand.valueOf(value));
}

/** Step by step, and in each step name by name; masked steps change nothing and are left out. */
function compareSteps(
  layer: LayerRun,
  { scan, name, perSample, names }: Probe,
  hand: ByHand,
  found: readonly (ArrayLike<number> | undefined)[],
  { start, count, comparison }: Chunk,
): void {
  const { units } = scan;
  const timesteps = scan.input.shape[1]!;
  const examples = hand.stepsOf(scan);
  for (let step = 0; step < timesteps; step++) {
    for (const [which, symbolName] of names.entries()) {
      for (let example = 0; example < count * perSample; example++) {
        const { values, masked, timestep } = examples[example]![step]!;
        if (masked) continue;
        const sample = start + Math.floor(example / perSample);
        for (const [unit, expected] of values.get(symbolName)!.entries()) {
          const engine = found[which]?.[(example * timesteps + step) * units + unit];
          comparison.add(callName(layer), expected, engine, () => ({
            layer: name,
            sample,
            timestep,
            unit,
            symbol: symbolName,
          }));
        }
      }
    }
  }
}

function compareArray(
  layer: string,
  symbolName: string,
  shape: readonly number[],
  expected: Float64Array,
  found: ArrayLike<number> | undefined,
  { start, count, comparison }: Chunk,
): void {
  const width = sizeOf(shape.slice(1));
  for (let index = 0; index < count * width; index++) {
    comparison.add(layer, expected[index]!, found?.[index], () => placeIn(layer, symbolName, shape, index, start));
  }
}

function comparePredictions(
  results: readonly Value[],
  hand: ByHand,
  found: readonly ArrayLike<number>[] | undefined,
  chunk: Chunk,
): void {
  if (found !== undefined) chunk.comparison.open("prediction", "");
  for (const [index, prediction] of chunk.predictions.entries()) {
    const value = results[index]!;
    const expected = hand.valueOf(value);
    const size = chunk.count * sizeOf(value.shape.slice(1));
    prediction.shape = value.shape.slice(1);
    for (let i = 0; i < size; i++) {
      prediction.byHand.push(expected[i]!);
      if (found !== undefined) prediction.engine.push(found[index]![i]!);
    }
    if (found !== undefined) compareArray("prediction", "prediction", value.shape, expected, found[index], chunk);
  }
}

function finish({ layer, shape, byHand, engine, keras }: Prediction): PredictionCheck {
  const samples = byHand.length / Math.max(1, sizeOf(shape));
  return {
    layer,
    shape: [samples, ...shape],
    byHand: Float64Array.from(byHand),
    engine: engine.length === 0 ? undefined : Float32Array.from(engine),
    keras: keras === undefined ? undefined : Float32Array.from(keras.data),
  };
}

/** The largest difference from Keras. */
function largestOf(predictions: readonly PredictionCheck[]): Difference | undefined {
  let largest: Difference | undefined;
  for (const { layer, shape, byHand, engine, keras } of predictions) {
    if (keras === undefined) continue;
    if (keras.length !== byHand.length) {
      throw new UnrollError({
        code: "data",
        path: layer,
        expected: `Keras's prediction must have shape [${shape.join(", ")}], ${byHand.length} numbers`,
        received: `${keras.length} numbers`,
      });
    }
    for (const [index, expected] of keras.entries()) {
      const found = (engine ?? byHand)[index]!;
      const difference = differenceOf(found, expected);
      if (largest !== undefined && difference <= largest.difference) continue;
      largest = { ...placeIn(layer, "prediction", shape, index, 0), expected, engine: found, difference };
    }
  }
  return largest;
}

/** Where element `index` of `[batch, ...]` lies. */
function placeIn(layer: string, symbolName: string, shape: readonly number[], index: number, start: number): Place {
  const width = Math.max(1, sizeOf(shape.slice(1)));
  const inside = index % width;
  const last = shape.length > 2 ? sizeOf(shape.slice(2)) : width;
  return {
    layer,
    sample: start + Math.floor(index / width),
    timestep: shape.length > 2 ? Math.floor(inside / last) : undefined,
    unit: inside % last,
    symbol: symbolName,
  };
}

/** The first NaN of a prediction that both have, or that there is nothing beside. */
function firstNaN(predictions: readonly PredictionCheck[]): NotFinite | undefined {
  for (const { layer, shape, byHand, engine } of predictions) {
    const index = byHand.findIndex((value, at) => Number.isNaN(value) && (!engine || Number.isNaN(engine[at])));
    if (index !== -1) return { ...placeIn(layer, "prediction", shape, index, 0), value: Number.NaN };
  }
  return undefined;
}

function findBadInput(model: Model, examples: readonly Tensor[]): NotFinite | undefined {
  for (const [input, { shape, data }] of examples.entries()) {
    const index = data.findIndex((value) => !Number.isFinite(value));
    if (index === -1) continue;
    return { ...placeIn(model.inputs[input]!.node.layer.name, "input", shape, index, 0), value: data[index]! };
  }
  return undefined;
}

function deviceFor(engine: Engine): { engine: Engine | undefined; reason?: string } {
  const { device, why } = deviceStatus();
  return device === "wasm" ? { engine } : { engine: undefined, reason: why };
}

/** States of stateful layers go on from run to run; the result puts them back as they were. */
export function keepStates(model: Model): () => void {
  const kept = model.states.map((variable) => ({ variable, data: variable.data.slice() }));
  return () => {
    for (const variable of model.states) {
      const before = kept.find((one) => one.variable === variable);
      variable.assign(before?.data ?? new Float32Array(sizeOf(variable.shape)));
    }
  };
}

function kerasOutput(keras: ModelData, index: number, model: Model): Tensor {
  const several = model.outputs.length > 1;
  const named = model.outputs[index]!.node.layer.name;
  const list = several
    ? Array.isArray(keras)
      ? (keras as readonly TensorLike[])[index]
      : (keras as Readonly<Record<string, TensorLike>>)[named]
    : (keras as TensorLike);
  if (list !== undefined) return tensor(list);
  throw new UnrollError({
    code: "data",
    path: model.name,
    expected: `Keras's prediction needs one tensor for each of ${model.outputs.length} outputs`,
    received: `none for ${named}`,
  });
}

/** `count` examples from `start`, filled up with zeros to the batch size. */
function rows({ shape, data }: Tensor, start: number, count: number, batch: number): Tensor {
  const width = sizeOf(shape.slice(1));
  const filledUp = data instanceof Int32Array ? new Int32Array(batch * width) : new Float32Array(batch * width);
  filledUp.set(data.subarray(start * width, (start + count) * width));
  return { shape: [batch, ...shape.slice(1)], data: filledUp };
}

/** A shared layer's later calls are told apart. */
function callName({ call: { call } }: LayerRun): string {
  return call.callIndex === 0 ? call.layer.name : `${call.layer.name}, call ${call.callIndex + 1}`;
}

function checkTolerance(tolerance: number, path: string): void {
  if (tolerance >= 0) return;
  throw new UnrollError({
    code: "option",
    path,
    expected: "tolerance must be a number, zero or more",
    received: `tolerance = ${tolerance}`,
  });
}
