/** Losses, metrics, optimizers, callbacks and short runs of other projects' tests (fixtures/golden/training.json.gz). */
import type { Tensor } from "../src/core/tensor.ts";
import { Variable } from "../src/core/variable.ts";
import { type KerasObject, layerFromConfig } from "../src/formats/keras-config.ts";
import { input } from "../src/layers/index.ts";
import type { Device } from "../src/layers/run.ts";
import { prepare } from "../src/layers/run.ts";
import type { SymbolicTensor } from "../src/layers/symbolic.ts";
import { model as makeModel } from "../src/model/functional.ts";
import { inputValue } from "../src/program/builder.ts";
import { type Callback, EarlyStopping, type FitControl } from "../src/training/callbacks.ts";
import { compileModel } from "../src/training/compile.ts";
import { fit } from "../src/training/fit.ts";
import { OptimizerState, readOptimizer } from "../src/training/optimizer.ts";
import { camelConfig } from "../src/training/options.ts";
import { lossesOf, lossOf, metricValuesOf } from "../src/training/score.ts";
import { updatesOf } from "../src/training/update.ts";
import { decode, difference, type FixtureTensor, readFixture, type Tolerance } from "./fixture-files.ts";
import { toTensor } from "./fixture-gradients.ts";
import type { CaseResult } from "./fixture-layers.ts";
import { exactReference, resultLater } from "./fixture-training.ts";

interface Scores {
  readonly y_true?: FixtureTensor;
  readonly y_pred?: FixtureTensor;
  readonly values?: FixtureTensor;
  readonly sample_weight?: FixtureTensor;
}

interface GoldenTraining {
  readonly id: string;
  readonly kind: "loss" | "metric" | "optimizer" | "callback" | "training";
  readonly layer: KerasObject;
  // Of the kind that the case is of.
  readonly input: unknown;
  readonly expected: unknown;
  readonly model?: {
    readonly inputs: readonly string[];
    readonly nodes: readonly (KerasObject & {
      name: string;
      inbound: readonly string[];
      weights: readonly FixtureTensor[];
    })[];
    readonly output: string;
  };
  readonly compile?: { readonly optimizer: KerasObject; readonly loss: string };
  readonly fit?: {
    readonly y: FixtureTensor;
    readonly epochs: number;
    readonly batch_size: number;
    readonly shuffle: boolean;
  };
  readonly tolerance: Tolerance;
}

export function goldenTrainingCases(): readonly GoldenTraining[] {
  return readFixture<{ cases: readonly GoldenTraining[] }>("golden/training.json.gz").cases;
}

export async function runGoldenTraining(golden: GoldenTraining, device: Device): Promise<CaseResult> {
  const result = await resultLater(golden.id, () => run(golden, device));
  return { ...result, className: `${golden.kind} ${golden.layer.class_name}` };
}

async function run(golden: GoldenTraining, device: Device): Promise<string | undefined> {
  switch (golden.kind) {
    case "loss":
      return checkLoss(golden);
    case "metric":
      return checkMetric(golden);
    case "optimizer":
      return checkOptimizer(golden);
    case "callback":
      return checkStopping(golden);
    case "training":
      return checkTraining(golden, device);
  }
}

/** Their crossentropies hold the log of what float32 makes of 1 − (1 − 1e-7), which is 1.19e-7. */
const roundedInFloat32 = /BinaryCrossentropyTest.test_(scalar|sample)_weighted#1/;

function toleranceOf({ id, tolerance }: GoldenTraining): Tolerance {
  if (roundedInFloat32.test(id)) return { rtol: 0.02, atol: 0 };
  return { rtol: tolerance.rtol, atol: tolerance.atol + 2e-6 };
}

const numbers = (...list: readonly number[]) => ({ shape: [list.length], data: Float64Array.from(list) });

