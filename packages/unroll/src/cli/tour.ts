/**
 * `unroll tour [FILE]`, which `npm start` runs: what the library does, on real models. One count and one forward pass in
 * full, one line for everything else, then what to do next. With a file it does the same for that file's models.
 */
import "../model/summaries.ts";
import { UnrollError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import { toText } from "../equations/render.ts";
import type { Explanation, LayerExplanation } from "../explain/explanation.ts";
import { layerToText } from "../explain/explanation-text.ts";
import { explainModel, traceModel, verifyModel } from "../explain/index.ts";
import { explanationInKerasWords } from "../formats/keras-words.ts";
import type { Model } from "../model/model.ts";
import type { Command, FlagValues, Terminal } from "./command.ts";
import { dataFor } from "./data-for.ts";
import type { FileModel } from "./file-model.ts";
import { type FileModels, modelFlags, noModels, noteReading, readModels, whyNotBuilt } from "./open-models.ts";
import { printJson, type Style, styleFor } from "./print.ts";
import { inputFlag } from "./read-data.ts";
import { type TourModel, tourModels } from "./tour-models.ts";
import { type RecordedResult, runRecordedModels } from "./tour-recorded.ts";

export const tour: Command = {
  name: "tour",
  doc: "what this is, on real models, in a minute; or on your own",
  positionals: ["FILE?"],
  flags: { input: inputFlag, ...modelFlags },
  examples: ["unroll tour", "unroll tour model.keras", "npm start -- notebook.ipynb"],
  async run({ positionals, flags, terminal }) {
    const [file] = positionals;
    if (file !== undefined) return tourOfFile(file, flags, terminal);
    return tourOfNotebooks(flags, terminal);
  },
};

async function tourOfNotebooks(flags: FlagValues, terminal: Terminal): Promise<0 | 1> {
  const counted = tourModels.map((one) => ({ one, explanation: explainModel(one.build()) }));
  const countsAgree = counted.every(({ one, explanation }) => explanation.total.result === one.printed);
  if (flags.json === true) {
    const recorded = await runRecordedModels();
    printJson(terminal, { models: counted.map(countedJson), recorded: recorded?.results ?? null });
    return countsAgree && (recorded?.agree ?? true) ? 0 : 1;
  }
  const style = styleFor(terminal);
  const shown = tourModels.find(({ printed }) => printed === 906)!.build(); // one of the list
  terminal.out(
    `${style.bold("Unroll: recurrent neural networks you can check by hand")}

${heading(style, 1, "Where does a number of parameters come from?")}
A model from a teaching notebook, as Keras prints it:

${shown.summary({ print: false, style: "keras2" })}
Its first layer, worked out. Letters first, then numbers in their place:

${layerToText(explainModel(shown).layers[0]!, { width: terminal.columns, parts: false })}
${heading(style, 2, "The models of five notebooks, every layer in one line")}
* marks what the notebooks leave to the reader.
`,
  );
  let notebook = "";
  for (const { one, explanation } of counted) {
    if (one.notebook !== notebook) terminal.out(`\n${style.bold(`Notebook: ${one.notebook}`)}\n`);
    notebook = one.notebook;
    terminal.out(modelLines(one, explanation, style));
  }
  terminal.out(
    `\n${counted.length} models: ${countsAgree ? "every total is the one that the notebook prints" : style.bad("not every total is the one that the notebook prints")}.
For GRU, GRU, SimpleRNN a notebook works out 120, 42 and 5 by hand where its
table has 132, 48 and 26: it leaves out the second bias row that Keras's GRU has
by default, and gives the Dense layer 4 inputs instead of 25.

${heading(style, 3, "One forward pass by hand, beside the engine and Keras")}
`,
  );
  const recorded = await runRecordedModels();
  if (recorded === undefined)
    terminal.out("The recorded models are in the repository, not in the package: nothing to compare.\n");
  else recordedText(recorded, style, terminal);
  terminal.out(nextSteps(style));
  return countsAgree && (recorded?.agree ?? true) ? 0 : 1;
}

function countedJson({ one, explanation }: { one: TourModel; explanation: Explanation }): unknown {
  const { notebook, title, printed, exercise } = one;
  const layers = explanation.layers.map(({ name, count, outputs }) => ({
    name,
    params: count.result,
    outputShape: outputs[0]!.result,
    formula: toText(count.formula),
  }));
  return { notebook, title, exercise, printed, totalParams: explanation.total.result, layers };
}

/** The title with the total, and a line for each layer that has parameters. */
function modelLines(one: TourModel, explanation: Explanation, style: Style): string {
  const total = explanation.total.result ?? 0;
  const agrees = total === one.printed ? "" : style.bad(`; the notebook prints ${one.printed}`);
  const title = `${one.exercise ? "*" : " "} ${one.title}: ${count(total)} parameters${agrees}`;
  return `${[title, ...explanation.layers.flatMap(layerLine)].join("\n")}\n`;
}

/** `gru  (None, 30, 4)  3 × [4 × (4 + 5) + 2 × 4] = 132` */
function layerLine({ name, count: derivation, outputs }: LayerExplanation): string[] {
  const shape = formatShape(outputs[0]!.result);
  if (derivation.result === 0) return [];
  const [numbers] = derivation.steps;
  const worked = numbers === undefined ? "" : `${toText(numbers)} = `;
  return [`    ${name.padEnd(17)} ${shape.padEnd(18)} ${worked}${count(derivation.result ?? 0)}`];
}

function recordedText(
  { shown, results, agree }: NonNullable<Awaited<ReturnType<typeof runRecordedModels>>>,
  style: Style,
  terminal: Terminal,
): void {
  const { model, inputs, keras } = shown;
  terminal.out(`${shown.title}, with weights and data from real Keras.
The last timesteps of the first example, each gate by its name:

${lastRows(traceModel(model, inputs, { layer: 0 }).toTable({ width: terminal.columns, rows: 10_000 }))}
${verifyModel(model, inputs, { keras }).toText({ width: terminal.columns })}
`);
  const worst = results.reduce((a, b) => (b.difference > a.difference ? b : a));
  const totals = `${results.length} models recorded from Keras, ${results.reduce((sum, { numbers }) => sum + numbers, 0)} predicted numbers`;
  terminal.out(
    `${totals}: ${agree ? style.good("all agree") : style.bad("not all agree")}.
Largest difference between Keras and the engine ${worst.difference.toExponential(1)}, by hand ${largestByHand(results).toExponential(1)}.\n`,
  );
}

function largestByHand(results: readonly RecordedResult[]): number {
  return Math.max(...results.map(({ byHand }) => byHand));
}

/** The head of a cell's table and its last rows. */
function lastRows(table: string): string {
  const [run] = table.split("\n\n").filter((block) => block.includes(" timesteps, "));
  const lines = run!.split("\n"); // a recurrent layer has such a table
  const head = lines.findIndex((line) => /^ +t +unit/.test(line));
  return [...lines.slice(0, head + 1), ...lines.slice(-6)].join("\n").concat("\n");
}

async function tourOfFile(file: string, flags: FlagValues, terminal: Terminal): Promise<0 | 1> {
  const found = await readModels(file, flags);
  const { models } = found;
  if (models.length === 0) throw noModels(file, found);
  noteReading(found, terminal);
  const style = styleFor(terminal);
  const documents: unknown[] = [];
  let passed = true;
  for (const [index, one] of models.entries()) {
    if (flags.json !== true) terminal.out(`${style.bold(`${one.name} (${index + 1} of ${models.length})`)}\n\n`);
    // A file with many models is told about in short; one is shown in full.
    const result = await attemptTour(one, found, flags, terminal);
    documents.push(result.document);
    passed &&= result.passed;
  }
  if (flags.json === true) printJson(terminal, { models: documents });
  else terminal.out(nextSteps(style, file));
  return passed ? 0 : 1;
}

/** Among several models one that cannot be shown says why; alone it is an error. */
async function attemptTour(
  one: FileModel,
  found: FileModels,
  flags: FlagValues,
  terminal: Terminal,
): Promise<{ passed: boolean; document: unknown }> {
  const alone = found.models.length === 1;
  try {
    if (one.model === undefined) throw whyNotBuilt(one, found);
    return await tourOfModel({ ...one, model: one.model }, alone, flags, terminal);
  } catch (error) {
    if (alone || !(error instanceof UnrollError)) throw error;
    if (flags.json !== true) terminal.out(`${error.message}\n\n`);
    return { passed: true, document: { name: one.name, error: error.message } };
  }
}

async function tourOfModel(
  one: FileModel & { readonly model: Model },
  inFull: boolean,
  flags: FlagValues,
  terminal: Terminal,
): Promise<{ passed: boolean; document: unknown }> {
  const { model } = one;
  const explanation = explanationInKerasWords(explainModel(model));
  const quiet = flags.json === true;
  if (!quiet) {
    const style = one.code?.printedSummary?.style ?? "keras3";
    if (inFull) terminal.out(`${model.summary({ print: false, style })}\n`);
    terminal.out(`${explanation.layers.flatMap(layerLine).join("\n")}\n\n`);
    const first = explanation.layers.find(({ equations }) => equations !== undefined) ?? explanation.layers.at(-1);
    if (inFull && first !== undefined)
      terminal.out(`${layerToText(first, { width: terminal.columns, parts: false })}\n`);
  }
  if (!inFull && !one.hasWeights) return { passed: true, document: explanation };
  const { inputs, keras } = await dataFor(one, flags, terminal);
  const result = verifyModel(
    model,
    inputs,
    keras === undefined ? {} : { keras: keras.length === 1 ? keras[0]! : keras },
  );
  if (!quiet) terminal.out(`${result.toText({ width: terminal.columns })}\n`);
  return { passed: result.passed, document: { ...explanation.toJSON(), verification: result } };
}

function heading(style: Style, number: number, text: string): string {
  return style.bold(`${number}. ${text}\n${"─".repeat(text.length + 3)}`);
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** What to do after the tour: commands, with the file's name where it is short. */
export function nextSteps(style: Pick<Style, "bold">, file = "FILE"): string {
  const name = file.length > 20 ? "FILE" : file;
  const steps = [
    ["npm start -- FILE", "this tour, of your model or notebook"],
    [`npx unroll explain ${name}`, "every count and shape"],
    [`npx unroll trace ${name}`, "every gate of every timestep"],
    [`npx unroll check ${name} --params 120`, "is my answer right?"],
    ["npx unroll --help", "all commands"],
    ["node examples/own-cell.mjs", "a cell of your own, and more examples"],
  ];
  const lines = steps.map(([command, words]) => `  ${command!.padEnd(38)}  ${words}`);
  return `\n${[style.bold("Next"), ...lines].join("\n")}\n`;
}
