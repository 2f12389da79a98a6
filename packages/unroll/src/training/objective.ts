/**
 * From a loss or metric equation to a tensor program: targets made ready, the equation on every row, sample weights and
 * masks, and the reduction to one number. What is minimised, and what is reported, is built here and nowhere else.
 */
import { display } from "../core/display.ts";
import { UnrollError } from "../core/errors.ts";
import { sizeOf } from "../core/shape.ts";
import { type Expr, one, select } from "../equations/expr.ts";
import { filled, map, reshape, slice } from "../program/builder.ts";
import type { Value } from "../program/program.ts";
import { alignedTo, type Comparison, lastOf, places, ready, total } from "./comparison.ts";
import type { Loss } from "./losses.ts";
import { addsArrays, type Metric } from "./metric-rule.ts";

/** The loss of each row, `[batch, ...]`, before weights and mask. */
function lossRows({ rule, options }: Loss, comparison: Comparison): Value {
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

/** What the rows are a part of, where they are not the whole batch. */
export interface Whole {
  /** Parts of the batch, of which these rows are one; all have as many examples. */
  readonly parts: number;
  /** `lossCount` of the whole batch. */
  readonly count: Value | undefined;
}

/**
 * The loss as one number of shape `[]`. A mask makes the mean one over the rows that count: each gets the weight
 * all / counted, on top of its sample weight, as in Keras 3.
 *
 * @param whole makes it the share of these rows in the loss of a larger batch
 * @throws UnrollError `shape` when the sample weights do not go with the rows.
 */
export function totalLoss(loss: Loss, comparison: Comparison, whole?: Whole): Value {
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
  const mask = rowMask(loss, comparison, rows.shape);
  const { parts, count } = whole ?? { parts: 1, count: countOf(loss, comparison, rows.shape, mask) };
  const factors: Value[] = [];
  if (comparison.sampleWeight !== undefined) factors.push(alignedTo(comparison.sampleWeight, rows.shape));
  if (mask !== undefined) {
    const all = parts * sizeOf(mask.shape);
    const share =
      loss.reduction === "sum" || loss.reduction === "mean_with_sample_weight"
        ? mask
        : map([mask, count!], ([m, valid]) => select(valid!.equals(0), 0, m!.times(all).over(valid!)));
    factors.push(alignedTo(share, rows.shape));
  }
  const weighted = factors.reduce((row, factor) => map([row, factor], ([x, w]) => x!.times(w!)), rows);
  const sum = total(weighted);
  if (loss.reduction === "sum") return sum;
  if (loss.reduction === "mean_with_sample_weight" && count !== undefined) {
    return map([sum, count], ([s, n]) => select(n!.equals(0), 0, s!.over(n!)));
  }
  return map([sum], ([s]) => s!.over(parts * sizeOf(rows.shape)));
}

/**
 * The number of shape `[]` in a loss that depends on all examples of a batch together: the rows that a mask lets count, or the
 * sum of the weights by which a mean is divided. Undefined where the loss needs none.
 */
export function lossCount(loss: Loss, comparison: Comparison): Value | undefined {
  const { shape } = lossRows(loss, comparison);
  return countOf(loss, comparison, shape, rowMask(loss, comparison, shape));
}

function countOf(
  { reduction }: Loss,
  { sampleWeight }: Comparison,
  rows: readonly number[],
  mask: Value | undefined,
): Value | undefined {
  if (reduction === "sum") return undefined;
  if (reduction !== "mean_with_sample_weight") return mask === undefined ? undefined : total(mask);
  const factors = [sampleWeight, mask].flatMap((factor) => (factor === undefined ? [] : [alignedTo(factor, rows)]));
  if (factors.length === 0) return undefined;
  return total(factors.reduce((a, b) => map([a, b], ([x, w]) => x!.times(w!))));
}

/** 1 for each row of a loss that counts, 0 for those that the mask or the class to be ignored takes out; undefined where all count. */
export function rowMask({ options }: Loss, comparison: Comparison, rows: readonly number[]): Value | undefined {
  const ignored = countedRows(options.ignoreClass, comparison, rows);
  const masks = [comparison.mask, ignored].filter((mask) => mask !== undefined);
  return masks.length === 0 ? undefined : masks.reduce((a, b) => map([a, b], ([x, y]) => x!.times(y!)));
}

/**
 * Totals of a metric over one batch, by name; of a row's equation each of shape `[]`. `value` and `weight` are sums over the
 * examples of the mean within each example, so that batches of different lengths count as in Keras; counts of hits and misses
 * are plain sums.
 *
 * @throws UnrollError `shape`, `option`, `unsupported`
 */
export function metricTotals({ rule, options }: Metric, comparison: Comparison): Readonly<Record<string, Value>> {
  checkAxis(rule.className, options.axis, comparison.predictions);
  if (addsArrays(rule)) return rule.totals(comparison, options);
  const kind = typeof rule.targets === "function" ? rule.targets(options) : rule.targets;
  const { targets, predictions } = ready(kind, comparison);
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
  // As in Keras, rows of the class to be ignored leave the mean only where rows are weighed or masked; else they are zeros in it.
  const counted = factors.length === 0 ? undefined : countedRows(options.ignoreClass, comparison, shape);
  return Object.fromEntries([...totals, ["weight", totalOf("weight", counted ?? filled(shape, 1))]]);
}

/** Applies an equation to every row of the last axis; the result drops that axis. */
function perRow(operands: readonly Value[], equation: (symbols: readonly Expr[]) => Expr): Value {
  const full = map(operands, equation);
  return reshape(slice(full, full.shape.length - 1, 0, 1), full.shape.slice(0, -1));
}

/** 1 where the target is not the class to be ignored, in the shape of the rows. */
function countedRows(ignored: unknown, { targets }: Comparison, rows: readonly number[]): Value | undefined {
  if (typeof ignored !== "number") return undefined;
  return map([reshape(targets, rows)], ([y]) => one.minus(y!.equals(ignored)));
}

/** Rows are on the last axis, by whichever number it is called. */
function checkAxis(path: string, axis: unknown, { shape }: Value): void {
  if (axis === undefined || axis === -1 || axis === shape.length - 1) return;
  throw new UnrollError({
    code: "unsupported",
    path,
    expected: "rows must be on the last axis",
    received: `axis = ${display(axis)}`,
  });
}