function checkLoss(golden: GoldenTraining): string | undefined {
  const { y_true, y_pred, sample_weight } = golden.input as Scores;
  const options = sample_weight === undefined ? {} : { sampleWeight: toTensor(sample_weight) };
  if ((golden.layer.config as { reduction?: unknown }).reduction === null) {
    const rows = lossesOf(golden.layer as never, toTensor(y_true!), toTensor(y_pred!), options);
    const expected = decode(golden.expected as FixtureTensor);
    return difference({ shape: rows.shape, data: Float64Array.from(rows.data) }, expected, toleranceOf(golden));
  }
  const found = lossOf(golden.layer as never, toTensor(y_true!), toTensor(y_pred!), options);
  return difference(numbers(found), numbers(...decode(golden.expected as FixtureTensor).data), toleranceOf(golden));
}

function checkMetric(golden: GoldenTraining): string | undefined {
  const calls = (Array.isArray(golden.input) ? golden.input : [golden.input]) as Scores[];
  const { top_k: topK } = golden.layer.config as { top_k?: number | null };
  // For "the k largest of a row" Keras reads predictions of one axis as one row.
  const rows = (given: FixtureTensor): Tensor => {
    const { shape, data } = toTensor(given);
    return { shape: topK && shape.length === 1 ? [1, ...shape] : shape, data };
  };
  const batches = calls.map(({ y_true, y_pred, values, sample_weight }) => ({
    yTrue: rows(y_true ?? values!),
    yPred: rows(y_pred ?? values!),
    ...(sample_weight === undefined ? {} : { sampleWeight: toTensor(sample_weight) }),
  }));
  const found = metricValuesOf(golden.layer as never, batches);
  const expected = decode(golden.expected as FixtureTensor).data;
  return difference(numbers(...Object.values(found)), numbers(...expected), toleranceOf(golden));
}

function checkOptimizer(golden: GoldenTraining): string | undefined {
  const { initial_value, gradients } = golden.input as {
    initial_value: FixtureTensor;
    gradients: readonly FixtureTensor[];
  };
  const state = new OptimizerState(readOptimizer(golden.layer as never));
  const variable = new Variable("weight", initial_value.shape, Float32Array.from(decode(initial_value).data));
  const { prepare: prepareExactly, numbersOf } = exactReference();
  const gradient = inputValue("gradient", initial_value.shape);
  const names = Object.keys(state.factors());
  const factorValues = names.map((name) => inputValue(name, []));
  const factors = Object.fromEntries(names.map((name, i) => [name, factorValues[i]!]));
  const updates = updatesOf([{ variable, gradient, readings: undefined, constraint: null }], state, factors);
  const step = prepareExactly({ inputs: [gradient, ...factorValues], results: [], updates });
  const seen: number[] = [];
  const expected = golden.expected as FixtureTensor | readonly FixtureTensor[];
  for (const given of gradients) {
    const now = state.factors();
    step.run([toTensor(given).data, ...names.map((name) => Float32Array.of(now[name]!))], undefined as never);
    state.advance(now);
    seen.push(...numbersOf(variable));
  }
  const wanted = Array.isArray(expected)
    ? expected.flatMap((one: FixtureTensor) => [...decode(one).data])
    : [...decode(expected as FixtureTensor).data];
  return difference(numbers(...seen.slice(-wanted.length)), numbers(...wanted), toleranceOf(golden));
}

