import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Journal } from "./journal.ts";
import type { TaskResult } from "./plan.ts";

const newPath = (): string => join(mkdtempSync(join(tmpdir(), "unroll-journal-")), "journal.jsonl");
const result = (task: string, score: number): TaskResult => ({ task, status: "done", score, folds: [] });

describe("the journal", () => {
  it("keeps results in their order, the first of each task, to the last bit", async () => {
    const path = newPath();
    const journal = await Journal.open(path, "abc");
    expect(await journal.record(result("b", 0.1 + 0.2))).toBe(true);
    expect(await journal.record(result("a", 2))).toBe(true);
    expect(await journal.record(result("b", 7))).toBe(false);
    await journal.close();
    expect(readFileSync(path, "utf8").split("\n")).toHaveLength(4);
    const again = await Journal.open(path, "abc");
    expect([...again.results.values()]).toEqual([result("b", 0.30000000000000004), result("a", 2)]);
    await again.close();
  });

  it("drops the line that was being written when its process died, at whatever byte", async () => {
    const path = newPath();
    const journal = await Journal.open(path, "abc");
    await journal.record(result("a", 1));
    await journal.close();
    const line = `${JSON.stringify(result("b", 2))}\n`;
    for (const length of [1, 20, line.length - 1]) {
      appendFileSync(path, line.slice(0, length));
      const again = await Journal.open(path, "abc");
      expect([...again.results.keys()]).toEqual(["a"]);
      await again.close();
    }
    const last = await Journal.open(path, "abc");
    await last.record(result("c", 3));
    await last.close();
    const end = await Journal.open(path, "abc");
    expect([...end.results.keys()]).toEqual(["a", "c"]);
    await end.close();
  });

  it("counts the first of two lines that two processes wrote about one task", async () => {
    const path = newPath();
    await (await Journal.open(path, "abc")).close();
    appendFileSync(path, `${JSON.stringify(result("a", 1))}\n${JSON.stringify(result("a", 2))}\n`);
    const journal = await Journal.open(path, "abc");
    expect([...journal.results.values()]).toEqual([result("a", 1)]);
    await journal.close();
  });

  it("names the line that somebody has changed", async () => {
    const line = JSON.stringify(result("a", 1));
    for (const changed of [
      '{"task":"a","status":"done","score":null,"folds":[]}',
      '{"task":"a","status":"done","folds":[]}',
      '{"task":"a","status":"done","score":1,"folds":[{"rmse":1}]}',
      '{"task":"a","status":"done","score":-1,"folds":[]}',
      '{"status":"done","score":1,"folds":[]}',
      '{"task":"a","status":"failed"}',
      `${line.slice(0, -1)},"final":{"model":"../../etc/passwd","outcome":"beats","verdict":"","rmse":1,"mae":1,"naive":1,"baseline":"last value","r2":1}}`,
    ]) {
      const path = newPath();
      await (await Journal.open(path, "abc")).close();
      appendFileSync(path, `${JSON.stringify(result("z", 1))}\n${changed}\n${line}\n`);
      await expect(Journal.open(path, "abc"), changed).rejects.toThrow("line 3: must be the result of a task");
    }
  });

  it("begins anew where even its first line is not whole", async () => {
    const path = newPath();
    appendFileSync(path, '{"swe');
    const journal = await Journal.open(path, "abc");
    await journal.close();
    expect(readFileSync(path, "utf8")).toBe('{"sweep":"abc"}\n');
  });

  it("changes nothing of a file that is not its own", async () => {
    for (const text of ['{"sweep":"xyz"}\n{"task":"t1', '{"sweep":"xyz"', "notes of somebody else", '{"a":1}']) {
      const path = newPath();
      writeFileSync(path, text);
      await expect(Journal.open(path, "abc"), text).rejects.toThrow(/another sweep|must be a JSON object/);
      expect(readFileSync(path, "utf8")).toBe(text);
    }
  });

  it("refuses that of another sweep, and lines that are none", async () => {
    const path = newPath();
    await (await Journal.open(path, "abc")).close();
    await expect(Journal.open(path, "xyz")).rejects.toThrow("the folder is that of another sweep (abc)");
    appendFileSync(path, "what?\n");
    await expect(Journal.open(path, "abc")).rejects.toThrow("line 2: every line of a journal must be a JSON object");
  });
});
