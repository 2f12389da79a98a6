// A model that writes: character after character it learns the declaration files that TypeScript ships. After each epoch it says
// what it would write. Guessing each character by how often it occurs costs about 3 nats; the model is to do far better.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { input, layers, optimizers, Random, sequential, tensor } from "unroll";
import { isMain } from "./main.mjs";

/** TypeScript's declarations of the language itself, without the licence and with at most `length` characters. */
export function declarations(length) {
  const require = createRequire(import.meta.url);
  const text = readFileSync(require.resolve("typescript/lib/lib.es5.d.ts"), "utf8");
  return text.slice(text.indexOf("/// <reference"), text.indexOf("/// <reference") + length).replaceAll("\r", "");
}

/** Rows of `timesteps` characters, and the characters that follow each of them. */
function rowsOf(codes, timesteps) {
  const count = Math.floor((codes.length - 1) / timesteps);
  return {
    x: tensor(codes.slice(0, count * timesteps), [count, timesteps]),
    y: tensor(codes.slice(1, count * timesteps + 1), [count, timesteps]),
  };
}

function network(characters, units, start) {
  return sequential({
    seed: 9,
    layers: [
      start,
      layers.embedding({ inputDim: characters, outputDim: 24 }),
      layers.gru({ units, returnSequences: true, stateful: start.shape[0] === 1 }),
      layers.dense({ units: characters, activation: "softmax" }),
    ],
  });
}

/** Draws an index; a temperature under 1 prefers what is likely. */
function draw(probabilities, temperature, random) {
  const weights = Array.from(probabilities, (p) => p ** (1 / temperature));
  let rest = random.uniform(
    0,
    weights.reduce((a, b) => a + b),
  );
  let index = 0;
  while (index < weights.length - 1 && rest >= weights[index]) rest -= weights[index++];
  return index;
}

export async function learnToWrite({
  characters = 160_000,
  timesteps = 64,
  units = 128,
  epochs = 8,
  sample = 160,
  print = console.log,
} = {}) {
  const text = declarations(characters);
  const alphabet = [...new Set(text)].sort();
  const codes = Float32Array.from(text, (character) => alphabet.indexOf(character));
  const held = Math.floor(codes.length * 0.9);
  const [training, unseen] = [rowsOf(codes.subarray(0, held), timesteps), rowsOf(codes.subarray(held), timesteps)];
  const shares = alphabet.map((_, i) => codes.filter((code) => code === i).length / codes.length);
  const guess = shares.reduce((sum, p) => sum - p * Math.log(p), 0);
  print(
    `${codes.length} characters of lib.es5.d.ts, ${alphabet.length} different ones; by frequency alone ${guess.toFixed(3)} nats each`,
  );

  const net = network(alphabet.length, units, input({ shape: [timesteps] }));
  net.compile({
    optimizer: optimizers.adam({ learningRate: 0.004, clipnorm: 1 }),
    loss: "sparse_categorical_crossentropy",
  });
  // The same weights, one character at a time, with a state that stays.
  const writer = network(alphabet.length, units, input({ batchShape: [1, 1] }));
  const random = new Random(10);
  const write = (beginning) => {
    writer.setWeights(net.getWeights());
    for (const layer of writer.layers) layer.resetStates();
    let written = beginning;
    let said;
    for (const character of beginning) said = writer.predict(tensor([[alphabet.indexOf(character)]]));
    while (written.length < sample) {
      const next = draw(said.data, 0.6, random);
      written += alphabet[next];
      said = writer.predict(tensor([[next]]));
    }
    return written;
  };

  let nats = guess;
  await net.fit(training.x, training.y, {
    epochs,
    batchSize: 32,
    seed: 11,
    validationData: [unseen.x, unseen.y],
    callbacks: [
      {
        onEpochEnd(epoch, logs) {
          nats = logs.val_loss;
          print(
            `\nepoch ${epoch + 1}: ${logs.loss.toFixed(3)} nats, on the last tenth, which it never saw, ${nats.toFixed(3)}. It writes:`,
          );
          print(write("interface ").replaceAll(/^/gm, "    "));
        },
      },
    ],
  });
  return { guess, nats, text: write("interface ") };
}

if (isMain(import.meta)) {
  const { guess, nats } = await learnToWrite();
  assert.ok(nats < guess / 2, `it did not learn to write: ${nats} nats`);
}
