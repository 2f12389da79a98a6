/**
 * From the text of a notebook or script to its Keras models: the one entrance of this folder.
 * Nothing of the text is executed; what it does not tell is named, taken from `set`, or inferred from printed tables.
 */
import { didYouMean } from "../../core/errors.ts";
import { attributeOf } from "./attributes.ts";
import { callValue } from "./call.ts";
import type { Position } from "./document.ts";
import { executeCell } from "./execute.ts";
import { contradicted, countsAgree, type Inference, inferFromTables, type PrintedModel } from "./infer.ts";
import type { KerasLayer, KerasModel, ModelSnapshot } from "./keras-graph.ts";
import { KerasSession } from "./keras-session.ts";
import { layerRules } from "./layer-rules.ts";
import { learnedOptions } from "./learned-options.ts";
import { callLibrary, makeLibrary } from "./library.ts";
import { buildsLayers } from "./look-ahead.ts";
import type { Machine } from "./machine.ts";
import { matchTables, tableFits, trustTable } from "./match-tables.ts";
import { LONGEST_CODE, readDocument } from "./notebook.ts";
import { parsePython } from "./parse.ts";
import { isWhole, modelsOfTables, type PrintedTable, tableAlone, tableInstead } from "./printed-models.ts";
import type { CodeModel, CodeReading, NamedUnknown, ReadOptions } from "./reading.ts";
import { LimitReached, Runtime } from "./runtime.ts";
import { tensorsOfSequential } from "./sequential-graph.ts";
import { type Json, type ShapeRules, serializeModel, toJson } from "./serialize.ts";
import { parseSummaries } from "./summary-text.ts";
import { tellsTensorFlow2, versionOf } from "./told-version.ts";
import { allParts, type KnownShape, namedParts, type Solution, sizeUnder, Unknown } from "./unknown.ts";
import { PyFunction, Scope, type Value } from "./values.ts";

/** Arguments of fit() that are data, not settings. */
const FIT_DATA = new Set(["x", "y", "validation_data", "generator", "sample_weight"]);

/**
 * Finds the Keras models that a notebook, script or Markdown text builds.
 *
 * Throws UnrollError: "memory" over 64 MiB, "format" for JSON that is no notebook. What the code itself does wrong is a problem in the result.
 *
 * @example
 * readKerasCode("model = Sequential([Input((10, 3)), LSTM(4), Dense(1)])").models[0].config
 */
export function readKerasCode(source: string | Uint8Array, options: ReadOptions = {}): CodeReading {
  const document = readDocument(source);
  const tables = document.cells.map((cell) => parseSummaries(cell.outputs.join("\n")));
  const kerasVersion = options.kerasVersion ?? versionOf(document, tables.flat());
  const settings = new Map(Object.entries(options.set ?? {}));
  const rules = options.rules ?? layerRules;
  const session = new KerasSession(kerasVersion, kerasVersion === "3" || tellsTensorFlow2(document));
  const machine = makeMachine(new Runtime(session, settings), rules);

  const scope = new Scope();
  document.cells.forEach((cell, i) => {
    if (cell.kind !== "code") return;
    const unclosed = (bracket: string, line: number): void =>
      machine.rt.problem(`\`${bracket}\` was never closed; what follows may be misread`, { cell: i + 1, line });
    if (cell.source.length <= LONGEST_CODE)
      executeCell(parsePython(cell.source, cell.firstLine, unclosed), i + 1, scope, machine);
    else machine.rt.problem("this code is too long to be read; it was skipped", { cell: i + 1, line: cell.firstLine });
  });
  if (machine.models.length === 0) callBuilders(scope, machine);
  for (const model of machine.models) followInside(model, machine);
  const unmatched = matchTables(machine.models, tables);
  for (const model of machine.models) for (const snapshot of model.snapshots) trustTable(model, snapshot);

  const found = machine.models
    .flatMap((model) => reportOf(model))
    .filter((one) => writable(one, machine, () => usesOf(one, new Map())).length > 0);
  const reported = found.filter((one) => betterTable(one) === undefined);
  unmatched.push(...found.flatMap((one) => betterTable(one) ?? []));
  const solution: Solution = new Map();
  const unusedSettings = applySettings(reported, settings, solution, machine);
  const given: Solution = new Map(solution);
  const inferences = inferFromTables(printedModels(reported), rules, solution);
  const written = reported
    .flatMap((one) =>
      writable(one, machine, () => {
        const own = solvedAlone(one, rules, given, solution) ?? { solution, inferences };
        const model = writeModel(one, own.solution, own.inferences);
        const table = printedModels([one]).some((printed) => contradicted(printed, own.solution))
          ? undefined
          : tableInstead(model);
        if (table === undefined) return [model];
        unmatched.push({ table, cell: model.cell });
        machine.rt.problem(tableAlone(model), model);
        return [];
      }),
    )
    .flat();
  const models = [...written, ...modelsOfTables(unmatched, written)].toSorted(
    (a, b) => a.cell - b.cell || a.line - b.line,
  );
  const problems = machine.rt.problems.toSorted((a, b) => a.cell - b.cell || a.line - b.line);
  return { format: document.format, kerasVersion, models, problems, unknowns: unknownsOf(models), unusedSettings };
}

