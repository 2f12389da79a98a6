/** Forecasts of a table in pieces, for a model that has its preprocessing beside it: the bytes of reading it at once. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { Terminal } from "../src/cli/command.ts";
import { main } from "../src/cli/main.ts";
import { forecastLayout } from "../src/cli/predict-row-pieces.ts";
import { readSidecar } from "../src/forecast/sidecar.ts";
import { loadModel } from "../src/formats/load.ts";
import { partsOf, predictCsv } from "../src/serve/predict-csv.ts";
import { LoadedModel, type Runner, runnerHere } from "../src/serve/runner.ts";
import { temporaryFolder } from "../src/serve/testing.ts";

async function run(...words: string[]): Promise<{ code: number; notes: string }> {
  let notes = "";
  const screen: Terminal = {
    out: () => {},
    note: (text) => {
      notes += text;
    },
    columns: 80,
    color: false,
    interactive: false,
  };
  return { code: await main(words, screen), notes };
}

/** Two columns by the hour; `edit` changes the cells of a row. */
function writeRows(
  path: string,
  count: number,
  edit: (cells: string[], row: number) => string[] = (cells) => cells,
): string {
  const lines = Array.from({ length: count }, (_, row) => {
    const hour = new Date(Date.UTC(2020, 0, 1, row)).toISOString().slice(0, 16).replace("T", " ");
    return edit([hour, (10 + Math.sin(row / 5)).toFixed(3), Math.cos(row / 7).toFixed(3)], row).join(",");
  });
  writeFileSync(path, `hour,level,wind\n${lines.join("\n")}\n`);
  return path;
}

const folder = temporaryFolder();
const model = join(folder, "m.keras");

async function train(out: string, ...more: string[]): Promise<void> {
  const data = writeRows(join(folder, "train.csv"), 120);
  const words = [
    "--target",
    "level",
    "--lookback",
    "5",
    "--horizon",
    "2",
    "--epochs",
    "1",
    "--units",
    "3",
    "--out",
    out,
  ];
  const { code, notes } = await run("train", data, ...words, "--force", ...more);
  expect(code, notes).toBe(0);
}

beforeAll(async () => await train(model), 60_000);

/** Both ways; the file has three pieces. */
async function bothWays(
  input: string,
  of = model,
): Promise<{ whole: string; pieces: string; notes: string; wholeNotes: string }> {
  const [whole, pieces] = [join(folder, "whole.csv"), join(folder, "pieces.csv")];
  const first = await run("predict", of, "--input", input, "--out", whole, "--force");
  const second = await run("predict", of, "--input", input, "--out", pieces, "--force", "--workers", "0");
  expect([first.code, second.code], first.notes + second.notes).toEqual([0, 0]);
  const texts = { whole: readFileSync(whole, "utf8"), pieces: readFileSync(pieces, "utf8") };
  return { ...texts, notes: second.notes, wholeNotes: first.notes };
}

