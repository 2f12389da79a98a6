/**
 * Runs the training cases made by real Keras (fixtures/keras/training.json.gz): losses and metrics epoch by epoch, weights,
 * the optimizer's variables, and the epoch in which a callback stops.
 */
import type { Random } from "../src/core/random.ts";
import type { TensorData } from "../src/core/tensor.ts";
import type { Variable } from "../src/core/variable.ts";
import type { KerasObject } from "../src/formats/keras-config.ts";
import { modelFromConfig } from "../src/formats/keras-model.ts";
import type { CompiledRun, Device } from "../src/layers/run.ts";
import { evaluateProgram } from "../src/program/evaluate.ts";
import type { Program } from "../src/program/program.ts";
import { type Callback, EarlyStopping, ReduceLROnPlateau } from "../src/training/callbacks.ts";
import {
  compiledOf,
  compileModel,
  type MetricsOption,
  type PerOutput,
  trainedVariables,
} from "../src/training/compile.ts";
import { evaluate } from "../src/training/evaluate.ts";
import { fit } from "../src/training/fit.ts";
import type { LossLike } from "../src/training/losses.ts";
import { camelConfig } from "../src/training/options.ts";
import { decode, difference, type FixtureTensor, readFixture, type Tolerance } from "./fixture-files.ts";
import { toTensor } from "./fixture-gradients.ts";
import type { CaseResult } from "./fixture-layers.ts";
import { resultOf } from "./fixture-layers.ts";

export interface TrainingCase {
  readonly id: string;
  readonly config: KerasObject;
  readonly optimizer: KerasObject;
  readonly loss: LossLike;
  readonly metrics: readonly string[];
  readonly weighted_metrics?: readonly string[];
  readonly callbacks: readonly (readonly [string, Record<string, unknown>])[];
  readonly fit: Record<string, unknown> & { readonly epochs: number };
  readonly initial_weights: readonly FixtureTensor[];
  readonly x: FixtureTensor;
  readonly y: FixtureTensor;
  readonly sample_weight?: FixtureTensor;
  readonly validation_data?: readonly [FixtureTensor, FixtureTensor];
  readonly epochs_run: number;
  readonly stopped_epoch: number | null;
  readonly history: Readonly<Record<string, readonly number[]>>;
  readonly history64: Readonly<Record<string, readonly number[]>>;
  readonly evaluate64: Readonly<Record<string, number>>;
  readonly final_weights: readonly FixtureTensor[];
  readonly final_weights64: readonly FixtureTensor[];
  readonly optimizer_variables64: readonly FixtureTensor[];
}

export function trainingCases(): readonly TrainingCase[] {
  return readFixture<{ cases: readonly TrainingCase[] }>("keras/training.json.gz").cases;
}

export function runTrainingCase(one: TrainingCase, device: Device, threads = 1): Promise<CaseResult> {
  return resultLater(one.id, () => check(one, device, threads));
}

export function runMoreTraining(one: MoreTrainingCase, device: Device): Promise<CaseResult> {
  return resultLater(one.id, () => checkMoreTraining(one, device));
}

/** `resultOf` for checks that take their time. */
export async function resultLater(id: string, check: () => Promise<string | undefined>): Promise<CaseResult> {
  const found = await check().then(
    (message) => () => message,
    (error: unknown) => () => {
      throw error;
    },
  );
  return resultOf(id, id.split("/").slice(0, -1).join("/"), found);
}

/**
 * The reference with variables in float64, so that many steps can be compared with Keras's float64 run. A variable that
 * somebody else has changed since is read anew.
 */
export function exactReference(): {
  prepare(program: Program): CompiledRun;
  numbersOf(variable: Variable): Float64Array;
} {
  const kept = new Map<Variable, { version: number; numbers: Float64Array }>();
  const current = (): Map<Variable, Float64Array> =>
    new Map(
      [...kept].flatMap(([variable, { version, numbers }]) =>
        variable.version === version ? [[variable, numbers]] : [],
      ),
    );
  return {
    numbersOf: (variable) => current().get(variable) ?? Float64Array.from(variable.data),
    prepare: (program) => ({
      run(inputs: readonly TensorData[], random: Random) {
        const evaluation = evaluateProgram(program, inputs, { random, variables: current() });
        const updates = program.updates.map(({ variable, value }) => ({
          variable,
          numbers: evaluation.valueOf(value),
        }));
        for (const { variable, numbers } of updates) {
          variable.assign(numbers);
          kept.set(variable, { version: variable.version, numbers });
        }
        return evaluation.results.map((data, i) => ({
          shape: program.results[i]!.shape,
          data: Float32Array.from(data),
        }));
      },
    }),
  };
}

