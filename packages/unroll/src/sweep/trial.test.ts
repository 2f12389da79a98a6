import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { rootMeanSquaredError } from "../data/index.ts";
import { modelForecasts } from "../forecast/forecasts.ts";
import { compileFor, defaultModel } from "../forecast/model.ts";
import { loadModel } from "../formats/load.ts";
import { fit } from "../training/fit.ts";
import { foldsOf, foldWindows } from "./folds.ts";
import { beginSweep, openSweep, readAllSeries } from "./open-sweep.ts";
import { checkOptions } from "./options.ts";
import { makePlan, type Task } from "./plan.ts";
import { type SharedFiles, sharedFolder } from "./shared-files.ts";
import { checkSpace, plainDefaults, type Space } from "./space.ts";
import { smallOptions, temporaryFolder } from "./testing.ts";
import { type OpenSweep, runTask } from "./trial.ts";

async function begun(space: Space, change = (text: string): string => text): Promise<OpenSweep> {
  const folder = temporaryFolder();
  const options = checkOptions({ ...smallOptions(folder), patience: 0 });
  writeFileSync(options.data, change(readFileSync(options.data, "utf8")));
  const series = await readAllSeries(options.data, options);
  expect(series.size).toBe(1);
  const { sha256 } = series.get(null)!;
  const plan = makePlan(checkSpace(space), options, { file: "data/waves.csv", sha256, groups: null });
  const files = sharedFolder(join(folder, "sweep"));
  await beginSweep(plan, files, options.data);
  return await openSweep(files);
}

const search = (epochs: number): Task => ({ id: `t1-e${epochs}`, trial: "t1", kind: "search", epochs });

describe("a trial", { timeout: 120_000 }, () => {
  it("scores the best epoch in the units of the file, as forecasts and truth do", async () => {
    const sweep = await begun({ cell: "gru", units: 3, lookback: 5, learningRate: 0.01 });
    const result = await runTask(sweep, search(1));
    if (result.status !== "done") throw new Error(result.reason);
    const { settings, seed } = sweep.plan.trials[0]!;
    const series = sweep.series.get(null)!;
    const errors: number[] = [];
    for (const fold of foldsOf(120, sweep.plan.options, "")) {
      const { train, scored, scaler } = foldWindows(series, fold, settings, 1);
      const model = defaultModel({ ...plainDefaults, ...settings, depth: 1, seed, horizon: 1 }, 5, 1);
      compileFor(model, { optimizer: "adam", learningRate: 0.01, loss: "mse" });
      await fit(model, train, undefined, { epochs: 1, batchSize: 32, seed, print: () => {} });
      const forecast = modelForecasts(model, scored.scaled, { scaler, target: 0, horizon: 1 });
      errors.push(rootMeanSquaredError(scored.raw.trueTargets().data, forecast.data));
    }
    // The engine adds up in float32.
    expect(result.folds.map(({ rmse }) => rmse)).toEqual(errors.map((error) => expect.closeTo(error, 5)));
    expect(result.score).toBeCloseTo((errors[0]! + errors[1]!) / 2, 5);
  });

  it("goes on from round to round to the bits of one run, and answers for a round that is past", async () => {
    const steps = await begun({ units: 3, lookback: 5, dropout: 0.2 });
    const first = await runTask(steps, search(2));
    const second = await runTask(steps, search(4));
    const whole = await begun({ units: 3, lookback: 5, dropout: 0.2 });
    expect(await runTask(whole, search(4))).toEqual(second);
    expect(await runTask(whole, search(2))).toEqual(first);
  });

  it("trains only the epochs that its checkpoint lacks", async () => {
    const sweep = await begun({ units: 2, lookback: 4 });
    const pushed: string[] = [];
    const files: SharedFiles = { ...sweep.files, push: async (name) => void pushed.push(name) };
    await runTask({ ...sweep, files }, search(2));
    // At the beginning of each epoch, and at the end.
    expect(pushed.filter((name) => name === "checkpoints/t1-f1")).toHaveLength(3);
    pushed.length = 0;
    await runTask({ ...sweep, files }, search(3));
    expect(pushed.filter((name) => name === "checkpoints/t1-f1")).toHaveLength(2);
    pushed.length = 0;
    await runTask({ ...sweep, files }, search(2));
    expect(pushed).toEqual(["checkpoints/t1-f1", "checkpoints/t1-f2"]);
  });

  it("is not told of the test rows by its search; its final model is tested on them alone", async () => {
    const space: Space = { cell: "simpleRNN", units: 2, lookback: 4 };
    const whole = await begun(space);
    // The newest 18 of 120 rows, 15 %, are turned upside down.
    const upside = (text: string): string => {
      const lines = text.trimEnd().split("\n");
      const turned = lines.slice(-18).map((line) => line.replace(/[\d.]+$/, (value) => String(20 - Number(value))));
      return `${[...lines.slice(0, -18), ...turned].join("\n")}\n`;
    };
    const changed = await begun(space, upside);
    expect(await runTask(changed, search(2))).toEqual(await runTask(whole, search(2)));
    const final: Task = { id: "t1-final", trial: "t1", kind: "final", epochs: 2 };
    const [a, b] = [await runTask(whole, final), await runTask(changed, final)];
    if (a.status !== "done" || b.status !== "done") throw new Error("failed");
    expect(a.score).toBe(b.score);
    expect(a.final!.rmse).not.toBe(b.final!.rmse);
    const data = whole.series.get(null)!;
    const fold = foldsOf(120, whole.plan.options, "").at(-1)!;
    const { part, scaler } = foldWindows(data, fold, { lookback: 4, scaler: "standard" }, 1);
    const test = part(102, 120);
    expect(test.raw.count).toBe(18);
    const model = await loadModel(whole.files.pathOf(a.final!.model));
    const forecast = modelForecasts(model, test.scaled, { scaler, target: 0, horizon: 1 });
    expect(a.final!.rmse).toBe(rootMeanSquaredError(test.raw.trueTargets().data, forecast.data));
  });

  it("does not begin on data that are not those of the plan", async () => {
    const { plan, files } = await begun({ lookback: 4 });
    const copy = files.pathOf("data/waves.csv");
    const rows = readFileSync(copy, "utf8");
    writeFileSync(copy, rows.replace(/\d\n$/, "\n"));
    const told = new RegExp(
      `^${copy}: the sweep's copy of the data must be as it was copied \\(sha256 ${plan.sha256.slice(0, 12)}\\)\\. Received: sha256 `,
    );
    await expect(openSweep(files)).rejects.toThrow(told);
    await expect(beginSweep(plan, files, "elsewhere.csv")).rejects.toThrow(told);
    rmSync(copy);
    await expect(openSweep(files)).rejects.toThrow("Received: no such file. Copy the data there again, or begin");
    writeFileSync(copy, rows);
    expect((await openSweep(files)).plan.id).toBe(plan.id);
  });

  it("fails with its reason where it cannot be trained", async () => {
    const long = await begun({ lookback: 200 });
    expect(await runTask(long, search(1))).toMatchObject({ status: "failed", reason: expect.stringContaining("200") });
    const wild = await begun({ optimizer: "sgd", learningRate: 1e30, lookback: 4, units: 2 });
    expect(await runTask(wild, search(2))).toMatchObject({ status: "failed" });
  });
});
