// Counting the parameters of recurrent models by hand: letters, formula, numbers, result.
// Sizes and totals are those of a teaching notebook; the models that it leaves to the reader are solved at the end.
import assert from "node:assert/strict";
import { input, layers, sequential } from "unroll";

const relu = { activation: "relu" };
const sequences = { ...relu, returnSequences: true };

// One recurrent layer and one Dense layer. The count is g × [h(h+i)+h]: g gates, h units, i features.
const basic = [
  { what: layers.simpleRNN({ units: 2, ...relu }), steps: 50, features: 3, counts: [12, 3], total: 15 },
  { what: layers.simpleRNN({ units: 25, ...relu }), steps: 50, features: 30, counts: [1400, 26], total: 1426 },
  { what: layers.lstm({ units: 2, ...relu }), steps: 50, features: 3, counts: [48, 3], total: 51 },
  { what: layers.lstm({ units: 4, ...relu }), steps: 30, features: 5, counts: [160, 5], total: 165 },
  { what: layers.gru({ units: 2, resetAfter: false, ...relu }), steps: 50, features: 3, counts: [36, 3], total: 39 },
];
for (const { what, steps, features, counts, total } of basic) {
  const model = sequential({ layers: [input({ shape: [steps, features] }), what, layers.dense({ units: 1 })] });
  const explanation = model.explain();
  assert.deepEqual(
    explanation.layers.map((layer) => layer.count.result),
    counts,
  );
  assert.equal(model.countParams(), total);
  assert.deepEqual(what.outputShape, [null, counts[1] - 1], "the output has as many columns as units");
  console.log(`${what.className}(${what.config.units}) on ${features} features: ${counts.join(" + ")} = ${total}`);
}

// The number of timesteps is in no count. Thirty million of them cost nothing, because nothing is computed yet.
const long = sequential({
  layers: [
    input({ shape: [30_000_000, 5] }),
    layers.gru({ units: 4, resetAfter: false, ...relu }),
    layers.dense({ units: 1 }),
  ],
});
const before = process.memoryUsage().arrayBuffers;
long.summary({ style: "keras2" });
console.log(long.explain().toText({ parts: false }));
assert.equal(long.countParams(), 125);
assert.ok(process.memoryUsage().arrayBuffers - before < 2 ** 20, "less than a mebibyte");

// Stacking: layers that feed other recurrent layers return sequences, and then the timesteps are in the shape.
const stacked = sequential({
  layers: [
    input({ shape: [30, 5] }),
    layers.gru({ units: 4, name: "first", ...sequences }),
    layers.gru({ units: 2, name: "second", ...sequences }),
    layers.simpleRNN({ units: 25, name: "third", ...relu }),
    layers.dense({ units: 1, name: "last" }),
  ],
});
assert.deepEqual(stacked.getLayer("first").outputShape, [null, 30, 4]);
assert.deepEqual(stacked.getLayer("third").outputShape, [null, 25]);
assert.equal(stacked.countParams(), 906);

// By hand the notebook gets 120 for the first layer and 42 for the second; its own table says 132 and 48.
// Keras's GRU has a second row of biases by default (resetAfter): 3h numbers more.
const oldForm = (h, i) => 3 * (h * (h + i) + h);
const newForm = (h, i) => 3 * (h * (h + i) + 2 * h);
assert.deepEqual([oldForm(4, 5), oldForm(2, 4)], [120, 42]);
assert.deepEqual([newForm(4, 5), newForm(2, 4)], [132, 48]);
assert.deepEqual(
  stacked.explain().layers.map((layer) => layer.count.result),
  [132, 48, 700, 26],
);

// Left to the reader: one mixed model and two monsters.
const exercises = {
  "SimpleRNN into LSTM": [
    [15, 30],
    1425,
    [layers.simpleRNN({ units: 20, ...sequences }), layers.lstm({ units: 4, ...relu }), layers.dense({ units: 1 })],
  ],
  "monster 1": [
    [30, 30],
    15_691,
    [
      layers.simpleRNN({ units: 30, ...sequences }),
      layers.gru({ units: 30, ...sequences }),
      layers.lstm({ units: 30, ...relu }),
      layers.dense({ units: 30, ...relu }),
      layers.dense({ units: 1 }),
    ],
  ],
  "monster 2": [
    [50, 40],
    23_415,
    [
      layers.simpleRNN({ units: 30, ...sequences }),
      ...[20, 25, 22, 21].map((units) => layers.gru({ units, ...sequences })),
      layers.simpleRNN({ units: 10, ...relu }),
      ...[50, 50, 50, 50].map((units) => layers.dense({ units, ...relu })),
      layers.dense({ units: 1 }),
    ],
  ],
};
for (const [title, [shape, total, stack]] of Object.entries(exercises)) {
  const model = sequential({ layers: [input({ shape }), ...stack] });
  const { layers: explained, total: sum } = model.explain();
  console.log(`${title}: ${explained.map(({ count }) => count.result).join(" + ")} = ${sum.result}`);
  assert.equal(sum.result, total);
}
