/**
 * A load test of `unroll serve` on this machine: steady load beside onnxruntime-node behind the same server, reloads, wrong
 * requests, and a stop in the middle of it. Small by default; the whole test is --minutes 10 --malformed 100000.
 *
 *   node scripts/serve-load.mjs [--minutes 0.2] [--connections 8] [--malformed 3000] [--reloads 20] [--threads N] [--seed 1]
 *
 * Exits 1 when a request is lost, a wrong one is not answered with 4xx, or good ones slow down past twice their p99.
 * onnxruntime-node is compared with where it is found (bench/, or beside the file that UNROLL_BENCH_PACKAGES names).
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { Connection, closedLoop, percentiles, postBytes } from "./load-client.mjs";
import { root } from "./setup.mjs";

const { values: text } = parseArgs({
  options: Object.fromEntries(
    Object.entries({
      minutes: "0.2",
      connections: "8",
      malformed: "3000",
      reloads: "20",
      threads: "-1",
      seed: "1",
    }).map(([name, value]) => [name, { type: "string", default: value }]),
  ),
});
const options = Object.fromEntries(Object.entries(text).map(([name, value]) => [name, Number(value)]));
const [timesteps, features, units] = [21, 9, 30];
const folder = mkdtempSync(join(tmpdir(), "unroll-load-"));
let failed = false;

function check(good, sentence) {
  console.log(`${good ? "ok  " : "FAIL"}  ${sentence}`);
  failed ||= !good;
}

/** LSTM(30) and Dense(1) over 21 timesteps of 9 features, in both formats. */
async function writeModels() {
  const { input, layers, sequential } = await import("../packages/unroll/dist/index.js");
  const model = sequential({
    layers: [input({ shape: [timesteps, features], name: "x" }), layers.lstm({ units }), layers.dense({ units: 1 })],
    seed: 1,
  });
  await model.save(join(folder, "load.keras"));
  await model.save(join(folder, "load.onnx"));
}

/** A server in a process of its own. */
async function start(words, name) {
  const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"], cwd: root });
  const ended = once(child, "exit");
  const url = await Promise.race([
    (async () => {
      let output = "";
      for await (const data of child.stdout) {
        output += data;
        const found = /"url": ?"([^"]+)"/.exec(output)?.[1];
        if (found !== undefined) return found;
      }
      return undefined;
    })(),
    ended.then(() => undefined),
  ]);
  return url === undefined
    ? undefined
    : { name, child, ended, port: Number(new URL(url).port), latencies: [], seconds: 0, memory: [] };
}

/** Resident memory in MiB, where the system tells it. */
function memoryOf({ pid }) {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}

const row = Array.from({ length: timesteps }, (_, t) =>
  Array.from({ length: features }, (_, f) => Math.sin(t + 2 * f)),
);
const goodBytes = postBytes("/v1/models/load:predict", JSON.stringify({ instances: [row] }));
const milliseconds = ({ p50, p99, p999 }) =>
  `p50 ${p50.toFixed(2)}  p99 ${p99.toFixed(2)}  p99.9 ${p999.toFixed(2)} ms`;

async function loadFor(server, seconds, connections = options.connections) {
  const end = performance.now() + seconds * 1000;
  const began = performance.now();
  const result = await closedLoop(server.port, { connections, bytes: goodBytes, until: () => performance.now() > end });
  return { ...result, seconds: (performance.now() - began) / 1000 };
}

