/** `unroll train` and what follows from it: errors, baselines, the saved model on new rows, the report, and every bad input. */
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadModel, MinMaxScaler } from "unroll";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { unroll } from "./run-unroll.ts";

/** What a run writes as JSON, as far as the tests read it. */
interface TrainJson {
  readonly data: {
    readonly rows: number;
    readonly sha256: string;
    readonly features: readonly string[];
    readonly missing: readonly { readonly line: number; readonly column: string; readonly text: string }[];
    readonly filled: readonly { readonly row: number; readonly column: string; readonly value: number }[];
    readonly skippedWindows: number;
    readonly notes: readonly string[];
  };
  readonly windows: {
    readonly lookback: number;
    readonly parts: readonly { name: string; windows: number; span: string }[];
  };
  readonly model: { readonly name: string; readonly params: number };
  readonly training: { readonly epochs: number; readonly history: { readonly loss: readonly number[] } };
  readonly test: {
    readonly scores: readonly { name: string; rmse: number; mae: number; r2: number }[];
    readonly verdict: { readonly outcome: string; readonly text: string };
  };
}

let folder = "";
const at = (name: string): string => join(folder, name);
const write = (name: string, text: string): string => {
  writeFileSync(at(name), text);
  return at(name);
};
/** 2020-01-01 and so many days more. */
const day = (index: number): string => new Date(Date.UTC(2020, 0, 1 + index)).toISOString().slice(0, 10);
const wave = (t: number): number => 20 + 5 * Math.sin(t / 6);
const rows = Array.from({ length: 160 }, (_, t) => [
  day(t),
  wave(t).toFixed(4),
  Math.cos(t / 6).toFixed(4),
  t % 2 ? "dry" : "wet",
]);
const csv = (lines: readonly (readonly string[])[], head = "date,temp,wind,sky"): string =>
  `${head}\n${lines.map((line) => line.join(",")).join("\n")}\n`;
const quick = ["--lookback", "8", "--units", "4", "--epochs", "2"];

async function trainJson(...words: string[]): Promise<TrainJson> {
  const { code, out, note } = await unroll("train", ...words, "--json", "--force");
  expect({ code, note: code === 0 ? "" : note }).toEqual({ code: 0, note: "" });
  return JSON.parse(out) as TrainJson;
}

