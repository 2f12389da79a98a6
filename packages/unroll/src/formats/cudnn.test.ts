import { describe, expect, it } from "vitest";
import type { Model } from "../model/model.ts";
import { toKerasPython } from "./code-keras.ts";
import { modelFromConfig } from "./keras-model.ts";
import { modelToConfig } from "./keras-model-write.ts";
import { loadModel, loadWeights } from "./load.ts";
import { modelToBytes, type WritableFormat } from "./save.ts";
import { fixture, fixtureJson } from "./testing.ts";

interface Numbers {
  readonly shape: number[];
  readonly data: number[];
}
const { x, outputs } = fixtureJson<{ x: Numbers; outputs: Record<string, Numbers> }>("formats/cudnn.json");
const files = Object.keys(outputs);

const load = async (file: string): Promise<Model> => loadModel(fixture(`formats/${file}`), { name: file });

function expectOutputs(model: Model, file: string): void {
  const predicted = model.predict({ shape: x.shape, data: Float32Array.from(x.data) });
  const found = Array.isArray(predicted) ? predicted[0]! : predicted;
  expect(found.shape).toEqual(outputs[file]!.shape);
  const largest = Math.max(...outputs[file]!.data.map((value, i) => Math.abs(value - found.data[i]!)));
  expect(largest).toBeLessThan(1e-6);
}

describe("a file of Keras 2.2 with a fused layer", () => {
  it.each(files)("%s predicts what cuDNN's equations give", async (file) => expectOutputs(await load(file), file));

  // Three features, two units: 4 (2 × 5 + 2 × 2) and 3 (2 × 5 + 2 × 2), twice where there are two directions.
  it.each([
    ["cudnn_lstm.h5", 56],
    ["cudnn_lstm_both.h5", 112],
    ["cudnn_gru.h5", 42],
    ["cudnn_gru_both.h5", 84],
  ])("%s counts both biases: %i", async (file, params) => {
    expect((await load(file)).countParams()).toBe(params);
  });

  it.each(files)("%s, written for Keras, computes the same with one bias for each LSTM", async (file) => {
    const model = await load(file);
    const formats: WritableFormat[] = ["keras", "h5"];
    for (const format of formats) {
      const name = `m.${format}`;
      const written = await loadModel(modelToBytes(model, format), { name });
      expectOutputs(written, file);
      const params = { "cudnn_lstm.h5": 48, "cudnn_lstm_both.h5": 96 }[file] ?? model.countParams();
      expect(written.countParams()).toBe(params);
    }
    expect(new TextDecoder().decode(modelToBytes(model, "json"))).not.toContain("recurrent_bias");
    expect(toKerasPython(model, { weights: "inline" })).not.toContain("recurrent_bias");
  });

  it.each(files)("%s, written as safetensors or npz, gives back the same arrays", async (file) => {
    const model = await load(file);
    const read = await loadModel(modelToBytes(model, "safetensors"), { name: "m.safetensors" });
    expect(read.getWeights()).toEqual(model.getWeights());
    expect(modelToConfig(read)).toEqual(modelToConfig(model));
    const other = await load(file);
    other.setWeights(other.getWeights().map(({ shape, data }) => ({ shape, data: data.map(() => 0) })));
    await loadWeights(other, { "m.npz": modelToBytes(model, "npz") });
    expect(other.getWeights()).toEqual(model.getWeights());
  });

  it.each(files)("%s, written as npz, fits the architecture that is written for Keras", async (file) => {
    const model = await load(file);
    const plain = await loadModel(modelToBytes(model, "json"), { name: "m.json" });
    await loadWeights(plain, { "m.npz": modelToBytes(model, "npz") });
    expectOutputs(plain, file);
  });

  it.each(files)("%s takes back the weights that were written for Keras", async (file) => {
    const [model, other] = [await load(file), await load(file)];
    other.setWeights(other.getWeights().map(({ shape, data }) => ({ shape, data: data.map(() => 0) })));
    await loadWeights(other, { "m.weights.h5": modelToBytes(model, "weights.h5") });
    expectOutputs(other, file);
  });

  it("keeps the second bias in a config that is read again", async () => {
    const model = await load("cudnn_lstm.h5");
    const copy = modelFromConfig(modelToConfig(model));
    copy.setWeights(model.getWeights());
    expectOutputs(copy, "cudnn_lstm.h5");
  });

  it("starts the forget gate at one in one of the two biases", async () => {
    const { data } = modelFromConfig(modelToConfig(await load("cudnn_lstm.h5"))).getWeights()[2]!;
    expect([...data]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0]);
  });
});
