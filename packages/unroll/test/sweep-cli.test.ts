/** The command line's side of sweeps in threads: killed and taken up, groups, files, messages. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { main } from "../src/cli/main.ts";
import { sweepPage } from "../src/cli/sweep/report.ts";
import { sweepText } from "../src/cli/sweep/text.ts";
import { sidecarPath } from "../src/forecast/sidecar.ts";
import { type SweepResults, sweep } from "../src/sweep/index.ts";
import { readSpaceSource } from "../src/sweep/literal.ts";
import { checkSpace } from "../src/sweep/space.ts";
import { startStore, storeKeys } from "../src/sweep/store-server.ts";
import { smallOptions, smallSpace, temporaryFolder, writeWaves } from "../src/sweep/testing.ts";
import { fencesOf } from "./documents.ts";
import { recorded, startUnroll, until } from "./sweep-processes.ts";
import { terminal } from "./terminal.ts";

/** Runs a command in this process; gives the exit code and what it said. */
async function run(...words: string[]): Promise<{ code: number; text: string; notes: string }> {
  const screen = terminal();
  const code = await main(words, screen);
  return { code, text: screen.text, notes: screen.notes };
}

function files(): { folder: string; space: string; data: string } {
  const folder = temporaryFolder();
  const space = join(folder, "space.json");
  writeFileSync(space, JSON.stringify(smallSpace));
  return { folder, space, data: smallOptions(folder).data };
}

const flags = ["--target", "sold", "--strategy", "grid", "--epochs", "4", "--folds", "2"];

