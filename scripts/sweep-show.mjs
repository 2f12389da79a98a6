/**
 * A sweep of 64 trials on a real series, four ways: in threads, and on Redis with one, two and three workers; and on Redis with
 * three workers of which ten are killed on the way while Redis is restarted once. All must find the same, and record each
 * task once. Needs redis-server on this machine. Usage: npm run sweep-show [-- --trials 64 --epochs 4]
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "./build.mjs";

const { values } = parseArgs({
  options: { trials: { type: "string", default: "64" }, epochs: { type: "string", default: "4" } },
});
const trials = Number(values.trials);
const kills = 10;
const data = fileURLToPath(new URL("../examples/data/seattle-weather.csv", import.meta.url));
const unroll = fileURLToPath(new URL("../packages/unroll/bin/unroll.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "unroll-sweep-"));
const space = join(folder, "space.json");
writeFileSync(
  space,
  JSON.stringify({
    cell: ["lstm", "gru", "simpleRNN"],
    units: [4, 8, 16],
    layers: [1, 2],
    lookback: [7, 14],
    learningRate: { from: 0.001, to: 0.03, scale: "log" },
    batchSize: [32, 64],
  }),
);
const flags = ["--target", "temp_max", "--trials", values.trials, "--epochs", values.epochs, "--folds", "2"];

const running = new Set();

function start(command, words, env = {}) {
  const child = spawn(command, words, { stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, ...env } });
  running.add(child);
  child.ended = new Promise((resolve) => {
    child.on("exit", (code, signal) => {
      running.delete(child);
      resolve(code ?? signal);
    });
  });
  return child;
}

for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(2));
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const quiet = (words) => spawn(process.execPath, [unroll, ...words], { stdio: ["ignore", "ignore", "pipe"] });

/** A sweep's command; rejects with what it says when it fails. */
function runSweep(name, words) {
  const child = quiet(["sweep", space, data, ...flags, "--folder", join(folder, name), ...words]);
  running.add(child);
  let said = "";
  child.stderr.on("data", (text) => {
    said += text;
  });
  return new Promise((resolve, reject) => {
    child.on("exit", (code) => {
      running.delete(child);
      if (code === 0) resolve();
      else reject(new Error(`unroll sweep ended with ${code}: ${said}`));
    });
  });
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const port = await freePort();
const url = `redis://127.0.0.1:${port}`;
const redisFolder = join(folder, "redis");
mkdirSync(redisFolder);

function startRedis() {
  const words = ["--port", String(port), "--bind", "127.0.0.1", "--dir", redisFolder, "--appendonly", "yes"];
  return start("redis-server", [...words, "--appendfsync", "always", "--save", "", "--loglevel", "warning"]);
}

const startWorker = (name) => {
  const words = ["--queue", url, "--folder", join(folder, name), "--concurrency", "1", "--lock-seconds", "2"];
  const child = quiet(["worker", ...words]);
  child.stderr.resume();
  running.add(child);
  child.on("exit", () => running.delete(child));
  return child;
};

/** Lines of the journal that are whole, without the first. */
function recorded(name) {
  const path = join(folder, name, "journal.jsonl");
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .slice(1, -1)
    .map((line) => JSON.parse(line).task);
}

async function timed(run) {
  const began = performance.now();
  await run();
  return (performance.now() - began) / 1000;
}

async function onQueue(name, count, during = async () => {}) {
  mkdirSync(join(folder, name));
  const workers = Array.from({ length: count }, () => startWorker(name));
  const seconds = await timed(async () => {
    const done = { now: false };
    const swept = runSweep(name, ["--queue", url]).finally(() => {
      done.now = true;
    });
    await Promise.all([swept, during(workers, done)]);
  });
  for (const worker of workers) worker.kill("SIGKILL");
  return seconds;
}

/** Which worker is killed is drawn by chance; when, by how many results there are, so that all kills come in time. */
async function disturb(name, workers, done) {
  let killed = 0;
  let restarts = 0;
  while (!done.now) {
    const results = recorded(name).length;
    if (killed < kills && results >= ((killed + 1) * (trials - 6)) / kills) {
      await pause(Math.random() * 500);
      const place = Math.floor(Math.random() * workers.length);
      workers[place].kill("SIGKILL");
      workers[place] = startWorker(name);
      killed++;
    }
    if (restarts === 0 && results >= trials / 2) {
      redis.kill("SIGTERM");
      await redis.ended;
      await pause(1000);
      redis = startRedis();
      restarts++;
    }
    await pause(50);
  }
  return { killed, restarts };
}

build();
let redis = startRedis();
console.log(
  `${trials} trials of temp_max in seattle-weather.csv, ${values.epochs} epochs, 2 folds; ${availableParallelism()} cores`,
);
const rows = [];
rows.push(["threads, one a core", "threads", await timed(() => runSweep("threads", []))]);
for (const count of [1, 2, 3]) {
  const name = `queue-${count}`;
  rows.push([`Redis, ${count} worker${count === 1 ? "" : "s"}`, name, await onQueue(name, count)]);
}
let disturbed;
rows.push([
  "Redis, 3 workers, disturbed",
  "disturbed",
  await onQueue("disturbed", 3, async (workers, done) => {
    disturbed = await disturb("disturbed", workers, done);
  }),
]);
const expected = readFileSync(join(folder, "threads/results.json"), "utf8");
let isGood = disturbed.killed === kills && disturbed.restarts === 1;
for (const [label, name, seconds] of rows) {
  const tasks = recorded(name);
  const same = readFileSync(join(folder, name, "results.json"), "utf8") === expected;
  const once = new Set(tasks).size === tasks.length && tasks.length === trials + 1;
  isGood &&= same && once;
  const verdict = `${tasks.length} tasks ${once ? "once each" : "NOT ONCE EACH"}, ${same ? "same results" : "OTHER RESULTS"}`;
  console.log(`${label.padEnd(30)}${seconds.toFixed(1).padStart(7)} s   ${verdict}`);
}
for (const { best, baselines } of JSON.parse(expected).groups) {
  const naive = baselines.map(({ name, score }) => `${name} ${score.toPrecision(4)}`).join(", ");
  console.log(`RMSE over the folds: best trial ${best.score.toPrecision(4)}, ${naive}\n${best.final.verdict}`);
}
console.log(`disturbed: ${disturbed.killed} workers killed, Redis restarted ${disturbed.restarts} time(s)`);
process.exitCode = isGood ? 0 : 1;
redis.kill("SIGTERM");
await redis.ended;
