import { beforeEach, expect, it } from "vitest";
import { forgetAll } from "./device.ts";
import { freeName, type KeptRun, readRuns, withRun, writeRuns } from "./kept-runs.ts";
import { emptyStorage } from "./testing.ts";

let kept: Record<string, string> = {};
beforeEach(() => {
  kept = emptyStorage();
});

const run = (id: string, change: Partial<KeptRun> = {}): KeptRun => ({
  id: `run.u1.${id}`,
  name: id,
  loss: [0.1 + 0.2, 1e-9],
  valLoss: [0.5, Number.NaN],
  rmse: 0.25,
  baselines: [{ kind: "last", period: undefined, rmse: 1 }],
  ...change,
});
const kind = (list: readonly KeptRun[]): string => list.map(({ name }) => name).join(" ");
const all = (...names: string[]): KeptRun[] => names.reduce<KeptRun[]>((list, name) => withRun(list, run(name)), []);

it("comes back with every bit, a loss that is no number among them", () => {
  writeRuns(all("a"));
  expect(readRuns()).toEqual([run("a")]);
});

it("keeps each once and the latest eight, and forgets them with all else", () => {
  expect(kind(all("a", "b", "a"))).toBe("b a");
  expect(kind(all(..."abcdefghij"))).toBe("c d e f g h i j");
  writeRuns(all("a"));
  forgetAll();
  expect([readRuns(), kept]).toEqual([[], {}]);
  writeRuns(all("a"));
  writeRuns([]);
  expect(kept).toEqual({});
});

it("gives no name twice", () => {
  const list = [run("a"), run("b", { name: "a (2)" })];
  expect([freeName(list, "b"), freeName(list, "a")]).toEqual(["b", "a (3)"]);
});

it.each(["no JSON", "null", "{}", '[{"id":"javascript:x"}]', JSON.stringify([{ ...run("a"), loss: ["1"] }])])(
  "reads %s as nothing",
  (text) => {
    kept["unroll-runs"] = text;
    expect(readRuns()).toEqual([]);
  },
);
