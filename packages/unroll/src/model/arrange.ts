/**
 * Keras's order of a graph: by distance to the outputs, far ones first, then as a walk from the outputs finds them.
 * Order of layers, of weights and of rows in a summary all follow from it. Data in, data out; it computes no values.
 */
import type { Shape } from "../core/shape.ts";
import type { Layer } from "../layers/layer.ts";
import type { LayerCall, SymbolicTensor } from "../layers/symbolic.ts";

/** What Keras 3 puts into the graph for a mask; it is no layer. */
export interface MaskOperation {
  readonly name: string;
  /** Keras's class name: "NotEqual", "Any", "LogicalOr". */
  readonly className: string;
  readonly shape: Shape;
  /** A plain number that it is given beside tensors: what NotEqual compares with. */
  readonly constant?: number;
  /** The axis of a Concatenate. */
  readonly axis?: number;
}

/** One call in the graph, of a layer or of an operation that makes a mask. */
export interface GraphNode {
  readonly operation: Layer | MaskOperation;
  readonly callIndex: number;
  /** What it reads, in the order of Keras's arguments: inputs, initial states, masks. */
  readonly sources: readonly GraphSource[];
  readonly isMask: boolean;
  readonly isInput: boolean;
}

export interface GraphSource {
  readonly node: GraphNode;
  /** Which of the node's outputs. */
  readonly output: number;
}

/** A layer or mask operation with its calls in this graph. */
export interface ArrangedOperation {
  readonly operation: Layer | MaskOperation;
  readonly isMask: boolean;
  readonly nodes: readonly GraphNode[];
}

export interface Arrangement {
  readonly operations: readonly ArrangedOperation[];
  /** Several calls at one distance, calls with several inputs, or layers called twice: no plain chain. */
  readonly branched: boolean;
}

export function arrange(
  inputs: readonly SymbolicTensor[],
  outputs: readonly SymbolicTensor[],
  nodes: ReadonlyMap<LayerCall, GraphNode>,
): Arrangement {
  const { order, firstSeen } = walk(outputs.map((tensor) => nodes.get(tensor.node)!));
  const nodeDepths = new Map<GraphNode, number>();
  const depths = new Map<GraphNode["operation"], number>();
  for (const node of order.toReversed()) {
    const depth = Math.max(nodeDepths.get(node) ?? 0, depths.get(node.operation) ?? 0);
    nodeDepths.set(node, depth);
    depths.set(node.operation, depth);
    for (const { node: source } of node.sources) {
      nodeDepths.set(source, Math.max(depth + 1, nodeDepths.get(source) ?? 0));
    }
  }
  for (const tensor of inputs) {
    const node = nodes.get(tensor.node)!;
    if (depths.has(node.operation)) continue;
    nodeDepths.set(node, 0);
    depths.set(node.operation, 0);
    firstSeen.set(node.operation, -1);
  }
  const sorted = [...depths.keys()].sort(
    (a, b) => depths.get(b)! - depths.get(a)! || firstSeen.get(a)! - firstSeen.get(b)!,
  );
  const byOperation = new Map<GraphNode["operation"], GraphNode[]>();
  for (const node of nodeDepths.keys()) {
    const others = byOperation.get(node.operation);
    if (others === undefined) byOperation.set(node.operation, [node]);
    else others.push(node);
  }
  const operations = sorted.map((operation) => {
    const own = byOperation.get(operation)!;
    return { operation, isMask: own[0]!.isMask, nodes: own.sort((a, b) => a.callIndex - b.callIndex) };
  });
  return { operations, branched: isBranched(nodeDepths, operations) };
}

/** Nodes with sources first, and when each operation is first met on the way up from the outputs. */
function walk(outputs: readonly GraphNode[]): {
  order: GraphNode[];
  firstSeen: Map<GraphNode["operation"], number>;
} {
  const order: GraphNode[] = [];
  const firstSeen = new Map<GraphNode["operation"], number>();
  const seen = new Set<GraphNode>();
  const visit = (node: GraphNode): void => {
    if (seen.has(node)) return;
    seen.add(node);
    if (!firstSeen.has(node.operation)) firstSeen.set(node.operation, firstSeen.size);
    for (const source of node.sources) visit(source.node);
    order.push(node);
  };
  for (const node of outputs) visit(node);
  return { order, firstSeen };
}

function isBranched(nodeDepths: ReadonlyMap<GraphNode, number>, operations: readonly ArrangedOperation[]): boolean {
  const perDepth = new Map<number, number>();
  for (const depth of nodeDepths.values()) perDepth.set(depth, (perDepth.get(depth) ?? 0) + 1);
  return (
    [...perDepth.values()].some((count) => count > 1) ||
    [...nodeDepths.keys()].some(({ sources }) => sources.length > 1) ||
    operations.some(({ nodes }) => nodes.length > 1)
  );
}

/** Nodes of the calls alone; masks are not part of it. */
export function nodesOfCalls(
  inputs: readonly SymbolicTensor[],
  calls: readonly LayerCall[],
): ReadonlyMap<LayerCall, GraphNode> {
  const nodes = new Map<LayerCall, GraphNode>();
  for (const { node } of inputs)
    nodes.set(node, { operation: node.layer, callIndex: node.callIndex, sources: [], isMask: false, isInput: true });
  for (const call of calls) {
    const sources = [...call.inputs, ...call.initialStates].map((tensor) => ({
      node: nodes.get(tensor.node)!,
      output: tensor.index,
    }));
    nodes.set(call, { operation: call.layer, callIndex: call.callIndex, sources, isMask: false, isInput: false });
  }
  return nodes;
}
