/** The data that a command runs a model on: given by flags, recorded in the file, or random. */
import type { Tensor } from "../core/tensor.ts";
import type { Model } from "../model/model.ts";
import type { FlagValues, Terminal } from "./command.ts";
import type { FileModel } from "./file-model.ts";
import { numberRemarks, randomInputs, readInputs } from "./read-data.ts";

const randomExamples = 2;

export interface Data {
  readonly inputs: readonly Tensor[];
  /** Keras's predictions for the inputs, where the file records them. */
  readonly keras: readonly Tensor[] | undefined;
}

/** Notes on stderr when the data or the weights are made up, and where the data has NaN or infinities. Throws UnrollError as `readInputs` does. */
export async function dataFor(
  { model, hasWeights, inputs, outputs }: FileModel & { readonly model: Model },
  flags: FlagValues,
  terminal: Terminal,
): Promise<Data> {
  if (!hasWeights) terminal.note("The file has no weights: freshly drawn ones are used.\n");
  const given = await readInputs(flags, model);
  if (given !== undefined) {
    for (const remark of numberRemarks(given, model)) terminal.note(`${remark}\n`);
    return { inputs: given, keras: undefined };
  }
  if (inputs !== undefined) return { inputs, keras: outputs };
  terminal.note(`No --input: ${randomExamples} random examples are used (seed 0).\n`);
  return { inputs: randomInputs(model, randomExamples), keras: undefined };
}
