/**
 * Models that only their printed table tells of: made by a module that is not shown, loaded from a file, or by code that is
 * known only in part. Their layers have the sizes of their rows and nothing else.
 */
import { UnrollError } from "../../core/errors.ts";
import { standInModule } from "../keras-config.ts";
import { modelFromConfig } from "../keras-model.ts";
import { canBuild } from "./layer-rules.ts";
import type { CodeModel } from "./reading.ts";
import type { Json, SerializedObject } from "./serialize.ts";
import type { ParsedSummary, PrintedShape, SummaryRow } from "./summary-text.ts";

/** A table below a cell. */
export interface PrintedTable {
  readonly table: ParsedSummary;
  /** From 1. */
  readonly cell: number;
}

/** One model for each different table that none of the code's models has, where the whole of it is printed. */
export function modelsOfTables(tables: readonly PrintedTable[], known: readonly CodeModel[]): CodeModel[] {
  const seen = new Set(known.flatMap(({ printedSummary: one }) => (one === undefined ? [] : [rowsText(one)])));
  return tables.flatMap(({ table, cell }) => {
    const text = rowsText(table);
    if (!isWhole(table) || seen.has(text)) return [];
    seen.add(text);
    const name = table.modelName ?? "model";
    const model: CodeModel = {
      name,
      config: configOf(name, table),
      cell,
      line: 1,
      built: true,
      complete: true,
      unknowns: [],
      learned: [],
      printedSummary: table,
      printedOnly: true,
    };
    return [model];
  });
}

/** The whole table of a model that stays open, so that it cannot be built from its code. */
export function tableInstead({ complete, config, printedSummary: table }: CodeModel): ParsedSummary | undefined {
  if (complete || table === undefined || !isWhole(table)) return undefined;
  try {
    modelFromConfig(config, { keepNames: true });
    return undefined;
  } catch (error) {
    if (error instanceof UnrollError) return table;
    throw error;
  }
}

/** Says of such a model why. */
export function tableAlone({ name, unknowns }: CodeModel): string {
  const open = unknowns.filter(({ value }) => value === undefined).map((unknown) => unknown.name);
  return `${name}: neither the code nor its table tells ${open.join(", ")}; the model is read from the table alone`;
}

/** True where the whole of a built model's table is printed. */
export function isWhole({ cut, rows }: ParsedSummary): boolean {
  return !cut && rows.every(({ params, built }) => params !== null && built);
}

/** Rows without what differs from run to run: the numbers behind automatic names. */
function rowsText({ rows }: ParsedSummary): string {
  return JSON.stringify(rows.map(({ type, outputShape, params, depth }) => [type, outputShape, params, depth]));
}

/** A row with a name that no row above it has, and the name that is printed. */
interface NamedRow extends SummaryRow {
  readonly printedName: string;
}

/** Rows of long names that a table cuts off alike get names of their own: a model takes no two that are equal. */
function withOwnNames(rows: readonly SummaryRow[]): NamedRow[] {
  const taken = new Set<string>();
  // Each name counts on from where it was: a table may be one name thousands of times.
  const counts = new Map<string, number>();
  return rows.map((row) => {
    let name = row.name;
    let count = counts.get(row.name) ?? 0;
    while (taken.has(name)) name = `${row.name}_${++count}`;
    counts.set(row.name, count);
    taken.add(name);
    return { ...row, name, printedName: row.name };
  });
}

function configOf(name: string, { rows }: ParsedSummary): SerializedObject {
  const outer = withOwnNames(rows.filter(({ depth }) => depth === 0));
  if (outer[0]?.type === "InputLayer" && outer.some(({ connectedTo }) => connectedTo.length > 0))
    return graphOf(name, outer);
  const layers = outer.map((row, index) => (index === 0 && row.type === "InputLayer" ? inputOf(row) : standInOf(row)));
  const input =
    layers[0]?.class_name === "InputLayer" ? [] : [inputOf({ name: `${name}_input`, outputShape: [null, null] })];
  return {
    module: "keras",
    class_name: "Sequential",
    config: { name, layers: [...input, ...layers] },
    registered_name: null,
  };
}

