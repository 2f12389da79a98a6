/** One layer inside of two wrappers: Keras marks such objects by `shared_object_id`, and counts their arrays once. */
import "../index.ts";
import { describe, expect, it } from "vitest";
import { summaryJson } from "../model/summary-table.ts";
import { modelFromConfig } from "./keras-model.ts";
import { readKerasCode } from "./python/index.ts";

const code = `
import keras
from keras import layers
sentence = keras.Sequential([keras.Input((4,)), layers.Dense(5)])
word = layers.Dense(6)
both = layers.LSTM(2)
a, b = keras.Input((3, 4)), keras.Input((3, 4))
outputs = [layers.TimeDistributed(part)(side) for part in (sentence, word) for side in (a, b)]
model = keras.Model([a, b], outputs + [layers.Bidirectional(both)(a), layers.Bidirectional(both)(b)])
`;

function made() {
  return modelFromConfig(readKerasCode(code).models[0]!.config, { keepNames: true });
}

describe("a layer inside of two wrappers", () => {
  it("is counted once in all, and in the row of each; Bidirectional makes copies of its own", () => {
    const { layers, totalParams } = summaryJson(made().summaryTable());
    expect(layers.map(({ params }) => params)).toEqual([0, 0, 25, 25, 30, 30, 112, 112]);
    // Keras 3.15 prints 279 for this code.
    expect(totalParams).toBe(279);
  });

  it("has the same numbers in both, before and after training", async () => {
    const source = `
import keras
from keras import layers
word = layers.Dense(2)
i = keras.Input((3, 4))
model = keras.Model(i, layers.TimeDistributed(word)(i) + layers.TimeDistributed(word)(i))
`;
    const model = modelFromConfig(readKerasCode(source).models[0]!.config, { keepNames: true });
    const numbers = (): number[][][] =>
      model.layers
        .filter(({ className }) => className === "TimeDistributed")
        .map((layer) => layer.getWeights().map(({ data }) => Array.from(data)));
    const [first, second] = numbers();
    expect(first).toEqual(second);
    model.compile({ optimizer: "sgd", loss: "mse" });
    const step = [1, 2, 3, 4];
    await model.fit(
      [[step, step, step]],
      [
        [
          [1, 2],
          [1, 2],
          [1, 2],
        ],
      ],
      { epochs: 1 },
    );
    const [after, other] = numbers();
    expect(after).toEqual(other);
    expect(after).not.toEqual(first);
  });
});
