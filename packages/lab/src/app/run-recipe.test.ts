import { expect, it } from "vitest";
import { pack } from "./pack.ts";
import { codeOf, isRun, type RunRecipe, readRecipe, writeRecipe } from "./run-recipe.ts";
import { newRun } from "./run-settings.ts";

const recipe: RunRecipe = {
  name: "slow",
  m: "",
  code: "model = Sequential([Input((12, 1)), GRU(3), Dense(1)])",
  file: "",
  pick: 2,
  seed: 8,
  data: "passengers",
  settings: { ...newRun, epochs: 30, learningRate: 0.001, lookback: 6, optimizer: "SGD" },
  hindrance: undefined,
};

it("holds all that a run is made from, in letters that a list of links can have", async () => {
  const text = await writeRecipe(recipe);
  expect(text).toMatch(/^run\.u1\.[\w-]+$/);
  expect([isRun(text), isRun("gru")]).toEqual([true, false]);
  expect(await readRecipe(text)).toEqual(recipe);
  expect(await writeRecipe({ ...recipe, seed: 9 })).not.toBe(text);
});

it.each(["own", "file", "sized", "continued", "within"] as const)("says what no link holds: %s", async (hindrance) => {
  expect((await readRecipe(await writeRecipe({ ...recipe, hindrance })))?.hindrance).toBe(hindrance);
});

it("names an example's model by its name, and has its code", () => {
  expect(codeOf({ m: "lstm", code: "" })).toContain("LSTM(4,");
  expect(codeOf(recipe)).toBe(recipe.code);
});

it.each(["", "no JSON", "null", "[]", '{"seed":-1}', '{"seed":"7"}', '{"seed":1.5}'])(
  "reads %s as no run",
  async (text) => {
    expect(await readRecipe(`run.${await pack(text)}`)).toBeUndefined();
  },
);

it("leaves out what is too long or none of its settings", async () => {
  const text = JSON.stringify({
    seed: 7,
    name: "n".repeat(81),
    pick: -1,
    run: "e99999,oLion",
    hindrance: "rain",
    m: 3,
  });
  expect(await readRecipe(`run.${await pack(text)}`)).toMatchObject({
    name: "",
    m: "",
    pick: 0,
    settings: newRun,
    hindrance: undefined,
  });
});
