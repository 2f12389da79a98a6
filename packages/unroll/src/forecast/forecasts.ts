/** Forecasts of the windows, in the units of the file: the model's and those that need no model. */
import { UnrollError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { findPeriod, lastValue, type Matrix, type Scaler, seasonalNaive, type WindowView } from "../data/index.ts";
import type { Model } from "../model/model.ts";
import type { Parts } from "./parts.ts";
import type { Series } from "./series.ts";

/** Windows that are copied and run together. */
const chunk = 256;

/** Windows to forecast from; of a `WindowView` only this much is needed. */
export interface InputWindows {
  readonly count: number;
  /** The windows of these indices, `[batch, lookback, features]`. */
  batch(indices: Uint32Array): { readonly x: Tensor };
}

/**
 * What the model gives for each window of scaled values, `[count, horizon]`, brought back to the units of the target, which
 * is column `target` of the scaler.
 */
export function modelForecasts(
  model: Model,
  view: InputWindows,
  {
    scaler,
    target,
    horizon,
    batchSize,
  }: {
    readonly scaler: Scaler | undefined;
    readonly target: number;
    readonly horizon: number;
    readonly batchSize?: number | undefined;
  },
): Matrix {
  const values = new Float64Array(view.count * horizon);
  for (let start = 0; start < view.count; start += chunk) {
    const count = Math.min(chunk, view.count - start);
    const { x } = view.batch(Uint32Array.from({ length: count }, (_, index) => start + index));
    const { data } = model.predict(x, batchSize === undefined ? {} : { batchSize }) as Tensor; // a model of one output, which checkFit saw
    values.set(data, start * horizon);
  }
  const column = { shape: [values.length, 1] as const, data: values };
  const { data } = scaler === undefined ? column : scaler.select([target]).inverseTransform(column);
  return { shape: [view.count, horizon], data };
}

/** Forecasts of the test part that need no model, all `[windows, horizon]`. */
export interface Baselines {
  readonly truth: Matrix;
  readonly lastValue: Matrix;
  /** Where a period is given, or found in the training part. */
  readonly seasonal: { readonly period: number; readonly values: Matrix } | undefined;
}

export interface Forecasts extends Baselines {
  readonly model: Matrix;
}

/** @throws UnrollError `usage` for a given period that does not reach the test part */
export function testBaselines(series: Series, parts: Parts, period: number | undefined): Baselines {
  const { test } = parts.raw;
  const found = period ?? findPeriod(trainingTargets(series, parts), { horizon: parts.horizon });
  return {
    truth: test.trueTargets(),
    lastValue: lastValue(test),
    seasonal: seasonalForecasts(test, found, period),
  };
}

/** The model's forecasts of the test part. */
export function testForecasts(model: Model, series: Series, { scaled, scaler, horizon }: Parts): Matrix {
  return modelForecasts(model, scaled.test, { scaler, target: series.columns.indexOf(series.target), horizon });
}

function trainingTargets({ columns, target, matrix }: Series, { trainingRows }: Parts): Float64Array {
  const column = columns.indexOf(target);
  return Float64Array.from({ length: trainingRows }, (_, row) => matrix.data[row * columns.length + column]!);
}

function seasonalForecasts(
  test: WindowView,
  period: number | undefined,
  given: number | undefined,
): Baselines["seasonal"] {
  if (period === undefined) return undefined;
  const first = test.targetRow(0);
  if (period <= first) {
    const values = seasonalNaive(test, period);
    // A value one period before may be missing where no window touches it.
    if (!values.data.some(Number.isNaN)) return { period, values };
  }
  if (given === undefined) return undefined;
  throw new UnrollError({
    code: "usage",
    path: "unroll train",
    expected:
      period > first
        ? `--period must be at most ${first}, the rows before the test part`
        : "--period needs every value one period before the test part",
    received: `--period ${period}`,
    hint: period > first ? "Give a shorter one, or more rows." : "Fill the missing ones with --missing forward.",
  });
}