/** Each size once, with all its uses; one of which two tables tell different values stands there with each. */
function unknownsOf(models: readonly CodeModel[]): NamedUnknown[] {
  const found = new Map<string, NamedUnknown>();
  for (const unknown of models.flatMap((model) => model.unknowns)) {
    const key = JSON.stringify([unknown.name, unknown.value]);
    const usedBy = [...(found.get(key)?.usedBy ?? []), ...unknown.usedBy];
    const uses = new Map(usedBy.map((use) => [JSON.stringify(use), use]));
    found.set(key, { ...unknown, usedBy: [...uses.values()] });
  }
  return [...found.values()];
}

export function makeMachine(rt: Runtime, rules: ShapeRules): Machine {
  const machine: Machine = {
    rt,
    rules,
    models: [],
    saved: new Map(),
    library: makeLibrary(() => machine),
    callLibrary: (callee, args) => callLibrary(callee, args, machine),
  };
  rt.call = (callee, args) => rt.deeper(() => callValue(callee, args, machine));
  rt.attribute = (object, name) => attributeOf(object, name, machine);
  return machine;
}

/** Code that only defines functions: those that build models are called with their defaults. */
function callBuilders(scope: Scope, machine: Machine): void {
  const { rt } = machine;
  for (const value of [...scope.variables.values()]) {
    if (!(value instanceof PyFunction) || value.called || !Array.isArray(value.body) || !buildsLayers(value.body))
      continue;
    const call = {
      kind: "call",
      callee: { kind: "name", name: value.name, line: value.body[0]?.line ?? 1 },
      args: [],
      line: value.body[0]?.line ?? 1,
    } as const;
    executeCell([{ kind: "expression", value: call, line: call.line }], value.cell, scope, machine);
  }
  rt.uncertain = 0;
}

/** The shapes that code inside of a Sequential gives, where its input is known. */
function followInside(model: KerasModel, machine: Machine): void {
  const { rt } = machine;
  const codes = model.layers.some((layer) => layer.kind === "layer" && layer.standIn?.outputs instanceof Unknown);
  if (!codes || model.family !== "Sequential") return;
  rt.startStatement(model.at);
  try {
    rt.quietly(() => tensorsOfSequential(model, rt));
  } catch (error) {
    if (!(error instanceof LimitReached)) throw error;
    rt.problem(`${model.name}: its code was not followed to its end: ${error.message}`, model.at);
  }
}

interface Reported {
  readonly model: KerasModel;
  readonly snapshot: ModelSnapshot | undefined;
  readonly at: Position;
}

/** A model counts where its summary is printed, where it is trained, or where it stands alone with layers in it. */
function reportOf(model: KerasModel): Reported[] {
  if (model.byLibrary && !model.snapshots.some((one) => one.printed !== undefined)) return [];
  const last = model.snapshots.at(-1);
  // A table of another model, left below by an earlier run of the cell, says less than a fitting one above it.
  const fitting = model.snapshots.findLast((one) => one.layers.length === last?.layers.length && tableFits(model, one));
  const snapshot = fitting ?? last;
  if (snapshot !== undefined) return [{ model, snapshot, at: snapshot.at }];
  const used = model.compiled !== undefined || model.fitted !== undefined || !model.nested;
  const empty = model.family === "Sequential" && model.layers.length === 0;
  return used && !empty ? [{ model, snapshot: undefined, at: model.at }] : [];
}

/** The table of a model that the code shows only in part (an exercise with its layers left out, a loop over data). */
function betterTable({ model, snapshot, at }: Reported): PrintedTable | undefined {
  const table = snapshot?.printed;
  if (snapshot === undefined || table === undefined || tableFits(model, snapshot) || !isWhole(table)) return undefined;
  const empty = model.family === "Sequential" && snapshot.layers.length === 0;
  return empty || model.guessed ? { table, cell: at.cell } : undefined;
}

/** What `write` gives, in a list; none, and a problem, for a model that holds itself or more than is followed. */
function writable<T>({ model, at }: Reported, { rt }: Machine, write: () => T): T[] {
  try {
    return [write()];
  } catch (error) {
    if (!(error instanceof LimitReached)) throw error;
    rt.problem(`${model.name} was given up: ${error.message}`, at);
    return [];
  }
}

function printedModels(reported: readonly Reported[]): PrintedModel[] {
  return reported.flatMap(({ model, snapshot }) => (snapshot?.printed === undefined ? [] : [{ model, snapshot }]));
}

/**
 * What a model's own table tells, where that of another contradicts it: a cell that was run again after its variable had
 * changed prints another size for the same name. Undefined where one truth does for all, or its own does not help.
 */
