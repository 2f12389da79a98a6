// One sample through a SimpleRNN, replayed with plain loops; then many samples at once.
//   N samples, T timesteps, D features, M hidden units, K outputs.  x: N × T × D  →  prediction: N × K
import assert from "node:assert/strict";
import { input, layers, model, Random, tensor, toNested } from "unroll";

const [N, T, D, M, K] = [1, 10, 3, 5, 2];

const x = input({ shape: [T, D] });
const hidden = layers.simpleRNN({ units: M });
const output = layers.dense({ units: K });
const net = model({ inputs: x, outputs: output.apply(hidden.apply(x)) });
net.summary({ style: "keras2" });
assert.equal(net.countParams(), 57);

// Weights as the notebook prints them; they are told apart by their shapes.
hidden.setWeights([
  [
    [0.43968147, 0.21117991, -0.8349118, 0.18456918, 0.43172258],
    [-0.3318646, -0.5044817, 0.41810113, -0.22511888, 0.40751594],
    [0.3039102, 0.7216609, -0.07823646, 0.63885313, -0.50507176],
  ],
  [
    [0.49027526, -0.24690863, 0.6648533, -0.4100977, -0.297416],
    [0.57537746, -0.11377349, -0.38948414, 0.49453896, -0.50963676],
    [0.01049809, 0.08345936, 0.602319, 0.74983966, 0.26053122],
    [-0.65056723, -0.18075931, 0.17830363, 0.13051908, -0.70374775],
    [-0.07227032, -0.9415159, -0.10812978, 0.08919635, 0.29778627],
  ],
  [0, 0, 0, 0, 0],
]);
const [kernel, recurrentKernel, bias] = hidden.getWeights();
assert.deepEqual([kernel.shape, recurrentKernel.shape, bias.shape], [[D, M], [M, M], [M]]);

const random = new Random(1);
const samples = (count) =>
  tensor(
    Float32Array.from({ length: count * T * D }, () => random.normal()),
    [count, T, D],
  );

// The same by hand: h = tanh(x·Wx + h·Wh + b) at every timestep, and the output from the last h.
const dot = (row, matrix) => matrix[0].map((_, j) => row.reduce((sum, value, i) => sum + value * matrix[i][j], 0));
const add = (...rows) => rows[0].map((_, j) => rows.reduce((sum, row) => sum + row[j], 0));
function byHand(sample) {
  const [Wx, Wh, bh] = hidden.getWeights().map(toNested);
  const [Wo, bo] = output.getWeights().map(toNested);
  let h = new Array(M).fill(0);
  for (const row of sample) h = add(dot(row, Wx), dot(h, Wh), bh).map(Math.tanh);
  return add(dot(h, Wo), bo);
}
const close = (a, b) => assert.ok(Math.abs(a - b) < 1e-5, `${a} and ${b}`);

const one = samples(N);
const prediction = net.predict(one);
assert.deepEqual(prediction.shape, [N, K]);
const replayed = byHand(toNested(one)[0]);
for (const [k, value] of replayed.entries()) close(value, prediction.data[k]);
console.log("engine ", [...prediction.data]);
console.log("by hand", replayed);

// The exercise: several samples at once. Nothing new is needed; every sample begins with h = 0.
const many = samples(4);
const predictions = toNested(net.predict(many));
assert.equal(predictions.length, 4);
for (const [n, sample] of toNested(many).entries()) {
  for (const [k, value] of byHand(sample).entries()) close(value, predictions[n][k]);
}
console.log(`${predictions.length} samples by hand and by the engine agree`);

// Unroll does this by itself, and says where the two differ first if they do.
const result = net.verify(many);
assert.ok(result.passed);
console.log(result.toText());
