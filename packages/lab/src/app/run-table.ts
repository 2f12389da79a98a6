/** What the table of Compare says about runs: how each was trained, and what came of it, in words and numbers. */
import { measuredSeries } from "../data/measured.ts";
import { madeSeries } from "../data/series.ts";
import { compareRunWords as text } from "../words-runs.ts";
import { trainWords } from "../words-train.ts";
import { baselineName } from "./baseline-name.ts";
import { decimal, rounded, whole } from "./format.ts";
import type { KeptRun } from "./kept-runs.ts";
import type { RunRecipe } from "./run-recipe.ts";
import { settingRows } from "./run-rows.ts";

export interface RunCell {
  readonly text: string;
  /** Below it. */
  readonly note?: string;
  readonly good?: boolean;
}

export interface RunTableRow {
  readonly label: string;
  /** True where not all runs have the same setting. */
  readonly differs: boolean;
  /** One for each model; undefined for one that is no run, or is not known. */
  readonly cells: readonly (RunCell | undefined)[];
}

/** What is known of a model of the comparison, if it is a run. */
export interface RunOf {
  readonly recipe: RunRecipe;
  readonly kept: KeptRun | undefined;
  /** The windows' size, where the model says it. */
  readonly lookback: number | undefined;
}

export function settingsTable(runs: readonly (RunOf | undefined)[]): RunTableRow[] {
  const recipes = runs.map(
    (run) =>
      run && {
        ...run.recipe,
        settings: { ...run.recipe.settings, lookback: run.lookback ?? run.recipe.settings.lookback },
      },
  );
  return settingRows(recipes).map(({ setting, values, differs }) => ({
    label: text.settings[setting],
    differs,
    cells: values.map((value) => {
      if (value === undefined) return undefined;
      if (typeof value === "string") return { text: setting === "data" ? seriesTitle(value) : value };
      return {
        text: setting === "learningRate" ? rounded(value, 6) : setting === "seed" ? String(value) : whole(value),
      };
    }),
  }));
}

export function resultsTable(runs: readonly (RunOf | undefined)[]): RunTableRow[] {
  const row = (label: string, cell: (kept: KeptRun, recipe: RunRecipe) => RunCell): RunTableRow => ({
    label,
    differs: false,
    cells: runs.map((run) => run?.kept && cell(run.kept, run.recipe)),
  });
  const known = runs.flatMap((run) => (run?.kept === undefined ? [] : [run as Required<RunOf>])); // just asked
  const lowest =
    areTestedAlike(known) && known.length > 1
      ? Math.min(...known.map(({ kept }) => kept?.rmse ?? Number.NaN))
      : undefined;
  return [
    row(text.trainLoss, ({ loss }) => ({ text: decimal(loss.at(-1) ?? Number.NaN, 5) })),
    row(text.testLoss, ({ valLoss }) => {
      const { epoch, loss } = lowestOf(valLoss);
      const last = { text: decimal(valLoss.at(-1) ?? Number.NaN, 5) };
      return epoch === valLoss.length ? last : { ...last, note: text.lowestWas(decimal(loss, 5), epoch) };
    }),
    row(text.rmse, ({ rmse, baselines }) => {
      const best = [...baselines].sort((a, b) => a.rmse - b.rmse)[0];
      if (best === undefined) return { text: decimal(rmse, 3) };
      const good = rmse < best.rmse;
      const say = good ? text.beats : text.beatsNot;
      const note = `${say(baselineName(best), decimal(best.rmse, 3))}${rmse === lowest ? text.lowest : ""}`;
      return { text: decimal(rmse, 3), note, good };
    }),
  ];
}

/** True where all were tested on the same numbers, which repeating the last value tells: then their errors compare. */
export function areTestedAlike(runs: readonly RunOf[]): boolean {
  const tests = runs.map(({ recipe, kept }) => `${recipe.data} ${kept?.baselines[0]?.rmse}`);
  return new Set(tests).size <= 1;
}

/** The lowest loss and the epoch after which it was reached. */
export function lowestOf(losses: readonly number[]): { readonly epoch: number; readonly loss: number } {
  let at = 0;
  for (const [index, loss] of losses.entries()) if (loss < losses[at]! || Number.isNaN(losses[at])) at = index;
  return { epoch: at + 1, loss: losses[at] ?? Number.NaN };
}

function seriesTitle(id: string): string {
  if (id === "own") return trainWords.own;
  if (id === "adding") return trainWords.adding;
  return [...madeSeries, ...measuredSeries].find((one) => one.id === id)?.title ?? id;
}
