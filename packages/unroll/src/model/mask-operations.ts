/**
 * The operations that Keras 3 puts into a functional model's graph for its masks: NotEqual behind an Embedding and so on.
 * They show in summaries and files and move the order of layers; our own masks are computed by the layers themselves.
 */
import type { Shape } from "../core/shape.ts";
import type { LayerCall, SymbolicTensor } from "../layers/index.ts";
import type { Layer } from "../layers/layer.ts";
import { automaticName, snakeCase } from "../layers/naming.ts";
import { type GraphNode, type GraphSource, type MaskOperation, nodesOfCalls } from "./arrange.ts";

/** Names that a file gives to mask operations, by what they are: `NotEqual(tokens[0][0])`; of equal ones in their order. */
export type MaskNames = ReadonlyMap<string, readonly string[]>;

/** Layers that begin a mask. */
const makers: ReadonlySet<string> = new Set(["Embedding", "Masking"]);
/** Layers whose `call` on a single tensor takes its mask as an argument in Keras 3; the others only hand it on. */
const takers: ReadonlySet<string> = new Set([
  "SimpleRNN",
  "LSTM",
  "GRU",
  "RNN",
  "Bidirectional",
  "TimeDistributed",
  "BatchNormalization",
  "GlobalAveragePooling1D",
  "Softmax",
  "Functional",
  "Sequential",
]);
const merges: ReadonlySet<string> = new Set(["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"]);

/** One set of operations for a call, in the order of their making, however many models hold the call. */
const operationsOf = new WeakMap<LayerCall, MaskOperation[]>();

/** The key of a mask operation in `MaskNames`. */
export function maskKey(className: string, sources: readonly string[]): string {
  return `${className}(${sources.join(",")})`;
}

function sourceName({ node, output }: GraphSource): string {
  return `${node.operation.name}[${node.callIndex}][${output}]`;
}

/** True for layers that may begin a mask. */
export function beginsMask(layer: Layer): boolean {
  return makers.has(layer.className);
}

/**
 * The graph's nodes, with mask operations as Keras 3 makes them when the layers are called.
 *
 * @param carriers the tensors that carry a mask when the graph runs
 */
export function withMaskOperations(
  inputs: readonly SymbolicTensor[],
  calls: readonly LayerCall[],
  carriers: ReadonlySet<SymbolicTensor>,
  names: MaskNames = new Map(),
): ReadonlyMap<LayerCall, GraphNode> {
  const nodes = new Map(nodesOfCalls(inputs, calls));
  if (carriers.size === 0) return nodes;
  const masks = new Map<SymbolicTensor, GraphSource>();
  const nameOf = namesInTurn(names);
  for (const call of calls) {
    const { className } = call.layer;
    const given = call.inputs.map((tensor) => masks.get(tensor));
    const sources = [...call.inputs, ...call.initialStates].map(
      (tensor): GraphSource => ({ node: nodes.get(tensor.node)!, output: tensor.index }),
    );
    const takes = takers.has(className) && sources.length === 1;
    const taken = takes ? given.filter((mask) => mask !== undefined) : [];
    nodes.set(call, { ...nodes.get(call)!, sources: [...sources, ...taken] });
    if (className === "Functional" || className === "Sequential") continue; // Keras loses sight of the mask inside
    if (!call.outputs.some((tensor) => carriers.has(tensor))) continue;
    const mask = maskBehind(call, sources, given, nameOf);
    for (const tensor of call.outputs) if (carriers.has(tensor) && mask !== undefined) masks.set(tensor, mask);
  }
  return nodes;
}

/** Gives each name of a key once. */
function namesInTurn(names: MaskNames): (key: string) => string | undefined {
  const given = new Map<string, number>();
  return (key) => {
    const next = given.get(key) ?? 0;
    given.set(key, next + 1);
    return names.get(key)?.[next];
  };
}

/** The mask of a call's outputs: new operations, or the one that came in. */
function maskBehind(
  call: LayerCall,
  sources: readonly GraphSource[],
  given: readonly (GraphSource | undefined)[],
  nameOf: (key: string) => string | undefined,
): GraphSource | undefined {
  const operations = operationsOf.get(call) ?? [];
  operationsOf.set(call, operations);
  let next = 0;
  const make: Make = (className, shape, from, more = {}) => {
    const at = next++;
    const name = (): string => nameOf(maskKey(className, from.map(sourceName))) ?? automaticName(snakeCase(className));
    operations[at] ??= { name: name(), className, shape, ...more };
    const operation = operations[at];
    return { node: { operation, callIndex: 0, sources: from, isMask: true, isInput: false }, output: 0 };
  };
  return newMask(call, sources, given, make) ?? given[0];
}

type Make = (
  className: string,
  shape: Shape,
  from: readonly GraphSource[],
  more?: Pick<MaskOperation, "constant" | "axis">,
) => GraphSource;

function newMask(
  call: LayerCall,
  sources: readonly GraphSource[],
  given: readonly (GraphSource | undefined)[],
  make: Make,
): GraphSource | undefined {
  const { className } = call.layer;
  const shapes = call.inputs.map(({ shape }) => shape);
  const isGiven = (mask: GraphSource | undefined): mask is GraphSource => mask !== undefined;
  if (className === "Embedding") return make("NotEqual", shapes[0]!, [sources[0]!], { constant: 0 });
  if (className === "Masking") {
    const constant = Number(call.layer.config.maskValue ?? 0);
    return make("Any", shapes[0]!.slice(0, -1), [make("NotEqual", shapes[0]!, [sources[0]!], { constant })]);
  }
  if (merges.has(className) && given.every(isGiven)) {
    return given.reduce((all, mask) => make("LogicalOr", shapes[0]!.slice(0, -1), [all, mask]));
  }
  if (className === "Attention" || className === "AdditiveAttention") {
    return isGiven(given[0]) ? make("ConvertToTensor", shapes[0]!.slice(0, -1), [given[0]]) : undefined;
  }
  return className === "Concatenate" ? concatenatedMask(call, sources, given, make) : undefined;
}

/** Keras widens each mask to its input, puts them together and asks for any true entry along the features. */
function concatenatedMask(
  call: LayerCall,
  sources: readonly GraphSource[],
  given: readonly (GraphSource | undefined)[],
  make: Make,
): GraphSource {
  const wide = given.map((mask, index) => {
    const { shape } = call.inputs[index]!;
    if (mask === undefined) return make("OnesLike", shape, [sources[index]!]);
    const column = make("ExpandDims", [...shape.slice(0, -1), 1], [mask]);
    return make("LogicalOr", shape, [column, make("ZerosLike", shape, [sources[index]!])]);
  });
  const { shape } = call.outputs[0]!;
  return make("Any", shape.slice(0, -1), [
    make("Concatenate", shape, wide, { axis: Number(call.layer.config.axis ?? -1) }),
  ]);
}
