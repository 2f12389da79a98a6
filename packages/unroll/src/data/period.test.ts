import { describe, expect, it } from "vitest";
import { Random } from "../core/index.ts";
import { findPeriod } from "./period.ts";

const months = [3, 4, 7, 11, 15, 18, 20, 19, 16, 11, 6, 3];

describe("findPeriod", () => {
  it("finds the year in months, not two years", () => {
    expect(findPeriod(Array.from({ length: 60 }, (_, t) => months[t % 12]!))).toBe(12);
  });

  it("takes the week, where a longer period fits a little better", () => {
    const week = [4, 6, 9, 3, 1, 8, 7];
    expect(findPeriod(Array.from({ length: 100 }, (_, t) => week[t % 7]! + (t % 3) / 10))).toBe(7);
  });

  it("finds it under a trend, noise and missing values", () => {
    const random = new Random(3);
    const values = Array.from({ length: 96 }, (_, t) => months[t % 12]! + 0.02 * t + random.normal());
    values[30] = Number.NaN;
    expect(findPeriod(values)).toBe(12);
  });

  it("finds it from the forecasts of several rows, as seasonalNaive makes them", () => {
    const week = [5, 1, 1, 1, 1, 4, 9];
    expect(
      findPeriod(
        Array.from({ length: 70 }, (_, t) => week[t % 7]!),
        { horizon: 10 },
      ),
    ).toBe(7);
  });

  it.each([
    ["a line", (t: number) => 2 * t],
    ["a constant", () => 4],
    ["nothing but missing values", () => Number.NaN],
  ])("finds none in %s", (_, value) => {
    expect(findPeriod(Array.from({ length: 50 }, (_unused, t) => value(t)))).toBeUndefined();
  });

  it("finds none in noise, and none where the last value is the best guess", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = new Random(seed);
      let level = 0;
      const noise = Array.from({ length: 300 }, () => random.normal());
      const walk = noise.map((step) => (level += step));
      expect(findPeriod(noise, { longest: 50 })).toBeUndefined();
      expect(findPeriod(walk)).toBeUndefined();
    }
  });

  it("finds none in a series that is too short for one", () => {
    expect(findPeriod([])).toBeUndefined();
    expect(findPeriod([1, 2, 1])).toBeUndefined();
  });
});
