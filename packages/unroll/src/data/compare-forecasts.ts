/**
 * Is one forecast better than another, or could chance alone make it look so? For a model beside a baseline.
 */
import { checkOptionNames, UnrollError } from "../core/index.ts";
import { checkWhole } from "./checks.ts";
import { type Matrix, type MatrixLike, toMatrix } from "./matrix.ts";

/** Which of two forecasts is better, and how sure that is. */
export interface ForecastComparison {
  /** Mean squared error of the second forecast less that of the first: above 0 when the first is better. */
  readonly gain: number;
  /** The gain in its own standard errors; NaN where that cannot be said, as for two equal forecasts. */
  readonly statistic: number;
  /** The chance of a gain or loss as large as this between forecasts that are equally good; NaN as above. */
  readonly pValue: number;
}

/**
 * Compares the squared errors of two forecasts of the same samples, `[samples]` or `[samples, horizon]`, in order of time.
 * Errors of forecasts that overlap are alike, so `horizon - 1` neighbours count into the standard error.
 * Source: Diebold and Mariano, "Comparing predictive accuracy", 1995, with the normal distribution: for some twenty samples
 * or more.
 *
 * @throws UnrollError `data` for shapes that differ, or no samples
 * @example compareForecasts([1, 2, 3, 4], [1, 2, 3, 5], [2, 1, 4, 2]).gain // 1.5
 */
export function compareForecasts(
  truth: MatrixLike,
  first: MatrixLike,
  second: MatrixLike,
  options: { readonly horizon?: number } = {},
): ForecastComparison {
  checkOptionNames("compareForecasts", options, ["horizon"]);
  const actual = toMatrix(truth, "compareForecasts: truth");
  const errors = [first, second].map((forecast) => squaredErrors(actual, forecast));
  const samples = actual.shape[0];
  const { horizon = actual.shape[1] } = options;
  checkWhole("compareForecasts", "horizon", horizon, 1);
  const gains = errors[1]!.map((error, sample) => error - errors[0]![sample]!);
  const gain = gains.reduce((sum, value) => sum + value, 0) / samples;
  const covariance = (lag: number): number => {
    let sum = 0;
    for (let sample = lag; sample < samples; sample++) sum += (gains[sample]! - gain) * (gains[sample - lag]! - gain);
    return sum / samples;
  };
  let variance = covariance(0);
  // Bartlett's weights keep the sum from becoming negative.
  for (let lag = 1; lag < Math.min(horizon, samples); lag++) variance += 2 * (1 - lag / horizon) * covariance(lag);
  const statistic = variance > 0 ? gain / Math.sqrt(variance / samples) : Number.NaN;
  return { gain, statistic, pValue: twoSided(statistic) };
}

/** Mean over the outputs of each sample. */
function squaredErrors({ shape, data }: Matrix, forecast: MatrixLike): Float64Array {
  const predicted = toMatrix(forecast, "compareForecasts: forecast");
  const [samples, outputs] = shape;
  if (samples === 0 || outputs === 0 || predicted.shape[0] !== samples || predicted.shape[1] !== outputs) {
    throw new UnrollError({
      code: "data",
      path: "compareForecasts",
      expected: "truth and forecasts must have the same shape, with at least one sample",
      received: `shapes = [${shape.join(", ")}] and [${predicted.shape.join(", ")}]`,
    });
  }
  return Float64Array.from({ length: samples }, (_, sample) => {
    let sum = 0;
    for (let i = sample * outputs; i < (sample + 1) * outputs; i++) sum += (data[i]! - predicted.data[i]!) ** 2;
    return sum / outputs;
  });
}

/**
 * 2 · (1 − Φ(|z|)), to 1.5e-7.
 * Source: Abramowitz and Stegun, "Handbook of Mathematical Functions", 7.1.26.
 */
function twoSided(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const polynomial = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return polynomial * Math.exp(-x * x);
}
