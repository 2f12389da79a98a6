/** Metrics with a result for each class or output, or their mean: F1, F-beta, R². Rules and small constants are Keras's. */
import { type Expr, one } from "../equations/expr.ts";
import { filled, map, reduce, reshape } from "../program/builder.ts";
import type { Value } from "../program/program.ts";
import { alignedTo, type Comparison, lastOf, ready, total } from "./comparison.ts";
import { type ArrayMetricRule, type ArrayTotals, checkChoice, type MetricOptions } from "./metric-rule.ts";
import { checkNumber } from "./options.ts";

/** Keras's fuzz. */
const epsilon = 1e-7;

/** Sums over all rows, `[outputs]` each, of equations on targets y and predictions p, times the weights of the rows. */
function sumsOverRows(
  comparison: Comparison,
  equations: (y: Expr, p: Expr) => Readonly<Record<string, Expr>>,
): Record<string, Value> {
  const { targets, predictions } = ready(undefined, comparison);
  const { sampleWeight } = comparison;
  const weights = sampleWeight === undefined ? [] : [alignedTo(sampleWeight, predictions.shape)];
  const sumOf = (name: string): Value => {
    const products = map([targets, predictions, ...weights], ([y, p, w]) => {
      const value = equations(y!, p!)[name]!;
      return w === undefined ? value : value.times(w);
    });
    const axes = predictions.shape.slice(0, -1).map((_, axis) => axis);
    return reshape(reduce("sum", products, axes), [lastOf(predictions)]);
  };
  return Object.fromEntries(Object.keys(equations(one, one)).map((name) => [name, sumOf(name)]));
}

const averages = [null, "micro", "macro", "weighted"];

function fScore(className: string, alias: string, more: MetricOptions): ArrayMetricRule {
  return {
    className,
    aliases: [alias],
    defaults: { average: null, threshold: null, ...more },
    better: "higher",
    check({ average, threshold, beta = 1 }) {
      checkChoice(className, "average", average, averages);
      if (threshold !== null) checkNumber(className, "threshold", threshold, { above: 0, most: 1 });
      checkNumber(className, "beta", beta, { above: 0 });
    },
    totals: (comparison, { threshold }) =>
      sumsOverRows(comparison, (y, p) => {
        // Without a threshold the largest entries say yes, unless all are 0.
        const yes =
          threshold === null
            ? p.atLeast(p.rowMax()).times(p.abs().greaterThan(1e-9))
            : p.greaterThan(Number(threshold));
        return { tp: yes.times(y), fp: yes.times(one.minus(y)), fn: one.minus(yes).times(y), truth: y };
      }),
    results(totals, { average, beta = 1 }) {
      const square = Number(beta) ** 2;
      const { tp, fp, fn, truth } = average === "micro" ? addedUp(totals) : totals;
      const scores = Array.from(tp!, (hits, i) => {
        const precision = hits / (hits + fp![i]! + epsilon);
        const recall = hits / (hits + fn![i]! + epsilon);
        return ((precision * recall) / (square * precision + recall + epsilon)) * (1 + square);
      });
      if (average === null) return scores;
      if (average !== "weighted") return [sum(scores) / scores.length];
      return [sum(scores.map((score, i) => (score * truth![i]!) / (sum(truth!) + epsilon)))];
    },
    labels: ({ average }, outputs) => (average === null ? numbered("class", outputs) : undefined),
  };
}

const r2Score: ArrayMetricRule = {
  className: "R2Score",
  aliases: ["r2_score"],
  defaults: { classAggregation: "uniform_average", numRegressors: 0 },
  better: "higher",
  check({ classAggregation, numRegressors }) {
    const known = ["uniform_average", "variance_weighted_average", null];
    checkChoice("R2Score", "classAggregation", classAggregation, known);
    checkNumber("R2Score", "numRegressors", numRegressors, { least: 0, whole: true });
  },
  totals: (comparison) => ({
    ...sumsOverRows(comparison, (y, p) => ({
      sum: y,
      squares: y.squared(),
      residual: y.minus(p).squared(),
      count: one,
    })),
    samples: total(filled(comparison.predictions.shape, 1)),
  }),
  results(totals, { classAggregation, numRegressors }) {
    const variances = Array.from(totals.sum!, (all, i) => totals.squares![i]! - (all * all) / totals.count![i]!);
    const scores = variances.map((variance, i) => {
      const score = 1 - totals.residual![i]! / variance;
      return Math.abs(score) === Number.POSITIVE_INFINITY ? 0 : score;
    });
    const adjusted = (score: number): number => adjustedScore(score, totals.samples![0]!, Number(numRegressors));
    if (classAggregation === null) return scores.map(adjusted);
    if (classAggregation === "uniform_average") return [adjusted(sum(scores) / scores.length)];
    return [adjusted(sum(scores.map((score, i) => score * variances[i]!)) / sum(variances))];
  },
  labels: ({ classAggregation }, outputs) => (classAggregation === null ? numbered("output", outputs) : undefined),
};

/** The score that allows for the number of regressors; with too few samples for that, the plain one, as in Keras. */
function adjustedScore(score: number, samples: number, regressors: number): number {
  if (regressors === 0 || regressors >= samples - 1) return score;
  return 1 - ((1 - score) * (samples - 1)) / (samples - regressors - 1);
}

function sum(numbers: ArrayLike<number>): number {
  return Array.from(numbers).reduce((a, b) => a + b, 0);
}

function addedUp(totals: ArrayTotals): ArrayTotals {
  return Object.fromEntries(Object.entries(totals).map(([name, array]) => [name, [sum(array)]]));
}

function numbered(what: string, count: number): string[] | undefined {
  return count === 1 ? undefined : Array.from({ length: count }, (_, i) => `${what}_${i}`);
}

/** The metrics with a result for each class or output. */
export const classMetrics: readonly ArrayMetricRule[] = [
  fScore("F1Score", "f1_score", {}),
  fScore("FBetaScore", "fbeta_score", { beta: 1 }),
  r2Score,
];
