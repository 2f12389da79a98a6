/** Ctrl-C in the real process: the run is saved, and the command that it names ends with the bits of one that nobody stopped. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadModel } from "unroll";
import { afterAll, beforeAll, expect, test } from "vitest";

const program = fileURLToPath(new URL("../bin/unroll.js", import.meta.url));
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "unroll interrupt-"));
  const rows = Array.from({ length: 700 }, (_, t) => `${t},${(Math.sin(t / 9) + Math.cos(t / 4) / 3).toFixed(4)}`);
  writeFileSync(join(folder, "waves.csv"), `t,height\n${rows.join("\n")}\n`);
});
afterAll(() => rmSync(folder, { recursive: true }));

const train = ["train", "waves.csv", "--target", "height", "--features", "height", "--lookback", "30", "--units", "24"];

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly said: string;
}

/** Starts a run; `onSaid` sees all that stderr has said so far, each time that it says more. */
function start(words: readonly string[], onSaid: (said: string, child: ChildProcess) => void): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...words], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (data) => {
      said += String(data);
      onSaid(said, child);
    });
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, said }));
  });
}

/** Of a file that also has the time of saving in it. */
async function weightsOf(name: string): Promise<number[][]> {
  const model = await loadModel(join(folder, name));
  return model.getWeights().map(({ data }) => [...data]);
}

test("Ctrl-C saves the run, and the command that it names ends with the same bits", { timeout: 120_000 }, async () => {
  const flags = ["--epochs", "12", "--patience", "5", "--seed", "3"];
  const whole = await start([...train, ...flags, "--out", "whole.keras"], () => {});
  expect(whole.code).toBe(0);

  let isAsked = false;
  const stopped = await start([...train, ...flags, "--out", "two parts.keras"], (said, child) => {
    if (isAsked || !said.includes("Epoch 4/12")) return;
    isAsked = true;
    child.kill("SIGINT");
  });
  expect(stopped.code).toBe(1);
  expect(stopped.said).toContain("Stopping after this batch. Ctrl-C again leaves at once.");
  expect(stopped.said).not.toContain("Epoch 12/12");
  expect(existsSync(join(folder, "two parts.keras"))).toBe(false);
  const command = /To go on:\n {2}(unroll train .*)\n/.exec(stopped.said)![1]!;
  expect(command).toContain("--out 'two parts.keras' --resume");

  const quoted = (text: string): string => `'${text}'`;
  const shell = `unroll() { ${quoted(process.execPath)} ${quoted(program)} "$@"; }\n${command}`;
  const said = execFileSync("sh", ["-c", shell], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  expect(said).toContain("Errors of height");
  expect(await weightsOf("two parts.keras")).toEqual(await weightsOf("whole.keras"));
  expect(existsSync(join(folder, "two parts.keras.checkpoint"))).toBe(false);
});

test("a reader of the progress that has seen enough ends the run without a word", { timeout: 120_000 }, async () => {
  const ended = await start([...train, "--epochs", "5000", "--patience", "0"], (_, child) => child.stderr!.destroy());
  expect([ended.code, ended.signal]).toEqual([141, null]);
});
