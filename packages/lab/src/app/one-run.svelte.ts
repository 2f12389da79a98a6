/** Who trains now. The worker trains one model at a time, and a second run would end the first: who asks meanwhile is told to wait, and why. */
import { compareRunWords } from "../words-runs.ts";
import { makingAgain } from "./making-again.svelte.ts";
import { desk } from "./train-desk.svelte.ts";

class OneRun {
  /** Compare trains its models one after another. */
  isTrainingAll = $state(false);
  /** Why no other run can begin: the Train screen's goes on, or waits; a kept run is trained again; Compare trains all. Empty where none does. */
  readonly why = $derived.by(() => {
    const { train, again, all } = compareRunWords.waits;
    if (makingAgain.link !== "") return again(makingAgain.name);
    if (this.isTrainingAll) return all;
    return desk.isRunning ? train : "";
  });
}

export const oneRun = new OneRun();
