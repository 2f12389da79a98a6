/** Compares a model with the table that its notebook prints: a difference is a slip in the notebook, or in our reading. */
import "../model/summaries.ts";
import { formatShape, type Shape } from "../core/shape.ts";
import type { SummaryRow as PrintedRow, PrintedShape } from "../formats/python/index.ts";
import { type SummaryJson, summaryJson } from "../model/summary-table.ts";
import type { FileModel } from "./file-model.ts";

/** One sentence for each difference; empty when they agree or there is no table. */
export function printedDifferences({ model, code }: FileModel): string[] {
  const printed = code?.printedSummary;
  if (printed === undefined || model === undefined) return [];
  const table = summaryJson(model.summaryTable(printed.style));
  const rows = printed.rows.filter(({ depth }) => depth === 0);
  const differences: string[] = [];
  if (rows.length !== table.layers.length && !printed.cut) {
    differences.push(`The printed table has ${rows.length} rows, the code makes ${table.layers.length} layers.`);
  }
  for (const [index, row] of rows.entries()) {
    const layer = table.layers[index];
    if (layer !== undefined) differences.push(...rowDifferences(row, layer));
  }
  const isBuilt = rows.every(({ built }) => built);
  if (isBuilt && printed.total !== undefined && printed.total !== table.totalParams) {
    differences.push(`The printed total is ${count(printed.total)}, the code's is ${count(table.totalParams)}.`);
  }
  return differences;
}

function rowDifferences(row: PrintedRow, layer: SummaryJson["layers"][number]): string[] {
  const list: string[] = [];
  // A row that Keras 3 prints as unbuilt says neither count nor shape.
  if (!row.built) return list;
  if (row.params !== null && layer.params !== null && row.params !== layer.params) {
    list.push(`${layer.name}: the printed count is ${count(row.params)}, the code's is ${count(layer.params)}.`);
  }
  const { outputShape } = row;
  if (outputShape !== null && !row.shapeCut && layer.outputShape !== null) {
    const [printed, made] = [flat(outputShape), flat(layer.outputShape)];
    if (printed !== made) list.push(`${layer.name}: the printed shape is ${printed}, the code's is ${made}.`);
  }
  return list;
}

/** Keras 2 prints one shape of an input layer as a list of one. */
function flat(shape: PrintedShape | Shape | readonly Shape[]): string {
  const several = shape.some((entry) => Array.isArray(entry));
  return several ? (shape as readonly Shape[]).map(formatShape).join(", ") : formatShape(shape as Shape); // as just asked
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
