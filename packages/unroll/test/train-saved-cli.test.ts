/** What `unroll train` leaves: a model that forecasts new rows, and a report. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { unroll } from "./run-unroll.ts";
import { csv, makeTrainFolder, quick, rows, trainJson } from "./train-folder.ts";

const { at, folder, weather, write } = makeTrainFolder();
afterAll(() => rmSync(folder, { recursive: true }));

describe("a saved model", () => {
  it("forecasts new rows as it did when it was trained, in the units of the file", async () => {
    const out = at("kept.keras");
    const { test } = await trainJson(weather, "--target", "temp", ...quick, "--out", out);
    const { code, out: text } = await unroll("predict", out, "--input", weather, "--json");
    expect(code).toBe(0);
    const { forecasts } = JSON.parse(text) as {
      forecasts: { after: { line: number; date: string }; forecast: number[] }[];
    };
    // Every window, with the one behind the last row.
    expect(forecasts).toHaveLength(153);
    expect(forecasts.at(-1)!.after).toEqual({ line: 161, date: "2020-06-08" });
    const errors = forecasts.slice(-24, -1).map(({ forecast }, i) => forecast[0]! - Number(rows[137 + i]![1]));
    const rmse = Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length);
    expect(rmse).toBeCloseTo(test.scores[0]!.rmse, 10);
  });

  it("reads the columns by name, in any order, and writes a table", async () => {
    const out = at("named.keras");
    await trainJson(weather, "--target", "temp", ...quick, "--horizon", "2", "--out", out);
    const some = rows.slice(0, 9);
    const turned = write(
      "turned.csv",
      csv(
        some.map(([date, temp, wind]) => [wind!, date!, temp!]),
        "wind,date,temp",
      ),
    );
    const plain = write("plain.csv", csv(some));
    const result = async (file: string) => (await unroll("predict", out, "--input", file)).out;
    expect(await result(turned)).toBe(await result(plain));
    expect(await result(plain)).toMatch(
      /^temp, 2 rows ahead of the row named\n2020-01-08 \(line 9\) {2}\S+ {2}\S+\n2020-01-09 \(line 10\)/,
    );
    await unroll("predict", out, "--input", plain, "--out", at("ahead.csv"));
    expect(readFileSync(at("ahead.csv"), "utf8")).toMatch(
      /^after_date,temp_1_ahead,temp_2_ahead\n2020-01-08,[\d.]+,[\d.]+\n/,
    );
  });

  it("says where a new row is beyond float32", async () => {
    const out = at("far.keras");
    await trainJson(weather, "--target", "temp", ...quick, "--out", out);
    const far = rows.slice(0, 9).map((row, t) => (t === 4 ? [row[0]!, "1e300", row[2]!, row[3]!] : row));
    const { note } = await unroll("predict", out, "--input", write("far.csv", csv(far)));
    expect(note).toContain("(beyond 3.4e38), first on line 6, column temp, when scaled.\n");
  });

  it("says what is wrong with new rows", async () => {
    const out = at("strict.keras");
    await trainJson(weather, "--target", "temp", ...quick, "--out", out);
    const fails = async (lines: readonly (readonly string[])[], head?: string) => {
      const { code, note } = await unroll("predict", out, "--input", write("bad.csv", csv(lines, head)));
      expect(code).toBe(2);
      return note;
    };
    expect((await unroll("predict", out, "--input", weather, "--lookback", "8")).code).toBe(0);
    expect(await fails(rows.slice(0, 7))).toContain(
      "a forecast reads 8 rows, as the model was trained. Received: rows = 7.",
    );
    expect(await fails(rows, "date,temp,winds,sky")).toContain("Did you mean winds?");
    expect(await fails(rows.slice(0, 9).map((row, t) => (t === 4 ? [row[0]!, "", row[2]!, row[3]!] : row)))).toContain(
      "Received: no temp in line 6.",
    );
    const refused = async (...flags: string[]) => (await unroll("predict", out, "--input", weather, ...flags)).note;
    expect(await refused("--lookback", "3")).toContain(
      "--lookback is that of the training, 8. Received: --lookback 3.",
    );
    expect(await refused("--workers", "2")).toContain("--workers has no use here");
    expect(await refused("--out", at("y.npy"))).toContain("forecasts go into a .csv or .json");
    writeFileSync(`${out}.forecast.json`, "{}");
    expect(await fails(rows)).toContain("the file must be what unroll train writes beside a model");
  });
});

describe("the report", () => {
  it("is one page without a request, with every section and chart", async () => {
    await trainJson(weather, "--target", "temp", ...quick, "--horizon", "2", "--report", at("report.html"));
    const page = readFileSync(at("report.html"), "utf8");
    for (const title of [
      "Data and split",
      "Training",
      "Forecast against truth",
      "Errors",
      "Gradient through time",
      "Where every count and shape comes from",
      "Settings",
    ]) {
      expect(page).toContain(`<h2>${title}</h2>`);
    }
    expect(page.match(/<svg /g)).toHaveLength(6);
    expect(page.match(/<title>/g)).toHaveLength(7);
    expect(page).not.toMatch(/<script|<link|<img|\bsrc=|url\(|@import|NaN/);
    const { data } = await trainJson(weather, "--target", "temp", ...quick);
    expect(page).toContain(data.sha256);
    expect(page).toContain("default-src 'none'");
    expect(page.match(/<h1>/g)).toHaveLength(1);
  });

  it("keeps names from the file as text", async () => {
    const evil = "<script>alert(1)</script>";
    const file = write("evil.csv", csv(rows, `"<b>date",${evil},<i>wind,sky`));
    await trainJson(file, "--target", evil, ...quick, "--report", at("evil.html"));
    const page = readFileSync(at("evil.html"), "utf8");
    expect(page).not.toMatch(/<script|<b>|<i>/);
    expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
  });
});
