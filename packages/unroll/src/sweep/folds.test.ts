import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readSeries, type Series } from "../forecast/series.ts";
import { foldsOf, foldWindows } from "./folds.ts";
import { temporaryFolder } from "./testing.ts";

const cut = { folds: 2, window: "expanding", validation: 3, test: 4 } as const;

/** Squares of 0, 1, 2 ... in the column y. */
async function squares(rows: number): Promise<Series> {
  const path = join(temporaryFolder(), "squares.csv");
  writeFileSync(path, `y\n${Array.from({ length: rows }, (_, t) => t * t).join("\n")}\n`);
  return await readSeries({ data: path, target: "y", features: undefined, date: undefined, missing: "skip" });
}

describe("folds", () => {
  it("end where the test part begins, each behind the one before", () => {
    expect(foldsOf(20, cut, "a.csv")).toEqual([
      { trainStart: 0, trainEnd: 10, scoredEnd: 13 },
      { trainStart: 0, trainEnd: 13, scoredEnd: 16 },
    ]);
    expect(foldsOf(20, { ...cut, window: "sliding" }, "a.csv")).toEqual([
      { trainStart: 0, trainEnd: 10, scoredEnd: 13 },
      { trainStart: 3, trainEnd: 13, scoredEnd: 16 },
    ]);
    expect(foldsOf(20, { ...cut, validation: 0.25, test: 0.1 }, "a.csv")[0]).toEqual({
      trainStart: 0,
      trainEnd: 8,
      scoredEnd: 13,
    });
    expect(() => foldsOf(9, cut, "a.csv")).toThrow("a.csv: the folds must leave rows to train on.");
  });

  it("score every lookback on the same rows, and train on none of them", async () => {
    const series = await squares(20);
    const fold = { trainStart: 3, trainEnd: 13, scoredEnd: 16 };
    for (const lookback of [1, 4, 7]) {
      const { train, scored } = foldWindows(series, fold, { lookback, scaler: "none" }, 1);
      const rows = Array.from({ length: scored.raw.count }, (_, index) => scored.raw.targetRow(index));
      expect(rows).toEqual([13, 14, 15]);
      expect(train.inputRow(0)).toBe(3);
      expect(train.targetRow(train.count - 1)).toBe(12);
    }
  });

  it("keep whole horizons within their part", async () => {
    const { train, scored } = foldWindows(
      await squares(20),
      foldsOf(20, cut, "a")[0]!,
      { lookback: 2, scaler: "none" },
      2,
    );
    expect(train.targetRow(train.count - 1)).toBe(8);
    expect(scored.raw.count).toBe(2);
  });

  it("scale by the rows that training reads, and know what one unit is", async () => {
    const fold = { trainStart: 2, trainEnd: 5, scoredEnd: 8 };
    const { train, scored, unit } = foldWindows(await squares(12), fold, { lookback: 1, scaler: "minmax" }, 1);
    // Rows 2 to 4 hold 4, 9 and 16: 4 → 0, 16 → 1.
    expect(unit).toBe(12);
    expect([...train.all().x.data]).toEqual([0, Math.fround(5 / 12)]);
    expect(scored.scaled.trueTargets().data[0]).toBeCloseTo((25 - 4) / 12, 12);
  });

  it("say which part has no window", async () => {
    const fold = { trainStart: 0, trainEnd: 5, scoredEnd: 8 };
    const run = async (): Promise<unknown> => foldWindows(await squares(12), fold, { lookback: 5, scaler: "none" }, 1);
    await expect(run()).rejects.toThrow("must have windows of 5 rows to train on. Received: none in rows 1 to 5.");
  });
});
