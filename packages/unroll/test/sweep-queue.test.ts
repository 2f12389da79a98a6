/** Sweeps on Redis, with workers that die. Starts redis-server on a free port where it is installed. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { sweep } from "../src/sweep/index.ts";
import type { SweepFile } from "../src/sweep/open-sweep.ts";
import { startStore, storeKeys } from "../src/sweep/store-server.ts";
import { smallOptions, smallSpace, temporaryFolder, unevenOptions, unevenSpace } from "../src/sweep/testing.ts";
import { freePort, hasRedis, type Run, recorded, startRedis, startUnroll, until } from "./sweep-processes.ts";

if (!hasRedis) console.warn("redis-server is not installed: the tests of the queue are SKIPPED.");

describe.skipIf(!hasRedis)("a sweep on Redis", () => {
  const folder = temporaryFolder();
  const runs: Run[] = [];
  let port = 0;
  let redis: Run;
  let expected = "";

  beforeAll(async () => {
    port = await freePort();
    redis = startRedis(port, folder);
    await sweep(smallSpace, smallOptions(folder), { folder: join(folder, "threads"), threads: 0 });
    expected = readFileSync(join(folder, "threads/results.json"), "utf8");
  }, 60_000);

  afterAll(async () => {
    for (const { child } of [...runs, redis]) child.kill("SIGKILL");
    await redis.ended;
  });

  function startWorker(name: string): Run {
    const words = ["--queue", `redis://127.0.0.1:${port}`, "--folder", join(folder, name)];
    const run = startUnroll("worker", ...words, "--concurrency", "1", "--lock-seconds", "1");
    runs.push(run);
    return run;
  }

  function begin(name: string): Promise<unknown> {
    mkdirSync(join(folder, name), { recursive: true });
    return sweep(smallSpace, smallOptions(folder), { folder: join(folder, name), queue: `redis://127.0.0.1:${port}` });
  }

  it("gives what threads give, and its workers end with it", { timeout: 120_000 }, async () => {
    const swept = begin("calm");
    const workers = [startWorker("calm"), startWorker("calm")];
    await swept;
    expect(readFileSync(join(folder, "calm/results.json"), "utf8")).toBe(expected);
    expect(await Promise.all(workers.map(({ ended }) => ended))).toEqual([0, 0]);
    const said = workers.map((worker) => worker.said()).join("");
    expect(said.match(/ done$/gm)).toHaveLength(9);
  });

  it("loses nothing and counts nothing twice when workers are killed and Redis restarts", {
    timeout: 240_000,
  }, async () => {
    const swept = begin("wild");
    const tasks = (): string[] => recorded(join(folder, "wild"));
    let worker = startWorker("wild");
    for (const results of [1, 2, 4]) {
      await until(() => tasks().length >= results);
      worker.child.kill("SIGKILL");
      worker = startWorker("wild");
    }
    await until(() => tasks().length >= 5);
    redis.child.kill("SIGTERM");
    await redis.ended;
    redis = startRedis(port, folder);
    await swept;
    expect(readFileSync(join(folder, "wild/results.json"), "utf8")).toBe(expected);
    expect(tasks()).toHaveLength(9);
    expect(new Set(tasks()).size).toBe(9);
  });

  it("needs no shared folder where there is an object store", { timeout: 120_000 }, async () => {
    const server = await startStore();
    onTestFinished(() => server.close());
    // The workers inherit the keys.
    for (const [name, value] of Object.entries(storeKeys)) vi.stubEnv(name, value);
    onTestFinished(() => void vi.unstubAllEnvs());
    const url = `s3://bucket/far?endpoint=${server.endpoint}`;
    const records = (): number => [...server.objects.keys()].filter((key) => key.includes("/records/")).length;
    const words = ["worker", "--queue", `redis://127.0.0.1:${port}`, "--folder", url, "--concurrency", "1"];
    const worker = (): Run => {
      const run = startUnroll(...words, "--lock-seconds", "1");
      runs.push(run);
      return run;
    };
    const swept = sweep(smallSpace, smallOptions(folder), { folder: url, queue: `redis://127.0.0.1:${port}` });
    const first = worker();
    await until(() => records() >= 2);
    first.child.kill("SIGKILL");
    const second = worker();
    await swept;
    expect(await second.ended, second.said()).toBe(0);
    expect(server.objects.get("bucket/far/results.json")?.toString()).toBe(expected);
    expect(records()).toBe(9);
  });

  it("gives with asha what threads give, though trials go on one by one", { timeout: 120_000 }, async () => {
    const options = { ...smallOptions(folder), strategy: "asha", trials: 8, eta: 2, minEpochs: 1 } as const;
    const alone = await sweep(smallSpace, options, { folder: join(folder, "asha-alone"), threads: 0 });
    const place = join(folder, "asha");
    mkdirSync(place);
    const workers = [startWorker("asha"), startWorker("asha")];
    const queue = `redis://127.0.0.1:${port}`;
    expect(await sweep(smallSpace, options, { folder: place, queue })).toEqual(alone);
    expect(await Promise.all(workers.map(({ ended }) => ended))).toEqual([0, 0]);
    expect(new Set(recorded(place))).toEqual(new Set(recorded(join(folder, "asha-alone"))));
  });

  it("is not harmed by what other programs keep in the same Redis", { timeout: 120_000 }, async () => {
    const { Redis } = await import("ioredis");
    const redis = new Redis(port, "127.0.0.1");
    onTestFinished(() => redis.disconnect());
    await redis.set("bull:other:meta", "not a hash");
    await redis.lpush("unroll-sweep", "1");
    const swept = begin("beside");
    const worker = startWorker("beside");
    await swept;
    expect(await worker.ended, worker.said()).toBe(0);
    expect(readFileSync(join(folder, "beside/results.json"), "utf8")).toBe(expected);
    expect([await redis.get("bull:other:meta"), await redis.lrange("unroll-sweep", 0, -1)]).toEqual([
      "not a hash",
      ["1"],
    ]);
  });

  it("ends trials that take too long, and has Redis forget a sweep that is done, not those that are not", {
    timeout: 120_000,
  }, async () => {
    const { Redis } = await import("ioredis");
    const redis = new Redis(port, "127.0.0.1");
    onTestFinished(() => redis.disconnect());
    await redis.set("bull:unroll-sweep-other:meta", "kept");
    const place = join(folder, "late");
    mkdirSync(place);
    const worker = startWorker("late");
    const queue = `redis://127.0.0.1:${port}`;
    const { groups } = await sweep(unevenSpace, unevenOptions(folder), { folder: place, queue, trialTimeout: 8 });
    expect(groups[0]!.trials.map(({ status }) => status)).toEqual(["done", "timed out"]);
    expect(await worker.ended, worker.said()).toBe(0);
    expect(worker.said()).toContain("t2-e3 timed out\n");
    const { plan, run } = JSON.parse(readFileSync(join(place, "sweep.json"), "utf8")) as SweepFile; // written by the sweep
    const keys = await redis.keys(`bull:unroll-sweep-${plan.id.slice(0, 12)}-${run}:*`);
    expect(keys.length).toBeGreaterThan(3);
    const times = await Promise.all(keys.map((key) => redis.ttl(key)));
    expect(Math.min(...times)).toBeGreaterThan(0);
    expect(Math.max(...times)).toBeLessThanOrEqual(3600);
    expect(await redis.ttl("bull:unroll-sweep-other:meta")).toBe(-1);
  });

  it("tries again, when it is run again, what failed for another reason than its trial", {
    timeout: 120_000,
  }, async () => {
    const place = join(folder, "broken");
    mkdirSync(place);
    // No folder can be made of that name, as on a disk that is full.
    writeFileSync(join(place, "checkpoints"), "");
    const worker = startWorker("broken");
    // The reason is a message of its own: it stands behind what it is the reason of.
    await expect(begin("broken")).rejects.toThrow(
      /^task t\d-e4: could not be run, which is not the fault of its settings\. \S+checkpoints: .* the same command goes on from here\.$/,
    );
    rmSync(join(place, "checkpoints"));
    await begin("broken");
    expect(readFileSync(join(place, "results.json"), "utf8")).toBe(expected);
    expect(await worker.ended, worker.said()).toBe(0);
  });

  it("refuses workers of another version", async () => {
    const place = join(folder, "older");
    mkdirSync(place);
    const plan = JSON.parse(readFileSync(join(folder, "calm/sweep.json"), "utf8")) as object;
    writeFileSync(join(place, "sweep.json"), JSON.stringify({ ...plan, unroll: "0.0.1" }));
    const worker = startWorker("older");
    expect(await worker.ended).toBe(2);
    expect(worker.said()).toContain(
      "a sweep must be worked on with the version that began it, 0.0.1. Received: unroll ",
    );
  });

  it("goes on after the one that gives out the work was killed", { timeout: 120_000 }, async () => {
    const place = join(folder, "alone");
    const space = join(folder, "space.json");
    writeFileSync(space, JSON.stringify(smallSpace));
    mkdirSync(place);
    startWorker("alone");
    const { data } = smallOptions(folder);
    const words = ["--target", "sold", "--strategy", "grid", "--epochs", "4", "--folds", "2", "--folder", place];
    const first = startUnroll("sweep", space, data, ...words, "--queue", `redis://127.0.0.1:${port}`);
    runs.push(first);
    await until(() => recorded(place).length >= 2);
    first.child.kill("SIGKILL");
    await first.ended;
    await begin("alone");
    expect(readFileSync(join(place, "results.json"), "utf8")).toBe(expected);
    expect(recorded(place)).toHaveLength(9);
  });
});

describe("a queue that does not answer", () => {
  it("is told without the password", async () => {
    const folder = temporaryFolder();
    const port = await freePort();
    const url = `redis://me:secret@127.0.0.1:${port}`;
    const swept = sweep(smallSpace, smallOptions(folder), { folder: join(folder, "s"), queue: url });
    const message = await swept.catch((error: Error) => error.message);
    expect(message).toContain(`redis://127.0.0.1:${port}: the queue must answer`);
    expect(message).not.toContain("secret");
  });
});
