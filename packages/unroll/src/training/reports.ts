/** What is reported of a batch: losses and metrics as sums, so that batches add up, and what the sums come to. */

import { sizeOf } from "../core/shape.ts";
import { filled, map } from "../program/builder.ts";
import type { Value } from "../program/program.ts";
import type { OutputPlan } from "./compile.ts";
import { type Forward, lastOfTargets } from "./forward.ts";
import { type ArrayTotals, type Metric, ratio, reportedNames, reportedNumbers } from "./metric-rule.ts";
import { readMetric } from "./metrics.ts";
import { metricTotals } from "./objective.ts";

/** What is reported of a loss or a metric: how batch numbers become the numbers of an epoch. */
export interface Report {
  /** One; several for a metric with a result for each threshold or class. */
  readonly names: readonly string[];
  readonly better: "lower" | "higher";
  /** The totals in a batch's numbers, one after another from `start` on. */
  readonly totals: readonly { readonly name: string; readonly size: number }[];
  readonly start: number;
  /** One number for each name. */
  results(totals: ArrayTotals): readonly number[];
}

/** The values that reports are made of. Those of the parts of a batch add up to those of the whole. */
export interface Measured {
  readonly loss: Value;
  /** Each output's own loss, where it has one. */
  readonly losses: readonly (Value | undefined)[];
  readonly metrics: readonly MeasuredMetric[];
}

interface MeasuredMetric {
  readonly metric: Metric;
  /** Index of the output. */
  readonly output: number;
  /** Size of the predictions' last axis. */
  readonly width: number;
  readonly weighted: boolean;
  readonly totals: Readonly<Record<string, Value>>;
}

/** Throws UnrollError `shape`, `option`, `unsupported` for metrics that do not fit. */
export function measuredOf(outputs: readonly OutputPlan[], forward: Forward): Measured {
  const metrics = ([false, true] as const).flatMap((weighted) =>
    outputs.flatMap((output, index) => {
      const { sampleWeight, ...comparison } = forward.comparisons[index]!;
      const { predictions, targets } = comparison;
      const width = predictions.shape.at(-1)!;
      return output[weighted ? "weightedMetrics" : "metrics"].map((given): MeasuredMetric => {
        const metric = readMetric(given, width, lastOfTargets(targets, predictions));
        const totals = metricTotals(metric, weighted ? { ...comparison, sampleWeight } : comparison);
        return { metric, output: index, width, weighted, totals };
      });
    }),
  );
  return { loss: forward.loss, losses: forward.losses, metrics };
}

/** All values, in one order. */
export function valuesOf({ loss, losses, metrics }: Measured): Value[] {
  return [
    loss,
    ...losses.filter((value) => value !== undefined),
    ...metrics.flatMap(({ totals }) => Object.values(totals)),
  ];
}

/** The same with other values, in the order of `valuesOf`. */
export function withValues({ losses, metrics }: Measured, values: readonly Value[]): Measured {
  const next = values[Symbol.iterator]();
  const take = (): Value => next.next().value!; // as many as valuesOf gives
  return {
    loss: take(),
    losses: losses.map((value) => value && take()),
    metrics: metrics.map((one) => ({
      ...one,
      totals: Object.fromEntries(Object.keys(one.totals).map((name) => [name, take()])),
    })),
  };
}

/**
 * The reports of a batch, and the values whose numbers they read, one after another.
 *
 * @param gradientNorm of a training step that reports it
 */
export function reportsOf(
  outputs: readonly OutputPlan[],
  { loss, losses, metrics }: Measured,
  batch: number,
  gradientNorm?: Value,
): { reports: Report[]; values: Value[] } {
  const reports: Report[] = [];
  const values: Value[] = [];
  const taken = new Map<string, number>();
  let start = 0;
  const add = (report: Pick<Report, "names" | "better" | "results">, found: Readonly<Record<string, Value>>): void => {
    const totals = Object.entries(found).map(([name, { shape }]) => ({ name, size: sizeOf(shape) }));
    reports.push({ ...report, totals, start });
    values.push(...Object.values(found));
    start += totals.reduce((sum, { size }) => sum + size, 0);
  };
  const addMean = (name: string, value: Value): void => {
    const times = map([value], ([v]) => v!.times(batch));
    add({ names: [name], better: "lower", results: meanOf }, { value: times, weight: filled([], batch) });
    taken.set(name, 1);
  };
  addMean("loss", loss);
  if (outputs.length > 1) {
    for (const [index, own] of losses.entries()) {
      if (own !== undefined) addMean(`${outputs[index]!.name}_loss`, own);
    }
  }
  for (const { metric, output, width, weighted, totals: found } of metrics) {
    const before = outputs.length > 1 ? `${outputs[output]!.name}_` : "";
    const names = reportedNames(metric, width).map((own) => {
      const plain = `${before}${own}`;
      return uniqueName(taken.has(plain) && weighted ? `${before}weighted_${own}` : plain, taken);
    });
    const results = (totals: ArrayTotals): readonly number[] => reportedNumbers(metric, totals);
    add({ names, better: metric.rule.better, results }, found);
  }
  if (gradientNorm !== undefined) {
    const names = [uniqueName("gradient_norm", taken)];
    add({ names, better: "lower", results: meanOf }, { value: gradientNorm, weight: filled([], 1) });
  }
  return { reports, values };
}

function meanOf({ value, weight }: ArrayTotals): readonly number[] {
  return [ratio(value![0]!, weight![0]!)];
}

function uniqueName(name: string, seen: Map<string, number>): string {
  const count = seen.get(name) ?? 0;
  seen.set(name, count + 1);
  return count === 0 ? name : `${name}_${count}`;
}

/** Logs in alphabetical order, as Keras's are. */
export function inOrder(logs: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(logs).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/** Adds up the numbers of batches, in float64, and says what they come to. */
export class Totals {
  #reports: readonly Report[] = [];
  #sums: number[] = [];

  add({ reports }: { readonly reports: readonly Report[] }, numbers: Float32Array): void {
    this.#reports = reports;
    if (this.#sums.length === 0) this.#sums = new Array<number>(numbers.length).fill(0);
    for (let i = 0; i < numbers.length; i++) this.#sums[i]! += numbers[i]!;
  }

  /** Every report so far. */
  logs(): Record<string, number> {
    const entries = this.#reports.flatMap((report): [string, number][] => {
      let at = report.start;
      const totals = report.totals.map(({ name, size }) => {
        at += size;
        return [name, this.#sums.slice(at - size, at)] as const;
      });
      const numbers = report.results(Object.fromEntries(totals));
      return report.names.map((name, i) => [name, numbers[i]!]);
    });
    return inOrder(Object.fromEntries(entries));
  }

  get sums(): readonly number[] {
    return this.#sums;
  }

  restore(reports: readonly Report[], sums: readonly number[]): void {
    this.#reports = reports;
    this.#sums = [...sums];
  }
}
