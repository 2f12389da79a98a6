/** The page's side of keeping a run: a stand-in takes the place of the worker. */
import { beforeEach, expect, it, vi } from "vitest";
import { compareRunWords } from "../words-runs.ts";
import type { CutView, Keeping, TrainProgress } from "../worker/protocol.ts";
import { lab } from "./lab.svelte.ts";
import { pack } from "./pack.ts";
import { keepRun, makeAgain } from "./run-keeping.ts";
import { type RunRecipe, readRecipe } from "./run-recipe.ts";
import { newRun } from "./run-settings.ts";
import type { StartedRun } from "./train-desk.svelte.ts";

const code = "model = Sequential([Input((12, 1)), LSTM(4), Dense(1)])";
const { asked, worker, answer } = vi.hoisted(() => {
  const calls: { readonly method: string; readonly argument: unknown }[] = [];
  const found: { keeping: Keeping } = { keeping: "kept" };
  const method = (name: string, result: () => unknown) => async (argument: unknown) => {
    calls.push({ method: name, argument });
    return result();
  };
  return {
    asked: calls,
    answer: found,
    worker: {
      keepRun: method("keepRun", () => found.keeping),
      nameRun: method("nameRun", () => undefined),
      keepCompared: method("keepCompared", () => found.keeping),
      trainCompared: method("trainCompared", () => ({ baselines: [] })),
    },
  };
});
vi.mock("./lab.svelte.ts", async () => {
  const compared = new (await import("./compare-news.ts")).CompareNews();
  const route = { m: "gru", s: "", file: "", pick: 0 };
  return { lab: { route, worker, compared, attempt: (work: () => unknown) => work() } };
});
vi.mock("./kept-runs.svelte.ts", () => ({ keptRuns: { keep: () => {}, find: () => undefined } }));

const progress = { loss: [2, 1], valLoss: [3, 2], rmse: 1, waits: { batch: 0 } } as unknown as TrainProgress; // what is read of it
async function started(change: Partial<StartedRun["model"]> = {}, data = "nile"): Promise<StartedRun> {
  const model = { m: "", s: await pack(code), file: "", pick: 1, isSized: false, ...change };
  const cut = { baselines: [] } as unknown as CutView; // likewise
  return { model, data, seed: 7, settings: newRun, cut } as unknown as StartedRun; // likewise
}

beforeEach(() => {
  asked.length = 0;
  answer.keeping = "kept";
});

it("asks for the weights before anything else can happen, and names them when the recipe is written", async () => {
  const run = await started();
  const kept = keepRun({ name: "mine", epoch: 2, progress, run });
  expect(asked).toMatchObject([{ method: "keepRun", argument: { epoch: 2, batch: 0 } }]);
  const found = await kept;
  if (found === undefined || found === "moved") throw new Error("it was not kept");
  const copy = (asked[0]!.argument as { id: string }).id; // as asked above
  expect(asked[1]).toEqual({ method: "nameRun", argument: { id: copy, name: found.run.id } });
  expect(found).toMatchObject({ note: "", run: { name: "mine", loss: [2, 1] } });
});

it("takes the model that was trained, not the one that the link has by now", async () => {
  const found = await keepRun({ name: "mine", epoch: 2, progress, run: await started() });
  if (found === undefined || found === "moved") throw new Error("it was not kept");
  expect(await readRecipe(found.run.id)).toMatchObject({ m: "", code, pick: 1, hindrance: undefined });
});

it.each([
  ["own", {}, "own"],
  ["file", { s: "", file: "7-a.keras" }, "nile"],
  ["sized", { isSized: true }, "nile"],
] as const)(
  "says of a run that cannot be made again and is too large that its weights are lost: %s",
  async (...given) => {
    const [hindrance, model, data] = given;
    answer.keeping = "large";
    const found = await keepRun({ name: "mine", epoch: 2, progress, run: await started(model, data) });
    if (found === undefined || found === "moved") throw new Error("it was not kept");
    expect((await readRecipe(found.run.id))?.hindrance).toBe(hindrance);
    expect(found.note).toBe(compareRunWords.lost(hindrance));
    expect(found.note).toContain(compareRunWords.hindrances[hindrance]);
  },
);

it("says of one whose model began with trained weights why no link leads to it", async () => {
  const continued = { ...progress, unrepeatable: "continued" } as const;
  expect(await keepRun({ name: "mine", epoch: 2, progress: continued, run: await started() })).toMatchObject({
    note: "It began with trained weights, which no link holds. Its weights go with this page; its losses stay.",
  });
});

it("says of one that is too large and can be made again that it can", async () => {
  answer.keeping = "large";
  expect(await keepRun({ name: "mine", epoch: 2, progress, run: await started() })).toMatchObject({
    note: compareRunWords.large,
  });
});

it("keeps nothing of a run whose weights went on", async () => {
  answer.keeping = "moved";
  expect(await keepRun({ name: "mine", epoch: 2, progress, run: await started() })).toBe("moved");
  expect(asked.map(({ method }) => method)).toEqual(["keepRun"]);
});

const recipe = {
  name: "mine",
  m: "",
  code,
  file: "",
  pick: 0,
  seed: 7,
  data: "nile",
  settings: { ...newRun, epochs: 2 },
};
const compared = (change: Partial<RunRecipe> = {}) => ({
  link: "run.u1.a",
  source: code,
  recipe: { ...recipe, hindrance: undefined, ...change },
});

/** Makes the run again; the worker's training ends after that epoch. */
async function ended(epoch: number): Promise<string | undefined> {
  const again = makeAgain(compared(), 1);
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  const { id } = asked[0]!.argument as { id: number }; // of `trainCompared`
  lab.compared.tell({ id: id - 1, progress: { ...progress, epoch: 1, epochs: 2, done: true } });
  lab.compared.tell({ id, progress: { ...progress, epoch, epochs: 2, done: true } });
  const found = await again;
  const kept = asked.find(({ method }) => method === "keepCompared");
  if (kept !== undefined) expect(kept.argument).toEqual({ id: "run.u1.a", run: id });
  return found;
}

it("makes a run again, whatever ended before it at its place", async () => {
  expect(await ended(2)).toBe("first");
});

it("says why the weights of a run that was asked for again are not here", async () => {
  expect(await makeAgain(compared({ data: "rain" }), 1)).toBe("unknown");
  expect(await ended(1)).toBe("stopped");
  for (const [keeping, outcome] of [
    ["large", "large"],
    ["moved", "stopped"],
  ] as const) {
    asked.length = 0;
    answer.keeping = keeping;
    expect(await ended(2)).toBe(outcome);
  }
});
