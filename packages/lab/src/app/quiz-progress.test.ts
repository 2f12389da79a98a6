import { beforeEach, expect, it, vi } from "vitest";
import { keepProgress, progressTable, readProgress, untouched } from "./quiz-progress.ts";

const kept = new Map<string, string>();
beforeEach(() => {
  kept.clear();
  vi.stubGlobal("localStorage", {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, text: string) => kept.set(name, text),
  });
});
const done = {
  ...untouched,
  answer: "132",
  right: true,
  attempts: 2,
  hints: 1,
  slip: "the second bias row is forgotten",
};

it("keeps each set by its own name", () => {
  keepProgress("seed 7", { 1: done });
  keepProgress("seed 8", { 2: untouched });
  expect(readProgress("seed 7")).toEqual({ 1: done });
  expect(readProgress("seed 9")).toEqual({});
});

it("forgets a set that is started anew", () => {
  keepProgress("seed 7", { 1: done });
  keepProgress("seed 7", {});
  expect(kept.get("unroll-quiz")).toBe("[]");
});

it("starts empty where what is kept is damaged", () => {
  kept.set("unroll-quiz", '[["seed 7", {"1": {"answer": 3}}]]');
  expect(readProgress("seed 7")).toEqual({});
  kept.set("unroll-quiz", "no JSON");
  expect(readProgress("seed 7")).toEqual({});
});

it("lists every question in the table, also those without an answer", () => {
  const questions = [1, 2].map((number) => ({
    number,
    kind: "params",
    text: `question ${number}`,
    given: [],
    choices: [],
    hints: [],
  }));
  expect(progressTable("set", questions, { 2: done }).rows).toEqual([
    [1, "params", "question 1", "", "", 0, 0, "no", ""],
    [2, "params", "question 2", "132", "yes", 2, 1, "no", "the second bias row is forgotten"],
  ]);
});
