/**
 * From the text of a notebook or script to its Keras models: the one entrance of this folder.
 * Nothing of the text is executed; what it does not tell is named, taken from `set`, or inferred from printed tables.
 */
import { didYouMean } from "../../core/errors.ts";
import { snakeCase } from "../../layers/naming.ts";
import { attributeOf } from "./attributes.ts";
import { callValue } from "./call.ts";
import type { CodeDocument, DocumentFormat, Position } from "./document.ts";
import { executeCell } from "./execute.ts";
import { type Inference, inferFromTables, listedLayers, type PrintedModel, rowFits } from "./infer.ts";
import type { KerasLayer, KerasModel, ModelSnapshot } from "./keras-graph.ts";
import { KerasSession, type KerasVersion } from "./keras-session.ts";
import { layerRules } from "./layer-rules.ts";
import { callLibrary, makeLibrary } from "./library.ts";
import { buildsLayers } from "./look-ahead.ts";
import type { Machine } from "./machine.ts";
import { LONGEST_CODE, readDocument } from "./notebook.ts";
import { parsePython } from "./parse.ts";
import { modelsOfTables, type PrintedTable } from "./printed-models.ts";
import { LimitReached, type Problem, Runtime } from "./runtime.ts";
import { tensorsOfSequential } from "./sequential-graph.ts";
import { type Json, type SerializedObject, type ShapeRules, serializeModel, toJson } from "./serialize.ts";
import { type ParsedSummary, parseSummaries } from "./summary-text.ts";
import { allParts, type KnownShape, namedParts, type Solution, sizeUnder, Unknown } from "./unknown.ts";
import { PyFunction, Scope, type Value } from "./values.ts";

export interface ReadOptions {
  /** Values for what the code does not tell, by variable or by the text of the expression. */
  readonly set?: Readonly<Record<string, number | string>>;
  /** Which rules automatic names follow; found from printed tables when left out, else "3". */
  readonly kerasVersion?: KerasVersion;
  /** Counts and shapes of layers, where others than the library's own are wanted. */
  readonly rules?: ShapeRules;
}

/** A size that the code alone does not tell. */
export interface NamedUnknown {
  /** Variable or expression; what `set` takes. */
  readonly name: string;
  /** As the code computes it. */
  readonly expression: string;
  /** Why it is not known, as a clause. */
  readonly reason: string;
  readonly cell: number;
  readonly line: number;
  /** What it turned out to be; a list for a whole input shape. */
  readonly value?: number | KnownShape;
  /** Present with `value`: the row of the printed table that told it. */
  readonly inferredFrom?: string;
  /** Where it is used: layer and argument. */
  readonly usedBy: readonly { readonly layer: string; readonly argument: string }[];
}

/** A model found in code. */
export interface CodeModel {
  readonly name: string;
  /** What `model.to_json()` gives and `modelFromConfig` takes; arguments that are not known are left out, unknown input sizes are null. */
  readonly config: SerializedObject;
  /** Arguments of compile() and fit() that can be written as JSON. */
  readonly compile?: { readonly [argument: string]: Json };
  readonly fit?: { readonly [argument: string]: Json };
  /** Where its summary is printed, else where it is made. */
  readonly cell: number;
  readonly line: number;
  /** False where Keras did not know its sizes yet when the summary was printed (`?` in Keras 3). */
  readonly built: boolean;
  /** True where nothing that `unknowns` lists is left without a value. */
  readonly complete: boolean;
  readonly unknowns: readonly NamedUnknown[];
  readonly printedSummary?: ParsedSummary;
  /** True where no code that is shown makes the model: all that is known of it are its printed rows. */
  readonly printedOnly?: boolean;
}

export interface CodeReading {
  readonly format: DocumentFormat;
  readonly kerasVersion: KerasVersion;
  readonly models: readonly CodeModel[];
  /** What was not understood and therefore skipped, in order. */
  readonly problems: readonly Problem[];
  readonly unknowns: readonly NamedUnknown[];
  /** Names in `set` that the code does not leave open, with the name that may have been meant; also told in `problems`. */
  readonly unusedSettings: readonly { readonly name: string; readonly hint: string | undefined }[];
}

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
  const machine = makeMachine(new Runtime(new KerasSession(kerasVersion), settings), rules);

  const scope = new Scope();
  document.cells.forEach((cell, i) => {
    if (cell.kind !== "code") return;
    if (cell.source.length <= LONGEST_CODE)
      executeCell(parsePython(cell.source, cell.firstLine), i + 1, scope, machine);
    else machine.rt.problem("this code is too long to be read; it was skipped", { cell: i + 1, line: cell.firstLine });
  });
  if (machine.models.length === 0) callBuilders(scope, machine);
  for (const model of machine.models) followInside(model, machine);
  const unmatched = matchTables(machine.models, tables);
  for (const model of machine.models) for (const snapshot of model.snapshots) trustTable(model, snapshot);

  const reported = machine.models
    .flatMap((model) => reportOf(model))
    .filter((one) => writable(one, machine, () => usesOf(one, new Map())).length > 0);
  const solution: Solution = new Map();
  const unusedSettings = applySettings(reported, settings, solution, machine);
  const inferences = inferFromTables(printedModels(reported), rules, solution);
  const written = reported.flatMap((one) => writable(one, machine, () => writeModel(one, solution, inferences)));
  const models = [...written, ...modelsOfTables(unmatched, written)].toSorted((a, b) => a.cell - b.cell);
  const unknowns = new Map(
    models.flatMap((model) => model.unknowns.map((unknown) => [unknown.name, unknown] as const)),
  );
  const problems = machine.rt.problems.toSorted((a, b) => a.cell - b.cell || a.line - b.line);
  return { format: document.format, kerasVersion, models, problems, unknowns: [...unknowns.values()], unusedSettings };
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

