/**
 * Looks for a season in a series: how many rows lie between values that are alike. For the seasonal baseline; no spectrum,
 * no model, and nothing is found where repeating the last value is as good.
 */
import { checkOptionNames } from "../core/index.ts";
import { checkWhole } from "./checks.ts";

/** Options of `findPeriod`. */
export interface PeriodOptions {
  /** Rows ahead for which forecasts are compared, default 1. */
  readonly horizon?: number;
  /** Longest period looked at, default 1000; in any case at most a third of the rows. */
  readonly longest?: number;
}

/** Rows looked at, the newest ones. */
const MOST_ROWS = 5000;
/** The mean squared error of repeating a season must be this part of that of repeating the last value. */
const CLEARLY_BETTER = 0.7;
/** The shortest period is taken that gains this part of what the best one gains: 12, not 24. */
const ABOUT_AS_GOOD = 0.9;

/**
 * The period, in rows, at which repeating the value of one period before forecasts the series clearly better than repeating
 * the last value; undefined where there is none. NaN values are left out. Give the training part only.
 *
 * @throws UnrollError `option` for sizes that are no positive whole numbers
 * @example findPeriod([1, 5, 2, 1, 5, 2, 1, 5, 2]) // 3
 */
export function findPeriod(values: ArrayLike<number>, options: PeriodOptions = {}): number | undefined {
  checkOptionNames("findPeriod", options, ["horizon", "longest"]);
  const { horizon = 1, longest = 1000 } = options;
  checkWhole("findPeriod", "horizon", horizon, 1);
  checkWhole("findPeriod", "longest", longest, 1);
  const series = Float64Array.from(values).subarray(-MOST_ROWS);
  const most = Math.min(longest, Math.floor(series.length / 3));
  // errors[lag]: mean squared difference of values that many rows apart.
  const errors = Float64Array.from({ length: Math.max(2 * most, 2 * horizon) + 2 }, (_, lag) =>
    differenceAt(series, lag),
  );
  const steps = Array.from({ length: horizon }, (_, step) => step + 1);
  const meanOver = (lagOf: (step: number) => number): number =>
    steps.reduce((sum, step) => sum + errors[lagOf(step)]!, 0) / horizon;
  const lastValue = meanOver((step) => step);
  // Two periods before must be alike too: chance makes one lag look good, a season all its multiples.
  const errorOf = (period: number): number =>
    (meanOver((step) => period * Math.ceil(step / period)) + errors[2 * period]!) / 2;
  let best = CLEARLY_BETTER * lastValue;
  let found = false;
  for (let period = 2; period <= most; period++) {
    if (!isValley(errors, period) || !(errorOf(period) < best)) continue;
    best = errorOf(period);
    found = true;
  }
  if (!found) return undefined;
  for (let period = 2; period <= most; period++) {
    if (isValley(errors, period) && lastValue - errorOf(period) >= ABOUT_AS_GOOD * (lastValue - best)) return period;
  }
  return undefined;
}

/** Values one period apart are more alike than those one row more or less apart. */
function isValley(errors: Float64Array, period: number): boolean {
  return errors[period]! < errors[period - 1]! && !(errors[period]! > errors[period + 1]!);
}

function differenceAt(series: Float64Array, lag: number): number {
  let sum = 0;
  let count = 0;
  for (let row = lag; row < series.length; row++) {
    const difference = series[row]! - series[row - lag]!;
    if (Number.isNaN(difference)) continue;
    sum += difference * difference;
    count++;
  }
  return sum / count;
}
