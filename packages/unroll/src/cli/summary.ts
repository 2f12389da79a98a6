/** `unroll summary FILE`: Keras's table of every model in a file, and what code leaves open. */
import "../model/summaries.ts";
import { didYouMean, UnrollError } from "../core/errors.ts";
import { formatShape, type Shape } from "../core/shape.ts";
import { editToText, type Repair, repairsToText } from "../explain/repairs/index.ts";
import { inFile } from "../formats/failure.ts";
import { kerasSpelling } from "../formats/keras-blueprint.ts";
import type { SummaryOptions } from "../model/model.ts";
import { summaryJson } from "../model/summary-table.ts";
import type { Command, FlagValues, Terminal } from "./command.ts";
import type { FileModel } from "./file-model.ts";
import {
  type FileModels,
  modelFlags,
  noModels,
  noteProblems,
  placeOf,
  readModels,
  settingFlag,
  tableRemarks,
} from "./open-models.ts";
import { partialRows } from "./partial-summary.ts";
import { fileOf, printJson, styleFor } from "./print.ts";
import { printedDifferences } from "./printed-differences.ts";

const leastWidth = 20;
const mostWidth = 10_000;

export const summary: Command = {
  name: "summary",
  doc: "print every model of a file as Keras does",
  positionals: ["FILE"],
  flags: {
    style: { kind: "string", choices: ["keras2", "keras3"], doc: "whose table; by default that of the file" },
    width: { kind: "whole", value: "N", least: leastWidth, most: mostWidth, doc: "characters of a line" },
    nested: { kind: "boolean", doc: "also the layers of models inside models" },
    trainable: { kind: "boolean", doc: "a column more: which layers train" },
    layers: { kind: "string", value: "FIRST,LAST", doc: "only the rows from one layer to another" },
    ...modelFlags,
  },
  examples: [
    "unroll summary model.keras",
    "unroll summary notebook.ipynb --set n_features=9",
    "unroll summary a.h5 --json",
  ],
  async run(invocation) {
    const { flags, terminal } = invocation;
    const file = fileOf(invocation);
    const found = await readModels(file, flags);
    if (found.models.length === 0) throw noModels(file, found);
    const json = (): void =>
      printJson(terminal, { models: found.models.map((one) => modelJson(one, found)), problems: found.problems });
    if (found.models.every(cannotBeBuilt)) {
      const [{ error, repairs }] = found.models as [FileModel]; // one at least, as just asked
      if (flags.json === true) json();
      else terminal.out(repairsToText(repairs, kerasSpelling));
      noteProblems(found, terminal);
      throw inFile(file, error!); // as just asked
    }
    if (flags.json === true) {
      json();
      return 0;
    }
    const ends = typeof flags.layers === "string" ? endsOf(flags.layers, found) : undefined;
    const blocks = found.models.map((one, index) => {
      const title = titleOf(one, index, found, terminal);
      const table = tableText(one, flags, ends);
      return [...title, table, ...remarksOn(one)].join("\n");
    });
    terminal.out(`${blocks.join("\n\n")}\n`);
    noteProblems(found, terminal);
    return 0;
  },
};

/** A model with sizes that are still open is told row by row; one that is wrong is no result. */
function cannotBeBuilt({ model, error, code }: FileModel): boolean {
  const isOpen = code?.unknowns.some(({ value }) => value === undefined) ?? false;
  return model === undefined && error !== undefined && !isOpen;
}

/** In the style of the table that the file prints, where it prints one, and as the code's own call asks; flags come first. */
function optionsFor({ code }: FileModel, { style, width, nested, trainable }: FlagValues): SummaryOptions {
  const printed = code?.printedSummary?.style ?? "keras3";
  const { line_length: length, expand_nested, show_trainable } = code?.summary ?? {};
  const written = typeof length === "number" && length >= leastWidth && length <= mostWidth ? length : undefined;
  const characters = typeof width === "number" ? width : written;
  return {
    print: false,
    style: style === "keras2" || style === "keras3" ? style : printed,
    ...(characters === undefined ? {} : { width: characters }),
    ...(nested === true || expand_nested === true ? { expandNested: true } : {}),
    ...(trainable === true || show_trainable === true ? { showTrainable: true } : {}),
  };
}

/**
 * The first and the last layer that are asked for, by name; one name stands for both.
 *
 * @throws UnrollError `usage` where no model has these layers.
 */
function endsOf(text: string, { models }: FileModels): readonly string[] {
  const ends = text.split(",").map((name) => name.trim());
  if (ends.length > 2 || ends.includes("")) {
    throw badLayers("must be a layer's name, or the first and the last", text, "Write --layers lstm,dense_1.");
  }
  if (models.some((one) => lacking(ends, one) === undefined)) return ends;
  const names = [...new Set(models.flatMap(namesIn))];
  const unknown = ends.find((end) => !names.includes(end)) ?? ends[0]!;
  throw badLayers("must name layers of a model", text, didYouMean(unknown, names) ?? `They are ${names.join(", ")}.`);
}

