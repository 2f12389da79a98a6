/**
 * From a loss or metric equation to a tensor program: targets made ready, the equation on every row, sample weights and
 * masks, and the reduction to one number. What is minimised, and what is reported, is built here and nowhere else.
 */
import { UnrollError } from "../core/errors.ts";
import { broadcastShapes, sizeOf } from "../core/shape.ts";
import { Variable } from "../core/variable.ts";
import { type Expr, one, select } from "../equations/expr.ts";
import { broadcastTo, filled, map, reduce, reshape, slice, weightValue } from "../program/builder.ts";
import type { Value } from "../program/program.ts";
import type { Loss, LossRule } from "./losses.ts";
import type { Metric } from "./metrics.ts";

/** One output of the model with what it is compared with. */
export interface Comparison {
  /** Targets: `[batch, ..., outputs]`, or without the last axis where it is 1 or holds class indices. */
  readonly targets: Value;
  /** Predictions, `[batch, ..., outputs]`. */
  readonly predictions: Value;
  /** `[batch]`, `[batch, 1]` or `[batch, timesteps]`; undefined = all ones. */
  readonly sampleWeight?: Value | undefined;
  /** `[batch, timesteps]`, 1 = counts. */
  readonly mask?: Value | undefined;
}

/** The loss of each row, `[batch, ...]`, before weights and mask. */
export function lossRows({ rule, options }: Loss, comparison: Comparison): Value {
  const { targets, predictions } = ready(rule.targets, comparison);
  const rows = perRow([targets, predictions], ([y, p]) =>
    rule.equation({ y: y!, p: p!, n: lastOf(predictions) }, options),
  );
  const counts = countedRows(options.ignoreClass, comparison, rows.shape);
  return counts === undefined ? rows : map([rows, counts], ([row, counted]) => select(counted!, row!, 0));
}

/** The loss of each row with its sample weight and mask, `[batch, ...]`: what the reduction "none" gives. */
export function weightedRows(loss: Loss, comparison: Comparison): Value {
  const rows = lossRows(loss, comparison);
  const factors = [comparison.sampleWeight, comparison.mask].filter((factor) => factor !== undefined);
  return factors.reduce((row, factor) => map([row, alignedTo(factor, rows.shape)], ([x, w]) => x!.times(w!)), rows);
}

/**
 * The loss as one number of shape `[]`. A mask makes the mean one over the rows that count: each gets the weight
 * all / counted, on top of its sample weight, as in Keras 3.
 *
 * @throws UnrollError `shape` when the sample weights do not go with the rows.
 */
export function totalLoss(loss: Loss, comparison: Comparison): Value {
  if (loss.reduction === "none") {
    throw new UnrollError({
      code: "option",
      path: loss.name,
      expected: "a loss must come to one number to be trained",
      received: "reduction = none",
      hint: "Leave reduction out.",
    });
  }
  const rows = lossRows(loss, comparison);
  const isMean = loss.reduction !== "sum";
  const ignored = countedRows(loss.options.ignoreClass, comparison, rows.shape);
  const masks = [comparison.mask, ignored].filter((mask) => mask !== undefined);
  const mask = masks.length === 0 ? undefined : masks.reduce((a, b) => map([a, b], ([x, y]) => x!.times(y!)));
  const factors: Value[] = [];
  if (comparison.sampleWeight !== undefined) factors.push(alignedTo(comparison.sampleWeight, rows.shape));
  if (mask !== undefined) {
    const all = sizeOf(mask.shape);
    const share =
      isMean && loss.reduction !== "mean_with_sample_weight"
        ? map([mask, total(mask)], ([m, valid]) => select(valid!.equals(0), 0, m!.times(all).over(valid!)))
        : mask;
    factors.push(alignedTo(share, rows.shape));
  }
  const weighted = factors.reduce((row, factor) => map([row, factor], ([x, w]) => x!.times(w!)), rows);
  const sum = total(weighted);
  if (!isMean) return sum;
  if (loss.reduction === "mean_with_sample_weight" && factors.length > 0) {
    const weights = factors.reduce((a, b) => map([a, b], ([x, w]) => x!.times(w!)));
    return map([sum, total(weights)], ([s, n]) => select(n!.equals(0), 0, s!.over(n!)));
  }
  return map([sum], ([s]) => s!.over(sizeOf(rows.shape)));
}

/**
 * Totals of a metric over one batch, by name, each of shape `[]`. `value` and `weight` are sums over the examples of the mean
 * within each example, so that batches of different lengths count as in Keras; counts of hits and misses are plain sums.
 */