function solvedAlone(
  one: Reported,
  rules: ShapeRules,
  given: Solution,
  common: Solution,
): { solution: Solution; inferences: readonly Inference[] } | undefined {
  const [printed] = printedModels([one]);
  if (printed === undefined || countsAgree(printed, rules, common)) return undefined;
  const solution: Solution = new Map(given);
  const inferences = inferFromTables([printed], rules, solution);
  return countsAgree(printed, rules, solution) ? { solution, inferences } : undefined;
}

interface Use {
  readonly unknown: Unknown;
  readonly layer: string;
  readonly argument: string;
}

function usesOf({ model, snapshot }: Reported, solution: Solution): Use[] {
  const uses: Use[] = [];
  const missing = (unknown: Unknown, argument: string, owner: KerasLayer | KerasModel): void => {
    for (const part of namedParts(unknown)) uses.push({ unknown: part, layer: owner.name, argument });
  };
  serializeModel(model, snapshot?.layers ?? model.layers, snapshot?.input ?? model.input, { solution, missing });
  return uses;
}

/** Settings that no variable took may name an expression; those that nothing took are named as problems. */
function applySettings(
  reported: readonly Reported[],
  settings: ReadonlyMap<string, number | string>,
  solution: Solution,
  { rt }: Machine,
): CodeReading["unusedSettings"] {
  const unused: { name: string; hint: string | undefined }[] = [];
  const open = reported.flatMap((one) => usesOf(one, solution)).flatMap(({ unknown }) => allParts(unknown));
  const names = open.map((unknown) => unknown.name);
  for (const [name, value] of settings) {
    if (rt.usedSettings.has(name)) continue;
    const meant = open.filter((unknown) => unknown.name === name || unknown.text === name);
    const given = typeof value === "number" ? value : shapeFromText(value);
    for (const unknown of meant) if (given !== undefined) solution.set(unknown, given);
    if (meant.length > 0) continue;
    // Any other name is near to one of a letter or two.
    const hint = name.length > 2 ? didYouMean(name, names) : undefined;
    unused.push({ name, hint });
    rt.problem(
      `nothing that the code leaves open is called ${name}; this setting was not used${hint === undefined ? "" : `. ${hint}`}`,
      { cell: 1, line: 1 },
    );
  }
  return unused;
}

/** `(None, 10)` as a setting; undefined for other texts. */
function shapeFromText(text: string): KnownShape | undefined {
  if (!/^\(?\s*(None|\d+)(\s*,\s*(None|\d+))*\s*,?\s*\)?$/.test(text)) return undefined;
  return (text.match(/None|\d+/g) ?? []).map((size) => (size === "None" ? null : Number(size)));
}

function writeModel(one: Reported, solution: Solution, inferences: readonly Inference[]): CodeModel {
  const { model, snapshot, at } = one;
  const open = usesOf(one, solution);
  const config = serializeModel(model, snapshot?.layers ?? model.layers, snapshot?.input ?? model.input, {
    solution,
    missing: () => {},
  });
  const unknowns = new Map<Unknown, Use[]>();
  for (const use of usesOf(one, new Map())) unknowns.set(use.unknown, [...(unknowns.get(use.unknown) ?? []), use]);
  return {
    name: model.name,
    config,
    compile: settingsOf(model.compiled, new Set(), model),
    fit: settingsOf(model.fitted, FIT_DATA, model),
    summary: settingsOf(snapshot?.call, new Set(), model),
    cell: at.cell,
    line: at.line,
    built: snapshot?.built ?? model.built,
    complete: open.length === 0,
    unknowns: [...unknowns].map(([unknown, uses]) => describeUnknown(unknown, uses, solution, inferences)),
    learned: learnedOptions(model, snapshot),
    printedSummary: snapshot?.printed,
  };
}

function describeUnknown(
  unknown: Unknown,
  uses: readonly Use[],
  solution: Solution,
  inferences: readonly Inference[],
): NamedUnknown {
  const given = solution.get(unknown);
  const value = given ?? sizeUnder(unknown, solution);
  const inference =
    inferences.find((one) => one.unknown === unknown) ??
    inferences.find((one) => allParts(one.unknown).includes(unknown));
  return {
    name: unknown.name,
    expression: unknown.text,
    reason: unknown.reason,
    cell: unknown.at.cell,
    line: unknown.at.line,
    ...(value === undefined ? {} : { value }),
    ...(value === undefined || inference === undefined ? {} : { inferredFrom: inference.layer }),
    usedBy: uses.map(({ layer, argument }) => ({ layer, argument })),
  };
}

function settingsOf(
  given: ReadonlyMap<string, Value> | undefined,
  without: ReadonlySet<string>,
  model: KerasModel,
): { [argument: string]: Json } | undefined {
  if (given === undefined) return undefined;
  const entries = [...given].flatMap(([key, value]) => {
    const json = without.has(key) ? undefined : toJson(value, { solution: new Map(), missing: () => {} }, model, key);
    return json === undefined ? [] : [[key, json] as const];
  });
  return Object.fromEntries(entries);
}
