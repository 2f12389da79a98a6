/** Files in the less usual forms that Keras 3 saves, made by Keras itself: fixtures/keras/make_unusual_files.py. */
import { describe, expect, test } from "vitest";
import { decode, difference, type FixtureTensor, readFixture } from "../../test/fixture-files.ts";
import type { Tensor } from "../core/tensor.ts";
import { leakyReluOf } from "../equations/activations.ts";
import { defineLayer, input, Layer, layers, sequential } from "../index.ts";
import type { Model } from "../model/model.ts";
import { toKerasPython } from "./code-keras.ts";
import { toTypeScript } from "./code-unroll.ts";
import { layerFromConfig, layerToConfig } from "./keras-config.ts";
import { modelFromConfig } from "./keras-model.ts";
import { modelToConfig } from "./keras-model-write.ts";
import { loadModel } from "./load.ts";
import { openModelFile } from "./open.ts";
import { modelToBytes, storableOf } from "./save.ts";
import { refuseForTfjs } from "./tfjs-limits.ts";

interface UnusualFile {
  readonly id: string;
  /** The files' bytes in base64. */
  readonly h5: string;
  readonly keras: string;
  readonly names: readonly string[];
  readonly inputs: readonly FixtureTensor[];
  readonly outputs: readonly FixtureTensor[];
}

const { cases } = readFixture<{ cases: readonly UnusualFile[] }>("keras/unusual-files.json.gz");

function read(base64: string): Promise<Model> {
  return loadModel(Uint8Array.from(Buffer.from(base64, "base64")));
}

/** What differs from Keras's predictions for inputs in Keras's order; undefined = nothing. */
function wrongIn(model: Model, { inputs, outputs }: UnusualFile): string | undefined {
  const given = inputs.map((one): Tensor => ({ shape: one.shape, data: Float32Array.from(decode(one).data) }));
  const found = [model.predict(given)].flat();
  if (found.length !== outputs.length) return `${found.length} outputs`;
  return outputs
    .map((output, i) => {
      const { shape, data } = found[i]!;
      return difference({ shape, data: Float64Array.from(data) }, decode(output), { rtol: 1e-5, atol: 1e-6 });
    })
    .find((text) => text !== undefined);
}

describe.each(cases.map((one) => [one.id, one] as const))("%s", (_, one) => {
  test.each(["keras", "h5"] as const)("the .%s file gives Keras's predictions", async (format) => {
    const model = await read(one[format]);
    // One of several has the name of its tensor.
    if (one.names.length > 1) expect(model.inputs.map(({ node }) => node.layer.name)).toEqual(one.names);
    expect(wrongIn(model, one)).toBeUndefined();
  });

  test.each(["keras", "h5"] as const)("written again as .%s, it still does", async (format) => {
    const model = await read(one.keras);
    expect(wrongIn(await loadModel(await modelToBytes(model, format)), one)).toBeUndefined();
  });
});

describe("a layer that stands for an activation", () => {
  const slopes = (alpha: unknown) => ({
    class_name: "Sequential",
    config: {
      name: "net",
      layers: [
        { class_name: "InputLayer", config: { batch_input_shape: [null, 2], name: "x" } },
        {
          class_name: "Dense",
          config: { units: 1, activation: { class_name: "LeakyReLU", config: { name: "leaky_re_lu", alpha } } },
        },
      ],
    },
    keras_version: "2.12.0",
  });

  test("has Keras 2's names of its options", () => {
    const net = modelFromConfig(slopes(0.25));
    net.setWeights([[[1], [1]], [0]]);
    expect([net.predict([[-1, -3]])].flat()[0]!.data).toEqual(Float32Array.of(-1));
  });

  test("is given as in Keras, and written as a layer in files and code", () => {
    const dense = layers.dense({ units: 1, activation: layers.leakyReLU({ negativeSlope: 0.25 }) });
    const net = sequential({ layers: [input({ shape: [2] }), dense], name: "net" });
    expect(layerToConfig(dense).config.activation).toMatchObject({
      class_name: "LeakyReLU",
      config: { negative_slope: 0.25 },
    });
    expect(toKerasPython(net)).toContain("activation=layers.LeakyReLU(negative_slope=0.25");
    expect(toTypeScript(net)).toContain("activation: layers.leakyReLU({ negativeSlope: 0.25");
    expect(() => refuseForTfjs(storableOf(net))).toThrow("no activation LeakyReLU");
  });

  test("may be of a type of one's own", () => {
    const type = defineLayer({
      className: "Half",
      doc: "Half of each value.",
      fields: {},
      functionOf: () => ({ ...leakyReluOf(0.5), name: "half" }),
      outputSizes: (_, [sizes]) => [sizes!],
      compute: ({ inputs: [x] }) => ({ outputs: [x!] }),
    });
    const written = layerToConfig(layers.dense({ units: 1, activation: new Layer(type, {}) }));
    expect(written.config.activation).toMatchObject({ class_name: "Half", config: {} });
    const read = layerFromConfig(written, { customTypes: new Map([["Half", type]]) });
    expect(read.config.activation).toMatchObject({ name: "half" });
  });

  test("must be a function of single values or of rows, without weights", () => {
    expect(() => layers.dense({ units: 1, activation: layers.softmax({ axis: 1 }) })).toThrow("axis must be -1");
    const prelu = layers.prelu() as unknown as string; // no activation, which the types say too
    expect(() => layers.dense({ units: 1, activation: prelu })).toThrow("activation must be an activation");
  });
});

describe("what Keras asks of a file", () => {
  test("a single input or output of a functional model stands by itself, which a model around it relies on", async () => {
    const model = await read(cases.find(({ id }) => id === "model_inside")!.keras);
    const inner = modelToConfig(model.layers[0] as Model).config; // the case's first layer is a model
    expect(inner.input_layers).toEqual(["input_layer", 0, 0]);
    expect(inner.output_layers).toEqual(["conv1d", 0, 0]);
  });

  test("spatial dropout is written without trainable, an argument that it does not have", () => {
    for (const layer of [layers.spatialDropout1d({ rate: 0.2 }), layers.spatialDropout2d({ rate: 0.2 })]) {
      expect(layerToConfig(layer).config).not.toHaveProperty("trainable");
    }
    expect(layerToConfig(layers.dropout({ rate: 0.2 })).config).toHaveProperty("trainable");
  });

  test("an HDF5 file lists the trained direction before the frozen one", async () => {
    const one = cases.find(({ id }) => id === "frozen_direction")!;
    const { layers: stored } = await openModelFile(await modelToBytes(await read(one.keras), "h5"));
    const [first] = stored.find(({ path }) => path[0] === "bidirectional")!.weights;
    expect(first!.path).toBe("bidirectional/backward_lstm/kernel");
  });
});
