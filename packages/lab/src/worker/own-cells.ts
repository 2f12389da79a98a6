/**
 * Cells that no library ships, each from its equations alone: the layers of examples/own-cell.mjs, counted, drawn and opened
 * by the code that does so for LSTM. A page runs nobody's code, so a cell is added here, and a view of it is a link with JSON.
 */
import { defineCell } from "unroll/cells/define.ts";
import type { KerasObject } from "unroll/formats/keras-config.ts";
import type { LayerType } from "unroll/layers/contract.ts";
import { recurrentLayer } from "unroll/layers/recurrent.ts";

/** Gers and Schmidhuber, 2000: the gates see the cell state through three vectors of their own. */
const peepholeLstm = defineCell({
  kind: "PeepholeLSTM",
  gates: ["i", "f", "c", "o"],
  state: ["h", "c"],
  forgetGate: "f",
  meanings: {
    i: "input gate",
    f: "forget gate",
    g: "candidate",
    c: "new cell state",
    o: "output gate",
    h: "new hidden state",
  },
  equations({ x, state, gate, act, vector }) {
    const i = act.recurrent(gate.i(x, state.h).plus(vector("p_i").times(state.c)));
    const f = act.recurrent(gate.f(x, state.h).plus(vector("p_f").times(state.c)));
    const g = act.main(gate.c(x, state.h));
    const c = f.times(state.c).plus(i.times(g));
    const o = act.recurrent(gate.o(x, state.h).plus(vector("p_o").times(c)));
    return { i, f, g, c, o, h: o.times(act.main(c)) };
  },
});

/** Zhou and others, 2016: one gate that forgets and resets. */
const minimalGatedUnit = defineCell({
  kind: "MinimalGatedUnit",
  gates: ["f", "h"],
  state: ["h"],
  meanings: { f: "forget and reset gate", hHat: "candidate", h: "new hidden state" },
  equations({ x, state, gate, act, one }) {
    const f = act.recurrent(gate.f(x, state.h));
    const hHat = act.main(gate.h(x, f.times(state.h)));
    return { f, hHat, h: one.minus(f).times(state.h).plus(f.times(hHat)) };
  },
});

/** What is forgotten makes room for what is new: the input gate is one minus the forget gate. */
const coupledLstm = defineCell({
  kind: "CoupledLSTM",
  gates: ["f", "c", "o"],
  state: ["h", "c"],
  forgetGate: "f",
  meanings: {
    f: "forget gate",
    g: "candidate",
    c: "new cell state",
    o: "output gate",
    h: "new hidden state",
  },
  equations({ x, state, gate, act, one }) {
    const f = act.recurrent(gate.f(x, state.h));
    const g = act.main(gate.c(x, state.h));
    const o = act.recurrent(gate.o(x, state.h));
    const c = f.times(state.c).plus(one.minus(f).times(g));
    return { f, g, o, c, h: o.times(act.main(c)) };
  },
});

/** Their layer types, by class name. */
export const ownCells: ReadonlyMap<string, LayerType> = new Map(
  [peepholeLstm, minimalGatedUnit, coupledLstm].map((cell) => [cell.kind, recurrentLayer(cell) as LayerType]), // whatever its options are
);

/** Whether one of the layers, or the layer inside it, is of such a cell: Keras code cannot say it. */
export function hasOwnCell(layers: readonly KerasObject[]): boolean {
  return layers.some(({ class_name: name, config }) => {
    const inner = config.layer as KerasObject | null | undefined; // a wrapper's config has its layer there
    return ownCells.has(name) || (inner?.class_name !== undefined && ownCells.has(inner.class_name));
  });
}