function namesIn({ model }: FileModel): readonly string[] {
  return model?.summaryTable().rows.map(({ name }) => name) ?? [];
}

function lacking(ends: readonly string[], one: FileModel): string | undefined {
  const names = namesIn(one);
  return ends.find((end) => !names.includes(end));
}

function badLayers(rule: string, received: string, hint: string): UnrollError {
  return new UnrollError({ code: "usage", path: "unroll summary", expected: `--layers ${rule}`, received, hint });
}

/** Keras takes patterns that names begin with; here they are whole names. */
function rangeOf(ends: readonly string[]): [first: string, last: string] {
  const patterns = ends.map((name) => `${name.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&")}$`);
  return [patterns[0]!, patterns.at(-1)!]; // one at least
}

function tableText(one: FileModel, flags: FlagValues, ends: readonly string[] | undefined): string {
  if (one.model === undefined) return partialText(one);
  const options = optionsFor(one, flags);
  if (ends === undefined) return one.model.summary(options).trimEnd();
  const missing = lacking(ends, one);
  if (missing !== undefined) return `It has no layer ${missing}.`;
  return one.model.summary({ ...options, layerRange: rangeOf(ends) }).trimEnd();
}

function modelJson(one: FileModel, found: FileModels): unknown {
  const facts =
    one.model === undefined
      ? {
          name: one.name,
          layers: partialRows(one.code),
          totalParams: null,
          trainableParams: null,
          nonTrainableParams: null,
        }
      : summaryJson(one.model.summaryTable());
  const { code } = one;
  return {
    ...facts,
    name: code?.name ?? facts.name,
    unknowns: code?.unknowns ?? [],
    ...(code === undefined || code.learned.length === 0 ? {} : { learned: code.learned }),
    source: code === undefined ? {} : sourceOf(code.cell, code.line, found),
    ...(code?.printedOnly === true ? { printedOnly: true } : {}),
    ...(code?.printedSummary === undefined ? {} : { printedDifferences: printedDifferences(one) }),
    ...(one.error === undefined ? {} : { error: one.error.message }),
    ...(one.repairs.length === 0 ? {} : { repairs: one.repairs.map(repairJson) }),
  };
}

function repairJson({ edits, layers, totalParams }: Repair): unknown {
  return { edits: edits.map((edit) => ({ ...edit, text: editToText(edit, kerasSpelling) })), layers, totalParams };
}

/** A notebook is cited by cell, other files by line. */
function sourceOf(cell: number, line: number, { isNotebook }: FileModels): { cell: number } | { line: number } {
  return isNotebook ? { cell } : { line };
}

function titleOf(one: FileModel, index: number, found: FileModels, terminal: Terminal): string[] {
  const { code } = one;
  if (code === undefined && found.models.length === 1) return [];
  const place = code === undefined ? "" : `, ${placeOf(code.cell, code.line, found)}`;
  return [styleFor(terminal).bold(`${index + 1} of ${found.models.length}: ${one.name}${place}`)];
}

/** The rows that can be worked out of a model with open sizes. */
function partialText(one: FileModel): string {
  const rows = partialRows(one.code).map(({ name, type, outputShape, params }) => [
    `${name} (${type})`,
    outputShape === null ? "?" : shapeText(outputShape),
    params === null ? "?" : params.toLocaleString("en-US"),
  ]);
  const table = [["Layer (type)", "Output Shape", "Param #"], ...rows];
  const widths = [0, 1].map((column) => Math.max(...table.map((row) => row[column]!.length)));
  const lines = table.map(
    ([name, shape, params]) => `${name!.padEnd(widths[0]!)}  ${shape!.padEnd(widths[1]!)}  ${params}`,
  );
  return [...lines, one.error?.message ?? "", repairsToText(one.repairs, kerasSpelling)].join("\n").trimEnd();
}

function shapeText(shape: Shape | readonly Shape[]): string {
  const several = shape.some((entry) => Array.isArray(entry));
  return several ? (shape as readonly Shape[]).map(formatShape).join(", ") : formatShape(shape as Shape); // as just asked
}

/** Sizes that code leaves open, and where the printed table says something else. */
function remarksOn(one: FileModel): string[] {
  const open = (one.code?.unknowns ?? []).map(({ name, value, inferredFrom, reason, line }) => {
    if (value === undefined) return `${name} is not known: ${reason} (line ${line}). Give it with ${settingFlag(name)}`;
    const shown = Array.isArray(value) ? formatShape(value as Shape) : String(value);
    return `${name} = ${shown}${inferredFrom === undefined ? ", as set" : `, worked out from the printed row of ${inferredFrom}`}`;
  });
  const origin =
    one.code?.printedOnly === true
      ? [
          "The code that makes it is not shown, or only in part: its rows are those of the printed table, and it cannot compute.",
        ]
      : [];
  return [...origin, ...open, ...tableRemarks(one)];
}
