import "../model/summaries.ts";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { UnrollError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { input, layers } from "../layers/index.ts";
import type { Model } from "../model/model.ts";
import { sequential } from "../model/sequential.ts";
import { load, loadModel } from "./load.ts";
import { readNpy } from "./npy.ts";
import { toFloat32 } from "./numbers.ts";
import { formatOfPath, modelToBytes, saveModel, type WritableFormat } from "./save.ts";
import { fixturePath } from "./testing.ts";

const files = fileURLToPath(new URL("../../../../fixtures/keras/files/", import.meta.url));
const cases = [
  "bidirectional",
  "gru_after",
  "gru_before",
  "two_inputs",
  "batch_norm",
  "embedding",
  "nested_sequential",
  "trained",
  "encoder_decoder",
];

async function errorOf(promise: Promise<unknown>): Promise<UnrollError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UnrollError);
  return error as UnrollError; // checked above
}

function small(): Model {
  return sequential({
    layers: [
      input({ shape: [4, 3] }),
      layers.gru({ units: 2, name: "memory" }),
      layers.dense({ units: 1, name: "out" }),
    ],
    seed: 7,
  });
}

describe("loadModel", () => {
  it.each(cases)("gives Keras's prediction for %s, from .keras and from .h5", async (id) => {
    for (const file of ["m.keras", "m.h5"]) {
      const model = await loadModel(join(files, id, file));
      const inputs = await inputsOf(id);
      const given = model.predict(inputs);
      const [first] = Array.isArray(given) ? given : [given];
      const expected = readNpy(await readFile(join(files, id, "predictions.npy")));
      expect(first!.shape).toEqual(expected.shape);
      const largest = Math.max(...first!.data.map((value, i) => Math.abs(value - Number(expected.data[i]))));
      expect(largest, `${id}/${file}`).toBeLessThan(1e-5);
    }
  });

  it("needs the architecture for a file of weights, and takes it as a file", async () => {
    const weights = join(files, "gru_after/m.weights.h5");
    expect((await errorOf(loadModel(weights))).message).toContain("the file has weights only");
    const whole = await loadModel(join(files, "gru_after/m.keras"));
    const model = await loadModel(weights, { architecture: join(files, "gru_after/m.keras") });
    expect(model.getWeights()).toEqual(whole.getWeights());
  });

  it("says which weights are missing, and which have another shape", async () => {
    const missing = await errorOf(loadModel(join(files, "broken/missing_weight.keras")));
    expect(missing.code).toBe("weights");
    expect(missing.message).toContain("dense");
    const wrong = await errorOf(loadModel(join(files, "broken/wrong_shape.keras")));
    expect(wrong.message).toMatch(/dense: kernel \(array 1 of 2\) must have shape \(/);
  });

  it("names the file where something inside is wrong, and the option that is out of bounds", async () => {
    for (const [file, rest] of [
      ["huge_units", "gru: units = 2000000000 is more than a layer can have."],
      ["negative_units", "gru: units must be a positive whole number. Received: units = -3."],
      ["unknown_layer", "the layer's class must be a known one. Received: class_name = LiquidTimeConstant."],
    ]) {
      const path = join(files, `broken/${file}.keras`);
      expect((await errorOf(loadModel(path))).message).toContain(`${path}: ${rest}`);
    }
    // @ts-expect-error: what a program without types may do
    expect((await errorOf(loadModel())).message).toContain("loadModel: needs a file");
  });

  it("reports that an architecture alone has fresh weights", async () => {
    const reports: string[] = [];
    const onReport = ({ read }: { readonly read: readonly string[] }): void => void reports.push(...read);
    await loadModel(modelToBytes(small(), "json"), { onReport });
    await loadModel(modelToBytes(small(), "py"), { name: "m.py", onReport });
    expect(reports).toEqual([
      "architecture without weights: they are freshly drawn",
      "architecture out of code, weights freshly drawn",
    ]);
  });

  it("builds the one model of a script and says that its weights are fresh", async () => {
    const folder = await mkdtemp(join(tmpdir(), "unroll-"));
    const path = join(folder, "model.py");
    await writeFile(path, "from keras import *\nm = Sequential([Input((10, 3)), layers.LSTM(4), layers.Dense(1)])\n");
    const { model, hasWeights } = await load(path);
    expect(model.countParams()).toBe(4 * (4 * (4 + 3) + 4) + 5);
    expect(hasWeights).toBe(false);
    await writeFile(path, "x = 1\n");
    expect((await errorOf(loadModel(path))).message).toContain("the code must build a Keras model");
  });
});

describe("saving", () => {
  it.each(["keras", "h5", "safetensors"] as const)("%s gives the same model back", async (format) => {
    const model = small();
    const again = await loadModel(modelToBytes(model, format));
    expect(again.getWeights()).toEqual(model.getWeights());
    expect(again.summary({ print: false })).toBe(model.summary({ print: false }));
  });

  it.each(["weights.h5", "npz"] as const)("%s holds the weights, json the architecture", async (format) => {
    const model = small();
    const json = new TextDecoder().decode(modelToBytes(model, "json"));
    const again = await loadModel(modelToBytes(model, format), { architecture: json });
    expect(again.getWeights()).toEqual(model.getWeights());
    const beside = await loadModel(modelToBytes(model, "json"), { weights: modelToBytes(model, format) });
    expect(beside.getWeights()).toEqual(model.getWeights());
  });

  it("takes the format from the file's ending, and names the endings otherwise", async () => {
    const endings: readonly (readonly [string, WritableFormat])[] = [
      ["a/model.keras", "keras"],
      ["model.weights.h5", "weights.h5"],
      ["model.h5", "h5"],
      ["MODEL.NPZ", "npz"],
    ];
    for (const [path, format] of endings) expect(formatOfPath(path)).toBe(format);
    const error = await errorOf(saveModel(small(), "model.kears"));
    expect(error.message).toContain("Did you mean keras?");
    // A name without an ending is not one that was mistyped.
    expect(() => formatOfPath("p/y")).toThrow(/Received: name = p\/y\.$/);
    expect(() => formatOfPath("run.2/y")).toThrow(/Received: name = run\.2\/y\.$/);
    // Nobody who writes .pt means .py.
    const pytorch = await errorOf(saveModel(small(), "model.pt"));
    expect(pytorch.message).toBe(
      "model.pt: PyTorch's files are not written: they hold a pickle, which is a program. " +
        "Write .onnx, which runs without Keras, or .npz or .safetensors, whose arrays (Keras's shapes and gate order) PyTorch can be given.",
    );
    expect(() => modelToBytes(small(), "pth" as WritableFormat)).toThrow("PyTorch's files are not written");
    expect((await errorOf(saveModel(small(), "m.tflite"))).message).toContain("open it in Python and export it there");
  });
});

/** The inputs that Keras was given. */
async function inputsOf(id: string): Promise<Tensor[]> {
  const several = id === "two_inputs" || id === "encoder_decoder";
  const names = several ? ["inputs_0.npy", "inputs_1.npy"] : ["inputs.npy"];
  const arrays = await Promise.all(names.map((name) => readFile(join(files, id, name))));
  return arrays.map((bytes) => {
    const { shape, data } = readNpy(bytes);
    return { shape, data: toFloat32(data) };
  });
}

describe("weights of Keras 2 whose layers have other names", () => {
  const renamed = (config: string) =>
    JSON.parse(config.replaceAll('"name":"lstm"', '"name":"lstm_7"').replaceAll('"name":"inner"', '"name":"stack_2"'));
  const architecture = async () =>
    renamed(JSON.stringify(JSON.parse(await readFile(fixturePath("formats/keras2.json"), "utf8"))));

  it("go by the order of the layers, as in Keras, and the report says so", async () => {
    const own = await loadModel(fixturePath("formats/keras2.h5"));
    const { model, report } = await load(fixturePath("formats/keras2_weights.hdf5"), {
      architecture: await architecture(),
    });
    expect(model.layers.map(({ name }) => name)).toEqual(["lstm_7", "stack_2"]);
    expect(model.getWeights()).toEqual(own.getWeights());
    expect(report.ignored).toEqual([expect.stringContaining("weights were given by the order of the layers")]);
  });

  it("are refused where there are more layers than the file has", async () => {
    const config = await architecture();
    config.config.layers.push({ class_name: "Dense", config: { name: "more", units: 1 } });
    const error = await errorOf(load(fixturePath("formats/keras2_weights.hdf5"), { architecture: config }));
    expect(error.message).toContain("the weights must belong to the layers of this architecture");
  });
});
