/** What a forecast that needs no model is called in a sentence. */
import { trainWords } from "../words-train.ts";
import type { Baseline } from "../worker/protocol.ts";

export function baselineName({ kind, period }: Pick<Baseline, "kind" | "period">): string {
  return kind === "season" ? trainWords.season(period ?? 0) : trainWords.naive[kind];
}
