/** Models as Keras 3 writes them with `to_json()`: real Keras reads the result, and so does `modelFromConfig`. */
import type { Shape } from "../core/shape.ts";
import type { Layer } from "../layers/layer.ts";
import type { ArrangedOperation, GraphNode, GraphSource, MaskOperation } from "../model/arrange.ts";
import { Model } from "../model/model.ts";
import { type KerasObject, layerToConfig } from "./keras-config.ts";

const float32Policy = {
  module: "keras",
  class_name: "DTypePolicy",
  config: { name: "float32" },
  registered_name: null,
};

/**
 * The model's configuration without weights; `JSON.stringify` of it is what Keras's `model_from_json` takes.
 *
 * @throws UnrollError `unsupported` for a layer that Keras has no class for.
 */
export function modelToConfig(model: Model): KerasObject {
  return model.className === "Sequential" ? writeSequential(model) : writeFunctional(model);
}

/** A layer or a model, as it stands inside a model. */
function writeLayer(layer: Layer): KerasObject {
  return layer instanceof Model ? modelToConfig(layer) : layerToConfig(layer, writeLayer);
}

function writeSequential(model: Model): KerasObject {
  const input = model.hasGraph ? model.inputs[0]! : undefined;
  const layers = [...(input === undefined ? [] : [input.node.layer]), ...model.layers];
  return {
    module: "keras",
    class_name: "Sequential",
    config: {
      name: model.name,
      trainable: model.trainable,
      dtype: float32Policy,
      layers: layers.map(writeLayer),
      ...(input === undefined ? {} : { build_input_shape: input.shape }),
    },
    registered_name: null,
    ...(input === undefined ? {} : { build_config: { input_shape: input.shape } }),
  };
}

function writeFunctional(model: Model): KerasObject {
  const { operations } = model.graph.arrangement;
  const places = new Map<GraphNode, number>();
  for (const { nodes } of operations) for (const [place, node] of nodes.entries()) places.set(node, place);
  const write = (source: GraphSource): unknown => writeTensor(source, places);
  const history = ({ node, index }: { node: { layer: Layer; callIndex: number }; index: number }): unknown[] => {
    const { nodes } = operations.find(({ operation }) => operation === node.layer)!; // outputs come from the graph
    const place = nodes.findIndex(({ callIndex }) => callIndex === node.callIndex);
    // Here, and only here, Keras counts a functional model's own making as a call.
    return [node.layer.name, place + (node.layer.className === "Functional" ? 1 : 0), index];
  };
  return {
    module: "keras.src.models.functional",
    class_name: "Functional",
    config: {
      name: model.name,
      trainable: model.trainable,
      layers: operations.map((operation) => writeOperation(operation, write)),
      input_layers: oneOrList(model.inputs.map(history)),
      output_layers: oneOrList(model.outputs.map(history)),
    },
    registered_name: "Functional",
    build_config: { input_shape: null },
  };
}

/** A model inside another gives a list of one where a list is written, and no layer of Keras takes that. */
function oneOrList<T>(list: readonly T[]): T | readonly T[] {
  return list.length === 1 ? list[0]! : list;
}

type WriteTensor = (source: GraphSource) => unknown;

function writeOperation({ operation, isMask, nodes }: ArrangedOperation, write: WriteTensor): KerasObject {
  const calls = nodes.filter(({ isInput }) => !isInput);
  if (isMask) {
    const mask = operation as MaskOperation; // as isMask says
    return {
      ...writeMask(mask),
      name: mask.name,
      inbound_nodes: calls.map((node) => writeMaskCall(mask, node, write)),
    };
  }
  const layer = operation as Layer; // as isMask says
  return { ...writeLayer(layer), name: layer.name, inbound_nodes: calls.map((node) => writeCall(layer, node, write)) };
}

function writeCall(layer: Layer, { callIndex, sources }: GraphNode, write: WriteTensor): unknown {
  const call = layer.calls[callIndex]!;
  const inputs = sources.slice(0, call.inputs.length).map(write);
  const states = sources.slice(call.inputs.length, call.inputs.length + call.initialStates.length).map(write);
  const [mask] = sources.slice(call.inputs.length + call.initialStates.length);
  const apart = inputs.length === 1 || layer.className === "MultiHeadAttention";
  return {
    args: apart ? inputs : [inputs],
    kwargs: {
      ...(states.length === 0 ? {} : { initial_state: states }),
      ...(mask === undefined ? {} : { mask: write(mask) }),
    },
  };
}

/** Options of mask operations besides their name. */
function writeMask({ name, className, axis }: MaskOperation): KerasObject {
  const options: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    Any: { axis: -1, keepdims: false },
    ExpandDims: { axis: -1 },
    ZerosLike: { dtype: "bool" },
    OnesLike: { dtype: "bool" },
    Concatenate: { axis },
    ConvertToTensor: { dtype: null, sparse: null, ragged: null },
  };
  return {
    module: className === "ConvertToTensor" ? "keras.src.ops.core" : "keras.src.ops.numpy",
    class_name: className,
    config: { name, ...options[className] },
    registered_name: className,
  };
}

function writeMaskCall({ className, constant }: MaskOperation, { sources }: GraphNode, write: WriteTensor): unknown {
  const tensors = sources.map(write);
  const args = className === "Concatenate" ? [tensors] : [...tensors, ...(constant === undefined ? [] : [constant])];
  return { args, kwargs: {} };
}

function writeTensor({ node, output }: GraphSource, places: ReadonlyMap<GraphNode, number>): unknown {
  const { shape, dtype } = factsOf(node, output);
  return {
    class_name: "__keras_tensor__",
    config: { shape, dtype, keras_history: [node.operation.name, places.get(node)!, output] },
  };
}

function factsOf({ operation, isMask, callIndex }: GraphNode, output: number): { shape: Shape; dtype: string } {
  if (isMask) return { shape: (operation as MaskOperation).shape, dtype: "bool" }; // as isMask says
  return (operation as Layer).calls[callIndex]!.outputs[output]!; // as isMask says
}
