/** `unroll convert IN OUT`: a model in another format, chosen by the ending of OUT. */
import { formatOfPath, saveModel, withoutArchitecture, withoutWeights } from "../formats/save.ts";
import type { Command } from "./command.ts";
import { modelFlags, readOneModel } from "./open-models.ts";
import { printJson } from "./print.ts";
import { checkTarget } from "./targets.ts";

export const convert: Command = {
  name: "convert",
  doc: "write a model in another format",
  positionals: ["IN", "OUT"],
  flags: { force: { kind: "boolean", doc: "replace OUT where it is there already" }, ...modelFlags },
  examples: [
    "unroll convert model.h5 model.keras",
    "unroll convert notebook.ipynb model.py",
    "unroll convert model.keras model.onnx",
    "unroll convert model.json model.keras --weights weights.npz",
  ],
  async run({ positionals, flags, terminal }) {
    const [from, to] = positionals as readonly [string, string]; // counted before
    const format = formatOfPath(to);
    await checkTarget(to, { sources: [from, flags.weights], replace: flags.force === true });
    const { model, hasWeights, report } = await readOneModel(from, flags);
    const bare = withoutWeights.has(format);
    if (!hasWeights && !bare) terminal.note("The file has no weights: freshly drawn ones are written.\n");
    for (const line of report.ignored) terminal.note(`Left out: ${line}\n`);
    await saveModel(model, to);
    const params = model.countParams();
    const holds = bare
      ? "the architecture"
      : withoutArchitecture.has(format)
        ? "the weights"
        : "architecture and weights";
    if (flags.json === true) printJson(terminal, { written: to, format, params, ignored: report.ignored });
    else
      terminal.out(
        `Wrote ${to} (${format}): ${holds} of ${model.name}, ${params.toLocaleString("en-US")} parameters.\n`,
      );
    return 0;
  },
};