function checkStopping(golden: GoldenTraining): string | undefined {
  const { epoch_logs, stop_training_set_by_another_callback_at_epoch: otherStop } = golden.input as {
    epoch_logs: Record<string, number[]>;
    stop_training_set_by_another_callback_at_epoch?: number;
  };
  const callback: Callback = new EarlyStopping(camelConfig(golden.layer.config as Record<string, unknown>));
  let stopped = false;
  let weights = 0;
  const control = {
    stop: () => {
      stopped = true;
    },
    stopped,
    learningRate: 0.1,
    iterations: 0,
    weights: () => [Float32Array.of(weights)],
    setWeights: ([restored]: readonly Float32Array[]) => {
      weights = restored![0]!;
    },
    better: () => "lower",
    say: () => {},
  } as unknown as FitControl; // without a model
  void callback.onTrainBegin?.(control);
  const epochs = Object.values(epoch_logs)[0]!.length;
  let epoch = 0;
  for (; epoch < epochs && !stopped; epoch++) {
    weights = epoch;
    const logs = Object.fromEntries(Object.entries(epoch_logs).map(([name, values]) => [name, values[epoch]!]));
    callback.onEpochEnd?.(epoch, logs, control);
    if (epoch === otherStop) stopped = true;
  }
  void callback.onTrainEnd?.(control);
  const expected = golden.expected as { best_epoch_restored?: number; epochs_run?: number };
  if (expected.best_epoch_restored !== undefined && weights !== expected.best_epoch_restored) {
    return `weights of epoch ${weights} instead of ${expected.best_epoch_restored}`;
  }
  // The case counts epochs from 0.
  if (expected.epochs_run !== undefined && epoch !== expected.epochs_run && epoch - 1 !== expected.epochs_run) {
    return `${epoch} epochs instead of ${expected.epochs_run}`;
  }
  return undefined;
}

async function checkTraining(golden: GoldenTraining, device: Device): Promise<string | undefined> {
  const x = toTensor(golden.input as FixtureTensor);
  const { inputs, nodes, output } = golden.model!;
  const stateful = nodes.some(({ config }) => JSON.stringify(config).includes('"stateful":true'));
  const batch = stateful ? golden.fit!.batch_size : null;
  const tensors = new Map<string, SymbolicTensor>();
  tensors.set(inputs[0]!, input({ batchShape: [batch, ...x.shape.slice(1)] }));
  for (const { class_name, config, name, inbound, weights } of nodes) {
    const text = JSON.stringify(config);
    const plain = JSON.parse(text, (key, value) => (key === "hard_sigmoid_form" ? undefined : value));
    const layer = layerFromConfig(
      { class_name, config: plain },
      text.includes("0.2*x") ? { kerasVersion: "2.0.0" } : {},
    );
    tensors.set(name, layer.apply(tensors.get(inbound[0]!)!) as SymbolicTensor); // these layers have one output
    layer.setWeights(weights.map(toTensor));
  }
  const model = makeModel({ inputs: tensors.get(inputs[0]!)!, outputs: tensors.get(output)! });
  const { prepare: prepareExactly } = exactReference();
  compileModel(model, {
    optimizer: golden.compile!.optimizer as never,
    loss: golden.compile!.loss,
    prepare: device === "reference" ? prepareExactly : (program) => prepare(program, device),
  });
  const expected = golden.expected as {
    loss_history?: readonly (number | null)[];
    weights_after?: readonly FixtureTensor[];
    predict_before?: FixtureTensor;
    predict_after?: FixtureTensor;
  };
  const { epochs, batch_size: batchSize, y } = golden.fit!;
  const { history } = await fit(model, x, toTensor(y), { epochs, batchSize, shuffle: false });
  const known = (expected.loss_history ?? []).flatMap((loss, epoch) =>
    loss === null ? [] : [[loss, history.loss![epoch]!]],
  );
  const lossText = difference(
    numbers(...known.map(([, found]) => found!)),
    numbers(...known.map(([wanted]) => wanted!)),
    toleranceOf(golden),
  );
  if (lossText !== undefined) return `loss: ${lossText}`;
  const after = model.getWeights();
  for (const [index, weight] of (expected.weights_after ?? []).entries()) {
    const { shape, data } = after[index]!;
    const text = difference({ shape, data: Float64Array.from(data) }, decode(weight), toleranceOf(golden));
    if (text !== undefined) return `weight ${index}: ${text}`;
  }
  if (expected.predict_after !== undefined) {
    const found = model.predict(x, { batchSize }) as { shape: readonly number[]; data: Float32Array }; // one output
    const text = difference(
      { shape: found.shape, data: Float64Array.from(found.data) },
      decode(expected.predict_after),
      toleranceOf(golden),
    );
    if (text !== undefined) return `prediction: ${text}`;
  }
  return undefined;
}
