// Temporal order (Hochreiter and Schmidhuber, 1997, task 6a): a long row of letters holds an X or a Y early and an X or a Y late;
// everything else is noise. Which pair was it, in which order? Who cannot remember is right one time in four.
import assert from "node:assert/strict";
import { input, layers, optimizers, Random, sequential, tensor } from "unroll";
import { isMain } from "./main.mjs";

const letters = "abcdXY";
const [x, y] = [4, 5];

/** Classes 0 to 3 are XX, XY, YX, YY. Letters are whole numbers, `[examples, timesteps]`. */
export function temporalOrder(examples, timesteps, random) {
  const rows = new Float32Array(examples * timesteps);
  const classes = new Float32Array(examples);
  for (let example = 0; example < examples; example++) {
    const row = rows.subarray(example * timesteps, (example + 1) * timesteps);
    for (let t = 0; t < timesteps; t++) row[t] = random.below(4);
    const [first, second] = [random.below(2), random.below(2)];
    row[Math.floor(timesteps * random.uniform(0.1, 0.2))] = first === 0 ? x : y;
    row[Math.floor(timesteps * random.uniform(0.5, 0.6))] = second === 0 ? x : y;
    classes[example] = 2 * first + second;
  }
  return { x: tensor(rows, [examples, timesteps]), y: tensor(classes, [examples, 1]) };
}

export async function learnOrder({
  timesteps = 60,
  examples = 2000,
  epochs = 40,
  goal = 0.99,
  print = console.log,
} = {}) {
  const training = temporalOrder(examples, timesteps, new Random(1));
  const unseen = temporalOrder(500, timesteps, new Random(2));
  const net = sequential({
    seed: 6,
    layers: [
      input({ shape: [timesteps] }),
      layers.embedding({ inputDim: letters.length, outputDim: 6 }),
      layers.gru({ units: 24 }),
      layers.dense({ units: 4, activation: "softmax" }),
    ],
  });
  net.compile({
    optimizer: optimizers.adam({ learningRate: 0.01, clipnorm: 1 }),
    loss: "sparse_categorical_crossentropy",
    metrics: ["accuracy"],
  });
  const share = Math.max(...[0, 1, 2, 3].map((one) => unseen.y.data.filter((label) => label === one).length)) / 500;
  print(`GRU(24), ${timesteps} timesteps. Naming the commonest class every time: accuracy ${share.toFixed(3)}`);
  let accuracy = share;
  await net.fit(training.x, training.y, {
    epochs,
    batchSize: 50,
    seed: 7,
    validationData: [unseen.x, unseen.y],
    callbacks: [
      {
        onEpochEnd(epoch, logs, control) {
          accuracy = logs.val_accuracy;
          print(`  epoch ${epoch + 1}: loss ${logs.loss.toFixed(3)}, accuracy on unseen rows ${accuracy.toFixed(3)}`);
          if (accuracy >= goal) control.stop();
        },
      },
    ],
  });
  return { share, accuracy };
}

if (isMain(import.meta)) {
  const { accuracy } = await learnOrder();
  assert.ok(accuracy >= 0.97, `the order was not learnt: accuracy ${accuracy}`);
}