describe("unroll sweep", { timeout: 120_000 }, () => {
  it("finds the same, to the last bit, when its process is killed again and again", { timeout: 240_000 }, async () => {
    const { folder, space, data } = files();
    const expected = await sweep(smallSpace, smallOptions(folder), { folder: join(folder, "whole"), threads: 0 });
    const killed = join(folder, "killed");
    const words = ["sweep", space, data, ...flags, "--folder", killed, "--threads", "2"];
    let kills = 0;
    for (const results of [1, 3, 6]) {
      const process = startUnroll(...words);
      await until(() => recorded(killed).length >= results);
      process.child.kill("SIGKILL");
      expect(await process.ended).toBe("SIGKILL");
      kills++;
    }
    expect(kills).toBe(3);
    expect(existsSync(join(killed, "results.json"))).toBe(false);
    const before = recorded(killed);
    const last = startUnroll(...words);
    expect(await last.ended, last.said()).toBe(0);
    const results = readFileSync(join(killed, "results.json"), "utf8");
    expect(JSON.parse(results)).toEqual(JSON.parse(JSON.stringify(expected)));
    expect(results).toBe(readFileSync(join(folder, "whole/results.json"), "utf8"));
    const tasks = recorded(killed);
    expect(tasks).toHaveLength(9);
    expect(new Set(tasks).size).toBe(9);
    expect(tasks.slice(0, before.length)).toEqual(before);
  });

  it("prints a table, keeps the model with what a forecast needs, and shows it again without training", async () => {
    const { folder, space, data } = files();
    const out = join(folder, "best.keras");
    const report = join(folder, "report.html");
    const words = ["sweep", space, data, ...flags, "--folder", join(folder, "s"), "--threads", "0"];
    const first = await run(...words, "--out", out, "--report", report);
    expect(first.notes).toBe(
      `0 done, 9 to go, the final model included\n9 done, 0 to go\nWrote ${[out, sidecarPath(out), report].join(", ")}.\n`,
    );
    expect(first.code).toBe(0);
    expect(first.text.split("\n")[0]).toMatch(/^trial +cell +units +lookback +epochs +RMSE$/);
    expect(first.text).toMatch(/\nlast value +[\d.]+\n/);
    expect(first.text).toContain("RMSE of sold over the folds. Without a model: last value");
    expect(first.text).toMatch(/Final model of t\d: test RMSE/);
    expect(Math.max(...first.text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    const forecast = await run("predict", out, "--input", data, "--json");
    expect(forecast.code, forecast.notes).toBe(0);
    const page = readFileSync(report, "utf8");
    expect(page).toContain("Best so far");
    expect(page).toContain("Settings and errors");
    expect(page).not.toMatch(/src=|href="http/);
    const again = await run(...words, "--json");
    expect(again.notes).toBe("");
    const { groups } = JSON.parse(again.text) as SweepResults;
    expect(groups[0]!.trials).toHaveLength(8);
    const scores = groups[0]!.trials.map(({ score }) => score!);
    expect(scores).toEqual([...scores].sort((a, b) => a - b));
  });

  it("compares with the same forecasts without a model as unroll train, a season's too", async () => {
    const { folder, space } = files();
    const data = join(folder, "visitors.csv");
    const visitors = Array.from({ length: 140 }, (_, day) => 20 + 30 * Number(day % 7 > 4) + ((day * 37) % 11));
    writeFileSync(data, `visitors\n${visitors.join("\n")}\n`);
    writeFileSync(space, '{"units": 2, "lookback": 3}');
    const few = ["--target", "visitors", "--epochs", "1", "--test", "20"];
    const words = ["sweep", space, data, ...few, "--trials", "1", "--threads", "0", "--folder"];
    const trained = await run("train", data, ...few, "--lookback", "3", "--units", "2", "--json");
    const { scores } = (JSON.parse(trained.text) as { test: { scores: { name: string; rmse: number }[] } }).test;
    const swept = await run(...words, join(folder, "s"), "--json");
    const [group] = (JSON.parse(swept.text) as SweepResults).groups;
    expect(group!.baselines.map(({ name }) => name)).toEqual(["last value", "7 rows before"]);
    const { baseline, naive, verdict } = group!.best!.final;
    expect([baseline, naive]).toEqual(["7 rows before", scores.find(({ name }) => name === "7 rows before")!.rmse]);
    expect(verdict).toContain("repeating the value of 7 rows before");
    const shown = await run(...words, join(folder, "s"));
    expect(shown.text).toMatch(/\nlast value +[\d.]+\n7 rows before +[\d.]+\n\n/);
    const given = await run(...words, join(folder, "p"), "--period", "14");
    expect(given.text).toMatch(/\n14 rows before +[\d.]+\n/);
  });

  it("refuses what it cannot or must not write before it searches", async () => {
    const { folder, space, data } = files();
    const words = ["sweep", space, data, ...flags, "--threads", "0", "--folder"];
    const rows = readFileSync(data, "utf8");
    const refused = async (...more: string[]): Promise<string> => {
      const { code, text, notes } = await run(...words, ...more);
      expect([code, text]).toEqual([2, ""]);
      return notes;
    };
    expect(await refused(join(folder, "f"), "--report", "r.pdf")).toBe(
      "--report: the file must end in .html. Received: r.pdf.\n",
    );
    expect(await refused(data)).toContain("must be a folder, or a name for a new one. Received: there is a file");
    expect(await refused(join(data, "f"))).toContain("there is a file on its path");
    expect(existsSync(join(folder, "f"))).toBe(false);
    expect(readFileSync(data, "utf8")).toBe(rows);
  });

  it("keeps all in an object store, and brings the best model from there", async () => {
    const { folder, space, data } = files();
    const server = await startStore();
    onTestFinished(() => server.close());
    const url = `s3://bucket/s?endpoint=${server.endpoint}`;
    const out = join(folder, "best.keras");
    const words = ["sweep", space, data, "--target", "sold", "--trials", "2", "--epochs", "1", "--folds", "1"];
    const without = await run(...words, "--folder", url, "--threads", "0");
    expect([without.code, without.notes]).toEqual([2, expect.stringContaining("Set AWS_ACCESS_KEY_ID and")]);
    for (const [name, value] of Object.entries(storeKeys)) vi.stubEnv(name, value);
    onTestFinished(() => void vi.unstubAllEnvs());
    const { code, notes } = await run(...words, "--folder", url, "--threads", "0", "--out", out);
    expect(code, notes).toBe(0);
    const model = [...server.objects.keys()].find((key) => key.endsWith(".keras"))!;
    expect(readFileSync(out)).toEqual(server.objects.get(model));
    expect((await run("predict", out, "--input", data)).code).toBe(0);
    // No folder of that name on the disk.
    expect(existsSync("s3:")).toBe(false);
  });

  it("varies a model of one's own, in the words of the space", async () => {
    const { folder, space, data } = files();
    const net = join(folder, "net.py");
    writeFileSync(
      net,
      'import keras\nfrom keras import layers\nmodel = keras.Sequential([keras.Input((5, 1)), layers.GRU(4, name="memory"), layers.Dense(1)])\n',
    );
    const words = ["sweep", space, data, "--target", "sold", "--epochs", "1", "--folds", "1", "--threads", "0"];
    const search = (values: object) => {
      writeFileSync(space, JSON.stringify(values));
      return run(...words, "--strategy", "grid", "--model", net, "--folder", join(folder, "m"));
    };
    expect((await search({ units: [2, 3] })).notes).toContain(
      `${space}: units is of the plain model; of a given one say which layer's option it is. Received: units. There is memory.units, dense.units.`,
    );
    const { code, text, notes } = await search({ "memory.units": [2, 3] });
    expect(code, notes).toBe(0);
    expect(text.split("\n")[0]).toMatch(/^trial +memory.units +epochs +RMSE$/);
  });

  it("searches for each group and keeps a model of each", async () => {
    const { folder } = files();
    const data = writeWaves(join(folder, "stores.csv"), 90, ["Oslo", "Bergen/2"]);
    const space = join(folder, "space.ts");
    writeFileSync(space, "export const space = { cell: 'gru', units: [1, 2], lookback: 3 };\n");
    const words = ["--target", "sold", "--group-by", "store", "--epochs", "2", "--folds", "1", "--threads", "0"];
    const out = join(folder, "m.keras");
    const { code, text, notes } = await run(
      ...["sweep", space, data, ...words, "--folder", join(folder, "g"), "--out", out, "--json"],
    );
    expect(code, notes).toBe(0);
    const { groups, written } = JSON.parse(text) as SweepResults & { written: string[] };
    expect(groups.map(({ group, best }) => [group, best!.trial.slice(0, 2)])).toEqual([
      ["Oslo", "g1"],
      ["Bergen/2", "g2"],
    ]);
    expect(written).toContain(join(folder, "m-Oslo.keras"));
    expect(written).toContain(join(folder, "m-group2.keras.forecast.json"));
    // Ten and twenty are their means: each was trained on its own rows.
    const scaler = JSON.parse(readFileSync(join(folder, "m-group2.keras.forecast.json"), "utf8")) as {
      scaler: unknown;
    };
    expect(JSON.stringify(scaler)).toMatch(/(19|20)\.\d/);
  });

  it("halves: most trials get few epochs, the best all of them", async () => {
    const { folder } = files();
    const options = {
      ...smallOptions(folder),
      strategy: "halving",
      trials: 8,
      epochs: 6,
      eta: 2,
      minEpochs: 1,
    } as const;
    const { groups } = await sweep(smallSpace, options, { folder: join(folder, "h"), threads: 0 });
    const epochs = groups[0]!.trials.map(({ folds }) => folds[0]!.epochs);
    expect(epochs).toEqual([6, 6, 3, 3, 1, 1, 1, 1]);
  });

  it("tells what is wrong before it trains", async () => {
    const { folder, space, data } = files();
    const said = async (...words: string[]): Promise<string> => {
      const { code, notes } = await run("sweep", ...words, "--folder", join(folder, "x"));
      expect(code).toBe(2);
      return notes;
    };
    expect(await said(space, data)).toContain("needs the column to forecast. Give --target COL.");
    expect(await said(space, data, "--target", "solt")).toContain("Did you mean sold?");
    expect(await said(space, data, "--target", "sold", "--out", "a.h5")).toContain("must be a .keras file");
    expect(await said(space, data, "--target", "sold", "--group-by", "shop")).toContain(
      "--group-by must name a column",
    );
    for (const [idle, reason] of [
      [
        ["--trials", "9", "--strategy", "grid"],
        "--trials has no use here: a grid takes every combination. Leave it out.",
      ],
      [["--eta", "2"], "--eta has no use here: it goes with --strategy halving or asha."],
      [["--min-epochs", "2", "--strategy", "grid"], "--min-epochs has no use here"],
      [
        ["--threads", "2", "--queue", "redis://127.0.0.1"],
        "--threads has no use here: with --queue the workers train; each has its own --concurrency. Leave it out.",
      ],
      [["--trial-timeout", "9", "--threads", "0"], "--trial-timeout has no use here: --threads 0 trains where"],
      [["--pick", "2"], "--pick has no use here: it goes with --model FILE."],
      [["--set", "a=2"], "--set has no use here"],
    ] as const) {
      expect(await said(space, data, "--target", "sold", ...idle)).toContain(reason);
    }
    writeFileSync(space, '{"units": [4');
    expect(await said(space, data, "--target", "sold")).toContain("the space must be JSON, or a .ts file");
    writeFileSync(space, '{"unit": [4]}');
    expect(await said(space, data, "--target", "sold")).toContain("Did you mean units?");
    expect(existsSync(join(folder, "x"))).toBe(false);
    writeFileSync(space, '{"units": [4]}');
    expect(await said(space, data, "--target", "sold", "--queue", "http://a")).toContain("redis://127.0.0.1:6379");
    const worker = await run("worker", "--queue", "redis://127.0.0.1");
    expect(worker.notes).toContain("needs the queue and the folder of the sweep");
  });

  it("ends when asked, and goes on later", async () => {
    const { folder } = files();
    const options = smallOptions(folder);
    const place = { folder: join(folder, "s"), threads: 0 };
    const stopping = new AbortController();
    const stopped = sweep(smallSpace, options, {
      ...place,
      signal: stopping.signal,
      onProgress: ({ done }) => done === 3 && stopping.abort(),
    });
    await expect(stopped).rejects.toThrow("stopped as asked");
    expect(recorded(place.folder)).toHaveLength(3);
    const counts: number[] = [];
    const { groups } = await sweep(smallSpace, options, { ...place, onProgress: ({ done }) => void counts.push(done) });
    expect(counts).toEqual([3, 4, 5, 6, 7, 8, 9]);
    expect(groups[0]!.best).not.toBeNull();
  });

  it("reads the spaces that its page shows, both the same", () => {
    const page = readFileSync(new URL("../../../docs/sweeps.md", import.meta.url), "utf8");
    const [json, ts] = fencesOf(page).filter(({ language }) => language === "json" || language === "ts");
    const space = readSpaceSource(ts!.text, "space.ts");
    expect(space).toEqual(JSON.parse(json!.text));
    expect([...checkSpace(space).keys()]).toEqual(["cell", "units", "lookback", "learningRate", "optimizer"]);
  });

  it("is run by one process at a time", async () => {
    const { folder } = files();
    const options = { ...smallOptions(folder), epochs: 1, folds: 1 };
    const place = { folder: join(folder, "s"), threads: 0 };
    const both = await Promise.allSettled([
      sweep({ units: [1, 2], lookback: 3 }, options, place),
      sweep({ units: [1, 2], lookback: 3 }, options, place),
    ]);
    const refused = both.find((one) => one.status === "rejected");
    expect(both.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect((refused!.reason as Error).message).toContain("one process at a time may write a sweep's folder");
    expect(existsSync(join(folder, "s/sweep.lock"))).toBe(false);
  });

  it("does not go on with another sweep's folder", async () => {
    const { folder } = files();
    const place = { folder: join(folder, "s"), threads: 0 };
    const options = { ...smallOptions(folder), epochs: 1, folds: 1 };
    await sweep({ units: [1], lookback: 3 }, options, place);
    await expect(sweep({ units: [2], lookback: 3 }, options, place)).rejects.toThrow(
      "the folder is that of another sweep",
    );
  });

  it("says that trials failed, and why, and keeps texts of the file as texts", () => {
    const settings = {
      cell: "gru",
      units: 2,
      layers: 1,
      dropout: 0,
      lookback: 3,
      learningRate: null,
      optimizer: "adam",
      loss: "mse",
      batchSize: 32,
      scaler: "standard",
    } as const;
    const row = (units: number) =>
      ({
        trial: `t${units}`,
        settings: { ...settings, units },
        status: "failed",
        score: null,
        folds: [],
        reason: "too <long>",
      }) as const;
    const results: SweepResults = {
      sweep: "0",
      target: "<b>y",
      groups: [{ group: "<i>g", baselines: [{ name: "<i>last", score: 1 }], trials: [row(1), row(2)], best: null }],
    };
    expect(sweepText(results, 80)).toContain("Failed: too <long>.\nNo trial could be trained.");
    expect(sweepPage(results)).not.toMatch(/<b>|<i>/);
  });
});
