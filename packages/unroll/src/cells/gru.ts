/**
 * GRU: Cho and others, 2014 (reset before the product) and the form whose reset gate acts after it (Keras's default).
 * z keeps the old state; gate order as in Keras's GRUCell.
 */
import { defineCell } from "./define.ts";

export const gru = defineCell({
  kind: "GRU",
  gates: ["z", "r", "h"],
  state: ["h"],
  options: { resetAfter: true as boolean },
  biasRows: ({ resetAfter }) => (resetAfter ? 2 : 1),
  meanings: { z: "update gate", r: "reset gate", hHat: "candidate", h: "new hidden state" },
  equations({ x, state, gate, act, option, one }) {
    const z = act.recurrent(gate.z(x, state.h));
    const r = act.recurrent(gate.r(x, state.h));
    const hHat = option.resetAfter
      ? act.main(gate.h.input(x).plus(r.times(gate.h.recurrent(state.h))))
      : act.main(gate.h(x, r.times(state.h)));
    return { z, r, hHat, h: z.times(state.h).plus(one.minus(z).times(hHat)) };
  },
});
