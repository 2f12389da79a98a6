/**
 * Models that only their printed table tells of: made by a module that is not shown, or loaded from a file. Their layers have
 * the sizes of their rows and nothing else.
 */
import { standInModule } from "../keras-config.ts";
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
    const whole = !table.cut && table.rows.every(({ params, built }) => params !== null && built);
    if (!whole || seen.has(text)) return [];
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

/** Rows without what differs from run to run: the numbers behind automatic names. */
function rowsText({ rows }: ParsedSummary): string {
  return JSON.stringify(rows.map(({ type, outputShape, params, depth }) => [type, outputShape, params, depth]));
}

function configOf(name: string, { rows }: ParsedSummary): SerializedObject {
  const outer = rows.filter(({ depth }) => depth === 0);
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
