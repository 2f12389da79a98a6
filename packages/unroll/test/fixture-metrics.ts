/** Runs the metrics that real Keras was given (fixtures/keras/metrics.json.gz): on numbers alone, and inside of a model's run. */
import type { Tensor } from "../src/core/tensor.ts";
import type { KerasObject } from "../src/formats/keras-config.ts";
import { modelFromConfig } from "../src/formats/keras-model.ts";
import { input, layers } from "../src/layers/index.ts";
import type { Device } from "../src/layers/run.ts";
import { sequential } from "../src/model/sequential.ts";
import { compileModel } from "../src/training/compile.ts";
import { evaluate } from "../src/training/evaluate.ts";
import { fit } from "../src/training/fit.ts";
import { metricValuesOf } from "../src/training/score.ts";
import { decode, difference, type FixtureTensor, readFixture } from "./fixture-files.ts";
import { toTensor } from "./fixture-gradients.ts";
import { type CaseResult, resultOf } from "./fixture-layers.ts";
import { resultLater } from "./fixture-training.ts";

export interface MetricCase {
  readonly id: string;
  readonly metric: KerasObject;
  readonly batches: readonly {
    readonly y_true: FixtureTensor;
    readonly y_pred: FixtureTensor;
    readonly sample_weight?: FixtureTensor;
  }[];
  readonly expected: FixtureTensor;
}

interface MetricRun {
  readonly config: KerasObject;
  readonly initial_weights: readonly FixtureTensor[];
  readonly x: FixtureTensor;
  readonly y: FixtureTensor;
  readonly sample_weight: FixtureTensor;
  readonly metrics: readonly KerasObject[];
  readonly weighted_metrics: readonly KerasObject[];
  readonly history: Readonly<Record<string, readonly number[]>>;
}

const file = () => readFixture<{ cases: readonly MetricCase[]; run: MetricRun }>("keras/metrics.json.gz");

export function metricCases(): readonly MetricCase[] {
  return file().cases;
}

/** On the reference the numbers alone; on the engine as a model's metric, in batches of the first one's size. */
export function runMetricCase(one: MetricCase, device: Device): CaseResult {
  return resultOf(one.id, one.metric.class_name, () => {
    const found = Object.values(device === "reference" ? onNumbers(one) : inModel(one, device));
    const numbers = { shape: one.expected.shape, data: Float64Array.from(found) };
    return difference(numbers, decode(one.expected), { rtol: 1e-5, atol: 2e-6 });
  });
}

function onNumbers({ metric, batches }: MetricCase): Record<string, number> {
  return metricValuesOf(
    metric,
    batches.map(({ y_true, y_pred, sample_weight }) => ({
      yTrue: toTensor(y_true),
      yPred: toTensor(y_pred),
      ...(sample_weight === undefined ? {} : { sampleWeight: toTensor(sample_weight) }),
    })),
  );
}

function inModel({ metric, batches }: MetricCase, device: Device): Record<string, number> {
  const predictions = joined(batches.map(({ y_pred }) => toTensor(y_pred)));
  const x = predictions.shape.length === 1 ? { ...predictions, shape: [...predictions.shape, 1] } : predictions;
  const y = joined(batches.map(({ y_true }) => toTensor(y_true)));
  const weights = batches.map(({ y_true, sample_weight }) =>
    sample_weight === undefined
      ? { shape: [y_true.shape[0]!], data: new Float32Array(y_true.shape[0]!).fill(1) }
      : toTensor(sample_weight),
  );
  const net = sequential({
    layers: [input({ shape: x.shape.slice(1) }), layers.activation({ activation: "linear" })],
  });
  const loss = metric.class_name.startsWith("Sparse") ? "sparse_categorical_crossentropy" : "mse";
  compileModel(net, { loss, weightedMetrics: [metric], device });
  const { loss: _, ...found } = evaluate(net, x, y, {
    batchSize: batches[0]!.y_true.shape[0]!,
    sampleWeight: joined(weights),
  });
  const order = Object.keys(onNumbers({ id: "", metric, batches, expected: batches[0]!.y_true }));
  return Object.fromEntries(order.map((name) => [name, found[name]!]));
}

/** Batches as one, along the first axis. */
function joined(batches: readonly Tensor[]): Tensor {
  const count = batches.reduce((sum, { shape }) => sum + shape[0]!, 0);
  return {
    shape: [count, ...batches[0]!.shape.slice(1)],
    data: Float32Array.from(batches.flatMap(({ data }) => [...data])),
  };
}

/** The run that watches metrics: every number of its history. */
export function runMetricHistory(device: Device): Promise<CaseResult> {
  return resultLater("run/history", async () => {
    const { run } = file();
    const model = modelFromConfig(run.config);
    model.setWeights(run.initial_weights.map(toTensor));
    compileModel(model, {
      optimizer: { class_name: "SGD", config: { learning_rate: 0.5 } },
      loss: "binary_crossentropy",
      metrics: run.metrics,
      weightedMetrics: run.weighted_metrics,
      device,
    });
    const [x, y, weights] = [toTensor(run.x), toTensor(run.y), toTensor(run.sample_weight)];
    const first = ({ shape, data }: Tensor): Tensor => ({
      shape: [7, ...shape.slice(1)],
      data: data.slice(0, (7 * data.length) / shape[0]!),
    });
    const { history } = await fit(model, x, y, {
      sampleWeight: weights,
      epochs: 3,
      batchSize: 8,
      shuffle: false,
      validationData: [first(x), first(y), first(weights)],
    });
    if (String(Object.keys(history)) !== String(Object.keys(run.history))) return `names ${Object.keys(history)}`;
    for (const [name, expected] of Object.entries(run.history)) {
      const text = difference(
        { shape: [3], data: Float64Array.from(history[name]!) },
        { shape: [3], data: Float64Array.from(expected) },
        { rtol: 2e-4, atol: 2e-5 },
      );
      if (text !== undefined) return `${name}: ${text}`;
    }
    return undefined;
  });
}
