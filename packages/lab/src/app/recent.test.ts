import { beforeEach, expect, it, vi } from "vitest";
import { forgetAllRecent, forgetRecent, keepRecent, readRecent } from "./recent.ts";
import { emptyStorage } from "./testing.ts";

let kept: Record<string, string> = {};
beforeEach(() => {
  kept = emptyStorage();
});

const model = (s: string) => ({ title: "GRU → Dense", total: 137, s: `u1.${s}` });
const sources = (): string[] => readRecent().map(({ s }) => s.slice(3));

it("has the newest first, each once, and no more than eight", () => {
  for (const s of ["a", "b", "a"]) keepRecent(model(s), "");
  expect(sources()).toEqual(["a", "b"]);
  for (let number = 0; number < 10; number++) keepRecent(model(`n${number}`), "");
  expect(sources()).toHaveLength(8);
  expect(sources()[0]).toBe("n9");
});

it("puts a changed model in the place of the one that it came of", () => {
  keepRecent(model("a"), "");
  keepRecent(model("b"), "");
  keepRecent(model("c"), "u1.b");
  expect(sources()).toEqual(["c", "a"]);
});

it("forgets one, or all", () => {
  for (const s of ["a", "b"]) keepRecent(model(s), "");
  forgetRecent("u1.b");
  expect(sources()).toEqual(["a"]);
  forgetAllRecent();
  expect([readRecent(), kept]).toEqual([[], {}]);
});

it.each([
  "no JSON",
  "null",
  "{}",
  '[{"title":1,"total":1,"s":"u1.a"}]',
  '[{"title":"x","total":1,"s":"javascript:a"}]',
  '[{"title":"x","total":1,"s":"u1.a","pick":"1"}]',
])("reads %s as nothing", (text) => {
  kept["unroll-recent"] = text;
  expect(readRecent()).toEqual([]);
});

it("does without storage", () => {
  const refuse = () => {
    throw new Error("SecurityError");
  };
  vi.stubGlobal("localStorage", { getItem: refuse, setItem: refuse, removeItem: refuse });
  keepRecent(model("a"), "");
  forgetRecent("u1.a");
  forgetAllRecent();
  expect(readRecent()).toEqual([]);
});
