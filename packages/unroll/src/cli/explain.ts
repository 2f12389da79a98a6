/** `unroll explain FILE`: where every count and every shape comes from. */
import { explainLayerOf } from "../explain/explain.ts";
import { Explanation, type LayerExplanation } from "../explain/explanation.ts";
import { explainModel } from "../explain/index.ts";
import type { Model } from "../model/model.ts";
import type { Command } from "./command.ts";
import { type FileModel, modelFlags, noModels, noteProblems, readModels } from "./open-models.ts";
import { fileOf, layerOf, printJson } from "./print.ts";

const formats = ["text", "markdown", "latex", "mathml", "html"] as const;

export const explain: Command = {
  name: "explain",
  doc: "derive every count and every shape, step by step",
  positionals: ["FILE"],
  flags: {
    layer: { kind: "string", value: "N", doc: "one layer: its name, or its place from 0" },
    format: { kind: "string", choices: formats, doc: "how to write formulas; by default text" },
    short: { kind: "boolean", doc: "without the lines for each array and gate" },
    ...modelFlags,
  },
  examples: ["unroll explain model.keras", "unroll explain model.py --layer lstm --format markdown"],
  async run(invocation) {
    const { flags, terminal } = invocation;
    const file = fileOf(invocation);
    const found = await readModels(file, flags);
    const { models } = found;
    if (models.length === 0) throw noModels(file, found.problems);
    noteProblems(found, terminal);
    const explanations = models.map((one) => explanationOf(builtModel(one), layerOf(invocation)));
    if (flags.json === true) printJson(terminal, { models: explanations });
    else {
      const options = { width: Math.min(terminal.columns, 100), parts: flags.short !== true };
      terminal.out(explanations.map((one) => write(one, flags.format, options)).join("\n"));
    }
    return 0;
  },
};

function builtModel({ model, error }: FileModel): Model {
  if (model === undefined) throw error!; // one of the two is there
  return model;
}

/** Of the whole model, or of one layer alone. */
function explanationOf(model: Model, layer: string | number | undefined): Explanation {
  if (layer === undefined) return explainModel(model);
  const one: LayerExplanation = explainLayerOf(model, layer);
  return new Explanation({ name: model.name, layers: [one], total: one.count, nonTrainable: one.nonTrainable });
}

function write(
  explanation: Explanation,
  format: unknown,
  options: { readonly width: number; readonly parts: boolean },
): string {
  switch (format) {
    case "markdown":
      return explanation.toMarkdown();
    case "latex":
      return explanation.toLatex();
    case "mathml":
      return explanation.toMathML();
    case "html":
      return explanation.toHtml();
    default:
      return explanation.toText(options);
  }
}
