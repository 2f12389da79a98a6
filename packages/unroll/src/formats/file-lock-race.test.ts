/** Processes that want one lock again and again, each of which seems to die with it most times, and stops at chance at every step. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { expect, it, onTestFinished } from "vitest";

const processes = 3;
const rounds = 30;

/** Prints how often it had the lock, and how often another had it at the same time. */
const program = `
import { mkdirSync, renameSync, rmdirSync, writeFileSync } from "node:fs";
import files from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { hostname } from "node:os";
import { lockFile } from "./file-lock.mjs";

// Between any two steps another process may do all of its own.
const stop = () => new Promise((resolve) => setTimeout(resolve, Math.random() < 0.5 ? 0 : Math.random() * 8));
for (const name of ["link", "readFile", "rename", "rm", "writeFile"]) {
  const step = files[name];
  files[name] = async (...words) => {
    await stop();
    try {
      return await step(...words);
    } finally {
      await stop();
    }
  };
}
syncBuiltinESMExports();

const path = "it.lock";
let taken = 0;
let shared = 0;
while (taken < ${rounds}) {
  let lock;
  try {
    lock = await lockFile(path, "it");
  } catch (error) {
    if (error.code !== "usage") throw error;
    continue;
  }
  taken++;
  try {
    mkdirSync("inside"); // one at a time can make it
  } catch {
    shared++;
  }
  await stop();
  try {
    rmdirSync("inside");
  } catch {}
  if (taken % 4 === 0) await lock.release();
  else {
    // As if this process had died: no process has that number.
    writeFileSync("dead-" + process.pid, JSON.stringify({ host: hostname(), pid: 4194303, began: null, id: crypto.randomUUID() }));
    renameSync("dead-" + process.pid, path);
  }
}
console.log(JSON.stringify({ taken, shared }));
`;

it("is held by one of three processes at a time, however often its holders die", { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "unroll-race-"));
  try {
    const input = fileURLToPath(new URL("./file-lock.ts", import.meta.url));
    const build = await rolldown({ input, platform: "node" });
    await build.write({ dir: folder, format: "esm", entryFileNames: "file-lock.mjs" });
    await build.close();
    writeFileSync(join(folder, "program.mjs"), program);
    const before = new Set(readdirSync(folder));
    const said = await Promise.all(
      Array.from({ length: processes }, async () => {
        const child = spawn(process.execPath, ["program.mjs"], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
        // They would wait for each other for ever where a lock is lost.
        onTestFinished(() => void child.kill("SIGKILL"));
        const [[status], output] = await Promise.all([once(child, "close"), text(child.stdout)]);
        return { status, output };
      }),
    );
    expect(said).toEqual(
      Array.from({ length: processes }, () => ({ status: 0, output: `{"taken":${rounds},"shared":0}\n` })),
    );
    // Nothing lies there but the last lock, if its holder "died".
    expect(readdirSync(folder).filter((name) => name !== "it.lock" && !before.has(name))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