export function metricTotals(metric: Metric, comparison: Comparison): Readonly<Record<string, Value>> {
  const { rule, options } = metric;
  const { targets, predictions } = ready(rule.targets, comparison);
  const n = lastOf(predictions);
  const index = places(n);
  const rowsOf = (equation: (y: Expr, p: Expr, index: Expr) => Expr): Value => {
    const apply = ([y, p, place]: readonly Expr[]): Expr => equation(y!, p!, place!);
    return rule.elementwise ? map([targets, predictions, index], apply) : perRow([targets, predictions, index], apply);
  };
  const names = Object.keys(rule.sums({ y: one, p: one, n, index: one }, options));
  const mask = rule.ignoresMask ? undefined : comparison.mask;
  const factors = [comparison.sampleWeight, mask].filter((factor) => factor !== undefined);
  const weigh = (rows: Value): Value =>
    factors.reduce((row, factor) => map([row, alignedTo(factor, rows.shape)], ([x, w]) => x!.times(w!)), rows);
  const totalOf = (name: string, rows: Value): Value => {
    const perExample = sizeOf(rows.shape) / rows.shape[0]!;
    const sum = total(weigh(rows));
    return (name === "value" && rule.className !== "Sum") || name === "weight"
      ? map([sum], ([s]) => s!.over(perExample))
      : sum;
  };
  const totals = names.map((name) => {
    const rows = rowsOf((y, p, place) => rule.sums({ y, p, n, index: place }, options)[name]!);
    const counts = countedRows(options.ignoreClass, comparison, rows.shape);
    const kept = counts === undefined ? rows : map([rows, counts], ([row, counted]) => select(counted!, row!, 0));
    return [name, totalOf(name, kept)] as const;
  });
  const shape = rule.elementwise ? predictions.shape : predictions.shape.slice(0, -1);
  return Object.fromEntries([...totals, ["weight", totalOf("weight", filled(shape, 1))]]);
}

/** Applies an equation to every row of the last axis; the result drops that axis. */
function perRow(operands: readonly Value[], equation: (symbols: readonly Expr[]) => Expr): Value {
  const full = map(operands, equation);
  return reshape(slice(full, full.shape.length - 1, 0, 1), full.shape.slice(0, -1));
}

/**
 * Targets and predictions in one shape. As in Keras a last axis of size 1 comes or goes: targets `[batch]` meet predictions
 * `[batch, 1]`; targets `[batch, timesteps]` meet predictions `[batch, timesteps, 1]` as rows of timesteps, unless single
 * timesteps are weighted.
 */
function ready(kind: LossRule["targets"], comparison: Comparison): { targets: Value; predictions: Value } {
  const { targets, predictions, mask, sampleWeight } = comparison;
  const rows = predictions.shape.slice(0, -1);
  if (kind === "index") {
    checkTargets(targets, rows, predictions, "class indices, one for each row of predictions");
    const indices = reshape(targets, [...rows, 1]);
    const hot = map([indices, places(lastOf(predictions))], ([y, place]) => y!.equals(place!));
    return { targets: hot, predictions };
  }
  const weighsSteps = mask !== undefined || (sampleWeight !== undefined && sizeOf(sampleWeight.shape) !== rows[0]);
  const asRows =
    targets.shape.length === predictions.shape.length - 1 &&
    lastOf(predictions) === 1 &&
    rows.length > 1 &&
    !weighsSteps;
  checkTargets(targets, predictions.shape, predictions, "targets like the predictions");
  const shape = asRows ? rows : predictions.shape;
  const shaped = reshape(targets, shape);
  return {
    targets: kind === "sign" ? signed(shaped) : shaped,
    predictions: asRows ? reshape(predictions, shape) : predictions,
  };
}

function checkTargets(targets: Value, wanted: readonly number[], predictions: Value, what: string): void {
  const without1 = (shape: readonly number[]): string => String(shape.filter((size, axis) => axis === 0 || size !== 1));
  if (without1(targets.shape) === without1(wanted)) return;
  throw new UnrollError({
    code: "shape",
    path: "targets",
    expected: `must be ${what}, of shape [${predictions.shape.join(", ")}]`,
    received: `shape = [${targets.shape.join(", ")}]`,
    hint: "Check the output layer's units and the loss.",
  });
}

/** Labels 0 and 1 as -1 and 1, if every label of the batch is 0 or 1; other labels stay. */
function signed(labels: Value): Value {
  const other = map([labels], ([y]) => select(y!.equals(0), 0, select(y!.equals(1), 0, 1)));
  const axes = labels.shape.map((_, axis) => axis);
  return map([labels, reduce("max", other, axes)], ([y, some]) => select(some!, y!, y!.times(2).minus(1)));
}

/** 1 where the target is not the class to be ignored, in the shape of the rows. */
function countedRows(ignored: unknown, { targets }: Comparison, rows: readonly number[]): Value | undefined {
  if (typeof ignored !== "number") return undefined;
  return map([reshape(targets, rows)], ([y]) => one.minus(y!.equals(ignored)));
}

/** Weights in the shape of the rows: an extra last axis of size 1 is dropped, missing last axes are repeated. */
function alignedTo(factor: Value, rows: readonly number[]): Value {
  const extra = factor.shape.length === rows.length + 1 && factor.shape.at(-1) === 1;
  const kept = extra ? factor.shape.slice(0, -1) : factor.shape;
  const shape = [...kept, ...new Array<number>(Math.max(0, rows.length - kept.length)).fill(1)];
  const wide = broadcastShapes(shape, rows);
  if (shape.length !== rows.length || wide === undefined || String(wide) !== String(rows)) {
    throw new UnrollError({
      code: "shape",
      path: "sampleWeight",
      expected: `sample weights must go with the losses of shape [${rows.join(", ")}]`,
      received: `shape = [${factor.shape.join(", ")}]`,
      hint: "Give one weight for each sample, or for each sample and timestep.",
    });
  }
  return broadcastTo(reshape(factor, shape), rows);
}

function total(value: Value): Value {
  const sum = reduce(
    "sum",
    value,
    value.shape.map((_, axis) => axis),
  );
  return reshape(sum, []);
}

/** 0, 1, 2 ... n - 1, `[n]`. */
function places(n: number): Value {
  const numbers = Float32Array.from({ length: n }, (_, i) => i);
  return weightValue(new Variable("places", [n], numbers, false));
}

const lastOf = (value: Value): number => value.shape.at(-1)!;
