/**
 * Targets beside predictions: both in one shape, class indices as rows, sample weights where they belong. Losses and metrics
 * start from here; what they compute is in objective.ts and in the files of the metrics.
 */
import { UnrollError } from "../core/errors.ts";
import { broadcastShapes, sizeOf } from "../core/shape.ts";
import { Variable } from "../core/variable.ts";
import { select } from "../equations/expr.ts";
import { broadcastTo, map, reduce, reshape, weightValue } from "../program/builder.ts";
import type { Value } from "../program/program.ts";

/**
 * What is done to targets before an equation sees them: a class index becomes a one-hot row, or stays one number for the row
 * ("label"); labels 0 and 1 become -1 and 1.
 */
export type TargetKind = "index" | "label" | "sign";

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

/**
 * Targets and predictions in one shape. As in Keras a last axis of size 1 comes or goes: targets `[batch]` meet predictions
 * `[batch, 1]`; targets `[batch, timesteps]` meet predictions `[batch, timesteps, 1]` as rows of timesteps, unless single
 * timesteps are weighted.
 */
export function ready(kind: TargetKind | undefined, comparison: Comparison): { targets: Value; predictions: Value } {
  const { targets, predictions, mask, sampleWeight } = comparison;
  const rows = predictions.shape.slice(0, -1);
  if (kind === "index") {
    checkTargets(targets, rows, predictions, "class indices, one for each row of predictions");
    const indices = reshape(targets, [...rows, 1]);
    const hot = map([indices, places(lastOf(predictions))], ([y, place]) => y!.equals(place!));
    return { targets: hot, predictions };
  }
  if (kind === "label") {
    checkTargets(targets, rows, predictions, "class indices, one for each row of predictions");
    return { targets: reshape(targets, [...rows, 1]), predictions };
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

/** Weights in the shape of the rows: an extra last axis of size 1 is dropped, missing last axes are repeated. */
export function alignedTo(factor: Value, rows: readonly number[]): Value {
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

export function total(value: Value): Value {
  const sum = reduce(
    "sum",
    value,
    value.shape.map((_, axis) => axis),
  );
  return reshape(sum, []);
}

/** 0, 1, 2 ... n - 1, `[n]`. */
export function places(n: number): Value {
  const numbers = Float32Array.from({ length: n }, (_, i) => i);
  return weightValue(new Variable("places", [n], numbers, false));
}

export const lastOf = (value: Value): number => value.shape.at(-1)!;
