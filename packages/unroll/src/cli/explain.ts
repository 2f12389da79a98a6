/** `unroll explain FILE`: where every count and every shape comes from. */
import { UnrollError } from "../core/errors.ts";
import { Explanation } from "../explain/explanation.ts";
import { explainModel } from "../explain/index.ts";
import { inFile } from "../formats/failure.ts";
import { explanationInKerasWords } from "../formats/keras-words.ts";
import type { Model } from "../model/model.ts";
import type { Command } from "./command.ts";
import { LayerOfModel } from "./explain-layer.ts";
import { explainFoundNumber } from "./explain-number.ts";
import type { FileModel } from "./file-model.ts";
import { type FileModels, modelFlags, noModels, noteReading, readModels, whyNotBuilt } from "./open-models.ts";
import { fileOf, layerOf, printJson } from "./print.ts";

const formats = ["text", "markdown", "latex", "mathml", "html"] as const;

export const explain: Command = {
  name: "explain",
  doc: "derive every count and every shape, step by step",
  positionals: ["FILE"],
  flags: {
    layer: { kind: "string", value: "N", doc: "one layer: its name, or its place from 0" },
    number: { kind: "string", value: "N", doc: "a number or shape: every way that leads to it" },
    format: { kind: "string", choices: formats, doc: "how to write formulas; by default text" },
    short: { kind: "boolean", doc: "without the lines for each array and gate" },
    ...modelFlags,
  },
  examples: [
    "unroll explain model.keras",
    "unroll explain model.py --layer lstm --format markdown",
    "unroll explain model.py --number 132",
  ],
  async run(invocation) {
    const { flags, terminal } = invocation;
    if (flags.number !== undefined) return await explainFoundNumber(invocation);
    const file = fileOf(invocation);
    const found = await readModels(file, flags);
    const { models } = found;
    if (models.length === 0) throw noModels(file, found);
    noteReading(found, terminal);
    const layer = layerOf(invocation);
    const alone = models.length === 1 ? file : undefined;
    const results = models.map((one) => explainOne(one, layer, alone, found));
    if (flags.json === true) printJson(terminal, { models: results });
    else {
      const options = { width: Math.min(terminal.columns, 100), parts: flags.short !== true };
      const texts = results.flatMap((one) => (one instanceof Explanation ? [write(one, flags.format, options)] : []));
      terminal.out(texts.join("\n"));
      for (const one of results) if (!(one instanceof Explanation)) terminal.note(`${named(one)}\n`);
    }
    if (results.some((one) => one instanceof Explanation)) return 0;
    throw new UnrollError({
      code: "usage",
      path: file,
      expected: `none of its ${models.length} models can be explained`,
    });
  },
};

/** An error with the model's name, which some begin with. */
function named({ name, error }: { readonly name: string; readonly error: string }): string {
  return error.startsWith(`${name}: `) ? error : `${name}: ${error}`;
}

/** Among several models one that cannot be explained says why; alone in its file it is an error. */
function explainOne(
  one: FileModel,
  layer: string | number | undefined,
  alone: string | undefined,
  found: FileModels,
): Explanation | { readonly name: string; readonly error: string } {
  const { name, model } = one;
  try {
    if (model === undefined) throw inFile(alone ?? "", whyNotBuilt(one, found));
    return explanationOf(model, layer);
  } catch (problem) {
    if (alone !== undefined || !(problem instanceof UnrollError)) throw problem;
    return { name, error: problem.message };
  }
}

/** Of the whole model, or of one layer alone. */
function explanationOf(model: Model, layer: string | number | undefined): Explanation {
  const whole = explanationInKerasWords(explainModel(model));
  return layer === undefined ? whole : new LayerOfModel(whole, model.getLayer(layer).name);
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
