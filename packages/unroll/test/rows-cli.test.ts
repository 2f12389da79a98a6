/** Commands that open numbers, on a model of `unroll train` and a table as it is: the numbers of its forecasts. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { unroll } from "./run-unroll.ts";

let folder = "";
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "unroll-rows-"));
  const rows = Array.from({ length: 90 }, (_, day) => {
    const date = new Date(Date.UTC(2021, 0, 1 + day)).toISOString().slice(0, 10);
    return `${date},${(20 + 5 * Math.sin(day / 3)).toFixed(2)},sunny`;
  });
  writeFileSync(at("days.csv"), `date,level,sky\n${rows.join("\n")}\n`);
  writeFileSync(at("new.csv"), `date,level,sky\n${rows.slice(30, 38).join("\n")}\n`);
  const words = ["--target", "level", "--lookback", "6", "--units", "2", "--epochs", "1", "--out", at("m.keras")];
  const { code, note } = await unroll("train", at("days.csv"), ...words);
  expect(code, note).toBe(0);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

const on = (command: string, ...more: string[]) =>
  unroll(command, at("m.keras"), "--input", at("new.csv"), "--json", ...more);

describe("a table beside a trained model", () => {
  it("is traced and solved window by window, to the forecasts of predict", async () => {
    const { forecasts } = JSON.parse((await on("predict")).out) as { forecasts: { forecast: number[] }[] };
    expect(forecasts).toHaveLength(3);
    const scaled: number[] = [];
    for (const sample of [0, 1, 2]) {
      const { code, out, note } = await on("trace", "--sample", String(sample));
      expect(code, note).toBe(0);
      expect(note).toContain("Example 0 is the window that ends in line 7, the last, 2, in line 9.");
      const { layers } = JSON.parse(out) as { layers: { outputs: { data: number[] }[] }[] };
      scaled.push(layers.at(-1)!.outputs[0]!.data[0]!);
    }
    // One scale and one shift bring all of them to the units of the table.
    const [a, b, c] = forecasts.map(({ forecast }) => forecast[0]!) as [number, number, number];
    expect((c - a) / (b - a)).toBeCloseTo((scaled[2]! - scaled[0]!) / (scaled[1]! - scaled[0]!), 3);
    const solved = await on("solve", "--sample", "1");
    expect(solved.code, solved.note).toBe(0);
    expect((await on("verify")).code).toBe(0);
  });

  it("is one example where the rows make one window", async () => {
    const [head, ...rows] = readFileSync(at("new.csv"), "utf8").trim().split("\n");
    writeFileSync(at("six.csv"), `${[head, ...rows.slice(0, 6)].join("\n")}\n`);
    const { code, note } = await unroll("trace", at("m.keras"), "--input", at("six.csv"));
    expect([code, note]).toEqual([0, expect.stringContaining("Example 0 is the window that ends in line 7.\n")]);
  });

  it("must have the columns of the training", async () => {
    writeFileSync(at("other.csv"), "date,height\n2021-01-01,2\n");
    const { code, note } = await unroll("trace", at("m.keras"), "--input", at("other.csv"));
    expect([code, note]).toEqual([
      2,
      expect.stringContaining("the model's column level must be in the file. Its columns are date, height."),
    ]);
  });
});
