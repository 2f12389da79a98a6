/** quiz as the command line runs it: worksheets, a class graded, answers from a file. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { unroll } from "./run-unroll.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "unroll-quiz-"));
});

describe("unroll quiz", () => {
  it("writes worksheets without answers, and with them", async () => {
    const bare = await unroll("quiz", "--seed", "7", "--count", "3", "--format", "markdown");
    const full = await unroll("quiz", "--seed", "7", "--count", "3", "--format", "markdown", "--answers");
    expect(bare.out.match(/^## \d\./gm)).toHaveLength(3);
    expect(full.out.match(/^## \d\./gm)).toHaveLength(6);
    expect((await unroll("quiz", "--format", "html", "--count", "2")).out).toMatch(/^<!doctype html>/);
  });

  it("gives its questions as data, and answers only when asked for", async () => {
    const bare = JSON.parse((await unroll("quiz", "--seed", "7", "--json")).out);
    const full = JSON.parse((await unroll("quiz", "--seed", "7", "--json", "--answers")).out);
    expect(bare.questions).toHaveLength(10);
    expect(bare.questions[0]).not.toHaveProperty("answer");
    expect(full.questions[0]).toHaveProperty("answer");
  });

  it("grades a class by the same seed", async () => {
    const full = JSON.parse((await unroll("quiz", "--seed", "7", "--count", "1", "--json", "--answers")).out);
    const [{ answer }] = full.questions;
    const written = `"${answer}"`;
    const csv = join(folder, "class.csv");
    writeFileSync(csv, `name,1\nAda,${written}\nBo,1\n`);
    const { out } = await unroll("quiz", "--seed", "7", "--count", "1", "--grade", csv);
    const [, ada, bo] = out.split("\n");
    expect(ada).toContain(",yes,");
    expect(bo).toContain(",no,");
  });

  it("grades a class as JSON too", async () => {
    const words = ["--seed", "7", "--count", "2"];
    const full = JSON.parse((await unroll("quiz", ...words, "--json", "--answers")).out);
    const [first] = full.questions as { answer: string }[];
    const csv = join(folder, "json-class.csv");
    writeFileSync(csv, `name,1,2\nAda,"${first!.answer}",\n`);
    const { code, out } = await unroll("quiz", ...words, "--grade", csv, "--json");
    expect(code).toBe(0);
    const { set, learners } = JSON.parse(out);
    expect(set).toBe(full.set);
    expect(learners).toEqual([
      {
        name: "Ada",
        answers: [
          expect.objectContaining({ number: 1, given: first!.answer, right: true, slip: "" }),
          expect.objectContaining({ number: 2, given: "", right: false, slip: "no answer" }),
        ],
      },
    ]);
  });

  it("says where there is nothing to grade, and where the first learner would be taken for the header", async () => {
    const csv = join(folder, "few.csv");
    const graded = async (text: string) => {
      writeFileSync(csv, text);
      const { code, out, note } = await unroll("quiz", "--kinds", "params", "--count", "2", "--grade", csv);
      return [code, out, note];
    };
    const nothing = expect.stringMatching(/few\.csv.*there is nothing to grade\. Received: a header alone\./);
    expect(await graded("name,1,2\n")).toEqual([2, "", nothing]);
    expect(await graded("")).toEqual([2, "", expect.stringContaining("there is nothing to grade")]);
    const headless = expect.stringMatching(/few\.csv.*row 1.*must be a header.*Ada,12,13.*Put name,1,2 above it/);
    expect(await graded("Ada,12,13\nBo,5,6\n")).toEqual([2, "", headless]);
    for (const head of ["name,1,2", "Wer,1,2", "Wer,A,B", "Student,12,13", "who,first,second"]) {
      expect((await graded(`${head}\nBo,5,6\n`))[0], head).toBe(0);
    }
  });

  it("asks a teacher's set, of chosen kinds and layers", async () => {
    const set = "seed=7&count=4&kinds=gate,order&layers=lstm";
    const byText = await unroll("quiz", "--set", set, "--format", "markdown");
    const byFlags = await unroll(
      "quiz",
      "--seed",
      "7",
      "--count",
      "4",
      "--kinds",
      "gate,order",
      "--layers",
      "lstm",
      "--format",
      "markdown",
    );
    expect(byText.out).toBe(byFlags.out);
    expect(byText.out).toContain(`# Recurrent networks by hand (${set})`);
    expect(byText.out).not.toMatch(/GRU|SimpleRNN/);
    expect((await unroll("quiz", "--kinds", "gates")).note).toContain("Did you mean gate?");
  });

  it("takes answers from a file, names slips and says by its exit code whether all are right", async () => {
    const full = JSON.parse((await unroll("quiz", "--seed", "7", "--count", "4", "--json", "--answers")).out);
    const answers = full.questions.map(({ answer }: { answer: string }) => answer);
    const file = join(folder, "answers.txt");
    writeFileSync(file, answers.join("\n"));
    const right = await unroll("quiz", "--seed", "7", "--count", "4", "--from", file);
    expect([right.code, right.out.trim().split("\n").at(-1)]).toEqual([0, "4 of 4 questions right."]);
    writeFileSync(file, answers.slice(0, 3).join("\n"));
    const short = await unroll("quiz", "--seed", "7", "--count", "4", "--from", file, "--json");
    expect([short.code, JSON.parse(short.out).right]).toEqual([1, 3]);
    for (const line of right.out.split("\n")) expect([...line].length).toBeLessThanOrEqual(80);
    writeFileSync(file, [answers[0], "forty-two", ...answers.slice(2)].join("\r\n"));
    const unreadable = await unroll("quiz", "--seed", "7", "--count", "4", "--from", file);
    expect([unreadable.code, unreadable.out]).toEqual([2, ""]);
    expect(unreadable.note).toMatch(/answers\.txt: line 2: an answer must be .*forty-two[\s\S]*Question 2: /);
    writeFileSync(file, `${[...answers, "7"].join("\n")}\n`);
    const long = await unroll("quiz", "--seed", "7", "--count", "4", "--from", file);
    expect(long.note).toContain(
      "answers.txt: a file of answers has a line for each of 4 questions. Received: 5 lines.",
    );
  });

  it("refuses levels and counts that there are not", async () => {
    expect((await unroll("quiz", "--level", "9")).note).toContain(
      "--level must be a whole number from 1 to 4. Received: 9.",
    );
    expect((await unroll("quiz", "--count", "0")).code).toBe(2);
  });
});
