import { describe, expect, it } from "vitest";
import { UnrollError } from "../src/core/errors.ts";
import { storableOf } from "../src/formats/save.ts";
import { writeTfjs } from "../src/formats/write-tfjs.ts";
import { input, type Layer, layers } from "../src/layers/index.ts";
import { sequential } from "../src/model/sequential.ts";
import { type CodeCase, kerasCodeCases, reference } from "./code-cases.ts";
import { errorOf } from "./conformance.ts";
import { difference } from "./fixture-files.ts";
import { hasTensorflow, runTfjs } from "./tfjs-runtime.ts";

if (!hasTensorflow) console.warn("TensorFlow.js files are not run: `node bench/install.mjs` installs TensorFlow.js.");

const cases = kerasCodeCases();

/** What differs, or the reason why the model is not written. */
async function check({ model, inputs, expected }: CodeCase): Promise<string | undefined> {
  let files: Readonly<Record<string, Uint8Array>>;
  try {
    files = writeTfjs(storableOf(model));
  } catch (error) {
    if (error instanceof UnrollError && error.code === "unsupported") return undefined;
    throw error;
  }
  const found = await runTfjs(files, inputs);
  return expected
    .map(({ shape, data }, i) =>
      difference(found[i]!, { shape, data: Float64Array.from(data) }, { rtol: 5e-4, atol: 5e-5 }),
    )
    .find((text) => text !== undefined);
}

describe.skipIf(!hasTensorflow)("TensorFlow.js loads what is written and predicts what Keras predicts", () => {
  it.each(cases.map((one) => [one.id, one] as const))("%s", async (_, one) => {
    expect(await check(one)).toBeUndefined();
  });
});

/** The reason why a model of these layers is not written. */
function refusalOf(...stack: readonly Layer[]): string {
  return errorOf(() => writeTfjs(storableOf(sequential({ layers: [input({ shape: [4, 2] }), ...stack] })))).message;
}

describe("what TensorFlow.js lacks or computes differently is refused", () => {
  it.each([
    ["GRU with reset_after", () => [layers.gru({ units: 2 })], "computes GRU with reset_after=false only"],
    [
      "also inside wrappers and as a cell",
      () => [
        layers.timeDistributed({
          layer: sequential({
            layers: [
              input({ shape: [2] }),
              layers.reshape({ targetShape: [2, 1] }),
              layers.rnn({ cell: layers.gruCell({ units: 2 }) }),
            ],
          }),
        }),
      ],
      "computes GRU with reset_after=false only",
    ],
    ["causal Conv1D", () => [layers.conv1d({ filters: 1, kernelSize: 2, padding: "causal" })], "has no causal Conv1D"],
    ["layers that it has not", () => [layers.upSampling1d({})], "has no layer UpSampling1D"],
    [
      "Keras 3's hard_sigmoid",
      () => [layers.lstm({ units: 1, recurrentActivation: "hard_sigmoid" })],
      "has no activation hard_sigmoid like Keras's. Received: recurrent_activation = hard_sigmoid. TensorFlow.js computes clip(0.2x + 0.5), Keras 3 clip(x/6 + 0.5).",
    ],
    [
      "masks through layers that mix them up",
      () => [layers.masking({}), layers.bidirectional({ layer: layers.lstm({ units: 1 }) })],
      "treats masks in Bidirectional differently",
    ],
    [
      "a backward layer of another kind",
      () => [
        layers.bidirectional({
          layer: layers.lstm({ units: 1 }),
          backwardLayer: layers.lstm({ units: 1, goBackwards: true, activation: "relu" }),
        }),
      ],
      "makes the backward layer of Bidirectional like the forward one",
    ],
  ] as const)("%s", (_, make, reason) => {
    expect(refusalOf(...make())).toContain(reason);
  });

  it.skipIf(!hasTensorflow)("and Keras 2's hard_sigmoid is written", async () => {
    const made = sequential({
      layers: [input({ shape: [4, 2] }), layers.lstm({ units: 3, recurrentActivation: "hard_sigmoid_keras2" })],
      seed: 3,
    });
    expect(await check(reference("hard sigmoid", made, [[2, 4, 2]]))).toBeUndefined();
  });
});
