/**
 * From a loss or metric equation to a tensor program: targets made ready, the equation on every row, sample weights and
 * masks, and the reduction to one number. What is minimised, and what is reported, is built here and nowhere else.
 */
import { UnrollError } from "../core/errors.ts";
import { broadcastShapes, sizeOf } from "../core/shape.ts";
import { Variable } from "../core/variable.ts";
import { type Expr, one, select } from "../equations/expr.ts";
import { filled, map, reduce, reshape, slice, weightValue } from "../program/builder.ts";
import type { Value } from "../program/program.ts";
import type { LossOptions, LossRule } from "./losses.ts";
import type { MetricOptions, MetricRule } from "./metrics.ts";

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

/** The loss of each row, `[batch, ...]`. */
export function lossRows(rule: LossRule, options: LossOptions, comparison: Comparison): Value {
  const { predictions } = comparison;
  const targets = readyTargets(rule.targets, comparison);
  return perRow(targets, predictions, ([y, p]) => rule.equation({ y: y!, p: p!, n: lastOf(predictions) }, options));
}

/**
 * The mean over rows, with weights and mask, as one number of shape `[]`: the sum of weight × loss over the number of rows,
 * or over the number of rows that the mask lets count.
 *
 * @throws UnrollError `shape` when the sample weights do not go with the rows.
 */
export function meanLoss(rule: LossRule, options: LossOptions, comparison: Comparison): Value {
  const rows = lossRows(rule, options, comparison);
  const weighted = weightRows(rows, comparison);
  const count =
    comparison.mask === undefined ? filled([], sizeOf(rows.shape)) : total(map([comparison.mask], ([m]) => m!));
  return map([total(weighted), count], ([sum, n]) => select(n!.equals(0), 0, sum!.over(n!)));
}

/** Totals of a metric over one batch, by name, each of shape `[]`; `weight` is the sum of the row weights. */
export function metricTotals(
  rule: MetricRule,
  options: MetricOptions,
  comparison: Comparison,
): Readonly<Record<string, Value>> {
  const { predictions } = comparison;
  const targets = readyTargets(rule.targets, comparison);
  const n = lastOf(predictions);
  const index = places(n);
  const names = Object.keys(rule.sums({ y: one, p: one, n, index: one }, options));
  const rowsOf = (name: string): Value =>
    perRow(
      targets,
      predictions,
      ([y, p, places]) => rule.sums({ y: y!, p: p!, n, index: places! }, options)[name]!,
      index,
    );
  const ones = perRow(targets, predictions, () => one);
  const totals = names.map((name) => [name, total(weightRows(rowsOf(name), comparison))] as const);
  return Object.fromEntries([...totals, ["weight", total(weightRows(ones, comparison))]]);
}

/** Applies an equation to every row of the last axis; the result drops that axis. */
function perRow(
  targets: Value,
  predictions: Value,
  equation: (symbols: readonly Expr[]) => Expr,
  ...more: readonly Value[]
): Value {
  const full = map([targets, predictions, ...more], equation);
  return reshape(slice(full, full.shape.length - 1, 0, 1), full.shape.slice(0, -1));
}

function readyTargets(kind: LossRule["targets"], { targets, predictions }: Comparison): Value {
  if (kind === "index") {
    const rows = predictions.shape.slice(0, -1);
    return map([reshape(targets, [...rows, 1]), places(lastOf(predictions))], ([y, place]) => y!.equals(place!));
  }
  const squeezed = sizeOf(targets.shape) === sizeOf(predictions.shape) ? reshape(targets, predictions.shape) : targets;
  return kind === "sign" ? signed(squeezed) : squeezed;
}

/** Labels 0 and 1 as -1 and 1, if every label of the batch is 0 or 1; other labels stay. */
function signed(labels: Value): Value {
  const other = map([labels], ([y]) => select(y!.equals(0), 0, select(y!.equals(1), 0, 1)));
  const axes = labels.shape.map((_, axis) => axis);
  return map([labels, reduce("max", other, axes)], ([y, some]) => select(some!, y!, y!.times(2).minus(1)));
}

function weightRows(rows: Value, { sampleWeight, mask }: Comparison): Value {
  let weighted = rows;
  for (const factor of [sampleWeight, mask]) {
    if (factor === undefined) continue;
    const fitting = alignedTo(factor, rows);
    weighted = map([weighted, fitting], ([value, weight]) => value!.times(weight!));
  }
  return weighted;
}

/** Row weights in a shape that broadcasts to the rows: an extra last axis of size 1 is dropped. */
function alignedTo(factor: Value, rows: Value): Value {
  const extra = factor.shape.length === rows.shape.length + 1 && factor.shape.at(-1) === 1;
  const shape = extra ? factor.shape.slice(0, -1) : factor.shape;
  const wide = broadcastShapes(shape, rows.shape);
  if (shape.length !== rows.shape.length || wide === undefined || String(wide) !== String(rows.shape)) {
    throw new UnrollError({
      code: "shape",
      path: "sampleWeight",
      expected: `sample weights must go with the losses of shape [${rows.shape.join(", ")}]`,
      received: `shape = [${factor.shape.join(", ")}]`,
      hint: "Give one weight for each sample, or for each sample and timestep.",
    });
  }
  return extra ? reshape(factor, shape) : factor;
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
