import { describe, expect, it } from "vitest";
import { defineCell } from "../cells/define.ts";
import { factory, input, recurrentLayer } from "../layers/index.ts";
import type { Model } from "../model/model.ts";
import { sequential } from "../model/sequential.ts";
import { toKerasPython } from "./code-keras.ts";
import { modelFromConfig } from "./keras-model.ts";
import { modelToConfig } from "./keras-model-write.ts";
import { loadModel, loadWeights } from "./load.ts";
import { writeNpz } from "./npy.ts";
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

describe("a cell of one's own with four gates", () => {
  const own = (rows: 1 | 2) =>
    recurrentLayer(
      defineCell({
        kind: "Own",
        gates: ["i", "f", "c", "o"],
        state: ["h"],
        biasRows: () => rows,
        equations({ x, state, gate, act }) {
          const sum = gate.i(x, state.h).plus(gate.f(x, state.h)).plus(gate.c(x, state.h)).plus(gate.o(x, state.h));
          return { h: act.main(sum) };
        },
      }),
    );
  const modelOf = (rows: 1 | 2) =>
    sequential({ layers: [input({ shape: [2, 3] }), factory(own(rows))({ units: 2, name: "own" })] });

  it.each([
    [2, 1],
    [1, 2],
  ] as const)("is not given %i rows of bias where the file has %i", async (rows, stored) => {
    const written = modelToBytes(modelOf(stored), "npz");
    await expect(loadWeights(modelOf(rows), { "m.npz": written })).rejects.toThrow(/bias/);
  });

  it("is not taken for a fused layer", async () => {
    const model = modelOf(2);
    const weights = model.getWeights().map(({ shape, data }, at) => ({ shape: at === 2 ? [16] : shape, data }));
    const written = writeNpz({
      "own/kernel": weights[0]!,
      "own/recurrent_kernel": weights[1]!,
      "own/bias": weights[2]!,
    });
    await expect(loadWeights(model, { "m.npz": written })).rejects.toThrow(/bias/);
  });
});
