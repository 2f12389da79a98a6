import { describe, expect, it } from "vitest";
import { defineCell } from "../cells/define.ts";
import { gru } from "../cells/gru.ts";
import { lstm } from "../cells/lstm.ts";
import { simpleRnn } from "../cells/simple-rnn.ts";
import { argument, type Expr, type NamedFunction, product } from "../equations/expr.ts";
import { type Schedule, type Stage, schedule } from "./schedule.ts";

const tanh: NamedFunction = { name: "tanh", symbol: "tanh", latex: "", body: (x) => x.tanh() };
const sigmoid: NamedFunction = { name: "sigmoid", symbol: "σ", latex: "", body: (x) => x.sigmoid() };
const softmax: NamedFunction = {
  name: "softmax",
  symbol: "softmax",
  latex: "",
  body: (x) => {
    const e = x.minus(x.rowMax()).exp();
    return e.over(e.rowSum());
  },
};

function scheduleOf(cell: { graph: typeof lstm.graph }, options = {}, activation = tanh): Schedule {
  const graph = cell.graph({ activation, recurrentActivation: sigmoid, useBias: true, options });
  return schedule({ states: graph.states, outputs: [], features: 9, units: 30 });
}

/** Names of the matrices of each accumulation: "U_i", "W_z+U_z"; `*` where it starts from a value of before the loop. */
function products(stage: Stage): string[] {
  const name = (expr: Expr): string => (expr.node.op === "product" ? expr.node.name : "?");
  return stage.accumulations.map(({ start, products: terms }) => (start ? "*" : "") + terms.map(name).join("+"));
}

describe("the schedule of a step", () => {
  it("takes the input products of an LSTM out of the loop and starts the recurrent sums from them", () => {
    const { before, step, after } = scheduleOf(lstm);
    expect(before.map((stage) => products(stage).toSorted())).toEqual([["W_c", "W_f", "W_i", "W_o"]]);
    expect(before[0]!.stores).toHaveLength(4);
    expect(step.map((stage) => products(stage).toSorted())).toEqual([["*U_c", "*U_f", "*U_i", "*U_o"]]);
    expect(step[0]!.stores).toHaveLength(2);
    expect(after).toEqual([]);
  });

  it("needs one stage for a SimpleRNN and for a GRU that resets after the product", () => {
    expect(scheduleOf(simpleRnn).step.map(products)).toEqual([["*U_h"]]);
    const { step, before } = scheduleOf(gru);
    expect(step.map((stage) => products(stage).toSorted())).toEqual([["*U_r", "*U_z", "U_h"]]);
    // Both bias rows of z and r leave the loop with the input product.
    expect(before[0]!.stores.map(textOf).toSorted()).toEqual([
      "((x·W_r + bi_r) + br_r)",
      "((x·W_z + bi_z) + br_z)",
      "(x·W_h + bi_h)",
    ]);
  });

  it("needs a second stage for a GRU that resets before the product, and computes z only there", () => {
    const { step, kept } = scheduleOf(gru, { resetAfter: false });
    expect(step.map((stage) => products(stage).toSorted())).toEqual([["*U_r"], ["*U_h", "*U_z"]]);
    expect(step[0]!.stores).toHaveLength(1);
    expect(kept.get(step[0]!.stores[0]!)).toBe("step");
  });

  it("keeps vectors of the cell's own inside the one stage", () => {
    const peephole = defineCell({
      kind: "Peephole",
      gates: ["i", "f", "c"],
      state: ["h", "c"],
      equations({ x, state, gate, act, vector }) {
        const i = act.recurrent(gate.i(x, state.h).plus(vector("p_i").times(state.c)));
        const f = act.recurrent(gate.f(x, state.h).plus(vector("p_f").times(state.c)));
        const c = f.times(state.c).plus(i.times(act.main(gate.c(x, state.h))));
        return { c, h: act.main(c) };
      },
    });
    expect(scheduleOf(peephole).step.map((stage) => products(stage).toSorted())).toEqual([["*U_c", "*U_f", "*U_i"]]);
  });

  it("cuts a step where a row operator needs the whole row", () => {
    const { step } = scheduleOf(simpleRnn, {}, softmax);
    expect(step.map((stage) => stage.reductions.map(({ node }) => node.op))).toEqual([[], ["rowMax"], ["rowSum"]]);
    expect(step.map((stage) => stage.stores.length)).toEqual([1, 1, 1]);
  });

  it("hoists whatever does not depend on the states, products of products included", () => {
    const deep = defineCell({
      kind: "Deep",
      gates: ["a", "b"],
      state: ["h"],
      equations: ({ x, state, gate, act }) => {
        const first = act.main(gate.a.input(x));
        return { h: act.main(gate.b.recurrent(first).plus(gate.a.recurrent(state.h))) };
      },
    });
    const { before, step } = scheduleOf(deep);
    expect(before.map(products)).toEqual([["W_a"], ["U_b"]]);
    expect(step.map(products)).toEqual([["*U_a"]]);
  });

  it("adds up products of one sum in registers and lets what no state needs wait until after the loop", () => {
    const dh = argument("dhPrev");
    const saved = argument("saved");
    const d = dh.times(saved);
    const u = (block: number): Expr => product(d, `Ut_${block}`, { array: "recurrent_kernel", block, row: 0 }, true);
    const dx = product(d, "Wt", { array: "kernel", block: 0, row: 0 }, true);
    const { step, after, kept, widthOf, outputs } = schedule({
      states: [{ name: "dh", previous: dh, next: u(0).plus(u(1)) }],
      outputs: [dx],
      features: 9,
      units: 30,
    });
    expect(step.map(products)).toEqual([[], ["Ut_0+Ut_1"]]);
    expect(after.map(products)).toEqual([["Wt"]]);
    expect(step[0]!.stores.map((expr) => kept.get(expr))).toEqual(["sequence"]);
    expect(widthOf(outputs[0]!)).toBe(9);
  });
});

it("computes a product that two sums use once", () => {
  const h = argument("hPrev");
  const u = (block: number): Expr => product(h, `U_${block}`, { array: "recurrent_kernel", block, row: 0 });
  const { step } = schedule({
    states: [{ name: "h", previous: h, next: u(0).plus(u(1)).times(u(0)) }],
    outputs: [],
    features: 1,
    units: 4,
  });
  expect(step.map(products)).toEqual([["U_0", "U_1"]]);
});

function textOf(expr: Expr): string {
  const { node } = expr;
  if (node.op === "symbol") return node.name;
  if (node.op === "product") return `${textOf(node.vector)}·${node.name}`;
  if (node.op === "add") return `(${textOf(node.a)} + ${textOf(node.b)})`;
  return node.op;
}