async function check(one: TrainingCase, device: Device, threads: number): Promise<string | undefined> {
  const exact = exactReference();
  const model = modelFromConfig(one.config);
  model.setWeights(one.initial_weights.map(toTensor));
  compileModel(model, {
    optimizer: withFirstRate(one),
    loss: one.loss,
    metrics: one.metrics,
    ...(one.weighted_metrics === undefined ? {} : { weightedMetrics: one.weighted_metrics }),
    ...(device === "reference" ? { prepare: exact.prepare } : { device }),
  });
  const callbacks = one.callbacks.map(makeCallback);
  const [x, y] = [toTensor(one.x), toTensor(one.y)];
  const { class_weight: classWeight, ...fitOptions } = one.fit;
  const result = await fit(model, x, y, {
    ...camelConfig(fitOptions),
    ...(classWeight === undefined ? {} : { classWeight: classWeight as Record<number, number> }),
    ...(one.sample_weight === undefined ? {} : { sampleWeight: toTensor(one.sample_weight) }),
    ...(one.validation_data === undefined
      ? {}
      : { validationData: [toTensor(one.validation_data[0]), toTensor(one.validation_data[1])] }),
    callbacks,
    threads,
    print: () => {},
  });
  const isReference = device === "reference";
  const tolerance = toleranceOf(one, isReference);
  const history = isReference ? one.history64 : one.history;
  const keys = Object.keys(result.history);
  if (String(keys) !== String(Object.keys(history))) return `history has ${keys} instead of ${Object.keys(history)}`;
  for (const [name, values] of Object.entries(history)) {
    const text = compare(result.history[name]!, values, tolerance);
    if (text !== undefined) return `history ${name}: ${text}`;
  }
  if (result.epochs.length !== one.epochs_run) return `${result.epochs.length} epochs instead of ${one.epochs_run}`;
  const stopping = callbacks.find((callback) => callback instanceof EarlyStopping);
  if (one.stopped_epoch !== null && stopping?.stoppedEpoch !== one.stopped_epoch) {
    return `stopped in epoch ${stopping?.stoppedEpoch} instead of ${one.stopped_epoch}`;
  }
  const numbersOf = isReference ? exact.numbersOf : (variable: Variable) => Float64Array.from(variable.data);
  const weights = isReference ? one.final_weights64 : one.final_weights;
  for (const [index, variable] of model.variables.entries()) {
    const found = { shape: variable.shape, data: numbersOf(variable) };
    const text = difference(found, decode(weights[index]!), tolerance);
    if (text !== undefined) return `weight ${index} ${variable.name}: ${text}`;
  }
  const evaluated = evaluate(model, x, y, {
    ...sizeOption(one),
    ...(one.sample_weight === undefined ? {} : { sampleWeight: toTensor(one.sample_weight) }),
  });
  for (const [name, value] of Object.entries(one.evaluate64)) {
    const text = compare([evaluated[name]!], [value], tolerance);
    if (text !== undefined) return `evaluate ${name}: ${text}`;
  }
  return checkOptimizer(one, model, numbersOf, tolerance);
}

/** A case of fixtures/make_training_fixtures.py: lists of inputs and targets, everything in float64. */
export interface MoreTrainingCase {
  readonly id: string;
  readonly config: KerasObject;
  readonly optimizer: KerasObject;
  readonly loss: PerOutput<LossLike>;
  readonly metrics: MetricsOption;
  readonly weighted_metrics: MetricsOption;
  readonly loss_weights: readonly number[] | null;
  readonly fit: Record<string, unknown>;
  readonly initial_weights: readonly FixtureTensor[];
  readonly x: readonly FixtureTensor[];
  readonly y: readonly FixtureTensor[];
  readonly sample_weight: FixtureTensor | null;
  readonly history: Readonly<Record<string, readonly number[]>>;
  readonly final_weights: readonly FixtureTensor[];
}

export function moreTrainingCases(): readonly MoreTrainingCase[] {
  return readFixture<{ cases: readonly MoreTrainingCase[] }>("keras/training-more.json.gz").cases;
}

