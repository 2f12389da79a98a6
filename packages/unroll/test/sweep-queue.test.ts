/** Sweeps on Redis, with workers that die. Starts redis-server on a free port where it is installed. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sweep } from "../src/sweep/index.ts";
import { smallOptions, smallSpace, temporaryFolder } from "../src/sweep/testing.ts";
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
