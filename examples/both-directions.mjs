// Convolution and pooling before recurrent layers, dropout inside them, and layers that read in both directions.
// Sizes and totals are those of a teaching notebook; its two monsters are explained layer by layer.
import assert from "node:assert/strict";
import { input, layers, Random, sequential, tensor } from "unroll";

const relu = { activation: "relu" };
const sequences = { ...relu, returnSequences: true };
const both = (options) => layers.bidirectional({ layer: layers.lstm({ ...relu, ...options }) });
const stack = (shape, ...list) => sequential({ layers: [input({ shape }), ...list] });
const ends = () => [layers.dropout({ rate: 0.1 }), layers.dense({ units: 1 })];

// A window of 2 over 21 timesteps fits 20 times; its filters are the new columns, whatever there was before.
const conv = stack(
  [21, 9],
  layers.conv1d({ filters: 3, kernelSize: 2 }),
  layers.maxPooling1d({ poolSize: 2 }),
  layers.simpleRNN({ units: 30, ...relu }),
  ...ends(),
);
console.log(conv.explain().toText({ parts: false }));
assert.deepEqual(
  conv.explain().layers.map(({ count, outputs }) => [count.result, outputs[0].result]),
  [
    [57, [null, 20, 3]],
    [0, [null, 10, 3]],
    [1020, [null, 30]],
    [0, [null, 30]],
    [31, [null, 1]],
  ],
);
assert.equal(conv.countParams(), 1108);
// The notebook also counts one filter (19) and a SimpleRNN on one column (960) beside this model of three filters.
assert.equal(9 * 2 * 1 + 1, 19);
assert.equal(1 * (30 * (30 + 1) + 30), 960);

// Recurrent dropout drops parts of the state between timesteps in training; it has no parameters, and prediction does not use it.
const recurrentDropout = stack(
  [21, 9],
  layers.conv1d({ filters: 1, kernelSize: 2 }),
  layers.maxPooling1d({ poolSize: 2 }),
  layers.lstm({ units: 30, recurrentDropout: 0.2, ...relu }),
  ...ends(),
);
assert.equal(recurrentDropout.countParams(), 3890);
const random = new Random(7);
const x = tensor(
  Float32Array.from({ length: 2 * 21 * 9 }, () => random.normal()),
  [2, 21, 9],
);
assert.deepEqual(recurrentDropout.predict(x).data, recurrentDropout.predict(x).data);

const four = stack(
  [21, 9],
  layers.conv1d({ filters: 1, kernelSize: 2 }),
  layers.maxPooling1d({ poolSize: 2 }),
  ...[30, 40, 50].map((units) => layers.lstm({ units, recurrentDropout: 0.1, ...sequences })),
  layers.lstm({ units: 60, recurrentDropout: 0.1, ...relu }),
  ...ends(),
);
assert.equal(four.countParams(), 60_120);

// Both directions: two layers, so twice the parameters; their outputs are joined, so twice the columns.
const single = stack([21, 9], both({ units: 30 }), ...ends());
assert.equal(2 * 4 * (30 * (30 + 9) + 30), 9600);
assert.equal(single.countParams(), 9661);
assert.deepEqual(single.layers[0].outputShape, [null, 60]);
const twice = stack([21, 9], both({ units: 30, returnSequences: true }), both({ units: 10 }), ...ends());
assert.equal(twice.countParams(), 15_301);
assert.deepEqual(twice.layers[0].outputShape, [null, 21, 60]);

// The two monsters, every count in one line.
const monsters = [
  [
    53_809,
    stack(
      [50, 20],
      layers.conv1d({ filters: 64, kernelSize: 2 }),
      layers.maxPooling1d({ poolSize: 2 }),
      layers.conv1d({ filters: 128, kernelSize: 2 }),
      layers.maxPooling1d({ poolSize: 2 }),
      layers.simpleRNN({ units: 64, ...sequences }),
      layers.simpleRNN({ units: 120, recurrentDropout: 0.1, ...relu }),
      ...ends(),
    ),
  ],
  [
    93_891,
    stack(
      [21, 50],
      layers.conv1d({ filters: 20, kernelSize: 2 }),
      layers.maxPooling1d({ poolSize: 2 }),
      layers.conv1d({ filters: 10, kernelSize: 2 }),
      layers.maxPooling1d({ poolSize: 2 }),
      both({ units: 30, returnSequences: true }),
      both({ units: 60, returnSequences: true }),
      layers.gru({ units: 40, ...sequences }),
      both({ units: 10 }),
      ...ends(),
    ),
  ],
];
for (const [total, monster] of monsters) {
  for (const { name, count, outputs } of monster.explain().layers) {
    console.log(name.padEnd(20), String(outputs[0].result.map((size) => size ?? "None")).padEnd(14), count.result);
  }
  assert.equal(monster.countParams(), total);
}
