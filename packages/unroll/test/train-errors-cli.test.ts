/** What `unroll train` says to bad input. */
import { existsSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { unroll } from "./run-unroll.ts";
import { csv, day, makeTrainFolder, quick, rows } from "./train-folder.ts";

const { at, folder, weather, write } = makeTrainFolder();
afterAll(() => rmSync(folder, { recursive: true }));

describe("bad input", () => {
  const bad = async (...words: string[]): Promise<string> => {
    const { code, note, out } = await unroll("train", ...words);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    return note.replaceAll(`${folder}/`, "").trim();
  };
  const py = (body: string): string =>
    write("bad.py", `import keras\nfrom keras import layers\nm = keras.Sequential([${body}])\n`);

  it("is told with what to change", async () => {
    const target = ["--target", "temp"];
    expect(await bad(weather)).toBe("unroll train: needs the column to forecast. Give --target COL.");
    expect(await bad(weather, "--target", "temps")).toBe(
      "weather.csv: --target must name a column of the file. Received: temps. Did you mean temp? Its columns are date, temp, wind, sky.",
    );
    expect(await bad(weather, ...target, "--features", "temp,winds")).toContain("Received: winds. Did you mean wind?");
    expect(await bad(weather, ...target, "--features", "temp,temp")).toContain("temp twice");
    expect(await bad(weather, "--target", "sky")).toBe(
      'weather.csv: --target sky must be a column of numbers. Received: "wet" in line 2.',
    );
    expect(await bad(weather, "--target", "date")).toContain(
      "--target date must be a column of numbers. Received: dates.",
    );
    expect(await bad(weather, ...target, "--date", "temp")).toContain(
      "--date: must name a column of dates, or be none",
    );
    expect(await bad(weather, ...target, "--lookback", "500")).toBe(
      "weather.csv: --lookback 500 and --horizon 1 need 501 rows at least. Received: rows = 160. Give --lookback 159 or less, or more rows.",
    );
    expect(await bad(weather, ...target, "--lookback", "158")).toContain(
      "the split must leave windows to train on, and 2 to test. Received: 2 windows with --validation 0.15 and --test 0.15.",
    );
    expect(await bad(weather, ...target, "--test", "1.5")).toContain(
      "--test must be a share below 1, or a whole number",
    );
    expect(await bad(weather, ...target, "--period", "150")).toContain("--period must be at most 139");
    expect(await bad(weather, ...target, "--loss", "mze", ...quick)).toContain("mze");
    expect(await bad(weather, ...target, "--optimizer", "adan")).toContain("Did you mean adam?");
    expect(await bad(weather, ...target, "--epoch", "3")).toContain("Did you mean --epochs?");
    expect(await bad(at("none.csv"), ...target)).toContain("there is no such file");
    expect(await bad(weather, ...target, "--out", at("net.py"))).toContain(
      "the file must hold architecture and weights",
    );
    expect(await bad(weather, ...target, "--model", "m.py", "--units", "3")).toContain(
      "--cell and --units make the model",
    );
  });

  it("names the column that never changes, and the line of a date that is missing or there twice", async () => {
    const flat = write(
      "flat.csv",
      csv(
        rows.map(([date]) => [date!, "7", "1"]),
        "date,temp,wind",
      ),
    );
    expect(await bad(flat, "--target", "temp")).toBe(
      "flat.csv: --target temp must change from row to row, or nothing can be learnt. Received: 7 in every row.",
    );
    const late = write(
      "late.csv",
      csv(
        rows.map(([date, temp], t) => [date!, temp!, t < 140 ? "0" : String(t)]),
        "date,temp,wind",
      ),
    );
    expect(await bad(late, "--target", "temp", ...quick)).toContain(
      "wind must change within the training part. Received: 0 in every row up to line 115.",
    );
    const twice = write("twice.csv", csv(rows.map((row, t) => (t === 9 ? [day(3), ...row.slice(1)] : row))));
    expect(await bad(twice, "--target", "temp")).toContain(
      "every row must have a date of its own. Received: 2020-01-04 in lines 5 and 11.",
    );
    const undated = write("undated.csv", csv(rows.map((row, t) => (t === 9 ? ["soon", ...row.slice(1)] : row))));
    expect(await bad(undated, "--target", "temp")).toContain(
      'line 11, column date: every row must have a date. Received: "soon".',
    );
    expect((await unroll("train", undated, "--target", "temp", ...quick, "--date", "none")).code).toBe(0);
  });

  it("says which number of a model does not fit the windows", async () => {
    const words = [weather, "--target", "temp", "--lookback", "8", "--model"];
    expect(await bad(...words, py("keras.Input((8, 5)), layers.LSTM(3), layers.Dense(1)"))).toBe(
      "bad.py: the model must read windows of 8 rows and 2 features. Received: its input = (None, 8, 5). Name 5 columns with --features, or make the model's input (None, 8, 2).",
    );
    expect(await bad(...words, py("keras.Input((9, 2)), layers.LSTM(3), layers.Dense(1)"))).toContain(
      "Give --lookback 9, or make the model's input (None, 8, 2).",
    );
    expect(await bad(...words, py("keras.Input((8, 2)), layers.LSTM(3), layers.Dense(4)"))).toContain(
      "Give --horizon 4, or end the model with Dense(1).",
    );
    expect(
      await bad(...words, py("keras.Input((8, 2)), layers.LSTM(3, return_sequences=True), layers.Dense(1)")),
    ).toContain("must not return sequences");
    expect(await bad(...words, py("keras.Input((2,)), layers.Dense(1)"))).toContain("Make its input (None, 8, 2).");
  });

  it("refuses a report of another kind before it trains", async () => {
    const said = await bad(weather, "--target", "temp", ...quick, "--report", at("r.pdf"));
    expect(said).toBe("--report: the file must end in .html. Received: r.pdf.");
    expect(existsSync(at("r.pdf"))).toBe(false);
  });

  it("refuses to write two things into one file, also by another name", async () => {
    const words = [weather, "--target", "temp", ...quick];
    const one = at("one.keras");
    expect(await bad(...words, "--out", one, "--checkpoint", join(folder, ".", "one.keras"))).toBe(
      "one.keras: --out and the checkpoint must be different files. Received: the same file. Give one of them another name.",
    );
    expect(await bad(...words, "--out", one, "--checkpoint", `${one}.forecast.json`)).toContain(
      "what is kept beside --out and the checkpoint must be different files",
    );
    expect(await bad(...words, "--report", at("r.html"), "--checkpoint", at("r.html"))).toContain(
      "--report and the checkpoint must be different files",
    );
    expect(existsSync(one)).toBe(false);
  });

  it("leaves files alone that are there already", async () => {
    const out = write("there.keras", "precious");
    const link = at("link.keras");
    symlinkSync(weather, link);
    expect(await bad(weather, "--target", "temp", ...quick, "--out", out)).toContain("Give --force to replace it");
    expect(await bad(weather, "--target", "temp", ...quick, "--force", "--out", link)).toContain(
      "must not be the one that is written",
    );
    expect(readFileSync(out, "utf8")).toBe("precious");
  });
});
