/** How the runs of a comparison were made, row by row, and in which rows they differ. */
import type { RunRecipe } from "./run-recipe.ts";

const settingNames = [
  "data",
  "lookback",
  "horizon",
  "optimizer",
  "learningRate",
  "batchSize",
  "epochs",
  "seed",
] as const;
export type SettingName = (typeof settingNames)[number];

export interface SettingRow {
  readonly setting: SettingName;
  /** One for each model; undefined for one that is no run. */
  readonly values: readonly (string | number | undefined)[];
  /** True where not all runs have the same. */
  readonly differs: boolean;
}

/** @param recipes one for each model; undefined for one that is no run */
export function settingRows(recipes: readonly (RunRecipe | undefined)[]): SettingRow[] {
  return settingNames.map((setting) => {
    const values = recipes.map((recipe) => recipe && settingOf(recipe, setting));
    const found = new Set(values.filter((value) => value !== undefined));
    return { setting, values, differs: found.size > 1 };
  });
}

function settingOf({ data, seed, settings }: RunRecipe, setting: SettingName): string | number {
  if (setting === "data") return data;
  return setting === "seed" ? seed : settings[setting];
}
