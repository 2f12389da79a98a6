/** Which row of a printed table is which layer: by order, class and name. What rows tell of sizes is infer.ts's. */
import { snakeCase } from "../../layers/naming.ts";
import { type KerasLayer, type KerasModel, type ModelSnapshot, orderGraph } from "./keras-graph.ts";
import { canBuild } from "./layer-rules.ts";
import { firstShown, type ParsedSummary, type SummaryRow } from "./summary-text.ts";

type Part = KerasLayer | KerasModel;

/** True where a printed row may be of this layer: its class, cut or not, or its name. */
export function rowFits(row: SummaryRow, layer: Part): boolean {
  const className = layer.kind === "model" ? layer.family : layer.className;
  if (row.type === className || row.name === layer.name) return true;
  if (layer.kind === "layer" && row.type === layer.printedClass) return true;
  // Code of unknown origin may print under any name that is not one of Keras's own layers.
  if (layer.kind === "layer" && layer.standIn !== undefined && !canBuild(row.type)) return true;
  if (row.typeCut && row.type !== "" && className.startsWith(row.type)) return true;
  // `GlobalMaxPool1D` and `GlobalMaxPooling1D` are one class; a nested model prints as Functional or Model.
  if (layer.kind === "model")
    return row.type === "Model" || row.type === "Functional" || row.type === layer.instance?.cls.name;
  return snakeCase(row.type.replace("Pool1D", "Pooling1D").replace("Pool2D", "Pooling2D")) === snakeCase(className);
}

/** Pairs each layer with its printed row: in order where classes agree, else each with the next row that fits. */
export function alignRows(summary: ParsedSummary, listed: readonly Part[]): Map<Part, SummaryRow> {
  const layers = shownIn(summary, listed);
  const rows = summary.rows.filter((row) => row.depth === 0);
  const pairs = new Map<Part, SummaryRow>();
  if (layers.every((layer, i) => rows[i] === undefined || rowFits(rows[i], layer))) {
    layers.forEach((layer, i) => {
      if (rows[i] !== undefined) pairs.set(layer, rows[i]);
    });
    return pairs;
  }
  const free = new Set(rows);
  for (const layer of layers) {
    const row =
      [...free].find((candidate) => candidate.name === layer.name && rowFits(candidate, layer)) ??
      [...free].find((candidate) => rowFits(candidate, layer));
    if (row === undefined) continue;
    pairs.set(layer, row);
    free.delete(row);
  }
  return pairs;
}

/** Of a model's layers those that a table shows. */
export function shownIn({ rows }: ParsedSummary, layers: readonly Part[]): readonly Part[] {
  const types = layers.map((layer) => (layer.kind === "layer" ? layer.printedClass : layer.family));
  return layers.slice(firstShown(rows, types));
}

/** The layers that a summary lists, in its order. */
export function listedLayers(model: KerasModel, snapshot: ModelSnapshot | undefined): readonly Part[] {
  if (model.family === "Sequential") return snapshot?.layers ?? model.layers;
  return orderGraph(model.inputs, model.outputs).layers;
}