/** The connections that the table prints; a layer of which it prints none that is known follows the row above. */
function graphOf(name: string, rows: readonly NamedRow[]): SerializedObject {
  const outputsOf = new Map<string, number>();
  // Of equal names the one next above is meant.
  const nameOf = new Map<string, string>();
  const ends = new Set<string>();
  const layers = rows.map((row, index): SerializedObject => {
    if (row.type === "InputLayer") {
      outputsOf.set(row.name, 1);
      nameOf.set(row.printedName, row.name);
      ends.add(row.name);
      return { ...inputOf(row), name: row.name, inbound_nodes: [] };
    }
    const named = row.connectedTo.flatMap((text) => sourceOf(text, outputsOf, nameOf));
    const sources = named.length > 0 ? named : [[rows[index - 1]!.name, 0, 0] as Source];
    for (const [source] of sources) ends.delete(source);
    ends.add(row.name);
    outputsOf.set(row.name, shapesOf(row.outputShape).length);
    nameOf.set(row.printedName, row.name);
    const tensors = sources.map((keras_history) => ({
      class_name: "__keras_tensor__",
      config: { shape: null, dtype: "float32", keras_history },
    }));
    return { ...standInOf(row), name: row.name, inbound_nodes: [{ args: tensors, kwargs: {} }] };
  });
  const inputs = rows.filter(({ type }) => type === "InputLayer").map((row): Source => [row.name, 0, 0]);
  return {
    module: "keras",
    class_name: "Functional",
    config: { name, layers, input_layers: inputs, output_layers: [...ends].map((end): Source => [end, 0, 0]) },
    registered_name: null,
  };
}

/** Layer, call and output, as Keras writes where a tensor comes from. */
type Source = [string, number, number];

/** `lstm[0][1]`, where such a row stands above: each layer is called once here. */
function sourceOf(text: string, outputsOf: ReadonlyMap<string, number>, nameOf: ReadonlyMap<string, string>): Source[] {
  const [, printed = "", output = "0"] = /^(.*?)(?:\[\d+\]\[(\d+)\]|\[\d*…)?$/.exec(text) ?? [];
  const whole = printed.endsWith("…") ? onlyOneFrom(printed.slice(0, -1), [...outputsOf.keys()]) : printed;
  const name = nameOf.get(whole) ?? whole;
  const count = outputsOf.get(name);
  return count === undefined ? [] : [[name, 0, Math.min(Number(output), count - 1)]];
}

/** The name of which only the first characters are printed; as they are where none or several begin so. */
function onlyOneFrom(begun: string, names: readonly string[]): string {
  const found = names.filter((name) => name.startsWith(begun));
  return found.length === 1 && begun !== "" ? found[0]! : begun;
}

function inputOf({ name, outputShape }: Pick<SummaryRow, "name" | "outputShape">): SerializedObject {
  return {
    module: "keras.layers",
    class_name: "InputLayer",
    config: { name, batch_shape: shapesOf(outputShape)[0]!, dtype: "float32" },
    registered_name: null,
  };
}

function standInOf({ name, type, outputShape, params }: SummaryRow): SerializedObject {
  const reason = `${canBuild(type) ? "its options are" : "its code is"} not shown, only its row of a printed table`;
  return {
    module: standInModule,
    class_name: type,
    config: { name, reason, params: params ?? 0, output_shapes: shapesOf(outputShape) },
    registered_name: null,
  };
}

/** A list of shapes; what is not printed has an unknown size. */
function shapesOf(shape: PrintedShape | null): Json[][] {
  if (shape === null || shape.length === 0) return [[null]];
  // A list of shapes, or the sizes of one.
  return (Array.isArray(shape[0]) ? shape : [shape]) as Json[][];
}