/** Slices of load in turns, so that what else the machine does falls on both. */
async function steady(servers) {
  const slices = Math.max(3, Math.round(options.minutes * 3));
  const seconds = (options.minutes * 60) / slices;
  let lost = 0;
  for (const server of servers) await loadFor(server, 2);
  for (let slice = 0; slice < slices; slice++) {
    for (const [index, server] of servers.entries()) {
      // The one that it is compared with runs half as long.
      const result = await loadFor(server, index === 0 ? seconds : seconds / 2);
      for (const latency of result.latencies) server.latencies.push(latency);
      server.seconds += result.seconds;
      server.memory.push(memoryOf(server.child));
      lost += result.lost + result.failed;
    }
  }
  for (const { name, latencies, seconds: ran, memory } of servers) {
    console.log(
      `      ${name.padEnd(18)} ${Math.round(latencies.length / ran)} requests/s  ${milliseconds(percentiles(latencies))}`,
    );
    const places = [0, 0.25, 0.5, 0.75, 1].map((share) => memory[Math.round(share * (memory.length - 1))].toFixed(0));
    console.log(`      ${"".padEnd(18)} memory at 0, 25, 50, 75, 100 %: ${places.join(", ")} MiB`);
  }
  check(lost === 0, `${lost} of the steady load's requests lost or refused`);
  const { memory } = servers[0];
  const half = memory.slice(Math.floor(memory.length / 2));
  check(
    Math.max(...half) <= 1.15 * memory[Math.floor(memory.length / 4)] + 10,
    "memory stays flat from the first quarter on",
  );
}

async function reloads(server) {
  let going = true;
  const load = closedLoop(server.port, { connections: options.connections, bytes: goodBytes, until: () => !going });
  const results = [];
  for (let i = 0; i < options.reloads; i++) {
    // The same service by its own way, and by Triton's.
    const path = i % 2 === 0 ? "/admin/reload" : "/v2/repository/models/load/load";
    const connection = await Connection.open(server.port);
    results.push((await connection.request(postBytes(path, ""))).status);
    connection.close();
  }
  going = false;
  const { latencies, lost, failed: refused } = await load;
  check(
    results.every((status) => status === 200),
    `${results.length} reloads under load`,
  );
  check(lost + refused === 0, `${lost} lost and ${refused} refused of ${latencies.length} requests meanwhile`);
}

/** Good requests alone and beside wrong ones, in turns, so that what else the machine does falls on both. */
async function wrong(server) {
  const facts = { model: "load", input: "x", timesteps, features };
  const kinds = Math.min(options.malformed, 3000);
  const sender = new Worker(new URL("wrong-sender.mjs", import.meta.url), {
    workerData: { port: server.port, facts, seed: options.seed, kinds },
  });
  const turns = Math.max(5, Math.round(options.malformed / 10_000));
  const [alone, beside] = [[], []];
  const unanswered = new Map();
  let [sent, lost, seconds] = [0, 0, 0];
  const slow = { sent: 0, wrongly: [] };
  for (let turn = 1; turn <= turns; turn++) {
    const quiet = await loadFor(server, 3, 4);
    alone.push(quiet.latencies);
    let going = true;
    const good = closedLoop(server.port, { connections: 4, bytes: goodBytes, until: () => !going });
    const began = performance.now();
    const count = Math.floor((turn * options.malformed) / turns) - sent;
    sender.postMessage({ count, connections: 200 });
    const slowOnes = slowSenders(server, 20);
    const [wrongly] = await once(sender, "message");
    for (const [kind, status] of wrongly) unanswered.set(kind, [...(unanswered.get(kind) ?? []), status]);
    sent += count;
    seconds += (performance.now() - began) / 1000;
    // Only while wrong ones come: what the good ones have for themselves again would hide what they suffer.
    going = false;
    const busy = await good;
    const answered = await slowOnes;
    slow.sent += answered.sent;
    slow.wrongly.push(...answered.wrongly);
    beside.push(busy.latencies);
    lost += quiet.lost + quiet.failed + busy.lost + busy.failed;
  }
  await sender.terminate();
  check(slow.wrongly.length === 0, `${slow.sent} slow senders answered with 408`);
  for (const [way, status] of slow.wrongly.slice(0, 5)) console.log(`      not so: ${way}, ${status}`);
  check(
    unanswered.size === 0,
    `${sent} wrong requests answered with 4xx and a reason, ${Math.round(sent / seconds)} a second`,
  );
  for (const [kind, statuses] of unanswered)
    console.log(`      not so: ${kind}, ${statuses.length} times, ${statuses[0]}`);
  const [before, during] = [percentiles(alone.flat()), percentiles(beside.flat())];
  console.log(`      good ones alone    ${milliseconds(before)}`);
  console.log(`      beside wrong ones  ${milliseconds(during)}`);
  check(lost === 0, `${lost} of the good ones lost or refused`);
  check(
    during.p99 <= 2 * before.p99,
    `the good ones' p99 is ${(during.p99 / before.p99).toFixed(2)} times what it is alone`,
  );
}