let weather = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "unroll-train-"));
  weather = write("weather.csv", csv(rows));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("unroll train", () => {
  it("says what it read, how it split it, how far it is and what came out, in 80 columns", async () => {
    const { code, out, note } = await unroll("train", weather, "--target", "temp", ...quick, "--period", "38");
    expect(code).toBe(0);
    for (const line of [
      "160 rows, 2020-01-01 to 2020-06-08.",
      "Left out, because they hold words: sky.",
      "lstm_forecast (117 parameters) reads 8 rows of temp, wind and forecasts temp 1",
      "Give --out model.keras to keep the model.",
    ]) {
      expect(note).toContain(line);
    }
    expect(note).toMatch(/^Epoch 2\/2 - 4\/4 - \d+s - \d+ms\/step - loss: [\d.]+ - mae: [\d.]+ - val_loss: /m);
    // 152 windows; a part of 15 % has 23, as validation_split takes it.
    expect(note).toMatch(
      /train +106 windows, 2020-01-09 to 2020-04-23\nvalidation 23 windows, .*\ntest +23 windows, .* to 2020-06-08/,
    );
    expect(out).toMatch(
      /on the test part +RMSE +MAE +R²\nthis model .*\nlast value .*\n38 rows before .*\n\ntest RMSE [\d.]+, naive [\d.]+: this model /,
    );
    // Lines of progress may be longer; on a terminal they are cut.
    for (const line of [...out.split("\n"), ...note.split("\n").filter((one) => !one.startsWith("Epoch"))]) {
      if (!line.includes(folder)) expect([...line].length).toBeLessThanOrEqual(80);
    }
  });

  it("measures the baselines in the units of the file, by hand", async () => {
    const { test } = await trainJson(weather, "--target", "temp", ...quick, "--period", "10");
    const values = rows.map((row) => Number(row[1]));
    const newest = values.slice(-23);
    const squares = (from: number) => newest.map((value, i) => (value - values[values.length - 23 + i - from]!) ** 2);
    const root = (list: readonly number[]): number => Math.sqrt(list.reduce((sum, one) => sum + one, 0) / list.length);
    expect(test.scores.map(({ name }) => name)).toEqual(["this model", "last value", "10 rows before"]);
    expect(test.scores[1]!.rmse).toBeCloseTo(root(squares(1)), 12);
    expect(test.scores[2]!.rmse).toBeCloseTo(root(squares(10)), 12);
  });

  it("finds the season by itself, from the training part", async () => {
    const week = [4, 6, 9, 3, 1, 8, 7];
    const file = write(
      "week.csv",
      csv(
        Array.from({ length: 150 }, (_, t) => [day(t), String(week[t % 7]! + (t % 3) / 10)]),
        "date,sales",
      ),
    );
    const { test } = await trainJson(file, "--target", "sales", ...quick);
    expect(test.scores.map(({ name }) => name)).toEqual(["this model", "last value", "7 rows before"]);
  });

  it("scales by the training part alone: what comes later changes neither scale nor weights", async () => {
    const later = rows.map((row, t) => (t < 131 ? row : [row[0]!, String(1000 + t), String(-t), row[3]!]));
    const other = write("later.csv", csv(later));
    const run = async (file: string, out: string) => {
      await trainJson(file, "--target", "temp", ...quick, "--scaler", "minmax", "--patience", "0", "--out", at(out));
      const { scaler } = JSON.parse(readFileSync(at(`${out}.forecast.json`), "utf8"));
      return { scaler, weights: (await loadModel(at(out))).getWeights().map(({ data }) => [...data]) };
    };
    const [first, second] = [await run(weather, "a.keras"), await run(other, "b.keras")];
    expect(second).toEqual(first);
    // Rows of the training part: 106 windows of 8 rows, and their targets.
    const seen = rows.slice(0, 114).map((row) => [Number(row[1]), Number(row[2])]);
    expect(first.scaler).toEqual(JSON.parse(JSON.stringify(new MinMaxScaler().fit(seen).toJSON())));
  });

  it("is the same run for the same seed, another one for another", async () => {
    const run = async (seed: string) =>
      (await trainJson(weather, "--target", "temp", ...quick, "--seed", seed)).training.history;
    expect(await run("5")).toEqual(await run("5"));
    expect(await run("5")).not.toEqual(await run("6"));
  });

  it("puts rows in the order of their dates", async () => {
    const reversed = write("reversed.csv", csv(rows.toReversed()));
    const [newest, oldest] = [
      await trainJson(reversed, "--target", "temp", ...quick),
      await trainJson(weather, "--target", "temp", ...quick),
    ];
    expect(newest.test).toEqual(oldest.test);
    expect(newest.data.notes).toContain("The rows were put in the order of date, oldest first.");
  });

  it("tells missing values by line, and leaves out the windows that touch them, or fills them", async () => {
    const gaps = rows.map((row, t) =>
      t === 20 || t === 21 || t === 90 ? [row[0]!, t === 90 ? "n/a" : "", row[2]!, row[3]!] : row,
    );
    const file = write("gaps.csv", csv(gaps));
    const { note } = await unroll("train", file, "--target", "temp", ...quick);
    expect(note.replaceAll("\n", " ")).toContain(
      "3 missing values: temp in lines 22 to 23, 92. 19 windows left out because of that.",
    );
    const { data, windows } = await trainJson(file, "--target", "temp", ...quick);
    expect(data.missing.at(-1)).toEqual({ line: 92, column: "temp", text: "n/a" });
    // Eight rows and one ahead: 10 windows touch two gaps in a row, 9 touch one.
    expect(data.skippedWindows).toBe(19);
    expect(windows.parts.reduce((sum, part) => sum + part.windows, 0)).toBe(152 - 19);
    const filled = await trainJson(file, "--target", "temp", ...quick, "--missing", "forward");
    expect(filled.data.missing).toEqual([]);
    expect(filled.data.filled[0]).toEqual({ row: 22, column: "temp", value: Number(rows[19]![1]) });
  });

  it("predicts one column from others, several rows ahead", async () => {
    const { data, model } = await trainJson(
      weather,
      "--target",
      "temp",
      "--features",
      "wind",
      ...quick,
      "--horizon",
      "3",
      "--cell",
      "gru",
    );
    expect(data.features).toEqual(["wind"]);
    // GRU(4) on one feature: 3 × [4 × (4 + 1) + 2 × 4] = 84, Dense(3): 15.
    expect(model).toEqual({ name: "gru_forecast", params: 99 });
  });

  it("trains the model of a notebook's code, with the lookback that it has", async () => {
    const file = write(
      "net.py",
      "import keras\nm = keras.Sequential([keras.Input((12, 2)), keras.layers.SimpleRNN(3), keras.layers.Dense(1)])\n",
    );
    const { windows, model, training } = await trainJson(weather, "--target", "temp", "--model", file, "--epochs", "3");
    expect(windows.lookback).toBe(12);
    expect(model.params).toBe(3 * (3 + 2 + 1) + 4);
    expect(training.epochs).toBe(3);
  });

  it("says before it trains where a value is beyond float32", async () => {
    const file = write(
      "huge.csv",
      csv(
        rows.map(([date, temp], t) => [date!, temp!, t === 9 ? "1e300" : String(t)]),
        "date,temp,wind",
      ),
    );
    const { code, note } = await unroll("train", file, "--target", "temp", ...quick, "--scaler", "none");
    expect(note.replaceAll(/\s+/g, " ")).toContain(
      "The input has numbers that float32 holds as infinite (beyond 3.4e38), first on line 11, column wind.",
    );
    expect(code).toBe(1);
    // Scaled by what the training part shows, the same value is an ordinary one.
    expect((await unroll("train", file, "--target", "temp", ...quick)).note).not.toContain("float32");
  });

  it("stops where a loss is no number, and saves nothing", async () => {
    const { code, note } = await unroll(
      "train",
      weather,
      "--target",
      "temp",
      ...quick,
      "--optimizer",
      "sgd",
      "--learning-rate",
      "1e30",
      "--epochs",
      "30",
      "--out",
      at("nan.keras"),
    );
    expect(code).toBe(1);
    expect(note).toContain("is not a finite number");
    expect(note).toContain("A lower --learning-rate often helps.");
    expect(existsSync(at("nan.keras"))).toBe(false);
  });
});

