/** Opens the model of a kept run, with the weights that it was trained to, and steps through it. */
import { compareRunWords } from "../words-runs.ts";
import type { Compared } from "./compared.ts";
import { lab } from "./lab.svelte.ts";
import { pack } from "./pack.ts";
import { atStart } from "./router.ts";
import type { RunRecipe } from "./run-recipe.ts";
import { dataInLink, desk, runInLink } from "./train-desk.svelte.ts";

export async function stepThrough({ link, recipe }: Compared & { readonly recipe: RunRecipe }): Promise<void> {
  const { m, code, file, pick, seed, data, settings } = recipe;
  const s = m === "" && code !== "" ? await pack(code) : "";
  // Train then stands as it did for this run.
  const made = { data: dataInLink(data), run: runInLink(settings) };
  lab.failure = undefined;
  lab.go({ m, s, file, pick, seed, ...made, layer: "", edits: "", ...atStart, ask: false });
  const { arrived } = lab;
  await arrived;
  // The model is not to be had, or the user has gone elsewhere meanwhile.
  if (lab.failure !== undefined || lab.arrived !== arrived) return;
  const isKept = await lab.attempt(() => lab.worker.takeRun(link));
  if (isKept === undefined) return;
  if (!isKept) {
    lab.failure = { message: compareRunWords.gone, expected: true };
    return;
  }
  [lab.trace, lab.training, lab.hasRunWeights] = [undefined, undefined, true];
  // The model may be the one that was trained last: nothing is asked of it any more.
  desk.askedFor = undefined;
  lab.go({ screen: "step" });
}