/** Keras 2 and 3 print different tables; names that all start at 1 are standalone Keras's. */
function versionOf(document: CodeDocument, tables: readonly ParsedSummary[]): KerasVersion {
  if (tables.some((table) => table.style === "keras3")) return "3";
  if (tables.length === 0) return "3";
  const imports = (module: RegExp): boolean =>
    document.cells.some((cell) => cell.kind === "code" && module.test(cell.source));
  const standalone = imports(/^\s*(from|import) keras\b/m) && !imports(/^\s*(from|import) tensorflow\b/m);
  const zero = tables.some((table) => table.rows.some((row) => row.name === snakeCase(row.type)));
  return standalone && !zero ? "2-standalone" : "2";
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

/** Gives each table to the summary() call that printed it: in order, or to the next that fits. */
function matchTables(models: readonly KerasModel[], tables: readonly (readonly ParsedSummary[])[]): PrintedTable[] {
  const calls = models.flatMap((model) => model.snapshots.map((snapshot) => ({ model, snapshot })));
  const left: PrintedTable[] = [];
  tables.forEach((printed, i) => {
    const here = calls
      .filter(({ snapshot }) => snapshot.at.cell === i + 1)
      .sort((a, b) => a.snapshot.order - b.snapshot.order);
    if (here.length === printed.length) {
      here.forEach(({ snapshot }, k) => {
        snapshot.printed = printed[k];
      });
      return;
    }
    const waiting = [...here];
    for (const table of printed) {
      const at = waiting.findIndex(({ model, snapshot }) => fits(table, model, snapshot));
      if (at < 0) {
        left.push({ table, cell: i + 1 });
        continue;
      }
      waiting[at]!.snapshot.printed = table;
      waiting.splice(0, at + 1);
    }
  });
  return left.filter(({ table, cell }) => !matchByName(models, table, cell));
}

/** A table whose call was not followed (a model that was loaded again) is that of the model with its name. */
function matchByName(models: readonly KerasModel[], printed: ParsedSummary, cell: number): boolean {
  if (printed.modelName === undefined) return false;
  const model = models.find(
    (one) => one.name === printed.modelName && one.snapshots.every((snapshot) => snapshot.printed === undefined),
  );
  if (model === undefined) return false;
  const { layers, built, input } = model;
  const snapshot = {
    at: { cell, line: 1 },
    order: Number.MAX_SAFE_INTEGER,
    layers: [...layers],
    built,
    input,
    printed,
  };
  if (!fits(printed, model, snapshot)) return false;
  model.snapshots.push(snapshot);
  return true;
}

/** A table with counts was printed of a built model, whatever the order of the code says: cells are run in any order. */
function trustTable(model: KerasModel, snapshot: ModelSnapshot): void {
  const { printed, at } = snapshot;
  const first = printed?.rows[0];
  if (model.family !== "Sequential" || first === undefined || !first.built || first.outputShape === null) return;
  snapshot.input ??= {
    batch: null,
    axes: new Unknown({ text: "input_shape", reason: "no input size is written before the summary", at }),
    dtype: undefined,
  };
  // Keras 3 builds a model with the batch of its first data.
  const batch = printed?.style === "keras3" && first.type !== "InputLayer" ? first.outputShape[0] : null;
  if (snapshot.input.batch !== null || typeof batch !== "number") return;
  const unknown = new Unknown({ text: "batch", reason: "is the batch of the data given to the model", at });
  snapshot.input = { ...snapshot.input, batch: unknown };
}

function fits(table: ParsedSummary, model: KerasModel, snapshot: ModelSnapshot): boolean {
  const layers = listedLayers(model, snapshot);
  const enough = table.cut ? table.rows.length <= layers.length : table.rows.length === layers.length;
  return enough && table.rows.every((row, i) => rowFits(row, layers[i]!));
}

function tableFits(model: KerasModel, snapshot: ModelSnapshot): boolean {
  return snapshot.printed !== undefined && fits(snapshot.printed, model, snapshot);
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
    cell: at.cell,
    line: at.line,
    built: snapshot?.built ?? model.built,
    complete: open.length === 0,
    unknowns: [...unknowns].map(([unknown, uses]) => describeUnknown(unknown, uses, solution, inferences)),
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