describe("forecasts in pieces", { timeout: 120_000 }, () => {
  it("are those of reading the table at once", async () => {
    const { whole, pieces, notes } = await bothWays(writeRows(join(folder, "new.csv"), 9000));
    expect(pieces).toBe(whole);
    expect(pieces.split("\n")).toHaveLength(9000 - 5 + 1 + 2);
    expect(pieces.split("\n")[0]).toBe("after_hour,level_1_ahead,level_2_ahead");
    expect(notes).toContain("Columns, scaling and lookback are those of");
  });

  it("leave out the same windows around gaps, or fill them the same, across the ends of pieces", async () => {
    // 4096 rows are a piece.
    const gaps = new Set([0, 7, 4095, 4096, 4097, 8999]);
    const edit = (cells: string[], row: number) =>
      gaps.has(row) ? [cells[0]!, cells[1]!, row === 4096 ? "abc" : ""] : cells;
    const input = writeRows(join(folder, "gaps.csv"), 9000, edit);
    const skipped = await bothWays(input);
    expect(skipped.pieces).toBe(skipped.whole);
    expect(skipped.notes).toContain('"abc" in line 4098 (wind) is no number and counts as missing.\n');
    const left = "14 windows left out, because a value in them is missing: wind in lines 2, 9, 4097 to 4099, 9001.\n";
    expect(skipped.notes).toContain(left);
    expect(skipped.wholeNotes).toContain(left);
    expect(skipped.wholeNotes).toContain('"abc" in line 4098 (wind) is no number');
    const filling = join(folder, "forward.keras");
    await train(filling, "--missing", "forward");
    const filled = await bothWays(input, filling);
    expect(filled.pieces).toBe(filled.whole);
    expect(filled.pieces.split("\n").length).toBeGreaterThan(skipped.pieces.split("\n").length);
    const drawing = join(folder, "linear.keras");
    await train(drawing, "--missing", "linear");
    const drawn = await bothWays(input, drawing);
    expect(drawn.pieces).toBe(drawn.whole);
    // The last cell has no value behind it, the first none before it.
    expect(drawn.notes).toMatch(/^2 windows left out/m);
  });

  it("go on after a kill with the bytes of a run that nobody killed", async () => {
    const input = writeRows(join(folder, "long.csv"), 9000);
    const { whole } = await bothWays(input);
    const net = await loadModel(model);
    const facts = (await readSidecar(model))!;
    const runner = runnerHere(new LoadedModel(net, 32));
    const output = join(folder, "killed.csv");
    const predict = (one: Pick<Runner, "run" | "signature">) => {
      const layout = forecastLayout(net, input, facts, { skipped: 0, missing: [], unread: [] });
      return predictCsv({ runner: one, modelId: "m", input, output, workers: 1, layout });
    };
    let ran = 0;
    const dying: Runner["run"] = async (inputs) => {
      if (ran++ === 2) throw new Error("killed");
      return runner.run(inputs);
    };
    await expect(predict({ signature: runner.signature, run: dying })).rejects.toThrow("killed");
    expect(existsSync(output)).toBe(false);
    expect(existsSync(partsOf(output).part)).toBe(true);
    expect((await predict(runner)).resumedChunks).toBeGreaterThan(0);
    expect(readFileSync(output, "utf8")).toBe(whole);
  });

  it("ask for rows in the order of their dates, and say which are not", async () => {
    const turned = (cells: string[], row: number) => (row === 5000 ? ["2019-12-31 23:00", ...cells.slice(1)] : cells);
    const input = writeRows(join(folder, "turned.csv"), 9000, turned);
    const out = join(folder, "turned-out.csv");
    const { code, notes } = await run("predict", model, "--input", input, "--out", out, "--workers", "0");
    expect([code, existsSync(out)]).toEqual([2, false]);
    expect(notes).toContain("rows that are read piece by piece must be in the order of hour");
    expect(notes).toContain("Sort the file by hour first.");
    const twice = (cells: string[], row: number) =>
      row === 4096
        ? [new Date(Date.UTC(2020, 0, 1, 4095)).toISOString().slice(0, 16).replace("T", " "), ...cells.slice(1)]
        : cells;
    const again = await run("predict", model, "--input", writeRows(input, 5000, twice), "--out", out, "--workers", "0");
    expect(again.notes).toContain("line 4098 is not newer than line 4097");
  });

  it("need a window", async () => {
    const input = writeRows(join(folder, "short.csv"), 4);
    const { code, notes } = await run(
      "predict",
      model,
      "--input",
      input,
      "--out",
      join(folder, "o.csv"),
      "--workers",
      "0",
    );
    expect([code, notes]).toEqual([
      2,
      expect.stringContaining("some 5 rows in a row must have every value. Received: rows = 4."),
    ]);
  });

  it("cannot be made by threads into JSON", async () => {
    const input = writeRows(join(folder, "some.csv"), 20);
    const json = await run("predict", model, "--input", input, "--out", join(folder, "o.json"), "--workers", "1");
    expect([json.code, json.notes]).toEqual([
      2,
      expect.stringContaining("--workers has no use here: it goes with --out Y.csv"),
    ]);
  });
});
