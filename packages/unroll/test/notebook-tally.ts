/**
 * How many of the tables printed in a folder of notebooks the reader of code rebuilds. `node scripts/notebooks.mjs FOLDER`
 * prints it; the notebooks are other people's and stay where they are.
 */
import "../src/model/summaries.ts";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { mayBeOpen, sameShapes, shownLayers } from "../src/cli/printed-differences.ts";
import { UnrollError } from "../src/core/errors.ts";
import { modelFromConfig } from "../src/formats/keras-model.ts";
import {
  type CodeModel,
  type ParsedSummary,
  type PrintedShape,
  parseSummaries,
  readDocument,
  readKerasCode,
} from "../src/formats/python/index.ts";
import { type SummaryJson, summaryJson } from "../src/model/summary-table.ts";

/**
 * exact: all sizes are in the code. inferred: some came from the printed table. printed: no code that is shown makes the model,
 * so that the table is all that is known of it.
 */
export type TallyStatus = "exact" | "inferred" | "printed" | "differs" | "unreadable";

export interface TableResult {
  readonly table: string;
  readonly status: TallyStatus;
  /** What differs, or why nothing was rebuilt. */
  readonly reason: string | undefined;
}

export interface NotebookResult {
  readonly file: string;
  readonly tables: readonly TableResult[];
  readonly milliseconds: number;
}

/** A printed table, as a list gives it or as it stands below a cell. */
interface ExpectedTable {
  readonly name: string | undefined;
  readonly rows: readonly {
    readonly type: string;
    /** True where the table cuts the class name off. */
    readonly typeCut: boolean;
    readonly name: string;
    readonly shape: PrintedShape | null;
    readonly params: number | null;
  }[];
  readonly total: number | undefined;
}

/** One line of a list of notebooks; its file is `file`, or else the line's number from 0 as two digits. */
interface ListedNotebook {
  readonly file?: string;
  readonly models: readonly {
    readonly name: string | null;
    readonly layers: readonly {
      readonly type: string;
      readonly name: string;
      /** A string is a list of shapes that the table cuts off. */
      readonly output_shape: PrintedShape | string | null;
      readonly params: number | null;
    }[];
    readonly total_params: number | null;
  }[];
}

/** Compares every notebook of a folder with its own printed tables, or with those of a list in JSON lines. */
export async function tallyNotebooks(folder: string, list?: string): Promise<NotebookResult[]> {
  const results: NotebookResult[] = [];
  if (list !== undefined) {
    const lines = (await readFile(list, "utf8")).split("\n").filter((line) => line.trim() !== "");
    for (const [index, line] of lines.entries()) {
      const listed = JSON.parse(line) as ListedNotebook; // the caller's own list
      const file = listed.file ?? `${String(index).padStart(2, "0")}.ipynb`;
      results.push(compareNotebook(file, await readFile(join(folder, file)), listed.models.map(ofList)));
    }
    return results;
  }
  for (const file of (await readdir(folder)).filter((name) => name.endsWith(".ipynb")).sort()) {
    results.push(compareNotebook(file, await readFile(join(folder, file))));
  }
  return results;
}

/** Compares one notebook with the tables that it prints, or with those given. */
export function compareNotebook(file: string, source: Uint8Array | string, expected?: ExpectedTable[]): NotebookResult {
  const started = performance.now();
  const done = (tables: TableResult[]): NotebookResult => ({
    file,
    tables,
    milliseconds: Math.round(performance.now() - started),
  });
  try {
    const printed = expected ?? printedTables(source);
    const candidates = readKerasCode(source).models.map(build);
    return done(printed.map((table) => compareTable(table, candidates)));
  } catch (error) {
    if (!(error instanceof UnrollError)) throw error;
    return done([{ table: "", status: "unreadable", reason: error.message }]);
  }
}

function printedTables(source: Uint8Array | string): ExpectedTable[] {
  const found = readDocument(source).cells.flatMap((cell) => parseSummaries(cell.outputs.join("\n")));
  return found.filter(({ cut }) => !cut).map(ofPrinted);
}

function ofPrinted(summary: ParsedSummary): ExpectedTable {
  const rows = summary.rows.filter(({ depth }) => depth === 0);
  return {
    name: summary.modelName,
    rows: rows.map((row) => ({
      ...row,
      shape: row.shapeCut ? null : row.outputShape,
      params: row.built ? row.params : null,
    })),
    total: rows.every(({ built }) => built) ? summary.total : undefined,
  };
}