/** Words for what differs from Keras's run, or undefined. */
export async function checkMoreTraining(
  one: MoreTrainingCase,
  device: Device,
  threads = 1,
): Promise<string | undefined> {
  const exact = exactReference();
  const model = modelFromConfig(one.config);
  model.setWeights(one.initial_weights.map(toTensor));
  compileModel(model, {
    optimizer: one.optimizer,
    loss: one.loss,
    metrics: one.metrics,
    weightedMetrics: one.weighted_metrics,
    ...(one.loss_weights === null ? {} : { lossWeights: one.loss_weights }),
    ...(device === "reference" ? { prepare: exact.prepare } : { device }),
  });
  const { class_weight: classWeight, ...fitOptions } = one.fit;
  const { history } = await fit(model, one.x.map(toTensor), one.y.map(toTensor), {
    ...camelConfig(fitOptions),
    ...(classWeight === undefined ? {} : { classWeight: classWeight as Record<number, number> }),
    ...(one.sample_weight === null ? {} : { sampleWeight: toTensor(one.sample_weight) }),
    threads,
  });
  // Inputs and factors of regularizers are float32 numbers in one of the two, rates are float32 here.
  const tolerance = device === "reference" ? { rtol: 2e-6, atol: 2e-7 } : { rtol: 2e-4, atol: 2e-5 };
  if (String(Object.keys(history)) !== String(Object.keys(one.history))) {
    return `history has ${Object.keys(history)} instead of ${Object.keys(one.history)}`;
  }
  for (const [name, values] of Object.entries(one.history)) {
    const text = compare(history[name]!, values, tolerance);
    if (text !== undefined) return `history ${name}: ${text}`;
  }
  for (const [index, variable] of model.variables.entries()) {
    const data = device === "reference" ? exact.numbersOf(variable) : Float64Array.from(variable.data);
    const text = difference({ shape: variable.shape, data }, decode(one.final_weights[index]!), tolerance);
    if (text !== undefined) return `weight ${index} ${variable.name}: ${text}`;
  }
  return undefined;
}

/** The order of Keras's optimizer variables: iteration, learning rate, slots. */
function checkOptimizer(
  one: TrainingCase,
  model: Parameters<typeof compiledOf>[0],
  numbersOf: (variable: Variable) => Float64Array,
  tolerance: Tolerance,
): string | undefined {
  const { optimizer } = compiledOf(model);
  const expected = one.optimizer_variables64.map(decode);
  if (optimizer.iterations !== expected[0]!.data[0])
    return `${optimizer.iterations} steps instead of ${expected[0]!.data[0]}`;
  const trained = trainedVariables(model);
  if (optimizer.size(trained) !== expected.reduce((sum, { data }) => sum + data.length, 0)) return "optimizer's size";
  const first = optimizer.hasSchedule ? 1 : 2;
  for (const [index, slot] of optimizer.slots(trained).entries()) {
    const found = { shape: slot.shape, data: numbersOf(slot) };
    const text = difference(found, expected[first + index]!, tolerance);
    if (text !== undefined) return `optimizer's ${slot.name}: ${text}`;
  }
  return undefined;
}

/** Keras wrote the optimizer down after the run, when a callback had changed its rate. */
function withFirstRate(one: TrainingCase): KerasObject {
  const first = one.history64.learning_rate?.[0];
  return first === undefined
    ? one.optimizer
    : { ...one.optimizer, config: { ...one.optimizer.config, learning_rate: first } };
}

function sizeOption({ fit: { batch_size } }: TrainingCase): { batchSize?: number } {
  return typeof batch_size === "number" ? { batchSize: batch_size } : {};
}

function makeCallback([name, options]: readonly [string, Record<string, unknown>]): Callback {
  if (name === "EarlyStopping") return new EarlyStopping(camelConfig(options));
  if (name === "ReduceLROnPlateau") return new ReduceLROnPlateau(camelConfig(options));
  throw new Error(`no callback ${name}`);
}

function compare(found: readonly number[], expected: readonly number[], tolerance: Tolerance): string | undefined {
  const numbers = (list: readonly number[]): { shape: number[]; data: Float64Array } => ({
    shape: [list.length],
    data: Float64Array.from(list),
  });
  return difference(numbers(found), numbers(expected), tolerance);
}

/**
 * Keras rounds Adam's betas in the bias correction to float32. A learning rate enters a step as float32 here, which shows
 * where a rate of 0.4 makes the run swing.
 */
function toleranceOf(one: TrainingCase, isReference: boolean): Tolerance {
  // A bias before BatchNormalization has a gradient of exactly zero. Of float32's rounding there Adam makes steps of full
  // size, in Keras as here, each in its own direction; the moving mean follows the bias.
  if (!isReference && one.id === "model/batch_norm_adam") return { rtol: 5e-3, atol: 0.02 };
  if (!isReference) return { rtol: 5e-3, atol: 5e-4 };
  if (one.id === "callback/reduce_lr_on_plateau") return { rtol: 1e-5, atol: 2e-6 };
  return /Adam|Nadam/.test(one.optimizer.class_name) ? { rtol: 1e-5, atol: 1e-5 } : { rtol: 1e-6, atol: 1e-7 };
}
