// The adding problem (Hochreiter and Schmidhuber, 1997): a hundred random numbers go by, two of them are marked, and the
// answer is the sum of those two. Who cannot remember can only guess the mean, 1, and is off by 1/6 in the mean square.
import assert from "node:assert/strict";
import { input, layers, optimizers, Random, sequential, tensor } from "unroll";
import { isMain } from "./main.mjs";

/** One marked number in each half: features are the number and the mark. */
export function addingProblem(examples, timesteps, random) {
  const x = new Float32Array(examples * timesteps * 2);
  const y = new Float32Array(examples);
  for (let example = 0; example < examples; example++) {
    const half = Math.floor(timesteps / 2);
    const marked = [random.below(half), half + random.below(timesteps - half)];
    for (let t = 0; t < timesteps; t++) {
      const at = (example * timesteps + t) * 2;
      x[at] = random.uniform();
      if (!marked.includes(t)) continue;
      x[at + 1] = 1;
      y[example] += x[at];
    }
  }
  return { x: tensor(x, [examples, timesteps, 2]), y: tensor(y, [examples, 1]) };
}

/** Trains on fresh batches until the error on examples that were never seen is small, or the steps are used up. */
export function learnToAdd(
  layer,
  { timesteps = 100, batch = 50, steps = 6000, goal = 0.003, print = console.log } = {},
) {
  const random = new Random(4);
  const net = sequential({ seed: 3, layers: [input({ shape: [timesteps, 2] }), layer, layers.dense({ units: 1 })] });
  net.compile({ optimizer: optimizers.adam({ learningRate: 0.005, clipnorm: 1 }), loss: "mse" });
  const unseen = addingProblem(500, timesteps, new Random(5));
  const guess = unseen.y.data.reduce((sum, y) => sum + (y - 1) ** 2, 0) / 500;
  print(`${layer.type.className}, ${timesteps} timesteps. Guessing 1 every time: mse ${guess.toFixed(3)}`);
  let mse = guess;
  let step = 0;
  while (step < steps && mse > goal) {
    const { x, y } = addingProblem(batch, timesteps, random);
    net.trainOnBatch(x, y);
    step++;
    if (step % 250 !== 0 && step !== steps) continue;
    mse = net.evaluate(unseen.x, unseen.y, { batchSize: 100 }).loss;
    print(`  ${String(step).padStart(5)} steps: mse ${mse.toFixed(4)}`);
  }
  return { net, guess, mse, step };
}

if (isMain(import.meta)) {
  for (const layer of [layers.lstm({ units: 32 }), layers.gru({ units: 32 })]) {
    const { mse, guess } = learnToAdd(layer);
    assert.ok(mse < 0.01 && guess > 0.15, `${layer.type.className} did not learn to add: mse ${mse}`);
  }
}
