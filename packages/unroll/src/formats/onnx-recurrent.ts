/**
 * Which cells are ONNX's own RNN, GRU and LSTM. A cell is recognised by its equations, not by its name: they must be those of
 * the library's cell with activations that ONNX has. Everything else runs through Scan.
 */
import type { Cell, CellGraph } from "../cells/define.ts";
import { gru } from "../cells/gru.ts";
import { lstm } from "../cells/lstm.ts";
import { simpleRnn } from "../cells/simple-rnn.ts";
import { hardSigmoid, hardSigmoidKeras2, linear, relu, sigmoid, softsign, tanh } from "../equations/activations.ts";
import { type Expr, type NamedFunction, operandsOf } from "../equations/expr.ts";

export interface OnnxRecurrent {
  readonly operator: "RNN" | "GRU" | "LSTM";
  /** Gate blocks of Keras in ONNX's order: ONNX has LSTM's gates as i, o, f, c. */
  readonly order: readonly number[];
  /** Functions of one direction: gates, candidate, output. */
  readonly activations: readonly OnnxActivation[];
  /** GRU with resetAfter. */
  readonly linearBeforeReset: boolean;
}

export interface OnnxActivation {
  readonly name: string;
  /** Slope and shift of HardSigmoid and Affine. */
  readonly alpha?: number;
  readonly beta?: number;
}

const activations: ReadonlyMap<NamedFunction, OnnxActivation> = new Map([
  [tanh, { name: "Tanh" }],
  [sigmoid, { name: "Sigmoid" }],
  [relu, { name: "Relu" }],
  [softsign, { name: "Softsign" }],
  [linear, { name: "Affine", alpha: 1, beta: 0 }],
  [hardSigmoid, { name: "HardSigmoid", alpha: 1 / 6, beta: 0.5 }],
  [hardSigmoidKeras2, { name: "HardSigmoid", alpha: 0.2, beta: 0.5 }],
]);

/** ONNX's operator for a cell, or undefined where it has none. */
export function onnxRecurrent(cell: CellGraph): OnnxRecurrent | undefined {
  const plain = { linearBeforeReset: false };
  const rnn = match(cell, simpleRnn, "h", "h", {});
  if (rnn !== undefined) return { operator: "RNN", order: [0], activations: rnn.slice(1), ...plain };
  for (const recurrentBias of [false, true]) {
    const long = match(cell, lstm, "i", "g", { recurrentBias });
    if (long !== undefined) {
      return { operator: "LSTM", order: [0, 3, 1, 2], activations: [...long, long[1]!], ...plain };
    }
  }
  for (const resetAfter of [true, false]) {
    const gated = match(cell, gru, "z", "hHat", { resetAfter });
    if (gated !== undefined) {
      return { operator: "GRU", order: [0, 1, 2], activations: gated, linearBeforeReset: resetAfter };
    }
  }
  return undefined;
}

/** Functions on gates and candidate when the graph is that of `known`, whichever functions it was made with. */
function match(
  graph: CellGraph,
  known: Cell,
  gate: string,
  candidate: string,
  options: Readonly<Record<string, unknown>>,
): OnnxActivation[] | undefined {
  const [recurrentActivation, activation] = [gate, candidate].map((name) => functionOf(graph.named.get(name)));
  if (recurrentActivation === undefined || activation === undefined) return undefined;
  const own = [activations.get(recurrentActivation), activations.get(activation)];
  if (own[0] === undefined || own[1] === undefined) return undefined;
  const useBias = graph.arrays.some(({ name }) => name === "bias");
  const expected = known.graph({ activation, recurrentActivation, useBias, options });
  return sameCell(graph, expected) ? [own[0], own[1]] : undefined;
}

function functionOf(expr: Expr | undefined): NamedFunction | undefined {
  return expr?.node.op === "apply" ? expr.node.fn : undefined;
}

function sameCell(a: CellGraph, b: CellGraph): boolean {
  if (a.states.length !== b.states.length || JSON.stringify(a.arrays) !== JSON.stringify(b.arrays)) return false;
  const pairs = new Map<Expr, Expr>([
    [a.x, b.x],
    ...a.states.map((s, i): [Expr, Expr] => [s.previous, b.states[i]!.previous]),
  ]);
  return a.states.every(({ next }, i) => sameExpr(next, b.states[i]!.next, pairs));
}

/** Whether two expressions have the same form; `pairs` keeps what is known to correspond. */
function sameExpr(a: Expr, b: Expr, pairs: Map<Expr, Expr>): boolean {
  const known = pairs.get(a);
  if (known !== undefined) return known === b;
  const own = detailsOf(a);
  const [left, right] = [operandsOf(a), operandsOf(b)];
  const same =
    own !== undefined &&
    own === detailsOf(b) &&
    (a.node.op !== "apply" || (b.node.op === "apply" && a.node.fn === b.node.fn)) &&
    left.length === right.length &&
    left.every((operand, i) => sameExpr(operand, right[i]!, pairs));
  if (same) pairs.set(a, b);
  return same;
}

/** A node without its operands, as text; undefined for symbols that must correspond as they are. */
function detailsOf({ node }: Expr): string | undefined {
  switch (node.op) {
    case "constant":
      return `constant ${node.value}`;
    case "symbol":
      return node.weight === undefined ? undefined : `weight ${JSON.stringify(node.weight)}`;
    case "product":
      return `product ${JSON.stringify(node.matrix)} ${node.transposed}`;
    default:
      return node.op;
  }
}
