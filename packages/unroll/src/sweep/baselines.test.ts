import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readSeries, type Series } from "../forecast/series.ts";
import { baselineScores } from "./baselines.ts";
import { checkOptions, type SweepOptions } from "./options.ts";
import { temporaryFolder } from "./testing.ts";

async function seriesOf(values: readonly (number | string)[]): Promise<Series> {
  const path = join(temporaryFolder(), "series.csv");
  writeFileSync(path, `row,y\n${values.map((value, row) => `${row},${value}`).join("\n")}\n`);
  return await readSeries({ data: path, target: "y", features: ["y"], date: null, missing: "skip" });
}

async function scores(values: readonly (number | string)[], more: Partial<SweepOptions>) {
  return baselineScores(await seriesOf(values), checkOptions({ data: "a.csv", target: "y", ...more }));
}

/** A week that goes up by 10 a day, and each week by 7 more. */
const weeks = Array.from({ length: 70 }, (_, day) => 10 * (day % 7) + day);
const cut = { folds: 2, validation: 7, test: 7 };

describe("forecasts without a model, over the folds", () => {
  it("score the last value by hand", async () => {
    // 0 1 4 9 16 25 36 49: targets 9, 16 after 4, 9, then 25, 36 after 16, 25.
    const squares = Array.from({ length: 8 }, (_, row) => row * row);
    const error = (...gaps: number[]): number => Math.sqrt(gaps.reduce((sum, gap) => sum + gap * gap, 0) / gaps.length);
    expect(await scores(squares, { folds: 2, validation: 2, test: 1 })).toEqual([
      { name: "last value", score: expect.closeTo((error(5, 7) + error(9, 11)) / 2, 12) },
    ]);
  });

  it("are also those of one season before, where the rows before the first fold show one", async () => {
    expect(await scores(weeks, cut)).toEqual([
      // Six steps of 11, and one of 1 - 60.
      { name: "last value", score: expect.closeTo(Math.sqrt((6 * 11 ** 2 + 59 ** 2) / 7), 12) },
      { name: "7 rows before", score: expect.closeTo(7, 12) },
    ]);
    const flat = weeks.map((value, row) => (row < 49 ? row : value));
    expect((await scores(flat, cut)).map(({ name }) => name)).toEqual(["last value"]);
  });

  it("take a period that is given, and say where it does not reach", async () => {
    const [, season] = await scores(weeks, { ...cut, period: 14 });
    expect(season).toEqual({ name: "14 rows before", score: expect.closeTo(14, 12) });
    await expect(scores(weeks, { ...cut, period: 50 })).rejects.toThrow(
      "unroll sweep: --period must be at most 49, the rows before fold 1. Received: --period 50. Give a shorter one",
    );
    // Row 60 is one season before the test part's row 67.
    const holes = weeks.map((value, row) => (row === 60 ? "" : value));
    await expect(scores(holes, { ...cut, period: 7 })).rejects.toThrow(
      "--period needs every value one period before the test part",
    );
    await expect(scores(weeks, { ...cut, period: 1 })).rejects.toThrow("period must be a whole number of 2 or more");
  });
});
