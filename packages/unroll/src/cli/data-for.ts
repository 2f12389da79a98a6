/** The data that a command runs a model on: given by flags, recorded in the file, or random. */
import type { Tensor } from "../core/tensor.ts";
import { count } from "../explain/lines.ts";
import { readSidecar, sidecarPath } from "../forecast/sidecar.ts";
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

/**
 * Notes on stderr when the data or the weights are made up, and where the data has NaN or infinities. Of a model of `unroll train` a
 * table is read as `predict` reads it: every window of its rows is an example.
 *
 * @param file the model's; without it a table is plain numbers
 * @throws UnrollError as `readInputs` does
 */
export async function dataFor(
  { model, hasWeights, inputs, outputs }: FileModel & { readonly model: Model },
  flags: FlagValues,
  terminal: Terminal,
  file?: string,
): Promise<Data> {
  if (!hasWeights) terminal.note("The file has no weights: freshly drawn ones are used.\n");
  const given = (await readRows(file, model, flags, terminal)) ?? (await readInputs(flags, model));
  if (given !== undefined) {
    for (const remark of numberRemarks(given, model)) terminal.note(`${remark}\n`);
    return { inputs: given, keras: undefined };
  }
  if (inputs !== undefined) return { inputs, keras: outputs };
  terminal.note(`No --input: ${randomExamples} random examples are used (seed 0).\n`);
  return { inputs: randomInputs(model, randomExamples), keras: undefined };
}

/** `[windows, lookback, features]`, scaled; undefined where the model has no facts beside it or the data is no table. */
async function readRows(
  file: string | undefined,
  model: Model,
  { input }: FlagValues,
  terminal: Terminal,
): Promise<Tensor[] | undefined> {
  const paths = (input ?? []) as readonly string[]; // a flag that may be repeated
  const [table] = paths;
  if (file === undefined || paths.length !== 1 || !/\.csv$/i.test(table!)) return undefined;
  const facts = await readSidecar(file);
  if (facts === undefined) return undefined;
  const { windowsOfRows } = await import("./predict-rows.ts");
  const { lines, view } = await windowsOfRows(model, table!, facts);
  terminal.note(`Columns, scaling and lookback are those of ${sidecarPath(file)}.\n`);
  const last = lines.length === 1 ? "" : `, the last, ${count(lines.length - 1)}, in line ${lines.at(-1)}`;
  terminal.note(`Example 0 is the window that ends in line ${lines[0]}${last}.\n`);
  return [view.batch(Uint32Array.from(lines.keys())).x];
}
