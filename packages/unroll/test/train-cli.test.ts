/** `unroll train`: what it reads, how it splits and scores, and how a run goes on. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadModel, MinMaxScaler } from "unroll";
import { afterAll, describe, expect, it } from "vitest";
import { unroll } from "./run-unroll.ts";
import { csv, day, makeTrainFolder, quick, rows, trainJson } from "./train-folder.ts";

const { at, folder, weather, write } = makeTrainFolder();
afterAll(() => rmSync(folder, { recursive: true }));

describe("unroll train", () => {
  it("says what it read, how it split it, how far it is and what came out, in 80 columns", async () => {
    const { code, out, note } = await unroll("train", weather, "--target", "temp", ...quick, "--period", "38");
    expect(code).toBe(0);
    // The path of the file may be long.
    expect(note).toMatch(/160 rows,\s+2020-01-01\s+to\s+2020-06-08\./);
    for (const line of [
      "Left out, because they hold words: sky.",
      "lstm_forecast (117 parameters) reads 8 rows of temp, wind and forecasts temp 1",
      "Give --out model.keras to keep the model.",
    ]) {
      expect(note).toContain(line);
    }
    expect(note).toMatch(/^Epoch 2\/2 - 4\/4 - \d+s - \d+ms\/step - loss: [\d.]+ - mae: [\d.]+(\n {2}| - )val_loss: /m);
    // 152 windows; a part of 15 % has 23, as validation_split takes it.
    expect(note).toMatch(
      /train +106 windows, 2020-01-09 to 2020-04-23\nvalidation 23 windows, .*\ntest +23 windows, .* to 2020-06-08/,
    );
    expect(out).toMatch(
      /on the test part +RMSE +MAE +R²\nthis model .*\nlast value .*\n38 rows before .*\n\ntest RMSE [\d.]+, naive [\d.]+: this model /,
    );
    expect(note).toMatch(/^2 epochs\. The model is that of epoch 2, the best by validation loss\.$/m);
    for (const line of `${out}\n${note}`.split("\n")) {
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

  it("tells what stands where a number should, whether it is filled or not", async () => {
    const words = rows.map((row, t) => (t === 90 ? [row[0]!, "abc", row[2]!, row[3]!] : row));
    const file = write("words.csv", csv(words));
    const { note } = await unroll("train", file, "--target", "temp", ...quick);
    expect(note.replaceAll("\n", " ")).toContain(
      '"abc" in line 92 (temp) is no number and counts as missing. 1 missing value: temp in line 92. 9 windows left out',
    );
    const filled = await unroll("train", file, "--target", "temp", ...quick, "--missing", "forward");
    expect(filled.note.replaceAll("\n", " ")).toContain(
      '"abc" in line 92 (temp) is no number and counts as missing. 1 missing value filled: temp in line 92.',
    );
    const { data } = await trainJson(file, "--target", "temp", ...quick);
    expect(data.unread).toEqual([{ line: 92, column: "temp", text: "abc" }]);
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
        rows.map(([date, temp], t) => [date!, temp!, t === 9 ? "1e60" : String(t)]),
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

describe("threads", () => {
  it("share each training step, and belong to what a checkpoint goes on with", async () => {
    const flags = [weather, "--target", "temp", "--lookback", "8", "--units", "64", "--batch-size", "32"];
    const some = ["--epochs", "4", "--patience", "0"];
    const lossOf = async (...more: string[]): Promise<number> =>
      (await trainJson(...flags, ...some, ...more)).training.history.loss.at(-1)!;
    const [one, two] = [await lossOf(), await lossOf("--threads", "2", "--checkpoint", at("two"))];
    // Gradients are added up in another order: other last bits, and nothing else.
    expect(two).not.toBe(one);
    expect(Math.abs(two / one - 1)).toBeLessThan(1e-4);
    const other = await unroll(
      "train",
      ...flags,
      "--epochs",
      "2",
      "--patience",
      "0",
      "--checkpoint",
      at("two"),
      "--resume",
    );
    expect(other.note).toContain("the checkpoint is of a run with --threads 2. Received: --threads 1.");
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
