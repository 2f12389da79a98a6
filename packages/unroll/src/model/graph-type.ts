/** The layer type of models: what lets a model stand where a layer does. */
import { UnrollError } from "../core/errors.ts";
import { fits, formatShape } from "../core/shape.ts";
import type { LayerType, Sizes, SymbolicTensor } from "../layers/index.ts";
import type { Layer } from "../layers/layer.ts";
import { shapeOf } from "../layers/sizes.ts";
import type { Graph } from "./graph.ts";

/** What a model is made of; a sequential model has no graph before its input is known. */
export interface Parts {
  readonly layers: readonly Layer[];
  readonly graph: Graph | undefined;
}

const partsOfType = new WeakMap<LayerType, Parts>();

/** What a layer is made of when it is a model, else undefined. */
export function partsOf(layer: Layer): Parts | undefined {
  return partsOfType.get(layer.type);
}

export function modelType(className: "Functional" | "Sequential", parts: Parts): LayerType {
  const type: LayerType = {
    className,
    doc: "A model: layers with their connections.",
    fields: {},
    inputCount: { min: parts.graph?.inputs.length ?? 1, max: parts.graph?.inputs.length ?? 1 },
    children: () => parts.layers,
    outputSizes: (_config, inputs, _children, name) => {
      const sizes = sizesOfTensors(graphOf(parts, name), inputs, name);
      return graphOf(parts, name).outputs.map((tensor) => sizes.get(tensor)!);
    },
    childInputs: (_config, inputs) => {
      const graph = graphOf(parts, className);
      const sizes = sizesOfTensors(graph, inputs, className);
      return parts.layers.map((layer) => {
        const call = graph.calls.find((one) => one.layer === layer);
        return call === undefined ? [] : call.inputs.map((tensor) => sizes.get(tensor)!);
      });
    },
    checkData: (_config, data, name) => graphOf(parts, name).checkData(data),
    compute() {
      // Model replaces Layer.compute, because a graph hands training and updates of each call on by itself.
      throw new Error("a model computes its graph");
    },
  };
  partsOfType.set(type, parts);
  return type;
}

/** @throws UnrollError `unbuilt` */
export function graphOf(parts: Parts, name: string): Graph {
  if (parts.graph !== undefined) return parts.graph;
  throw new UnrollError({
    code: "unbuilt",
    path: name,
    expected: "the model does not know its input shape yet",
    hint: "Give the first layer a batchInputShape, begin with an input layer, call build(inputShape), or predict once.",
  });
}

/** The sizes of every tensor in the graph, for inputs of these sizes. */
function sizesOfTensors(graph: Graph, inputs: readonly Sizes[], name: string): ReadonlyMap<SymbolicTensor, Sizes> {
  const sizes = new Map<SymbolicTensor, Sizes>();
  for (const [index, tensor] of graph.inputs.entries()) {
    const given = shapeOf(inputs[index]!);
    if (!fits(given, tensor.shape)) {
      throw new UnrollError({
        code: "shape",
        path: name,
        expected: `input ${tensor.node.layer.name} must fit ${formatShape(tensor.shape)}`,
        received: `shape = ${formatShape(given)}`,
        hint: "Rebuild the model or fix the data.",
      });
    }
    sizes.set(tensor, inputs[index]!);
  }
  for (const call of graph.calls) {
    const outputs = call.layer.outputSizes(call.inputs.map((tensor) => sizes.get(tensor)!));
    for (const [index, tensor] of call.outputs.entries()) sizes.set(tensor, outputs[index]!);
  }
  return sizes;
}
