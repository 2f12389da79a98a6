import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { lockFile } from "./file-lock.ts";

const newPath = (): string => join(mkdtempSync(join(tmpdir(), "unroll-lock-")), "out.lock");
const holder = (more: object): string =>
  JSON.stringify({ host: hostname(), pid: process.pid, began: null, id: "other", ...more });

describe("a lock", () => {
  it("is held by one, who is named, and free again behind it", async () => {
    const path = newPath();
    const lock = await lockFile(path, "out.csv");
    await expect(lockFile(path, "out.csv")).rejects.toThrow(
      `${path}: one process at a time may write out.csv. Received: it is process ${process.pid}. Wait for it, or end it.`,
    );
    await lock.release();
    expect(readdirSync(dirname(path))).toEqual([]);
    await (await lockFile(path, "out.csv")).release();
  });

  it("of another thread of this process is left to it", async () => {
    const path = newPath();
    const lock = await lockFile(path, "it");
    const mine = JSON.parse(readFileSync(path, "utf8"));
    await lock.release();
    writeFileSync(path, JSON.stringify({ ...mine, thread: mine.thread + 1, id: "other" }));
    await expect(lockFile(path, "it")).rejects.toThrow(`it is process ${process.pid}`);
    // One that this thread knows nothing of is no longer held.
    writeFileSync(path, JSON.stringify({ ...mine, id: "other" }));
    await (await lockFile(path, "it")).release();
  });

  it("goes to one of many that want it at the same time", async () => {
    const path = newPath();
    for (const stale of [false, true]) {
      if (stale) writeFileSync(path, holder({ pid: 4_194_303 }));
      const results = await Promise.allSettled(Array.from({ length: 10 }, () => lockFile(path, "it")));
      const locks = results.filter((result) => result.status === "fulfilled");
      expect(locks).toHaveLength(1);
      await locks[0]!.value.release();
    }
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  it("is taken over from a process that was killed", async () => {
    const path = newPath();
    const child = spawn("sleep", ["100"]);
    await once(child, "spawn");
    writeFileSync(path, holder({ pid: child.pid }));
    await expect(lockFile(path, "it")).rejects.toThrow(`it is process ${child.pid}`);
    child.kill("SIGKILL");
    await once(child, "exit");
    await (await lockFile(path, "it")).release();
    expect(existsSync(path)).toBe(false);
  });

  it("is taken over where its process number belongs to another process by now", async () => {
    const path = newPath();
    // This process has not begun then.
    writeFileSync(path, holder({ pid: process.ppid, began: "another-start 1" }));
    await (await lockFile(path, "it")).release();
    // A container's processes may have the same numbers at each start.
    writeFileSync(path, holder({ began: "another-start 1" }));
    await (await lockFile(path, "it")).release();
  });

  it("is taken over where its holder was killed as it wrote it", async () => {
    const path = newPath();
    for (const text of ["", '{"host":"a', "7", '{"host":"a","pid":-1,"began":null,"id":"x"}']) {
      writeFileSync(path, text);
      await (await lockFile(path, "it")).release();
    }
  });

  it("of another machine is left, with what to do", async () => {
    const path = newPath();
    writeFileSync(path, holder({ host: "far-away", pid: 4_194_303 }));
    await expect(lockFile(path, "it")).rejects.toThrow(
      "it is process 4194303 on far-away. Wait for it, or end it; if it has ended, delete this file.",
    );
    expect(existsSync(path)).toBe(true);
  });

  it("that is another's by now is not given back by who had it before", async () => {
    const path = newPath();
    const lock = await lockFile(path, "it");
    writeFileSync(path, holder({}));
    await lock.release();
    expect(readFileSync(path, "utf8")).toBe(holder({}));
  });

  it("says why it cannot be written", async () => {
    await expect(lockFile("/nowhere/at/all.lock", "it")).rejects.toThrow(
      "the lock must be writable. Received: there is no such file or folder",
    );
  });
});
