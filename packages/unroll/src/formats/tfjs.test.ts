import { describe, expect, test } from "vitest";
import { openModelFile, toFloat32, toStorable, writeTfjs } from "./index.ts";
import { bits, errorOf, type FixtureTensor, fixtureJson, fixtureNumbers, fixturePath } from "./testing.ts";

const topology = {
  keras_version: "2.15.0",
  model_config: {
    class_name: "Sequential",
    config: {
      name: "s",
      layers: [
        { class_name: "SimpleRNN", config: { name: "rnn", units: 1, batch_input_shape: [null, 3, 1] } },
        { class_name: "Dense", config: { name: "dense", units: 2 } },
      ],
    },
  },
};
const json = (weights: unknown[], paths = ["a.bin", "b.bin"]) => ({
  format: "layers-model",
  modelTopology: topology,
  weightsManifest: [{ paths, weights }],
});
const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const floats = (...numbers: number[]) => new Uint8Array(Float32Array.from(numbers).buffer);

describe("reading", () => {
  test("weights are cut out of the joined shards, across their borders", async () => {
    const all = floats(1, 2, 3, 4, 5, 6, 7);
    const weights = [
      { name: "rnn/simple_rnn_cell/kernel", shape: [1, 1], dtype: "float32" },
      { name: "rnn/simple_rnn_cell/recurrent_kernel", shape: [1, 1], dtype: "float32" },
      { name: "rnn/simple_rnn_cell/bias", shape: [1], dtype: "float32" },
      { name: "dense/kernel", shape: [1, 2], dtype: "float32" },
      { name: "dense/bias", shape: [2], dtype: "float32" },
    ];
    const stored = await openModelFile({
      "model.json": encode(json(weights)),
      "a.bin": all.slice(0, 6),
      "b.bin": all.slice(6),
    });
    expect(stored.format).toBe("tfjs");
    expect(stored.layers.map(({ path, weights }) => [path[0], ...weights.map((weight) => [...weight.read()])])).toEqual(
      [
        ["rnn", [1], [2], [3]],
        ["dense", [4, 5], [6, 7]],
      ],
    );
  });

  test("uint8, uint16 and float16 quantisation is undone", async () => {
    const weights = [
      { name: "rnn/kernel", shape: [3], dtype: "float32", quantization: { dtype: "uint8", scale: 0.5, min: -1 } },
      {
        name: "rnn/recurrent_kernel",
        shape: [2],
        dtype: "float32",
        quantization: { dtype: "uint16", scale: 0.25, min: 2 },
      },
      { name: "rnn/bias", shape: [2], dtype: "float32", quantization: { dtype: "float16" } },
      { name: "dense/kernel", shape: [2], dtype: "int32", quantization: { dtype: "uint8", scale: 1, min: -128 } },
    ];
    const bytes = Uint8Array.of(0, 2, 255, 0, 0, 255, 255, 0x00, 0x3c, 0x00, 0xc1, 0, 255);
    const { layers } = await openModelFile({ "model.json": encode(json(weights, ["w"])), w: bytes });
    expect(layers.flatMap(({ weights }) => weights.map((weight) => [...toFloat32(weight.read())]))).toEqual([
      [-1, 0, 126.5],
      [2, 16385.75],
      [1, -2.5],
      [-128, 127],
    ]);
  });

  test.each([
    ["a shard that is not given", { "model.json": encode(json([])) }, 'missing = "a.bin"'],
    [
      "shards that are too short",
      { "model.json": encode(json([{ name: "rnn/kernel", shape: [9], dtype: "float32" }], ["a"])), a: floats(1) },
      "need 36 bytes of shards. Received: 4 bytes",
    ],
    [
      "a shard outside the folder",
      { "model.json": encode(json([], ["../secret"])) },
      "shards must lie beside model.json",
    ],
    [
      "a shard on the network",
      { "model.json": encode(json([], ["https://example.com/w.bin"])) },
      "shards must lie beside model.json",
    ],
    [
      "an unknown element type",
      { "model.json": encode(json([{ name: "rnn/kernel", shape: [1], dtype: "string" }])) },
      "weights must be numbers",
    ],
    [
      "a graph model",
      { "model.json": encode({ format: "graph-model", weightsManifest: [], modelTopology: {} }) },
      "graph model",
    ],
  ])("%s is an error", async (_, source, message) => {
    const error = await errorOf(() => openModelFile(source as Record<string, Uint8Array>));
    expect(error.message).toContain(message);
  });
});

describe("writing", () => {
  test.each(["bidirectional", "gru_after", "batch_norm"])(
    "%s holds a GRU with reset_after and is refused with the reason",
    async (id) => {
      const model = toStorable(await openModelFile(fixturePath(`keras/files/${id}/m.keras`)));
      expect((await errorOf(() => writeTfjs(model))).message).toContain(
        "TensorFlow.js computes GRU with reset_after=false only. Received: reset_after = true.",
      );
    },
  );

  test.each(["gru_before", "embedding", "trained", "two_inputs", "nested_sequential", "encoder_decoder"])(
    "%s is written in Keras 2's spelling and reads back bit for bit",
    async (id) => {
      const model = toStorable(await openModelFile(fixturePath(`keras/files/${id}/m.keras`)));
      const files = writeTfjs(model);
      const stored = await openModelFile(files);
      const { weights } = fixtureJson<{ weights: FixtureTensor[] }>(`keras/files/${id}/info.json`);
      expect(stored.layers.flatMap((layer) => layer.weights.map((weight) => bits(weight.read())))).toEqual(
        weights.map((weight) => bits(fixtureNumbers(weight))),
      );
      // TensorFlow.js knows Keras 2's spelling only.
      const text = new TextDecoder().decode(files["model.json"]);
      for (const word of ["batch_shape", "registered_name", "DTypePolicy", "__keras_tensor__", "build_config"])
        expect(text).not.toContain(`"${word}"`);
    },
  );

  test("a Functional model's nodes are written as Keras 2 did, initial states behind the input", async () => {
    const model = toStorable(await openModelFile(fixturePath("keras/files/encoder_decoder/m.keras")));
    const { modelTopology } = JSON.parse(new TextDecoder().decode(writeTfjs(model)["model.json"]));
    const { config } = modelTopology.model_config;
    const nodes = Object.fromEntries(
      config.layers.map((layer: { name: string; inbound_nodes: unknown }) => [layer.name, layer.inbound_nodes]),
    );
    expect(nodes.past).toEqual([]);
    expect(nodes.encoder).toEqual([[["past", 0, 0, { training: false }]]]);
    expect(nodes.decoder).toEqual([
      [
        ["future", 0, 0, {}],
        ["encoder", 0, 1, {}],
        ["encoder", 0, 2, {}],
      ],
    ]);
    expect(config.input_layers).toEqual([
      ["past", 0, 0],
      ["future", 0, 0],
    ]);
    expect(config.output_layers).toEqual([["time_distributed", 0, 0]]);
    expect(config.layers[0].config.batch_input_shape).toEqual([null, 7, 2]);
  });
});
