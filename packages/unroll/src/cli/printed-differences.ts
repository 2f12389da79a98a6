/** Compares a model with the table that its notebook prints: a difference is a slip in the notebook, or in our reading. */
import "../model/summaries.ts";
import { formatShape, type Shape } from "../core/shape.ts";
import { checkAnswer } from "../explain/answers/check.ts";
import { firstShown, type SummaryRow as PrintedRow, type PrintedShape } from "../formats/python/index.ts";
import { Model } from "../model/model.ts";
import { type SummaryJson, summaryJson } from "../model/summary-table.ts";
import type { FileModel } from "./file-model.ts";

type AnyShape = PrintedShape | Shape | readonly Shape[];

/** One sentence for each difference; empty when they agree or there is no table. */
export function printedDifferences({ model, code }: FileModel): string[] {
  const printed = code?.printedSummary;
  if (printed === undefined || model === undefined) return [];
  const table = summaryJson(model.summaryTable(printed.style));
  const rows = printed.rows.filter(({ depth }) => depth === 0);
  const layers = shownLayers(rows, table.layers);
  const differences: string[] = [];
  if (rows.length !== layers.length && !printed.cut) {
    differences.push(`The printed table has ${rows.length} rows, the code makes ${layers.length} layers.`);
  }
  const open = printed.style === "keras2" ? mayBeOpen(model) : undefined;
  for (const [index, row] of rows.entries()) {
    const layer = layers[index];
    if (layer !== undefined) differences.push(...rowDifferences(row, layer, open?.has(layer.name) === true, model));
  }
  const isBuilt = rows.every(({ built }) => built);
  if (isBuilt && printed.total !== undefined && printed.total !== table.totalParams) {
    differences.push(`The printed total is ${count(printed.total)}, the code's is ${count(table.totalParams)}.`);
  }
  return differences;
}

/** Of a model's layers those that a table with these rows shows. */
export function shownLayers(
  rows: readonly { readonly type: string }[],
  layers: SummaryJson["layers"],
): SummaryJson["layers"] {
  const types = layers.map(({ type }) => type);
  return layers.slice(firstShown(rows, types));
}

/**
 * The layers of which older Keras may print None for a size that is known: tf.keras 2.0 and 2.1 all from the first Reshape with a
 * size left to it (-1) on; standalone Keras a model inside, whose own input is open.
 */
export function mayBeOpen({ layers }: Model): ReadonlySet<string> {
  const first = layers.findIndex(({ className, config }) => {
    const { targetShape } = config as Readonly<Record<string, unknown>>;
    return className === "Reshape" && Array.isArray(targetShape) && targetShape.includes(-1);
  });
  const behind = first < 0 ? [] : layers.slice(first);
  return new Set([...behind, ...layers.filter((layer) => layer instanceof Model)].map(({ name }) => name));
}

/** True where two shapes have the same sizes; `isOpen`: or the first, a printed one, has None for some. */
export function sameShapes(printed: AnyShape, made: AnyShape, isOpen = false): boolean {
  const [left, right] = [listOf(printed), listOf(made)];
  const same = (a: number | null, b: number | null | undefined): boolean => a === b || (isOpen && a === null);
  return (
    left.length === right.length &&
    left.every(
      (shape, i) => shape.length === right[i]!.length && shape.every((size, axis) => same(size, right[i]![axis])),
    )
  );
}

/** Keras 2 prints one shape of an input layer as a list of one. */
function listOf(shape: AnyShape): readonly Shape[] {
  const several = shape.some((entry) => Array.isArray(entry));
  return several ? (shape as readonly Shape[]) : [shape as Shape]; // as just asked
}

function rowDifferences(
  row: PrintedRow,
  layer: SummaryJson["layers"][number],
  isOpen: boolean,
  model: Model,
): string[] {
  const list: string[] = [];
  // A row that Keras 3 prints as unbuilt says neither count nor shape.
  if (!row.built) return list;
  if (row.params !== null && layer.params !== null && row.params !== layer.params) {
    const reason = isOneBias(model, layer.name, row.params)
      ? `; ${count(row.params)} is the count with one bias, reset_after=False`
      : "";
    list.push(
      `${layer.name}: the printed count is ${count(row.params)}, the code's is ${count(layer.params)}${reason}.`,
    );
  }
  const { outputShape } = row;
  if (outputShape !== null && !row.shapeCut && layer.outputShape !== null) {
    if (!sameShapes(outputShape, layer.outputShape, isOpen))
      list.push(
        `${layer.name}: the printed shape is ${shown(outputShape)}, the code's is ${shown(layer.outputShape)}.`,
      );
  }
  return list;
}

/** Whether a count is that of the GRU with the bias of older Keras. */
function isOneBias(model: Model, layer: string, params: number): boolean {
  const one = model.getLayer(layer);
  const hasGru = [one, ...one.children].some(({ config }) => "resetAfter" in config);
  const { findings } = hasGru ? checkAnswer(model, { layer, params }) : { findings: [] };
  return findings.some(({ slips: [first, ...others] }) => first?.id === "second-bias-row" && others.length === 0);
}

function shown(shape: AnyShape): string {
  return listOf(shape).map(formatShape).join(", ");
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
