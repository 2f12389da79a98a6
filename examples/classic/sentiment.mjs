// Is a review kind or not? Texts of different lengths, as whole numbers, with zeros in front that the layers are told to skip.
// "not", "never" and "hardly" turn a word around, so counting kind words is not enough.
import assert from "node:assert/strict";
import { input, layers, optimizers, padSequences, Random, sequential, Tokenizer, tensor } from "unroll";
import { isMain } from "./main.mjs";

const subjects = [
  "the film",
  "this book",
  "the soup",
  "our room",
  "the concert",
  "that game",
  "the waiter",
  "the last chapter",
];
const kind = ["good", "warm", "clever", "lovely", "fresh", "moving", "bright", "generous"];
const unkind = ["dull", "cold", "silly", "noisy", "stale", "tired", "rude", "endless"];
const turns = ["not", "never", "hardly"];
const fillers = ["", "i think", "we all felt that", "my sister says", "to be honest", "after an hour in the rain"];
const ends = ["", "in the end", "from the first minute", "for such a price", "and i would say so again"];

/** A text and whether it is kind. */
function review(random) {
  const one = (list) => list[random.below(list.length)];
  const isKind = random.below(2) === 1;
  const isTurned = random.below(2) === 1;
  const word = one(isKind !== isTurned ? kind : unkind);
  const said = isTurned ? `${one(turns)} ${word}` : word;
  return { text: [one(fillers), one(subjects), "was", said, one(ends)].filter(Boolean).join(" "), isKind };
}

export async function readReviews({ examples = 800, epochs = 25, print = console.log } = {}) {
  const random = new Random(12);
  const reviews = Array.from({ length: examples + 300 }, () => review(random));
  const tokenizer = new Tokenizer({ oovToken: "<unknown>" });
  tokenizer.fitOnTexts(reviews.slice(0, examples).map(({ text }) => text));
  const sequences = tokenizer.textsToSequences(reviews.map(({ text }) => text));
  const longest = Math.max(...sequences.map(({ length }) => length));
  const x = padSequences(sequences, { maxlen: longest });
  const y = Float32Array.from(reviews, ({ isKind }) => (isKind ? 1 : 0));
  const rows = (from, to) => ({
    x: { shape: [to - from, longest], data: x.data.slice(from * longest, to * longest) },
    y: tensor(y.slice(from, to), [to - from, 1]),
  });
  const [training, unseen] = [rows(0, examples), rows(examples, examples + 300)];

  const net = sequential({
    seed: 4,
    layers: [
      input({ shape: [longest] }),
      layers.embedding({ inputDim: tokenizer.wordIndex.size + 1, outputDim: 8, maskZero: true }),
      layers.lstm({ units: 12 }),
      layers.dense({ units: 1, activation: "sigmoid" }),
    ],
  });
  net.compile({
    optimizer: optimizers.adam({ learningRate: 0.01 }),
    loss: "binary_crossentropy",
    metrics: ["accuracy", "auc"],
  });
  await net.fit(training.x, training.y, { epochs, batchSize: 16, seed: 5 });
  const { accuracy, auc } = net.evaluate(unseen.x, unseen.y);

  // What can be had without reading in order: trust the one kind or unkind word.
  const trusting = reviews
    .slice(examples)
    .filter(({ text, isKind }) => kind.some((word) => text.includes(word)) === isKind);
  const counting = trusting.length / 300;
  print(
    `300 unseen reviews of ${longest} words at most: accuracy ${accuracy.toFixed(3)}, area under the ROC curve ${auc.toFixed(3)}`,
  );
  print(`trusting the kind or unkind word alone: accuracy ${counting.toFixed(3)}`);
  for (const text of ["the soup was warm", "the soup was not warm", "to be honest the waiter was never rude"]) {
    const [said] = net.predict(padSequences(tokenizer.textsToSequences([text]), { maxlen: longest })).data;
    print(`  ${said.toFixed(2)}  ${text}`);
  }
  return { accuracy, auc, counting };
}

if (isMain(import.meta)) {
  const { accuracy } = await readReviews();
  assert.ok(accuracy > 0.95, `the reviews were not understood: accuracy ${accuracy}`);
}
