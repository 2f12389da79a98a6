/** Forecasts that need no model, on the folds and on the test part: those that `unroll train` shows beside its model. */
import { rootMeanSquaredError, type WindowView } from "../data/index.ts";
import { type Baselines, baselinesOf, periodOf } from "../forecast/forecasts.ts";
import { baselines } from "../forecast/scores.ts";
import type { Series } from "../forecast/series.ts";
import { type Fold, foldsOf, foldWindows } from "./folds.ts";
import type { CheckedOptions } from "./options.ts";

/** How a forecast that needs no model does. */
export interface BaselineScore {
  /** `last value`, `7 rows before` */
  readonly name: string;
  /** Mean RMSE over the folds in the units of the target. */
  readonly score: number;
}

/**
 * The last value, and one season before where there is a season.
 *
 * @throws UnrollError `data` for too few rows; `usage` for a given period that does not reach a fold or the test part
 */
export function baselineScores(series: Series, options: CheckedOptions): readonly BaselineScore[] {
  const rows = series.matrix.shape[0];
  const folds = foldsOf(rows, options, series.file);
  const [first, last] = [folds[0]!, folds.at(-1)!]; // at least one
  // In the rows before all that is scored: a season that only later rows show was not known.
  const period = options.period ?? periodIn(series, first, options);
  const windowsOf = (fold: Fold) => foldWindows(series, fold, { lookback: 1, scaler: "none" }, options.horizon);
  const forecasts = folds.map((fold, index) => {
    const given = options.period === null ? undefined : { command: "unroll sweep", part: `fold ${index + 1}` };
    return baselinesOf(windowsOf(fold).scored.raw, period, given);
  });
  // For what it throws: the final model would be trained in vain.
  testBaselines(series, last, options, windowsOf(last).part(last.scoredEnd, rows).raw);
  const isSeasonal = forecasts.every(({ seasonal }) => seasonal !== undefined);
  const byFold = forecasts.map(({ truth, lastValue, seasonal }) =>
    baselines({ lastValue, seasonal: isSeasonal ? seasonal : undefined }).map(({ name, values }) => ({
      name,
      rmse: rootMeanSquaredError(truth.data, values.data),
    })),
  );
  return byFold[0]!.map(({ name }, place) => ({
    name,
    score: byFold.reduce((sum, scores) => sum + scores[place]!.rmse, 0) / byFold.length,
  }));
}

/**
 * For windows of the rows that the search never sees.
 *
 * @param fold that the final model trains on, whose rows show the season
 * @throws UnrollError `usage` for a given period that does not reach the windows
 */
export function testBaselines(series: Series, fold: Fold, options: CheckedOptions, test: WindowView): Baselines {
  const given = options.period === null ? undefined : { command: "unroll sweep", part: "the test part" };
  return baselinesOf(test, options.period ?? periodIn(series, fold, options), given);
}

function periodIn(series: Series, { trainStart, trainEnd }: Fold, { horizon }: CheckedOptions): number | undefined {
  return periodOf(series, { from: trainStart, to: trainEnd, horizon });
}
