import { describe, expect, test } from "vitest";
import { activationNamed } from "../equations/activations.ts";
import { evaluateSize } from "../equations/evaluate.ts";
import { letter } from "../equations/expr.ts";
import { toText } from "../equations/render.ts";
import { type Cell, defineCell } from "./define.ts";
import { cellCountFormula, deriveCellCount } from "./derive.ts";
import { gru } from "./gru.ts";
import { lstm } from "./lstm.ts";
import { simpleRnn } from "./simple-rnn.ts";

function graphOf(cell: Cell, options: Record<string, unknown> = {}, useBias = true) {
  const tanh = activationNamed("tanh");
  return cell.graph({ activation: tanh, recurrentActivation: tanh, useBias, options });
}
const sizesOf = (i: number, h: number) => ({
  features: letter("i", i, "features", "input"),
  units: letter("h", h, "units", "option units"),
});

const peephole = defineCell({
  kind: "Peephole",
  gates: ["f", "c"],
  state: ["c"],
  equations({ x, state, gate, act, vector, one }) {
    const f = act.recurrent(gate.f.input(x).plus(vector("p").times(state.c)));
    return { f, c: f.times(state.c).plus(one.minus(f).times(act.main(gate.c(x, state.c)))) };
  },
});

describe("a cell's count", () => {
  // Sums as Keras prints them; the formulas are the textbooks'.
  test.each([
    ["LSTM", graphOf(lstm), 5, 4, "g × [h(h+i)+h]", 160],
    ["LSTM without bias", graphOf(lstm, {}, false), 5, 4, "g × h(h+i)", 144],
    ["GRU with reset_after", graphOf(gru), 5, 4, "g × [h(h+i)+2h]", 132],
    ["GRU without reset_after", graphOf(gru, { resetAfter: false }), 5, 4, "g × [h(h+i)+h]", 120],
    ["SimpleRNN", graphOf(simpleRnn), 3, 2, "g × [h(h+i)+h]", 12],
    ["SimpleRNN(25) on 30 features", graphOf(simpleRnn), 30, 25, "g × [h(h+i)+h]", 1400],
    ["a cell with a vector of its own", graphOf(peephole), 3, 2, "g × [h(h+i)+h] + h", 26],
  ] as const)("%s", (_, graph, i, h, formula, count) => {
    const derived = deriveCellCount("parameters", graph, sizesOf(i, h));
    expect(toText(derived.formula)).toBe(formula);
    expect(derived.result).toBe(count);
  });

  test("is the sum of its arrays, and each array the sum of its gates", () => {
    for (const graph of [graphOf(lstm), graphOf(gru), graphOf(simpleRnn), graphOf(peephole)]) {
      const derived = deriveCellCount("parameters", graph, sizesOf(7, 5));
      const total = (parts: readonly { readonly result: number | null }[]): number =>
        parts.reduce((sum, { result }) => sum + result!, 0);
      expect(total(derived.parts)).toBe(derived.result);
      for (const part of derived.parts) if (part.parts.length > 0) expect(total(part.parts)).toBe(part.result);
    }
  });

  test("takes a formula for the features, such as a Bidirectional layer's 2h", () => {
    const { features, units } = sizesOf(3, 4);
    const formula = cellCountFormula(graphOf(lstm), { features: features.times(2), units });
    expect(evaluateSize(formula)).toBe(4 * (4 * (4 + 6) + 4));
  });
});