function ofList({ name, layers, total_params }: ListedNotebook["models"][number]): ExpectedTable {
  return {
    name: name ?? undefined,
    rows: layers.map((row) => {
      const isBuilt = row.output_shape !== "?";
      const shape = typeof row.output_shape === "string" ? null : row.output_shape;
      return { ...row, typeCut: false, shape, params: isBuilt ? row.params : null };
    }),
    total: layers.some(({ output_shape: shape }) => shape === "?") ? undefined : (total_params ?? undefined),
  };
}

interface Candidate {
  readonly code: CodeModel;
  readonly made: SummaryJson | undefined;
  /** Layers of which an older table may leave sizes open. */
  readonly open: ReadonlySet<string>;
  readonly error: string | undefined;
}

function build(code: CodeModel): Candidate {
  try {
    const style = code.printedSummary?.style ?? "keras2";
    const model = modelFromConfig(code.config, { keepNames: true });
    const open: ReadonlySet<string> = style === "keras2" ? mayBeOpen(model) : new Set();
    return { code, made: summaryJson(model.summaryTable(style)), open, error: undefined };
  } catch (error) {
    if (!(error instanceof UnrollError)) throw error;
    return { code, made: undefined, open: new Set(), error: error.message };
  }
}

function compareTable(table: ExpectedTable, candidates: readonly Candidate[]): TableResult {
  const name = table.name ?? table.rows.map(({ name }) => name).join(", ");
  const compared = candidates
    .map((candidate) => ({ candidate, differences: differencesOf(table, candidate) }))
    .sort((a, b) => a.differences.length - b.differences.length || rank(a.candidate) - rank(b.candidate));
  const best = compared[0];
  if (best === undefined) return { table: name, status: "unreadable", reason: "no model was found in the code" };
  if (best.differences.length > 0) {
    const status = compared.every(({ candidate }) => candidate.made === undefined) ? "unreadable" : "differs";
    return { table: name, status, reason: best.differences.slice(0, 3).join("; ") };
  }
  return { table: name, status: rebuiltStatuses[rank(best.candidate)]!, reason: undefined };
}

const rebuiltStatuses = ["exact", "inferred", "printed"] as const;

/** How much of a model came from its table: a place in `rebuiltStatuses`. */
function rank({ code }: Candidate): number {
  if (code.printedOnly === true) return 2;
  return code.unknowns.some(({ inferredFrom }) => inferredFrom !== undefined) ? 1 : 0;
}

function differencesOf(table: ExpectedTable, { made, open, error }: Candidate): string[] {
  if (made === undefined) return [...table.rows.map(() => error ?? "?"), error ?? "?"];
  const layers = shownLayers(table.rows, made.layers);
  const rows = withSameInput(table.rows, layers);
  const list: string[] = [];
  if (rows.length !== layers.length) {
    list.push(`${rows.length} rows, ${layers.length} layers (${layers.map(({ type }) => type).join(" ")})`);
  }
  for (const [index, row] of rows.entries()) {
    const layer = layers[index];
    if (layer === undefined) list.push(`${row.name} is missing`);
    else if (!sameType(row, layer.type)) list.push(`${row.name} (${row.type}) is a ${layer.type}`);
    else if (row.params !== null && layer.params !== null && row.params !== layer.params)
      list.push(`${row.name} has ${row.params} parameters, not ${layer.params}`);
    else if (
      row.shape !== null &&
      layer.outputShape !== null &&
      !sameShapes(row.shape, layer.outputShape, open.has(layer.name))
    )
      list.push(`${row.name} gives ${text(row.shape)}, not ${text(layer.outputShape)}`);
  }
  if (table.total !== undefined && table.total !== made.totalParams)
    list.push(`${table.total} in all, not ${made.totalParams}`);
  return list;
}

/** Some versions list the input of a sequential model, others do not. */
function withSameInput(rows: ExpectedTable["rows"], layers: SummaryJson["layers"]): ExpectedTable["rows"] {
  const extra = rows[0]?.type === "InputLayer" && layers[0]?.type !== "InputLayer";
  return extra ? rows.slice(1) : rows;
}

function sameType({ type, typeCut }: ExpectedTable["rows"][number], made: string): boolean {
  return plainType(made) === plainType(type) || (typeCut && made.startsWith(type));
}

/** Classes that are one under two names. */
function plainType(type: string): string {
  if (["Functional", "Model"].includes(type)) return "Model";
  return type
    .replace(/^Unified/, "")
    .replace(
      /(Max|Average|Avg)Pool(ing)?(\dD)/,
      (_, kind: string, __, rank: string) => `${kind === "Avg" ? "Average" : kind}Pooling${rank}`,
    );
}

/** Keras 2 prints one shape of an input layer as a list of one. */
function text(shape: PrintedShape): string {
  return JSON.stringify(shape).replace(/^\[\[([^[\]]*)\]\]$/, "[$1]");
}
