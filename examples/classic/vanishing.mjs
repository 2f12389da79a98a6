// Why the adding problem is hard for a SimpleRNN: how large is the loss's gradient on its way back from the answer to the first
// timestep? Every product with the recurrent kernel makes it smaller, or larger. An LSTM's cell state can hand it on unchanged,
// but it has to learn to: at the beginning the forget gate is near σ(1) = 0.73, and 0.73 to the power of 99 is nothing.
import assert from "node:assert/strict";
import { input, layers, Random, sequential } from "unroll";
import { addingProblem, learnToAdd } from "./adding.mjs";
import { isMain } from "./main.mjs";

function network(layer, timesteps) {
  return sequential({ seed: 3, layers: [input({ shape: [timesteps, 2] }), layer, layers.dense({ units: 1 })] });
}

/** ‖∂L/∂h‖ at each timestep; for an LSTM ‖∂L/∂c‖. */
export function gradientThroughTime(net, timesteps) {
  const { x, y } = addingProblem(8, timesteps, new Random(5));
  const { runs, checks } = net.traceGradients(x, y, { loss: "mse" });
  // What the trace adds up to stands beside finite differences of the loss; where it explodes, those say nothing.
  for (const { gradient, difference } of checks) {
    const agree = Math.abs(gradient - difference) < 1e-4 * (1 + Math.abs(gradient));
    assert.ok(agree || Math.abs(gradient) > 1000, `gradient ${gradient}, by differences ${difference}`);
  }
  return runs[0].steps.map(({ stateNorms }) => stateNorms.c ?? stateNorms.h);
}

/** Without an activation and with a recurrent kernel that turns and stretches by a factor, each step back is that factor. */
export function linearRnn(factor, timesteps) {
  const recurrentInitializer = { className: "Orthogonal", config: { gain: factor } };
  return network(layers.simpleRNN({ units: 8, activation: "linear", recurrentInitializer }), timesteps);
}

export function compareWaysBack({ timesteps = 100, steps = 1750, goal = 0.01, print = console.log } = {}) {
  const learnt = (layer) => learnToAdd(layer, { timesteps, steps, goal, print: () => {} });
  const [simple, lstm] = [learnt(layers.simpleRNN({ units: 32 })), learnt(layers.lstm({ units: 32 }))];
  const ways = {
    "linear RNN, kernel × 0.7": linearRnn(0.7, timesteps),
    "linear RNN, kernel × 1.2": linearRnn(1.2, timesteps),
    "SimpleRNN, untrained": network(layers.simpleRNN({ units: 32 }), timesteps),
    "LSTM, untrained": network(layers.lstm({ units: 32 }), timesteps),
    [`SimpleRNN, trained to mse ${simple.mse.toFixed(3)}`]: simple.net,
    [`LSTM, trained to mse ${lstm.mse.toFixed(3)}`]: lstm.net,
  };
  const marks = [0, 0.25, 0.5, 0.75, 1].map((share) => Math.round(share * (timesteps - 1)));
  print(`${"gradient at timestep".padEnd(33)}${marks.map((t) => String(t + 1).padStart(7)).join("")} first/last`);
  const ratios = Object.entries(ways).map(([name, net]) => {
    const norms = gradientThroughTime(net, timesteps);
    const ratio = norms[0] / norms.at(-1);
    const cells = marks.map((t) => norms[t].toExponential(0).padStart(7)).join("");
    print(`${name.padEnd(33)}${cells}${ratio.toExponential(1).padStart(11)}`);
    return ratio;
  });
  return { ratios, simple: simple.mse, lstm: lstm.mse };
}

if (isMain(import.meta)) {
  const { ratios, simple, lstm } = compareWaysBack();
  const [shrinking, growing] = ratios;
  // By hand: 0.7⁹⁹ and 1.2⁹⁹.
  assert.ok(Math.abs(shrinking / 0.7 ** 99 - 1) < 1e-3 && Math.abs(growing / 1.2 ** 99 - 1) < 1e-3);
  assert.ok(lstm < 0.01 && simple > 0.1, `mse of the LSTM ${lstm}, of the SimpleRNN ${simple}`);
  const [, , , untrained, , trained] = ratios;
  assert.ok(trained > 1000 * untrained, "the trained LSTM should hand the gradient on");
}
