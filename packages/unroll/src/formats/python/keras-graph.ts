/**
 * Layers, symbolic tensors and models as the code builds them, and the order in which Keras lists the layers of a graph.
 * Nothing is computed here; serialize.ts turns a model into Keras's JSON.
 */
import type { Position } from "./document.ts";
import type { ParsedSummary } from "./summary-text.ts";
import type { KnownShape, Size, Unknown } from "./unknown.ts";
import type { Axis, PyInstance, Value } from "./values.ts";

/** What goes in: the batch axis, then the others; one unknown where the code takes the shape from data. */
export interface InputSpec {
  readonly batch: Axis;
  readonly axes: readonly Axis[] | Unknown;
  readonly dtype: string | undefined;
}

/** One use of a layer or model on tensors. */
export class GraphNode {
  readonly owner: KerasLayer | KerasModel;
  /** Positional arguments, then named ones, with tensors inside. */
  readonly args: readonly Value[];
  readonly keywords: ReadonlyMap<string, Value>;
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: SymbolicTensor[] = [];
  /** True where the call was read as an example of others, or with a list of which only some items are known. */
  guessed = false;

  constructor(
    owner: KerasLayer | KerasModel,
    args: readonly Value[],
    keywords: ReadonlyMap<string, Value>,
    inputs: readonly SymbolicTensor[],
  ) {
    this.owner = owner;
    this.args = args;
    this.keywords = keywords;
    this.inputs = inputs;
  }
}

/** An output of a layer before any data: which use of the layer, and which of its outputs. */
export class SymbolicTensor {
  readonly kind = "tensor";
  readonly node: GraphNode;
  readonly index: number;
  /** Undefined where the rules for shapes do not tell. */
  readonly shape: readonly Axis[] | undefined;
  readonly dtype: string | undefined;

  constructor(node: GraphNode, index: number, shape: readonly Axis[] | undefined, dtype?: string) {
    this.node = node;
    this.index = index;
    this.shape = shape;
    this.dtype = dtype;
  }
}

/** What is known of a layer whose code is not run; what is not becomes an unknown that a printed table can settle. */
export interface StandIn {
  /** Why it cannot compute, as a clause. */
  readonly reason: string;
  params: Size;
  /** Parameters that training leaves alone. */
  fixedParams: number;
  outputs: readonly (readonly Axis[])[] | Unknown;
  /** Where `outputs` is unknown, and so one shape: those of the outputs behind the first, as its row prints them. */
  further: readonly KnownShape[];
}

/** A layer object: its class, name and the arguments that were written. */
export class KerasLayer {
  readonly kind = "layer";
  readonly className: string;
  /** The code's own class that it is made with, where that only chooses options: what a summary prints. */
  readonly printedClass: string;
  name: string;
  readonly config: Map<string, Value>;
  /** `input_shape`, `input_length` and the like. */
  readonly inputArguments: ReadonlyMap<string, Value>;
  readonly at: Position;
  trainable = true;
  readonly nodes: GraphNode[] = [];
  /** For an InputLayer: what goes in. */
  readonly input: InputSpec | undefined;
  /** The user's own layer class behind it, if any. */
  readonly instance: PyInstance | undefined;
  /** Present where its sizes are all that can be told of it. */
  standIn: StandIn | undefined;
  /** Arguments that the printed table, not the code, told: `reset_after`. */
  readonly learned = new Map<string, Value>();
  /** The printed row that told what is learned, where Keras would take something else. */
  learnedFrom:
    | { readonly layer: string; readonly row: string; readonly params: number; readonly otherwise: number | undefined }
    | undefined;

  constructor(record: {
    className: string;
    printedClass?: string | undefined;
    name: string;
    config: Map<string, Value>;
    inputArguments?: ReadonlyMap<string, Value>;
    at: Position;
    input?: InputSpec;
    instance?: PyInstance;
  }) {
    this.className = record.className;
    this.printedClass = record.printedClass ?? record.className;
    this.name = record.name;
    this.config = record.config;
    this.inputArguments = record.inputArguments ?? new Map();
    this.at = record.at;
    this.input = record.input;
    this.instance = record.instance;
  }
}

/** The state of a model where `summary()` is called. */
export interface ModelSnapshot {
  readonly at: Position;
  /** Counts the summaries of a document, in the order in which they are printed. */
  readonly order: number;
  readonly layers: readonly (KerasLayer | KerasModel)[];
  readonly built: boolean;
  input: InputSpec | undefined;
  /** The call's arguments, by Keras's names; undefined where the call was not followed. */
  readonly call: ReadonlyMap<string, Value> | undefined;
  /** The table printed there; read.ts finds it among the cell's outputs. */
  printed: ParsedSummary | undefined;
}

