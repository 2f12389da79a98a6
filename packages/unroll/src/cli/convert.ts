/** `unroll convert IN OUT`: a model in another format, chosen by the ending of OUT. */
import { formatOfPath, saveModel } from "../formats/save.ts";
import type { Command } from "./command.ts";
import { modelFlags, readOneModel } from "./open-models.ts";
import { printJson } from "./print.ts";

export const convert: Command = {
  name: "convert",
  doc: "write a model in another format",
  positionals: ["IN", "OUT"],
  flags: modelFlags,
  examples: [
    "unroll convert model.h5 model.keras",
    "unroll convert notebook.ipynb model.json",
    "unroll convert model.json model.keras --weights weights.npz",
  ],
  async run({ positionals, flags, terminal }) {
    const [from, to] = positionals as readonly [string, string]; // counted before
    const format = formatOfPath(to);
    const { model, hasWeights, report } = await readOneModel(from, flags);
    if (!hasWeights && format !== "json") terminal.note("The file has no weights: freshly drawn ones are written.\n");
    for (const line of report.ignored) terminal.note(`Left out: ${line}\n`);
    await saveModel(model, to);
    const holds = { json: "the architecture", npz: "the weights", "weights.h5": "the weights" }[format as string];
    if (flags.json === true)
      printJson(terminal, { written: to, format, params: model.countParams(), ignored: report.ignored });
    else
      terminal.out(
        `Wrote ${to} (${format}): ${holds ?? "architecture and weights"} of ${model.name}, ${model.countParams().toLocaleString("en-US")} parameters.\n`,
      );
    return 0;
  },
};
