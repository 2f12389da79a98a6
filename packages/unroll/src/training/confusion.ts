/**
 * Hits and misses of predictions at thresholds: the four numbers of a confusion matrix for each threshold, as one product of
 * matrices. What is made of them is in confusion-metrics.ts and area.ts.
 */
import { UnrollError } from "../core/errors.ts";
import { sizeOf } from "../core/shape.ts";
import { Variable } from "../core/variable.ts";
import { activationNamed } from "../equations/activations.ts";
import { apply, constant, one, select } from "../equations/expr.ts";
import { concat, map, matmul, reduce, reshape, slice, transpose, weightValue } from "../program/builder.ts";
import type { Value } from "../program/program.ts";
import { alignedTo, type Comparison, lastOf, places, ready } from "./comparison.ts";
import type { ArrayTotals } from "./metric-rule.ts";

export interface ConfusionOptions {
  /** A prediction above it says yes. */
  readonly thresholds: readonly number[];
  /** Only the k largest predictions of a row can say yes. */
  readonly topK?: number | null;
  /** Only this entry of each row counts. */
  readonly classId?: number | null;
  /** Counts for each entry of the row by itself. */
  readonly perLabel?: boolean;
  /** A weight for each entry of the row. */
  readonly labelWeights?: readonly number[] | null;
  /** For errors: the metric. */
  readonly path: string;
}

/**
 * The totals of a batch, with labels = 1 unless each label counts by itself:
 * `yes` `[labels, 2, thresholds]` are true and false positives, `all` `[labels, 2]` the weights of the true and of the false.
 *
 * @throws UnrollError `option` for a class that the predictions do not have
 */
export function confusionTotals(comparison: Comparison, options: ConfusionOptions): Readonly<Record<string, Value>> {
  const { thresholds, topK, classId, perLabel, labelWeights, path } = options;
  const { targets, predictions } = ready(undefined, comparison);
  const { shape } = predictions;
  const outputs = lastOf(predictions);
  checkFits(path, outputs, options);
  const factors: Value[] = [];
  if (comparison.sampleWeight !== undefined) factors.push(alignedTo(comparison.sampleWeight, shape));
  if (labelWeights) factors.push(numbersValue("label weights", labelWeights));
  const truth = map([targets, ...factors], ([y, ...w]) => w.reduce((x, f) => x.times(f), y!.greaterThan(0)));
  const falsehood = map([targets, ...factors], ([y, ...w]) =>
    w.reduce((x, f) => x.times(f), one.minus(y!.greaterThan(0))),
  );
  const labels = perLabel ? outputs : 1;
  const picked = (value: Value): Value => (typeof classId === "number" ? oneClass(value, classId) : value);
  const count = sizeOf(picked(predictions).shape) / labels;
  // [labels, 1, count]
  const byLabel = (value: Value): Value =>
    reshape(transpose(reshape(picked(value), [count, labels]), [1, 0]), [labels, 1, count]);
  const weights = concat([byLabel(truth), byLabel(falsehood)], 1);
  const kept = typeof topK === "number" ? onlyTop(predictions, topK) : predictions;
  // [labels, count, thresholds]
  const says = map([reshape(byLabel(kept), [labels, count, 1]), numbersValue("thresholds", thresholds)], ([p, t]) =>
    p!.greaterThan(t!),
  );
  return { yes: matmul(weights, says), all: reshape(reduce("sum", weights, [2]), [labels, 2]) };
}

/** Counts at one threshold. */
export interface Confusion {
  readonly tp: number;
  readonly fp: number;
  readonly tn: number;
  readonly fn: number;
}

/** The counts of each label at each threshold. */
export function confusionsOf({ yes, all }: ArrayTotals, thresholds: number): Confusion[][] {
  const labels = all!.length / 2;
  return Array.from({ length: labels }, (_, label) =>
    Array.from({ length: thresholds }, (_, i) => {
      const tp = yes![2 * label * thresholds + i]!;
      const fp = yes![(2 * label + 1) * thresholds + i]!;
      return { tp, fp, tn: all![2 * label + 1]! - fp, fn: all![2 * label]! - tp };
    }),
  );
}

/** Predictions as probabilities: logits through a sigmoid, the rest kept within 0 and 1. */
export function probabilities(comparison: Comparison, fromLogits: boolean): Comparison {
  const sigmoid = activationNamed("sigmoid");
  const predictions = map([comparison.predictions], ([p]) => (fromLogits ? apply(sigmoid, p!) : p!.clip(0, 1)));
  return { ...comparison, predictions };
}

function oneClass(value: Value, classId: number): Value {
  return slice(value, value.shape.length - 1, classId, classId + 1);
}

/** The k largest entries of each row; the others become -∞. Of equal entries the first count as larger. */
function onlyTop(predictions: Value, k: number): Value {
  const { shape } = predictions;
  const n = lastOf(predictions);
  const index = places(n);
  const operands = [
    reshape(predictions, [...shape, 1]),
    reshape(predictions, [...shape.slice(0, -1), 1, n]),
    reshape(index, [n, 1]),
    index,
  ];
  const larger = map(operands, ([own, other, place, otherPlace]) =>
    other!
      .greaterThan(own!)
      .plus(other!.equals(own!).times(otherPlace!.lessThan(place!)))
      .rowSum(),
  );
  const rank = slice(larger, shape.length, 0, 1);
  return map([predictions, reshape(rank, shape)], ([p, r]) =>
    select(r!.lessThan(k), p!, constant(Number.NEGATIVE_INFINITY)),
  );
}

function numbersValue(name: string, numbers: readonly number[]): Value {
  return weightValue(new Variable(name, [numbers.length], Float32Array.from(numbers), false));
}

function checkFits(path: string, outputs: number, { topK, classId, labelWeights }: ConfusionOptions): void {
  const problem =
    typeof classId === "number" && classId >= outputs
      ? `classId = ${classId}`
      : typeof topK === "number" && topK > outputs
        ? `topK = ${topK}`
        : labelWeights && labelWeights.length !== outputs
          ? `${labelWeights.length} labelWeights`
          : undefined;
  if (problem === undefined) return;
  throw new UnrollError({
    code: "option",
    path,
    expected: `a row of predictions has ${outputs} ${outputs === 1 ? "entry" : "entries"}`,
    received: problem,
  });
}
