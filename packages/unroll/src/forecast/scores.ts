/** Errors of the model and of the baselines on the test part, and the sentence that says whether the model is worth it. */
import { compareForecasts, type Matrix, meanAbsoluteError, r2Score, rootMeanSquaredError } from "../data/index.ts";
import type { Forecasts } from "./forecasts.ts";

/** Errors over all windows and steps; `rmse` and `mae` in the units of the target. */
export interface Score {
  readonly name: string;
  readonly rmse: number;
  readonly mae: number;
  readonly r2: number;
}

/** `chance`: the model's error is smaller, but by no more than chance alone may give. */
export type Outcome = "beats" | "chance" | "does not beat";

export interface Verdict {
  readonly outcome: Outcome;
  /** The best of the baselines. */
  readonly baseline: string;
  readonly text: string;
}

/** A gain that is as likely as this between equal forecasts counts as chance. */
const level = 0.05;

/** The model first, then the baselines. */
export function scoresOf(forecasts: Forecasts): readonly Score[] {
  return [
    scoreOf("this model", forecasts.truth, forecasts.model),
    ...baselines(forecasts).map(({ name, values }) => scoreOf(name, forecasts.truth, values)),
  ];
}

/** Each baseline with the words for it behind "repeating". */
export function baselines({ lastValue, seasonal }: Pick<Forecasts, "lastValue" | "seasonal">): {
  readonly name: string;
  readonly doing: string;
  readonly values: Matrix;
}[] {
  const last = { name: "last value", doing: "repeating the last value", values: lastValue };
  if (seasonal === undefined) return [last];
  const { period, values } = seasonal;
  return [last, { name: `${period} rows before`, doing: `repeating the value of ${period} rows before`, values }];
}

function scoreOf(name: string, truth: Matrix, values: Matrix): Score {
  const flat = ({ data }: Matrix): Float64Array => data;
  return {
    name,
    rmse: rootMeanSquaredError(flat(truth), flat(values)),
    mae: meanAbsoluteError(flat(truth), flat(values)),
    r2: r2Score(flat(truth), flat(values)),
  };
}

/** RMSE of each step ahead, the model first: `rows[step]`. */
export function errorsByStep(forecasts: Forecasts): { readonly name: string; readonly rmse: readonly number[] }[] {
  return [{ name: "this model", values: forecasts.model }, ...baselines(forecasts)].map(({ name, values }) => ({
    name,
    rmse: rootMeanSquaredError(forecasts.truth, values, { multioutput: "rawValues" }),
  }));
}

/** The model beside the best baseline. */
export function verdictOf(forecasts: Forecasts): Verdict {
  const [model, ...others] = scoresOf(forecasts) as [Score, ...Score[]]; // the model is always there
  const best = others.reduce((least, one) => (one.rmse < least.rmse ? one : least));
  const { doing, values } = baselines(forecasts).find(({ name }) => name === best.name)!;
  const errors = `test RMSE ${formatError(model.rmse)}, naive ${formatError(best.rmse)}`;
  if (model.rmse >= best.rmse) {
    return { outcome: "does not beat", baseline: best.name, text: `${errors}: this model does not beat ${doing}.` };
  }
  const share = `${((1 - model.rmse / best.rmse) * 100).toFixed(1)}%`;
  const { pValue } = compareForecasts(forecasts.truth, forecasts.model, values);
  // Without a p-value both errors are the same in every window, as far as can be told.
  if (!(pValue < level)) {
    const windows = forecasts.truth.shape[0];
    return {
      outcome: "chance",
      baseline: best.name,
      text: `${errors}: ${share} less than ${doing}, but over ${windows} windows chance alone may give that.`,
    };
  }
  return { outcome: "beats", baseline: best.name, text: `${errors}: this model beats ${doing} by ${share}.` };
}

/** Four digits that count. */
export function formatError(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const digits = Number(value.toPrecision(4));
  return Math.abs(digits) >= 1e6 || (digits !== 0 && Math.abs(digits) < 1e-4)
    ? digits.toExponential(3)
    : String(digits);
}
