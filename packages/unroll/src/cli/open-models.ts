/**
 * What commands read: models out of any file that the library opens, code and notebooks, and Keras's recorded cases (a model
 * with weights, inputs and outputs in one JSON). Shared by the commands; each takes what it needs.
 */
import { didYouMean, UnrollError } from "../core/errors.ts";
import type { FileReport } from "../formats/container.ts";
import { copyOf, inFile } from "../formats/failure.ts";
import { withoutProgramming } from "../formats/hint-words.ts";
import { inKerasWords } from "../formats/keras-words.ts";
import { codeOf, type LoadedCode, type LoadOptions, load, loadWeights } from "../formats/load.ts";
import { learnedText, type Problem } from "../formats/python/index.ts";
import { snakeCase } from "../layers/naming.ts";
import type { Model } from "../model/model.ts";
import type { Flag, FlagValues, Terminal } from "./command.ts";
import type { FileModel } from "./file-model.ts";
import { printedDifferences } from "./printed-differences.ts";
import { readRecordedCases } from "./recorded-cases.ts";

export interface FileModels {
  readonly models: readonly FileModel[];
  readonly report: FileReport;
  /** What code said that was not understood. */
  readonly problems: readonly Problem[];
  /** True for a notebook, whose places are cells. */
  readonly isNotebook: boolean;
}

/** Flags of every command that reads a model. */
export const modelFlags: Readonly<Record<string, Flag>> = {
  weights: { kind: "string", value: "FILE", doc: "weights in a file of their own (.npz, .h5, ...)" },
  set: { kind: "string", value: "NAME=VALUE", many: true, doc: "a size that code leaves open; may be repeated" },
  model: { kind: "string", value: "NAME", doc: "one of several models: name, or number from 1" },
};

/**
 * Reads every model of a file.
 *
 * @throws UnrollError as `loadModel` does; a model of code that cannot be built is told in its entry
 */
export async function readModels(file: string, flags: FlagValues): Promise<FileModels> {
  const found = await readAll(file, { set: readSettings(flags.set) });
  const models = chooseModels(found.models, flags.model, file);
  if (typeof flags.weights !== "string") return { ...found, models };
  const [only, ...others] = models;
  if (only?.model === undefined || others.length > 0) {
    throw new UnrollError({
      code: "usage",
      path: file,
      expected: "--weights goes with one model",
      received: `${models.length} models`,
      hint: "Choose one with --model NAME.",
    });
  }
  const report = await loadWeights(only.model, flags.weights);
  return { ...found, models: [{ ...only, hasWeights: true }], report };
}

/**
 * The one model of a file; what its code says that was not understood or leaves to its printed table, and where that differs,
 * goes to the terminal. Throws UnrollError `usage` where there are several, or the model's own error.
 */
export async function readOneModel(
  file: string,
  flags: FlagValues,
  terminal: Terminal,
): Promise<FileModel & { readonly model: Model; readonly report: FileReport }> {
  const found = await readModels(file, flags);
  const { models, report } = found;
  const [only, ...others] = models;
  if (only === undefined) throw noModels(file, found);
  if (others.length > 0) {
    throw new UnrollError({
      code: "usage",
      path: file,
      expected: "this command takes one model",
      received: `${models.length} models: ${nameList(models)}`,
      hint: "Choose one with --model NAME.",
    });
  }
  noteReading(found, terminal);
  if (only.model === undefined) throw inFile(file, whyNotBuilt(only, found));
  return { ...only, model: only.model, report };
}

/** `cell 3, line 7`, or in a script `line 7`. */
export function placeOf(cell: number, line: number, { isNotebook }: Pick<FileModels, "isNotebook">): string {
  return isNotebook ? `cell ${cell}, line ${line}` : `line ${line}`;
}

/** Says on stderr what code was not understood. */
export function noteProblems(found: FileModels, terminal: Terminal): void {
  for (const { cell, line, message } of found.problems) {
    terminal.note(`${placeOf(cell, line, found)}: ${message}\n`);
  }
}

/** What a printed table tells of a model that its code does not, and where the two differ. */
export function tableRemarks(one: FileModel): string[] {
  return [...(one.code?.learned ?? []).map(learnedText), ...printedDifferences(one)];
}

/** Says on stderr what code was not understood, and what its tables tell: of several models with their names. */
export function noteReading(found: FileModels, terminal: Terminal): void {
  noteProblems(found, terminal);
  for (const one of found.models) {
    const whose = found.models.length > 1 ? `${one.name}: ` : "";
    for (const remark of tableRemarks(one)) terminal.note(`${whose}${remark}\n`);
  }
}

/** Why a model without `model` cannot be built; where its code leaves sizes open, how to give them. */
export function whyNotBuilt({ error, code }: FileModel, found: Pick<FileModels, "isNotebook">): UnrollError {
  const open = code?.unknowns.filter(({ value }) => value === undefined) ?? [];
  const [first] = open;
  if (code === undefined || first === undefined) return error!; // a model or an error is there
  const settings = open.map(({ name }) => settingFlag(name));
  const place = placeOf(code.cell, first.line, found);
  return copyOf(error!, { hint: `The code leaves sizes open (${place}): give them with ${settings.join(" ")}` });
}

