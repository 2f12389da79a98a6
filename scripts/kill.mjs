/**
 * Kills training at random moments (kill -9) and resumes it, again and again, until it has been killed often enough. Every run
 * that comes to its end must leave the same bits as one that nobody killed.
 *
 *   node scripts/kill.mjs [--kills 50] [--device reference|wasm] [--seed N]      exits 1 when a run ends otherwise
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const worker = fileURLToPath(new URL("./kill-worker.mjs", import.meta.url));

/** Runs the worker; with `killAfter` kills it so many ms after training began. Gives the hash, or undefined when killed. */
function run(path, device, killAfter) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [worker, path, device], { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    let began;
    child.stdout.on("data", (data) => {
      output += data;
      if (began === undefined && output.includes("begin")) {
        began = performance.now();
        if (killAfter !== undefined) setTimeout(() => child.kill("SIGKILL"), killAfter);
      }
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      const hash = /end (\w+)/.exec(output)?.[1];
      if (signal === "SIGKILL") resolve({ hash: undefined, milliseconds: performance.now() - began });
      else if (code === 0 && hash !== undefined) resolve({ hash, milliseconds: performance.now() - began });
      else reject(new Error(`the worker ended with code ${code}, signal ${signal}`));
    });
  });
}

/** A small generator, so that a failure can be repeated with its seed (as far as timing repeats). */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

export async function killTest({ kills, device = "wasm", seed = 1, log = () => {} }) {
  const folder = mkdtempSync(join(tmpdir(), "unroll-kill-"));
  const random = generator(seed);
  try {
    const whole = await run(join(folder, "whole"), device);
    log(`without a kill: ${whole.hash.slice(0, 16)} in ${Math.round(whole.milliseconds)} ms`);
    let killed = 0;
    let finished = 0;
    let differing = 0;
    while (killed < kills || finished === 0) {
      const path = join(folder, `run-${finished}`);
      // Most kills come early, so that a run is killed several times.
      const killAfter = killed < kills ? whole.milliseconds * random() * 0.5 : undefined;
      const { hash } = await run(path, device, killAfter);
      if (hash === undefined) {
        killed++;
        continue;
      }
      finished++;
      if (hash !== whole.hash) differing++;
      log(`run ${finished}: ${hash === whole.hash ? "same bits" : "OTHER BITS"}, ${killed} kills so far`);
    }
    // The last run may still be open.
    const last = await run(join(folder, `run-${finished}`), device);
    finished++;
    if (last.hash !== whole.hash) differing++;
    const leftovers = readdirSync(folder).filter((name) => name.endsWith(".tmp")).length;
    return { killed, finished, differing, leftovers };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({
    options: {
      kills: { type: "string", default: "50" },
      device: { type: "string", default: "wasm" },
      seed: { type: "string", default: "1" },
    },
  });
  const result = await killTest({
    kills: Number(values.kills),
    device: values.device,
    seed: Number(values.seed),
    log: console.log,
  });
  const { killed, finished, differing, leftovers } = result;
  console.log(
    `${killed} kills, ${finished} runs to the end, ${differing} with other bits, ${leftovers} unfinished files left behind`,
  );
  process.exitCode = differing === 0 ? 0 : 1;
}
