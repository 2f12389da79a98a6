/**
 * LSTM with a forget gate: Gers, Schmidhuber and Cummins, 2000; gate order and activations as in Keras's LSTMCell.
 * With `recurrentBias` the recurrent product has a bias of its own, as in cuDNN, PyTorch and Keras 2's CuDNNLSTM.
 */
import { defineCell } from "./define.ts";

export const lstm = defineCell({
  kind: "LSTM",
  gates: ["i", "f", "c", "o"],
  state: ["h", "c"],
  options: { recurrentBias: false as boolean },
  biasRows: ({ recurrentBias }) => (recurrentBias ? 2 : 1),
  forgetGate: "f",
  meanings: {
    i: "input gate",
    f: "forget gate",
    g: "candidate",
    o: "output gate",
    c: "new cell state",
    h: "new hidden state",
  },
  equations({ x, state, gate, act }) {
    const i = act.recurrent(gate.i(x, state.h));
    const f = act.recurrent(gate.f(x, state.h));
    const g = act.main(gate.c(x, state.h));
    const o = act.recurrent(gate.o(x, state.h));
    const c = f.times(state.c).plus(i.times(g));
    return { i, f, g, o, c, h: o.times(act.main(c)) };
  },
});
