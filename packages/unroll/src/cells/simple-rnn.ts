/** SimpleRNN: h = act(x·W + b + h·U). Elman, "Finding structure in time", 1990; Keras's SimpleRNNCell. */
import { defineCell } from "./define.ts";

export const simpleRnn = defineCell({
  kind: "SimpleRNN",
  gates: ["h"],
  state: ["h"],
  meanings: { h: "new hidden state" },
  equations({ x, state, gate, act }) {
    return { h: act.main(gate.h(x, state.h)) };
  },
});