/** `--set units=...`; quoted where a shell would take the name's brackets for a pattern. */
export function settingFlag(name: string): string {
  return /^[\w.]+$/.test(name) ? `--set ${name}=...` : `--set "${name}=..."`;
}

/** The error for a file in which no model was found. */
export function noModels(file: string, found: Pick<FileModels, "problems" | "isNotebook">): UnrollError {
  const [first] = found.problems;
  return new UnrollError({
    code: "format",
    path: "",
    expected: `no Keras model found in ${file}`,
    ...(first === undefined
      ? { hint: "Code must build one, such as keras.Sequential([...])." }
      : { received: `first problem = ${placeOf(first.cell, first.line, found)}: ${first.message}` }),
  });
}

async function readAll(file: string, options: LoadOptions): Promise<FileModels> {
  const recorded = await readRecordedCases(file);
  if (recorded !== undefined) return { ...nothing, models: recorded };
  const code = await codeOf(file, options);
  checkSettings(file, options.set ?? {}, code);
  if (code === undefined) {
    const { model, hasWeights, report } = await load(file, options);
    return { ...nothing, models: [fileModel(model, hasWeights)], report };
  }
  const models = code.models.map(
    ({ code: one, model, error, repairs }): FileModel => ({
      name: one.name,
      model,
      error: error === undefined ? undefined : aboutCode(withoutProgramming(error)),
      repairs,
      hasWeights: false,
      code: one,
      inputs: undefined,
      outputs: undefined,
    }),
  );
  const isNotebook = code.reading.format === "ipynb";
  return { models, report: nothing.report, problems: code.reading.problems, isNotebook };
}

/** An option that code leaves out or open, by Keras's name and without the list of those that it has. */
function aboutCode(error: UnrollError): UnrollError {
  const { code, path, expected, hint } = error;
  if (code !== "option" || !expected.includes(" needs the option ")) return error;
  const words = { expected: inKerasWords(expected), hint: hint?.replace(/^Give (\w+)\.$/, inKerasName) };
  return new UnrollError({ code, path, ...words }, { cause: error.cause });
}

function inKerasName(_: string, option: string): string {
  return `Give ${snakeCase(option)}.`;
}

/** A setting that changes nothing is a misspelt one. */
function checkSettings(file: string, set: Readonly<Record<string, unknown>>, code: LoadedCode | undefined): void {
  const [unused] = code?.reading.unusedSettings ?? Object.keys(set).map((name) => ({ name, hint: undefined }));
  if (unused === undefined) return;
  const open = [...new Set(code?.reading.unknowns.map(({ name }) => name))];
  throw new UnrollError({
    code: "unknown-name",
    path: file,
    expected: code === undefined ? "only code has sizes to set" : "--set must name a size of the code",
    received: `--set ${unused.name}=${String(set[unused.name] ?? "...")}`,
    hint:
      unused.hint ??
      didYouMean(unused.name, open) ??
      (open.length === 0 ? "The code leaves none open." : `It leaves open ${open.join(", ")}.`),
  });
}

const nothing = { report: { read: [], ignored: [] }, problems: [], isNotebook: false } as const;

function fileModel(model: Model, hasWeights: boolean): FileModel {
  return {
    name: model.name,
    model,
    error: undefined,
    repairs: [],
    hasWeights,
    code: undefined,
    inputs: undefined,
    outputs: undefined,
  };
}

function chooseModels(models: readonly FileModel[], wanted: FlagValues[string], file: string): readonly FileModel[] {
  if (typeof wanted !== "string") return models;
  const byName = models.filter(({ name }) => name === wanted);
  const chosen = byName.length > 0 ? byName : models.slice(Number(wanted) - 1, Number(wanted));
  if (chosen.length > 0) return chosen;
  throw new UnrollError({
    code: "unknown-name",
    path: file,
    expected: "--model must name one of its models",
    received: `--model ${wanted}`,
    hint:
      didYouMean(
        wanted,
        models.map(({ name }) => name),
      ) ?? `They are ${nameList(models)}.`,
  });
}

function nameList(models: readonly FileModel[]): string {
  const shown = models.slice(0, 12).map(({ name }, index) => `${index + 1} ${name}`);
  return `${shown.join(", ")}${models.length > shown.length ? ", ..." : ""}`;
}

/** `--set name=value`: numbers where they are numbers. */
function readSettings(given: FlagValues[string]): Record<string, number | string> {
  const settings: Record<string, number | string> = {};
  for (const text of Array.isArray(given) ? (given as readonly string[]) : []) {
    const at = text.indexOf("=");
    if (at < 1) {
      throw new UnrollError({
        code: "usage",
        path: "--set",
        expected: "a setting must be NAME=VALUE",
        received: text,
      });
    }
    const value = text.slice(at + 1).trim();
    settings[text.slice(0, at).trim()] = value !== "" && Number.isFinite(Number(value)) ? Number(value) : value;
  }
  return settings;
}
