import { expect, it } from "vitest";
import type { KeptRun } from "./kept-runs.ts";
import type { RunRecipe } from "./run-recipe.ts";
import { newRun } from "./run-settings.ts";
import { areTestedAlike, lowestOf, type RunOf, resultsTable, settingsTable } from "./run-table.ts";

const recipe: RunRecipe = {
  name: "",
  m: "lstm",
  code: "",
  file: "",
  pick: 0,
  seed: 7,
  data: "passengers",
  settings: newRun,
  hindrance: undefined,
};
const kept = (rmse: number, naive = 20): KeptRun => ({
  id: "run.u1.a",
  name: "",
  loss: [0.5, 0.25],
  valLoss: [0.125, 0.25],
  rmse,
  baselines: [
    { kind: "last", period: undefined, rmse: naive },
    { kind: "season", period: 12, rmse: 15 },
  ],
});
const run = (rmse: number, change: Partial<RunRecipe> = {}, naive?: number): RunOf => ({
  recipe: { ...recipe, ...change },
  kept: kept(rmse, naive),
  lookback: 12,
});
const cells = (runs: readonly (RunOf | undefined)[], label: string) =>
  [...settingsTable(runs), ...resultsTable(runs)].find((row) => row.label === label)!.cells;

it("marks the settings that differ, models that are no run apart", () => {
  const rows = settingsTable([run(9), undefined, run(9, { seed: 8, settings: { ...newRun, learningRate: 0.001 } })]);
  expect(rows.filter(({ differs }) => differs).map(({ label }) => label)).toEqual(["Learning rate", "Seed"]);
  expect(rows.find(({ label }) => label === "Learning rate")!.cells).toEqual([
    { text: "0.01" },
    undefined,
    { text: "0.001" },
  ]);
  expect(rows[0]!.cells[0]).toEqual({ text: "Airline passengers" });
});

it("takes the windows that the model says for those of the run", () => {
  expect(cells([{ ...run(9), lookback: 500 }], "Lookback")).toEqual([{ text: "500" }]);
});

it("sets each error beside the best of what needs no model, and names the lowest", () => {
  expect(cells([run(21), run(9), undefined], "Test RMSE")).toEqual([
    { text: "21.000", note: "✗ does not beat repeating the value of 12 steps before, 15.000", good: false },
    {
      text: "9.000",
      note: "✓ beats repeating the value of 12 steps before, 15.000; the lowest of these",
      good: true,
    },
    undefined,
  ]);
  expect(cells([run(9)], "Test loss")).toEqual([{ text: "0.25000", note: "at its lowest 0.12500, after epoch 1" }]);
});

it("calls no error the lowest where the tests were not the same", () => {
  const runs = [run(21), run(9, {}, 19)];
  expect(areTestedAlike(runs)).toBe(false);
  for (const cell of cells(runs, "Test RMSE")) expect(cell?.note).not.toContain("lowest");
  expect(areTestedAlike([run(21), run(9, { seed: 8 })])).toBe(true);
  expect(areTestedAlike([run(21), run(9, { data: "nile" })])).toBe(false);
});

it("finds the lowest loss, past what is no number", () => {
  expect(lowestOf([Number.NaN, 3, 1, 2])).toEqual({ epoch: 3, loss: 1 });
});
