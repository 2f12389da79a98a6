// Three recurrent cells that no library ships, each from its equations alone: an LSTM with peepholes, a minimal gated unit,
// and an LSTM whose input gate is one minus its forget gate. Count, text, trace and fast kernel come with them.
import assert from "node:assert/strict";
import { defineCell, factory, input, layers, Random, recurrentLayer, sequential, tensor } from "unroll";

// Gers and Schmidhuber, 2000: the gates see the cell state through three vectors of their own.
const peepholeLstm = defineCell({
  kind: "PeepholeLSTM",
  gates: ["i", "f", "c", "o"],
  state: ["h", "c"],
  forgetGate: "f",
  equations({ x, state, gate, act, vector }) {
    const i = act.recurrent(gate.i(x, state.h).plus(vector("p_i").times(state.c)));
    const f = act.recurrent(gate.f(x, state.h).plus(vector("p_f").times(state.c)));
    const g = act.main(gate.c(x, state.h));
    const c = f.times(state.c).plus(i.times(g));
    const o = act.recurrent(gate.o(x, state.h).plus(vector("p_o").times(c)));
    return { i, f, g, c, o, h: o.times(act.main(c)) };
  },
});

// Zhou and others, 2016: one gate that forgets and resets.
const minimalGatedUnit = defineCell({
  kind: "MinimalGatedUnit",
  gates: ["f", "h"],
  state: ["h"],
  equations({ x, state, gate, act, one }) {
    const f = act.recurrent(gate.f(x, state.h));
    const hHat = act.main(gate.h(x, f.times(state.h)));
    return { f, hHat, h: one.minus(f).times(state.h).plus(f.times(hHat)) };
  },
});

// What is forgotten makes room for what is new: i = 1 − f, so three blocks of weights are enough.
const coupledLstm = defineCell({
  kind: "CoupledLSTM",
  gates: ["f", "c", "o"],
  state: ["h", "c"],
  forgetGate: "f",
  equations({ x, state, gate, act, one }) {
    const f = act.recurrent(gate.f(x, state.h));
    const g = act.main(gate.c(x, state.h));
    const o = act.recurrent(gate.o(x, state.h));
    const c = f.times(state.c).plus(one.minus(f).times(g));
    return { f, g, o, c, h: o.times(act.main(c)) };
  },
});

const [timesteps, features, units] = [6, 3, 4];
const counts = {
  PeepholeLSTM: 4 * (units * (units + features) + units) + 3 * units,
  MinimalGatedUnit: 2 * (units * (units + features) + units),
  CoupledLSTM: 3 * (units * (units + features) + units),
};
const random = new Random(11);
const x = tensor(
  Float32Array.from({ length: 5 * timesteps * features }, () => random.normal()),
  [5, timesteps, features],
);

for (const cell of [peepholeLstm, minimalGatedUnit, coupledLstm]) {
  const layer = factory(recurrentLayer(cell))({ units, name: "own" });
  const net = sequential({
    layers: [input({ shape: [timesteps, features] }), layer, layers.dense({ units: 1 })],
    seed: 2,
  });

  // The count and the equations.
  const { count, equations } = net.explain().layers[0];
  assert.equal(count.result, counts[cell.kind]);
  assert.equal(layer.countParams(), counts[cell.kind]);
  console.log(net.explain().toText({ parts: false }).split("\n\n")[1], "\n");

  // The trace has the names of the equations.
  const [run] = net.trace(x).layers[0].runs;
  assert.deepEqual(
    run.names,
    equations.equations.map(({ name }) => name),
  );
  assert.equal(run.steps.length, timesteps);

  // The fast kernel computes what the equations say, gate by gate.
  const result = net.verify(x);
  assert.equal(result.device.name, "wasm");
  assert.ok(result.passed, result.toText());
  const [{ compared, largest }] = result.layers;
  console.log(
    `${cell.kind}: ${compared} numbers compared, largest difference ${largest.difference.toExponential(1)}\n`,
  );
}
