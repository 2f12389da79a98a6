import { describe, expect, it } from "vitest";
import { input, layers } from "../layers/index.ts";
import { sequential } from "../model/sequential.ts";
import { modelForRows, modelForStreams, noStreamsReason } from "./model-variants.ts";
import { LoadedModel } from "./runner.ts";
import { smallModel, wave } from "./testing.ts";

/** Keeps states for batches of exactly four, with a model inside. */
function stateful() {
  const inner = sequential({
    layers: [input({ shape: [6, 3], batchSize: 4 }), layers.gru({ units: 4, stateful: true, returnSequences: true })],
    seed: 2,
  });
  return sequential({
    layers: [
      input({ shape: [6, 3], batchSize: 4 }),
      inner,
      layers.lstm({ units: 2, stateful: true }),
      layers.dense({ units: 1 }),
    ],
    seed: 3,
  });
}

/** The same layers without states. */
function plain() {
  const inner = sequential({
    layers: [input({ shape: [6, 3] }), layers.gru({ units: 4, returnSequences: true })],
    seed: 2,
  });
  const model = sequential({
    layers: [input({ shape: [6, 3] }), inner, layers.lstm({ units: 2 }), layers.dense({ units: 1 })],
    seed: 3,
  });
  model.setWeights(stateful().getWeights());
  return model;
}

describe("a served model", () => {
  it("takes any number of rows and keeps nothing, whatever its file says", () => {
    const model = new LoadedModel(stateful(), 4);
    for (const rows of [1, 3, 9]) {
      const x = wave([rows, 6, 3], rows);
      const wanted = [...plain().predict(x).data];
      expect([...model.run([x])[0]!.data]).toEqual(wanted);
      expect([...model.run([x])[0]!.data]).toEqual(wanted);
    }
  });

  it("is left as it is where that is so already", () => {
    const model = smallModel();
    expect(modelForRows(model)).toBe(model);
  });

  it("goes on from the states of all its layers, also those of models inside", () => {
    const streams = modelForStreams(stateful(), 1);
    const x = wave([1, 6, 3]);
    const first = [...(streams.predict(x) as { data: Float32Array }).data]; // one output
    expect(first).toEqual([...plain().predict(x).data]);
    expect(streams.states.map(({ shape }) => shape)).toEqual([
      [1, 4],
      [1, 2],
      [1, 2],
    ]);
    expect([...(streams.predict(x) as { data: Float32Array }).data]).not.toEqual(first);
  });

  it("cannot keep a stream where it reads backward or has no states", () => {
    const both = layers.bidirectional({ layer: layers.lstm({ units: 2 }) });
    expect(noStreamsReason(sequential({ layers: [input({ shape: [6, 3] }), both] }))).toMatch(
      /^backward_lstm.* reads from the last/,
    );
    expect(noStreamsReason(sequential({ layers: [input({ shape: [3] }), layers.dense({ units: 1 })] }))).toBe(
      "no layer of it has a state",
    );
    expect(noStreamsReason(stateful())).toBeUndefined();
  });
});
