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
export function testBaselines(
  series: Series,
  { raw, trainingRows, horizon }: Parts,
  period: number | undefined,
): Baselines {
  const found = period ?? periodOf(series, { from: 0, to: trainingRows, horizon });
  return baselinesOf(
    raw.test,
    found,
    period === undefined ? undefined : { command: "unroll train", part: "the test part" },
  );
}

/** The season that the target shows in these rows, `to` not included. */
export function periodOf(
  { columns, target, matrix }: Series,
  { from, to, horizon }: { readonly from: number; readonly to: number; readonly horizon: number },
): number | undefined {
  const column = columns.indexOf(target);
  const values = Float64Array.from(
    { length: to - from },
    (_, row) => matrix.data[(from + row) * columns.length + column]!,
  );
  return findPeriod(values, { horizon });
}

/**
 * Forecasts of the windows that need no model.
 *
 * @param given where the period was asked for, which part the windows are; one that was found is left out where it has no values
 * @throws UnrollError `usage` for a given period that does not reach the windows
 */
export function baselinesOf(view: WindowView, period: number | undefined, given: GivenPeriod | undefined): Baselines {
  return { truth: view.trueTargets(), lastValue: lastValue(view), seasonal: seasonalForecasts(view, period, given) };
}

/** For the message about a period that was asked for. */
interface GivenPeriod {
  readonly command: string;
  /** `the test part` */
  readonly part: string;
}

/** The model's forecasts of the test part. */
export function testForecasts(model: Model, series: Series, { scaled, scaler, horizon }: Parts): Matrix {
  return modelForecasts(model, scaled.test, { scaler, target: series.columns.indexOf(series.target), horizon });
}

function seasonalForecasts(
  view: WindowView,
  period: number | undefined,
  given: GivenPeriod | undefined,
): Baselines["seasonal"] {
  if (period === undefined) return undefined;
  const first = view.targetRow(0);
  if (period <= first) {
    const values = seasonalNaive(view, period);
    // A value one period before may be missing where no window touches it.
    if (!values.data.some(Number.isNaN)) return { period, values };
  }
  if (given === undefined) return undefined;
  throw new UnrollError({
    code: "usage",
    path: given.command,
    expected:
      period > first
        ? `--period must be at most ${first}, the rows before ${given.part}`
        : `--period needs every value one period before ${given.part}`,
    received: `--period ${period}`,
    hint: period > first ? "Give a shorter one, or more rows." : "Fill the missing ones with --missing forward.",
  });
}
