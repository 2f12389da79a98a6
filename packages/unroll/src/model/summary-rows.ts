/** Reads a model into a summary table: one row a layer, in the order and with the facts of the chosen Keras. */
import { type Shape, sameShape, sizeOf } from "../core/shape.ts";
import type { Layer } from "../layers/layer.ts";
import type { ArrangedOperation, GraphNode, MaskOperation } from "./arrange.ts";
import { callNumber } from "./call-numbers.ts";
import type { Graph } from "./graph.ts";
import { partsOf } from "./graph-type.ts";
import type { Connection, SummaryRow, SummaryTable } from "./summary-table.ts";

/** Layers without arrays that Keras 3 calls built before they see an input; other unbuilt layers print "0 (unbuilt)". */
const builtFromTheStart: ReadonlySet<string> = new Set([
  "InputLayer",
  "Dropout",
  "SpatialDropout1D",
  "GaussianDropout",
  "GaussianNoise",
  "AlphaDropout",
  "Activation",
  "ReLU",
  "LeakyReLU",
  "ELU",
  "Softmax",
  "Masking",
  "Reshape",
  "MaxPooling1D",
  "MaxPooling2D",
  "AveragePooling1D",
  "AveragePooling2D",
  "GlobalMaxPooling1D",
  "GlobalMaxPooling2D",
  "GlobalAveragePooling1D",
  "GlobalAveragePooling2D",
  "UnitNormalization",
  "ActivityRegularization",
]);

/** What is read of a model. */
export interface SummarizedModel extends Layer {
  readonly layers: readonly Layer[];
  /** Read of a functional model only. */
  readonly graph: Graph;
  readonly optimizerSize: SummaryTable["optimizer"] | undefined;
}

type Style = "keras2" | "keras3";

export function summaryTable(model: SummarizedModel, style: Style): SummaryTable {
  const variables = model.built
    ? model.variables
    : model.layers.flatMap((layer) => (layer.built ? layer.variables : []));
  const count = (trainable: boolean): number =>
    variables.filter((one) => one.trainable === trainable).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const totals = {
    name: model.name,
    trainableParams: count(true),
    nonTrainableParams: count(false),
    ...(model.optimizerSize === undefined ? {} : { optimizer: model.optimizerSize }),
  };
  if (model.className === "Sequential") {
    return { ...totals, branched: false, rows: model.layers.map((layer) => layerRow(layer, [], style)) };
  }
  const { graph } = model;
  const { operations, branched } = style === "keras2" ? graph.arrangementWithoutMasks() : graph.arrangement;
  return { ...totals, branched, rows: operations.map((operation) => operationRow(operation, style)) };
}

function operationRow({ operation, isMask, nodes }: ArrangedOperation, style: Style): SummaryRow {
  const connectedTo = nodes.flatMap(connections);
  return isMask ? maskRow(operation as MaskOperation, connectedTo) : layerRow(operation as Layer, connectedTo, style); // as isMask says
}

function connections({ sources }: GraphNode): Connection[] {
  return sources.map(({ node, output }) => ({
    layer: node.operation.name,
    call: callNumber(node.operation, node.callIndex),
    output,
  }));
}

function maskRow({ name, className, shape }: MaskOperation, connectedTo: readonly Connection[]): SummaryRow {
  return {
    name,
    className,
    outputShapes: [shape],
    params: 0,
    connectedTo,
    trainable: false,
    hasWeights: false,
    nested: [],
    operation: true,
  };
}

function layerRow(layer: Layer, connectedTo: readonly Connection[], style: Style): SummaryRow {
  const shapes = style === "keras2" && !callsAgree(layer) ? "multiple" : shapesOf(layer);
  const built = layer.built || builtFromTheStart.has(layer.className);
  return {
    name: layer.name,
    className: layer.printedClass,
    connectedTo,
    outputShapes: shapes,
    params: layer.built ? layer.countParams() : built ? 0 : undefined,
    trainable: layer.trainable,
    hasWeights: layer.built && layer.variables.length > 0,
    nested: (partsOf(layer)?.layers ?? []).map((inner) => layerRow(inner, [], style)),
  };
}

/** Of the last call, as Keras 3 prints. */
function shapesOf(layer: Layer): SummaryRow["outputShapes"] {
  const last = layer.calls.at(-1);
  if (last !== undefined) return last.outputs.map(({ shape }) => shape);
  if (!layer.built) return undefined;
  const shape = layer.outputShape;
  return (typeof shape[0] === "object" && shape[0] !== null ? shape : [shape]) as readonly Shape[]; // one or a list
}

/** True when all calls of the layer give outputs of the same shapes. */
function callsAgree(layer: Layer): boolean {
  const [first, ...rest] = layer.calls;
  return rest.every((call) => call.outputs.every(({ shape }, index) => sameShape(shape, first!.outputs[index]!.shape)));
}
