/** The series are what their lines on the page say. */

import { lastValue, seasonalNaive } from "unroll/data/baselines.ts";
import { rootMeanSquaredError } from "unroll/data/regression.ts";
import { windows } from "unroll/data/windows.ts";
import { expect, it } from "vitest";
import { echoDelay, madeSeries } from "./series.ts";

const made = (id: string, seed: number): number[] => madeSeries.find((series) => series.id === id)!.make(seed);

it("makes the same numbers of the same seed, and others of another", () => {
  for (const { id } of madeSeries) {
    expect(made(id, 7)).toEqual(made(id, 7));
    expect(made(id, 8)).not.toEqual(made(id, 7));
    expect(made(id, 7).every(Number.isFinite)).toBe(true);
  }
});

it("echoes what was 8 steps before, and nothing of the last step", () => {
  // Width 1, share 0.9: repeating after 8 steps errs by √(2 − 2 · 0.9) ≈ 0.45, any other step by √2 ≈ 1.41.
  const errors = [1, 2, 3, 4, 5].map((seed) => {
    const view = windows({ data: made("echo", seed), lookback: 12 });
    const truth = view.trueTargets().data;
    const errorOf = (forecast: { readonly data: Float64Array }): number => rootMeanSquaredError(truth, forecast.data);
    return [errorOf(seasonalNaive(view, echoDelay)), errorOf(seasonalNaive(view, 5)), errorOf(lastValue(view))];
  });
  const mean = (at: number): number => errors.reduce((sum, error) => sum + error[at]!, 0) / errors.length;
  expect(mean(0)).toBeGreaterThan(0.4);
  expect(mean(0)).toBeLessThan(0.5);
  expect(mean(1)).toBeGreaterThan(0.9);
  expect(mean(2)).toBeGreaterThan(0.9);
});