/** A Sequential or Functional model. */
export class KerasModel {
  readonly kind = "model";
  family: "Sequential" | "Functional";
  name: string;
  readonly at: Position;
  /** Layers of a Sequential in order, without its input. */
  layers: (KerasLayer | KerasModel)[] = [];
  /** Input of a Sequential, once known. */
  input: InputSpec | undefined;
  inputName: string | undefined;
  /** True once Keras would know the sizes of all weights. */
  built = false;
  /** Inputs and outputs of a Functional. */
  inputs: readonly SymbolicTensor[];
  outputs: readonly SymbolicTensor[];
  readonly nodes: GraphNode[] = [];
  trainable = true;
  compiled: ReadonlyMap<string, Value> | undefined;
  fitted: ReadonlyMap<string, Value> | undefined;
  readonly snapshots: ModelSnapshot[] = [];
  /** True where it is a part of another model. */
  nested = false;
  /** True where some of its layers were read as an example of others, so that it may have more or other ones. */
  guessed = false;
  /** How many uncertain blocks it was made inside of; see Runtime.uncertain. */
  madeIn = 0;
  /** True where a function of a library, such as a test or a tuner, is thought to have made it by calling the code's. */
  byLibrary = false;
  /** The graph of a Sequential, made for code that asks for its tensors. */
  graph:
    | { readonly layers: number; readonly input: SymbolicTensor; readonly outputs: readonly SymbolicTensor[] }
    | undefined;
  /** True while its layers are being called for that graph. */
  opening = false;
  readonly instance: PyInstance | undefined;

  constructor(record: {
    family: "Sequential" | "Functional";
    name: string;
    at: Position;
    inputs?: readonly SymbolicTensor[];
    outputs?: readonly SymbolicTensor[];
    instance?: PyInstance;
  }) {
    this.family = record.family;
    this.name = record.name;
    this.at = record.at;
    this.inputs = record.inputs ?? [];
    this.outputs = record.outputs ?? [];
    this.instance = record.instance;
  }
}

/** A graph's nodes that lie between its inputs and outputs, and its layers in Keras's order. */
export interface GraphOrder {
  readonly layers: readonly (KerasLayer | KerasModel)[];
  /** Nodes of each layer that belong to this graph, in the order in which they were made. */
  readonly nodesOf: ReadonlyMap<KerasLayer | KerasModel, readonly GraphNode[]>;
  /** True where the graph is larger than what is followed. */
  readonly cut: boolean;
}

/** Larger graphs are refused. */
export const MOST_NODES = 2_000;

/**
 * Layers by decreasing depth (longest way to an output), those of one depth as a walk back from the outputs meets them,
 * as Keras's `map_graph_network` sorts them.
 */
export function orderGraph(inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[]): GraphOrder {
  const met = new Map<KerasLayer | KerasModel, number>();
  const finished: GraphNode[] = [];
  const seen = new Set<GraphNode>();
  const ends = new Set(inputs.map((tensor) => tensor.node));

  // A walk with its own stack: each entry is a node and the next of its inputs to follow.
  for (const output of outputs) {
    const stack: { node: GraphNode; next: number }[] = [];
    const enter = (node: GraphNode): void => {
      if (seen.has(node) || seen.size >= MOST_NODES) return;
      seen.add(node);
      if (!met.has(node.owner)) met.set(node.owner, met.size);
      stack.push({ node, next: 0 });
    };
    enter(output.node);
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      const input = ends.has(top.node) ? undefined : top.node.inputs[top.next++];
      if (input === undefined) {
        finished.push(top.node);
        stack.pop();
      } else enter(input.node);
    }
  }

  const depthOfNode = new Map<GraphNode, number>();
  const depthOfLayer = new Map<KerasLayer | KerasModel, number>();
  for (const node of finished.toReversed()) {
    const depth = Math.max(depthOfNode.get(node) ?? 0, depthOfLayer.get(node.owner) ?? 0);
    depthOfNode.set(node, depth);
    depthOfLayer.set(node.owner, depth);
    if (ends.has(node)) continue;
    for (const input of node.inputs) {
      depthOfNode.set(input.node, Math.max(depth + 1, depthOfNode.get(input.node) ?? 0));
    }
  }
  for (const input of inputs) {
    if (depthOfLayer.has(input.node.owner)) continue;
    depthOfLayer.set(input.node.owner, 0);
    met.set(input.node.owner, -1);
    seen.add(input.node);
  }

  const layers = [...depthOfLayer.keys()].sort(
    (a, b) => depthOfLayer.get(b)! - depthOfLayer.get(a)! || met.get(a)! - met.get(b)!,
  );
  const nodesOf = new Map(layers.map((layer) => [layer, layer.nodes.filter((node) => seen.has(node))] as const));
  return { layers, nodesOf, cut: seen.size >= MOST_NODES };
}
