/** The kept run that is being trained again, by its link: whichever screen is looked at, and wherever its column stands meanwhile. */
import { compareRunWords } from "../words-runs.ts";
import type { TrainProgress } from "../worker/protocol.ts";
import type { Compared } from "./compared.ts";
import { lab } from "./lab.svelte.ts";
import { type Again, makeAgain } from "./run-keeping.ts";
import type { RunRecipe } from "./run-recipe.ts";

class MakingAgain {
  /** Empty where none is. */
  link = $state("");
  name = $state("");
  progress = $state.raw<TrainProgress | undefined>();
  /** What came of the one before. */
  last = $state.raw<{ readonly link: string; readonly outcome: Again | undefined } | undefined>();

  async start(one: Compared & { readonly recipe: RunRecipe }, index: number, lookback?: number): Promise<void> {
    if (this.link !== "") return;
    const { link, recipe } = one;
    [this.link, this.name, this.progress] = [link, recipe.name, undefined];
    let outcome: Again | undefined;
    try {
      outcome = await makeAgain(one, index, lookback, (progress) => {
        this.progress = progress;
      });
    } finally {
      [this.link, this.last] = ["", { link, outcome }];
    }
    if (outcome !== undefined) lab.status = compareRunWords.made[outcome];
  }
}

export const makingAgain = new MakingAgain();
