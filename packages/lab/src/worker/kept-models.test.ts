/** Kept models keep their weights while the model that they were goes on. */
import { expect, it } from "vitest";
import { compareModels, memoryOfCompared } from "./comparing.ts";
import { forgetModels, keepModel, keptModel, nameModel } from "./kept-models.ts";
import type { Model } from "./library.ts";
import { Session } from "./session.ts";

const code = "model = Sequential([Input((4, 1)), LSTM(3), Dense(1)])";

async function opened(seed: number): Promise<Model> {
  const session = new Session();
  await session.open({ source: code, seed });
  return session.need();
}

it("keeps a copy, the latest eight, until it is forgotten", async () => {
  const model = await opened(7);
  const weights = model.getWeights();
  expect(await keepModel("a", model)).toBe(true);
  model.setWeights((await opened(8)).getWeights());
  expect(keptModel("a")!.getWeights()).toEqual(weights);
  for (let number = 0; number < 8; number++) await keepModel(`n${number}`, model);
  expect([keptModel("a"), keptModel("n0") === undefined]).toEqual([undefined, false]);
  forgetModels(["n0", "n1"]);
  expect(keptModel("n0")).toBeUndefined();
});

it("keeps the weights of the call, where the model goes on before its copy's turn comes", async () => {
  const model = await opened(7);
  const weights = model.getWeights();
  const others = (await opened(8)).getWeights();
  let begin = (): void => {};
  const turn = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const done = keepModel("early", model, (work) => turn.then(work));
  model.setWeights(others);
  begin();
  expect(await done).toBe(true);
  nameModel("early", "named");
  expect(keptModel("named")!.getWeights()).toEqual(weights);
  expect(keptModel("early")).toBeUndefined();
  forgetModels(["named"]);
});

it("compares the model of the code that is meant, where it builds several", async () => {
  const { models } = await compareModels(undefined, false, {
    withOpen: true,
    sources: [
      { source: `${code}\nmodel = Sequential([Input((4, 1)), GRU(2)])` },
      { source: `${code}\nmodel = Sequential([Input((4, 1)), GRU(2)])`, pick: 1, run: { id: "gone", seed: 7 } },
    ],
    seed: 7,
  });
  expect(models.map(({ title }) => title)).toEqual(["LSTM(3) → Dense(1)", "GRU(2)"]);
});

it("compares a kept run by its weights, and predicts nothing for one whose weights are gone", async () => {
  const other = await opened(8);
  await keepModel("kept", other);
  const { models } = await compareModels(undefined, false, {
    withOpen: true,
    sources: [
      { source: code },
      { source: "", run: { id: "kept", seed: 7 } },
      { source: code, run: { id: "gone", seed: 9 } },
    ],
    seed: 7,
  });
  expect(models.map(({ run, total, error }) => [run, total, error])).toEqual([
    [undefined, 64, undefined],
    ["trained", 64, undefined],
    ["untrained", 64, undefined],
  ]);
  expect(models[1]!.prediction).not.toEqual(models[0]!.prediction);
  expect(models.map(({ prediction }) => prediction.length)).toEqual([1, 1, 0]);
  expect((await memoryOfCompared(7)).map((one) => one?.length)).toEqual([4, 4, undefined]);
});
