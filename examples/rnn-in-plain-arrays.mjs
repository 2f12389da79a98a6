// A recurrent network without a library: 100 timesteps of 32 features into 64 outputs, as a notebook writes it with NumPy.
// The notebook asks for a result of (timesteps, outputs) and ends with a concatenation, which gives something else.
import assert from "node:assert/strict";
import { input, layers, Random, sequential, tensor, toNested } from "unroll";

const timesteps = 100;
const inputFeatures = 32;
const outputFeatures = 64;

const random = new Random(42);
const vector = (size) => Float32Array.from({ length: size }, () => random.uniform(0, 0.1));
const matrix = (rows, columns) => Array.from({ length: rows }, () => vector(columns));
const dot = (rows, x) => rows.map((row) => row.reduce((sum, value, i) => sum + value * x[i], 0));

const inputs = matrix(timesteps, inputFeatures);
// Output by input, as NumPy's dot(W, x) wants it; Keras keeps the transpose of both.
const W = matrix(outputFeatures, inputFeatures);
const U = matrix(outputFeatures, outputFeatures);
const b = vector(outputFeatures);

let state = new Array(outputFeatures).fill(0);
const successiveOutputs = [];
for (const x of inputs) {
  const [fromInput, fromState] = [dot(W, x), dot(U, state)];
  state = fromInput.map((value, i) => Math.tanh(value + fromState[i] + b[i]));
  successiveOutputs.push(state);
}

// Stacking keeps one row for each timestep; joining end to end makes one long row of all numbers.
const stacked = successiveOutputs;
const joined = successiveOutputs.flat();
assert.deepEqual([stacked.length, stacked[0].length], [100, 64]);
assert.equal(joined.length, 6400);
console.log(`stacked: (${stacked.length}, ${stacked[0].length}); joined end to end: (${joined.length},)`);

// The same network as a layer, with the same weights.
const rnn = layers.simpleRNN({ units: outputFeatures, returnSequences: true });
const net = sequential({ layers: [input({ shape: [timesteps, inputFeatures] }), rnn] });
const transposed = (rows) => Array.from(rows[0], (_, j) => rows.map((row) => row[j]));
rnn.setWeights([transposed(W), transposed(U), [...b]]);
const [predicted] = toNested(net.predict(tensor([inputs.map((row) => [...row])])));
assert.deepEqual([predicted.length, predicted[0].length], [100, 64]);
let largest = 0;
for (const [t, row] of predicted.entries()) {
  for (const [unit, value] of row.entries()) largest = Math.max(largest, Math.abs(value - stacked[t][unit]));
}
assert.ok(largest < 1e-5);
console.log(`the layer gives the same: largest difference ${largest.toExponential(1)}`);

// The notebook's Keras model: weights of the state, weights of the input, one bias for each unit.
const small = sequential({
  layers: [input({ shape: [3, 1] }), layers.simpleRNN({ units: 10 }), layers.dense({ units: 1 })],
});
const [units, features] = [10, 1];
assert.equal(units * units + features * units + units, 120);
assert.equal(small.layers[0].countParams(), 120);
assert.equal(small.layers[1].countParams(), 11);
assert.equal(small.countParams(), 131);
small.summary({ style: "keras2" });
