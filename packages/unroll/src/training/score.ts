/** A loss or a metric on given numbers, without a model: by hand, in float64. */
import { UnrollError } from "../core/errors.ts";
import { type Tensor, type TensorLike, tensor } from "../core/tensor.ts";
import { inputValue } from "../program/builder.ts";
import { evaluateProgram } from "../program/evaluate.ts";
import type { Value } from "../program/program.ts";
import type { Comparison } from "./comparison.ts";
import { type LossLike, readLoss } from "./losses.ts";
import { type Metric, reportedNames, reportedNumbers } from "./metric-rule.ts";
import { type MetricLike, readMetric } from "./metrics.ts";
import { metricTotals, totalLoss, weightedRows } from "./objective.ts";

/** Options of `lossOf`, `lossesOf`, `metricOf` and `metricValuesOf`. */
export interface ScoreOptions {
  /** `[batch]`, `[batch, 1]` or `[batch, timesteps]`, or one number for all. */
  readonly sampleWeight?: TensorLike;
  /** `[batch, timesteps]`, 1 = counts. */
  readonly mask?: TensorLike;
}

/** What a metric is given in one call. */
export interface ScoredBatch extends ScoreOptions {
  readonly yTrue: TensorLike;
  /** `[batch, ..., outputs]` */
  readonly yPred: TensorLike;
}

/**
 * The loss of predictions, as `fit` would count them.
 *
 * @throws UnrollError `unknown-name`, `option`, `shape`
 * @example lossOf("mse", [[1], [2]], [[1.5], [2]]) // 0.125
 */
export function lossOf(loss: LossLike, yTrue: TensorLike, yPred: TensorLike, options: ScoreOptions = {}): number {
  const { comparison, inputs, data, lastOfTargets } = written({ yTrue, yPred, ...options });
  const value = totalLoss(readLoss(loss, comparison.predictions.shape.at(-1)!, lastOfTargets), comparison);
  return evaluateProgram({ inputs, results: [value], updates: [] }, data).results[0]![0]!;
}

/** The loss of each row with its weight, `[batch, ...]`: what Keras calls reduction "none". Throws as `lossOf` does. */
export function lossesOf(loss: LossLike, yTrue: TensorLike, yPred: TensorLike, options: ScoreOptions = {}): Tensor {
  const { comparison, inputs, data, lastOfTargets } = written({ yTrue, yPred, ...options });
  const rows = weightedRows(readLoss(loss, comparison.predictions.shape.at(-1)!, lastOfTargets), comparison);
  const [numbers] = evaluateProgram({ inputs, results: [rows], updates: [] }, data).results;
  return { shape: rows.shape, data: Float32Array.from(numbers!) };
}

/**
 * A metric over one or several batches.
 *
 * @throws UnrollError `unknown-name`, `option`, `shape`
 * @example metricOf("accuracy", [{ yTrue: [[1], [0]], yPred: [[0.8], [0.7]] }]) // 0.5
 */
export function metricOf(metric: MetricLike, batches: readonly ScoredBatch[]): number {
  const values = metricValuesOf(metric, batches);
  const [first, second] = Object.entries(values);
  if (second === undefined) return first![1];
  throw new UnrollError({
    code: "option",
    path: "metricOf",
    expected: "the metric must have one result",
    received: Object.keys(values).join(", "),
    hint: "metricValuesOf gives all of them.",
  });
}

/**
 * The results of a metric over one or several batches by the names that `fit` reports: one, or one for each threshold, class
 * or output.
 *
 * @throws UnrollError `unknown-name`, `option`, `shape`
 * @example metricValuesOf(metrics.recall({ thresholds: [0.2, 0.5] }), [{ yTrue: [1, 1], yPred: [0.3, 0.8] }])
 * // { "recall_at_0.2": 1, "recall_at_0.5": 0.5 }
 */
export function metricValuesOf(metric: MetricLike, batches: readonly ScoredBatch[]): Record<string, number> {
  const sums: Record<string, Float64Array> = {};
  let names: readonly string[] = [];
  let read: Metric | undefined;
  for (const batch of batches) {
    const { comparison, inputs, data, lastOfTargets } = written(batch);
    const outputs = comparison.predictions.shape.at(-1)!;
    read = readMetric(metric, outputs, lastOfTargets);
    names = reportedNames(read, outputs);
    const totals = metricTotals(read, comparison);
    const { results } = evaluateProgram({ inputs, results: Object.values(totals), updates: [] }, data);
    for (const [index, name] of Object.keys(totals).entries()) {
      const numbers = results[index]!;
      sums[name] ??= new Float64Array(numbers.length);
      const sum = sums[name];
      for (let i = 0; i < sum.length; i++) sum[i]! += numbers[i]!;
    }
  }
  if (read === undefined) {
    throw new UnrollError({ code: "data", path: "metricOf", expected: "needs at least one batch" });
  }
  const numbers = reportedNumbers(read, sums);
  return Object.fromEntries(names.map((name, i) => [name, numbers[i]!]));
}

interface Written {
  readonly comparison: Comparison;
  readonly inputs: readonly Value[];
  readonly data: readonly ArrayLike<number>[];
  readonly lastOfTargets: number | undefined;
}

/** Predictions of one axis are one output for each example. */
function written({ yTrue, yPred, sampleWeight, mask }: ScoredBatch): Written {
  const predictions = tensor(yPred);
  const targets = tensor(yTrue);
  const shape = predictions.shape.length === 1 ? [...predictions.shape, 1] : predictions.shape;
  const given = [
    predictions,
    targets,
    ...[sampleWeight, mask].filter((one) => one !== undefined).map((one) => tensor(one)),
  ];
  const inputs = given.map((one, index) => inputValue(`a${index}`, index === 0 ? shape : one.shape));
  return {
    inputs,
    data: given.map(({ data }) => data),
    comparison: {
      predictions: inputs[0]!,
      targets: inputs[1]!,
      ...(sampleWeight === undefined ? {} : { sampleWeight: inputs[2]! }),
      ...(mask === undefined ? {} : { mask: inputs.at(-1)! }),
    },
    lastOfTargets: targets.shape.length < shape.length ? undefined : targets.shape.at(-1),
  };
}