describe("the README", () => {
  const root = fileURLToPath(new URL("../../../", import.meta.url));
  const readme = readFileSync(join(root, "README.md"), "utf8");

  it("shows a training run that runs, with the baselines and the verdict that it prints", async () => {
    const words = /npx unroll (train examples\S+ .*)/.exec(readme)![1]!.split(" ");
    const inFolder = words.map((word) =>
      word.startsWith("examples/") ? join(root, word) : /\.(keras|html)$/.test(word) ? at(word) : word,
    );
    const { code, out } = await unroll(...inFolder);
    expect(code).toBe(0);
    const shown = readme.split("\n");
    // The model's own digits depend on how the machine rounds.
    const baselines = out.split("\n").filter((line) => /^(last value|365 rows)/.test(line));
    expect(baselines).toHaveLength(2);
    expect(shown).toEqual(expect.arrayContaining(baselines));
    expect(out).toMatch(/naive 2\.932: this model beats repeating the last value by \d/);
  });
});

describe("a kept checkpoint", () => {
  it("lets a run go on to more epochs, with the bits of one run", async () => {
    const flags = [weather, "--target", "temp", "--lookback", "8", "--units", "4", "--patience", "0"];
    const checkpoint = ["--checkpoint", at("kept")];
    await trainJson(...flags, "--epochs", "2", ...checkpoint);
    const { training } = await trainJson(...flags, "--epochs", "4", ...checkpoint, "--resume");
    expect(training.history).toEqual((await trainJson(...flags, "--epochs", "4")).training.history);
  });

  it("is neither overwritten nor taken up by another run", async () => {
    const flags = ["train", weather, "--target", "temp", ...quick, "--checkpoint", at("mine")];
    expect((await unroll(...flags)).code).toBe(0);
    const again = await unroll(...flags);
    expect(again.code).toBe(2);
    expect(again.note).toContain("Give --resume to go on from it, or --force to begin anew.");
    const other = await unroll(...flags.toSpliced(3, 1, "wind"), "--resume");
    expect(other.code).toBe(2);
    expect(other.note).toContain("the checkpoint is of a run with --target temp. Received: --target wind.");
    const none = await unroll(...flags, "--resume", "--checkpoint", at("nowhere"));
    expect(none.note).toContain("yet: the run begins anew.");
  });
});

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
      "weather.csv: --target must name a column of the file. Received: temps. Did you mean temp?",
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
