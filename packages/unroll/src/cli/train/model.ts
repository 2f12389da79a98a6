/** The model of a file that `unroll train` trains. The plain one is in forecast/. */
import { UnrollError } from "../../core/errors.ts";
import { copyOf } from "../../formats/failure.ts";
import { setSeed } from "../../layers/index.ts";
import type { Model } from "../../model/model.ts";
import type { FlagValues, Terminal } from "../command.ts";
import { readOneModel } from "../open-models.ts";
import type { TrainSettings } from "./settings.ts";

/**
 * The model of `--model`; weights that the file does not have are drawn by the seed. Undefined without `--model`.
 *
 * @throws UnrollError as every command does that reads a model
 */
export async function readGivenModel(
  settings: Pick<TrainSettings, "model" | "seed">,
  flags: FlagValues,
  terminal: Terminal,
): Promise<Model | undefined> {
  if (settings.model === undefined) return undefined;
  setSeed(settings.seed);
  try {
    const { pick, set } = flags;
    return (await readOneModel(settings.model, { model: pick, set }, terminal)).model;
  } catch (error) {
    if (!(error instanceof UnrollError) || error.hint?.includes("--model NAME") !== true) throw error;
    throw copyOf(error, { hint: "Choose one with --pick NAME." });
  }
}