/** Ways to send a request whose end never comes. */
const slowWays = {
  /** All but its last bytes. */
  stalled: (connection) => connection.request(goodBytes.subarray(0, goodBytes.length - 9)),
  /** The beginning of a body that is said to be large. */
  announced: (connection) =>
    connection.request(postBytes("/v1/models/load:predict", "{", { "content-length": 8 << 20 })),
  /** A few bytes at a time, and never the last. */
  dripping: (connection) => {
    const answer = connection.request(goodBytes.subarray(0, 200));
    let sent = 200;
    const drip = setInterval(() => {
      if (connection.isOpen && sent < goodBytes.length - 9) connection.send(goodBytes.subarray(sent, ++sent));
    }, 50);
    return answer.finally(() => clearInterval(drip));
  },
};

/** How many of each way there are, and those that were not answered with 408 when their time was over. */
async function slowSenders(server, count) {
  const answers = await Promise.all(
    Object.entries(slowWays).flatMap(([way, send]) =>
      Array.from({ length: count }, async () => {
        const connection = await Connection.open(server.port);
        const answer = await send(connection);
        connection.close();
        return [way, answer?.status];
      }),
    ),
  );
  return { sent: answers.length, wrongly: answers.filter(([, status]) => status !== 408) };
}

/** A stop while requests keep coming: what was sent must be answered. */
async function stop(server) {
  let stopped = false;
  let closes = 0;
  const load = Array.from({ length: options.connections }, async () => {
    const connection = await Connection.open(server.port);
    let [sent, answered] = [0, 0];
    for (;;) {
      sent++;
      const answer = await connection.request(goodBytes);
      if (answer?.status === 200) answered++;
      // A server that says so is asked nothing more on this connection.
      if (answer === undefined || answer.close) {
        closes += answer?.close ? 1 : 0;
        connection.close();
        return sent - answered;
      }
    }
  });
  await sleep(500);
  server.child.kill("SIGTERM");
  const lost = (await Promise.all(load)).reduce((sum, one) => sum + one, 0);
  const [code] = await server.ended;
  stopped = code === 0;
  check(
    lost === 0 && stopped,
    `stopped under load with exit code ${code}, ${closes} connections told to close, ${lost} requests lost`,
  );
}

try {
  await writeModels();
  const cli = fileURLToPath(new URL("../packages/unroll/bin/unroll.js", import.meta.url));
  const flags = [
    "--port",
    "0",
    "--json",
    ...(options.threads < 0 ? [] : ["--threads", String(options.threads)]),
    "--log",
    "warn",
    "--request-timeout",
    "5",
  ];
  const server = await start([cli, "serve", `load=${join(folder, "load.keras")}`, ...flags], "Unroll");
  const onnx = await start(
    [join(root, "bench/serve-onnx.mjs"), join(folder, "load.onnx"), String(timesteps), String(features)],
    "onnxruntime-node",
  );
  if (onnx === undefined) console.log("      onnxruntime-node is not here: nothing to compare with");
  await steady(onnx === undefined ? [server] : [server, onnx]);
  onnx?.child.kill("SIGTERM");
  await reloads(server);
  await wrong(server);
  await stop(server);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
