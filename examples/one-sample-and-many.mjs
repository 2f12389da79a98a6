// Hidden layers replayed from what a notebook prints: weights and inputs of a SimpleRNN(5) on ten timesteps of three features.
// First one sample, then several: each is computed on its own, from a state of zeros.
import assert from "node:assert/strict";
import { input, layers, model, Random, tensor, toNested } from "unroll";

const [T, D, M, K] = [10, 3, 5, 2];

function build() {
  const x = input({ shape: [T, D] });
  const hidden = layers.simpleRNN({ units: M, name: "hidden" });
  return model({ inputs: x, outputs: layers.dense({ units: K, name: "output" }).apply(hidden.apply(x)) });
}

// Printed by the notebook. Its output layer's weights are not, so the check ends at the hidden layer.
const first = {
  kernel: [
    [0.47612423, -0.03806829, -0.5027425, -0.22551346, -0.7348896],
    [0.01746541, 0.03113955, -0.78103095, -0.16630036, -0.03100222],
    [0.06622034, 0.81962675, 0.48380178, -0.4241633, -0.37538385],
  ],
  recurrentKernel: [
    [0.31518042, 0.21609305, 0.33874065, 0.85756296, -0.06169206],
    [-0.51879835, 0.7194001, 0.20803568, -0.10152966, -0.39965564],
    [0.47911096, -0.19680247, 0.34863043, -0.31560996, -0.71454084],
    [-0.606075, -0.59837914, 0.48711663, 0.17527023, -0.08132207],
    [-0.18610655, -0.19742969, -0.69509, 0.35206285, -0.5650554],
  ],
  sample: [
    [-0.65743571, 0.06261316, 2.30478886],
    [-1.47074087, 0.09752981, 1.34757659],
    [-0.70496749, 0.94331793, -0.7078629],
    [-1.20547946, -0.84801168, 0.11094414],
    [1.05520462, 0.90278798, -0.67210647],
    [0.04262162, 0.92023336, -1.14153366],
    [-1.60084256, 0.29722629, 0.61521752],
    [0.14962499, -0.69196894, -1.1627263],
    [-0.02739404, 0.15243377, -1.18359365],
    [2.0353315, 0.05343955, -1.39577274],
  ],
};
const second = {
  kernel: [
    [0.25955623, -0.24849886, -0.67392355, -0.18745673, 0.56701416],
    [0.61479336, -0.18606699, -0.81998175, 0.03805548, -0.27226388],
    [0.35964972, -0.0975073, -0.31581432, -0.09368545, 0.14148206],
  ],
  recurrentKernel: [
    [-0.34136176, -0.482692, -0.21747243, -0.429175, 0.64729834],
    [-0.173593, -0.02289428, 0.7202057, -0.61318886, -0.27321154],
    [0.24835353, 0.20202789, 0.58430916, 0.30529636, 0.68035454],
    [0.76526767, -0.62767065, 0.05431936, -0.08399855, -0.10192448],
    [-0.45389813, -0.57593286, 0.2994024, 0.58270633, -0.18190505],
  ],
  sample: [
    [-0.034336698, -0.733101831, -1.76265733],
    [0.258046522, -0.129257791, -0.422432809],
    [-0.77499106, -0.318559289, 0.608223643],
    [-0.953358923, -0.0992842516, 1.1815931],
    [0.288956442, -2.12619199, 0.961480896],
    [0.000832612665, 1.3546322, -0.891001352],
    [0.432643042, 0.873607735, 0.995925001],
    [0.403689221, -0.989846212, -0.244236348],
    [0.142479075, -1.58384636, -1.34948878],
    [-0.694475676, 1.18375062, -0.427060233],
  ],
};
// The last hidden layer, computed from these numbers with NumPy in 64 bits.
const expected = [
  [0.6056220455745672, -0.9666616271077526, -0.9931256580000101, 0.5271054555067912, -0.4801572531787032],
  [0.9244745792221197, 0.4297805372158896, 0.48076038564828066, 0.23817293863106706, -0.6901835127623952],
];

for (const [index, { kernel, recurrentKernel, sample }] of [first, second].entries()) {
  const net = build();
  assert.equal(net.countParams(), 57);
  net.getLayer("hidden").setWeights([kernel, recurrentKernel, [0, 0, 0, 0, 0]]);
  const [run] = net.trace([sample], { layer: "hidden" }).layers[0].runs;
  const last = run.steps.at(-1).values.h;
  for (const [unit, value] of last.entries()) {
    // The weights are kept in 32 bits, hence not to the last of 64.
    assert.ok(Math.abs(value - expected[index][unit]) < 1e-6, `unit ${unit}: ${value} and ${expected[index][unit]}`);
  }
  console.log(
    `hidden layer after ${run.steps.length} timesteps:`,
    [...last].map((value) => value.toFixed(6)).join(" "),
  );
}

// Several samples at once: the prediction has a row for each, and each row is what the sample gives alone.
const net = build();
const random = new Random(3);
const many = tensor(
  Float32Array.from({ length: 3 * T * D }, () => random.normal()),
  [3, T, D],
);
const together = toNested(net.predict(many));
assert.deepEqual([together.length, together[0].length], [3, K]);
for (const [n, sample] of toNested(many).entries()) {
  const [alone] = toNested(net.predict([sample]));
  for (const [k, value] of alone.entries()) assert.ok(Math.abs(value - together[n][k]) < 1e-6);
  // By hand, in 64 bits: the trace of this sample ends with the same numbers.
  const output = net.trace(many, { sample: n }).layers.at(-1).outputs[0].data;
  for (const [k, value] of output.entries()) assert.ok(Math.abs(value - together[n][k]) < 1e-5);
  console.log(
    `sample ${n}: engine ${together[n].map((value) => value.toFixed(6))}, by hand ${[...output].map((value) => value.toFixed(6))}`,
  );
}
