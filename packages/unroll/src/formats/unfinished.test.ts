import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { writeFile } from "./files.ts";
import { removeUnfinished, unfinishedEnding } from "./unfinished.ts";

const folder = mkdtempSync(join(tmpdir(), "unroll-unfinished-"));
const path = join(folder, "run.checkpoint");
/** The number of a process that has ended. */
const gone = spawnSync(process.execPath, ["-e", ""]).pid;
const here = hostname().replaceAll(/[^\w-]/g, "_");

beforeEach(() => {
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
});
afterAll(() => rmSync(folder, { recursive: true }));

function leave(ending: string, hoursAgo = 0): void {
  writeFileSync(`${path}${ending}`, "half");
  const then = new Date(Date.now() - hoursAgo * 3_600_000);
  utimesSync(`${path}${ending}`, then, then);
}

describe("what is left of files that were never finished", () => {
  it("goes where its process is gone, and where nobody has written for long", async () => {
    leave(`.${here}.${gone}.0123abcd.tmp`);
    leave(`.elsewhere.${process.pid}.0123abcd.tmp`, 2);
    leave(`.${here}.${process.pid}.0123abcd.tmp`, 2);
    await removeUnfinished(path);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("stays while it may be written, on this host and on others, where a number means another process", async () => {
    leave(`.${here}.${process.pid}.0123abcd.tmp`);
    leave(`.elsewhere.${gone}.0123abcd.tmp`);
    await removeUnfinished(path);
    expect(readdirSync(folder)).toHaveLength(2);
  });

  it("is told from files with names like it", async () => {
    const others = ["", ".tmp", `.${here}.${gone}.tmp`, ".notes.tmp", `.best.${here}.${gone}.0123abcd.tmp`];
    for (const ending of others) leave(ending, 2);
    await removeUnfinished(path);
    expect(readdirSync(folder)).toHaveLength(others.length);
  });

  it("has the names that writing gives", async () => {
    leave(await unfinishedEnding(), 2);
    await removeUnfinished(path);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("does not stand in the way of the next one to write", async () => {
    await Promise.all([1, 2, 3].map((byte) => writeFile(path, Uint8Array.of(byte))));
    expect(readdirSync(folder)).toEqual(["run.checkpoint"]);
  });
});
