import { describe, expect, test } from "vitest";
import { activationNamed } from "../equations/activations.ts";
import type { Expr } from "../equations/expr.ts";
import { cellAdjoint } from "./adjoint.ts";
import type { CellGraph } from "./define.ts";
import { gru } from "./gru.ts";
import { lstm } from "./lstm.ts";
import { simpleRnn } from "./simple-rnn.ts";

const choices = {
  activation: activationNamed("tanh"),
  recurrentActivation: activationNamed("sigmoid"),
  useBias: true,
  options: {},
};

/** Names of the cell's values that a list of nodes stands for; other nodes by their operator. */
function namesOf(graph: CellGraph, nodes: readonly Expr[]): string[] {
  return nodes.map((expr) => {
    if (expr.node.op === "symbol") return expr.node.name;
    for (const [name, value] of graph.named) if (value === expr) return name;
    return expr.node.op === "apply" ? `${expr.node.fn.name}(...)` : expr.node.op;
  });
}

describe("cellAdjoint", () => {
  test("an LSTM needs its gates, tanh of the cell state and the step before, and nothing else", () => {
    const graph = lstm.graph(choices);
    const back = cellAdjoint(graph);
    expect(new Set(namesOf(graph, back.forward))).toEqual(
      new Set(["x", "hPrev", "cPrev", "i", "f", "g", "o", "tanh(...)"]),
    );
    expect(back.states.map(({ name, previous }) => [name, previous !== undefined])).toEqual([
      ["h", true],
      ["c", true],
    ]);
    expect([...back.named.keys()]).toEqual(["i", "f", "g", "o", "c", "h"]);
  });

  test("a SimpleRNN needs its new state alone, for any activation that can be read backwards", () => {
    for (const name of ["tanh", "relu", "sigmoid", "hard_tanh", "elu", "selu", "softsign"]) {
      const graph = simpleRnn.graph({ ...choices, activation: activationNamed(name) });
      expect(new Set(namesOf(graph, cellAdjoint(graph).forward))).toEqual(new Set(["x", "hPrev", "h"]));
    }
  });

  test("every gate has a product with the kernel, one with the recurrent kernel, and its biases", () => {
    for (const [cell, gates, biases] of [
      [lstm, 4, 4],
      [gru, 3, 6],
      [simpleRnn, 1, 1],
    ] as const) {
      const { weightProducts, weightVectors } = cellAdjoint(cell.graph(choices));
      const key = ({ array, block }: { array: string; block: number }): string => `${array} ${block}`;
      expect(new Set(weightProducts.map(({ matrix }) => key(matrix))).size).toBe(2 * gates);
      expect(weightProducts).toHaveLength(2 * gates);
      expect(weightVectors).toHaveLength(biases);
    }
  });
});
