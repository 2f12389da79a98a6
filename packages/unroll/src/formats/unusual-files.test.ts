/** Files in the less usual forms that Keras 3 saves, made by Keras itself: fixtures/keras/make_unusual_files.py. */
import { describe, expect, test } from "vitest";
import { decode, difference, type FixtureTensor, readFixture } from "../../test/fixture-files.ts";
import type { Tensor } from "../core/tensor.ts";
import { layers } from "../index.ts";
import type { Model } from "../model/model.ts";
import { layerToConfig } from "./keras-config.ts";
import { modelToConfig } from "./keras-model-write.ts";
import { loadModel } from "./load.ts";
import { openModelFile } from "./open.ts";
import { modelToBytes } from "./save.ts";

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
