import { mkdtemp, readFile as readDisk, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  openModelFile,
  type StoredModel,
  toStorable,
  withArchitecture,
  writeFile,
  writeH5,
  writeKeras,
  writeNpz,
  writeNpzModel,
  writeSafetensorsModel,
  writeWeightsH5,
} from "./index.ts";
import {
  bits,
  errorOf,
  type FixtureTensor,
  fixture,
  fixtureJson,
  fixtureNumbers,
  fixturePath,
  type KerasFileCases,
} from "./testing.ts";
import { writeZip } from "./zip.ts";

const files = "keras/files";
const { cases, broken } = fixtureJson<KerasFileCases>(`${files}/index.json`);
const ids = cases.map(({ id }) => id);

/** Shape and bits of all weights, in order: what must equal info.json. */
function weightsOf(stored: StoredModel) {
  return stored.layers.flatMap(({ weights }) =>
    weights.map((weight) => ({ shape: weight.shape, bits: bits(weight.read()) })),
  );
}

function expectedWeights(id: string) {
  const { weights } = fixtureJson<{ weights: FixtureTensor[] }>(`${files}/${id}/info.json`);
  return weights.map((weight) => ({ shape: weight.shape, bits: bits(fixtureNumbers(weight)) }));
}

describe.each(ids)("Keras's model %s", (id) => {
  test.each(["m.keras", "m.h5"])("%s gives the architecture and every weight bit for bit in order", async (name) => {
    const stored = await openModelFile(fixturePath(`${files}/${id}/${name}`));
    expect(stored.format).toBe(name.slice(2));
    expect(stored.kerasVersion).toBe("3.15.1");
    expect(stored.architecture).toBeDefined();
    expect(stored.layers.every(({ order }) => order === "get_weights")).toBe(true);
    expect(weightsOf(stored)).toEqual(expectedWeights(id));
    expect(stored.report.ignored).toEqual([]);
  });

  test("m.weights.h5 says that the architecture is needed, and with it gives every weight in order", async () => {
    const stored = await openModelFile(fixture(`${files}/${id}/m.weights.h5`), { name: "m.weights.h5" });
    expect(stored.format).toBe("weights.h5");
    expect(stored.architecture).toBeUndefined();
    expect(stored.report.read[0]).toContain("the architecture is needed");
    const { architecture } = await openModelFile(fixturePath(`${files}/${id}/m.keras`));
    const whole = withArchitecture(stored, architecture);
    expect(weightsOf(whole)).toEqual(expectedWeights(id));
    expect(whole.report.ignored).toEqual([]);
  });

  test("what we write reads back bit for bit in every format", async () => {
    const model = toStorable(await openModelFile(fixturePath(`${files}/${id}/m.keras`)));
    for (const bytes of [writeKeras(model), writeH5(model), writeSafetensorsModel(model)]) {
      const stored = await openModelFile(bytes);
      expect(JSON.stringify(stored.architecture?.config)).toBe(JSON.stringify(model.architecture.config));
      expect(weightsOf(stored)).toEqual(expectedWeights(id));
    }
    for (const bytes of [writeWeightsH5(model), writeNpzModel(model)]) {
      const stored = withArchitecture(await openModelFile(bytes), model.architecture);
      expect(weightsOf(stored)).toEqual(expectedWeights(id));
    }
  });
});

test("a trained model's optimizer and training config are kept in every Keras format", async () => {
  const { optimizer_variables: variables } = fixtureJson<{ optimizer_variables: FixtureTensor[] }>(
    `${files}/trained/info.json`,
  );
  const expected = variables.map((variable) => [variable.shape, [...fixtureNumbers(variable)]]);
  const model = toStorable(await openModelFile(fixturePath(`${files}/trained/m.keras`)));
  for (const source of [
    fixture(`${files}/trained/m.keras`),
    fixture(`${files}/trained/m.h5`),
    fixture(`${files}/trained/m.weights.h5`),
    writeKeras(model),
    writeH5(model),
  ]) {
    const { optimizer } = await openModelFile(source);
    expect(optimizer.map((weight) => [weight.shape, Array.from(weight.read(), Number)])).toEqual(expected);
  }
  expect((await openModelFile(fixturePath(`${files}/trained/m.h5`))).training).toHaveProperty("loss", "mse");
  expect((await openModelFile(fixturePath(`${files}/trained/m.keras`))).training).toHaveProperty("loss", "mse");
});

describe("broken files", () => {
  const messages: Readonly<Record<string, string>> = {
    "truncated.keras": "the zip archive is damaged: its directory is missing at the end",
    "empty.keras": "a model file must not be empty",
    "not_a_zip.keras":
      'the file must be .keras, .h5, model.json, .npz or .safetensors, judged by its content, or code named .py or .ipynb. Received: first bytes = "this is text',
    "bad_crc.keras": "config.json: the zip archive is damaged: its bytes do not match its checksum",
    "no_config.keras": "a .keras file must hold config.json",
    "no_weights.keras": "a .keras file must hold model.weights.h5",
    "config_not_json.keras": "config.json: the text must be JSON",
    "missing_weight.keras": "dense: variables must be numbered from 0 without gap; number 0 is missing",
    "bomb.keras":
      "model.weights.h5: an entry may unpack to 100 times its packed size at most. Received: packed = 199 KiB, unpacked = 200 MiB",
    "truncated.h5": "the HDF5 file is cut off. Received: 11116 of 18528 bytes",
    "lambda.keras": "lambda: a Lambda layer holds executable Python code, which is never run",
  };

  test.each(broken.filter(({ id }) => id in messages))("$id ($what) is a clear error", async ({ id }) => {
    const started = performance.now();
    const error = await errorOf(() => openModelFile(fixture(`${files}/broken/${id}`), { name: id }));
    expect(error.message).toContain(messages[id]);
    expect(error.path.startsWith(id)).toBe(true);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  // The container of these is sound; what is wrong is for the layers to say, from config and shapes.
  test.each(broken.filter(({ id }) => !(id in messages)))("$id ($what) opens without taking memory", async ({ id }) => {
    const stored = await openModelFile(fixture(`${files}/broken/${id}`), { name: id });
    for (const { weights } of stored.layers) for (const weight of weights) weight.read();
    expect(stored.layers.length).toBeGreaterThan(0);
  });

  test("a NaN weight is read as NaN", async () => {
    const { layers } = await openModelFile(fixture(`${files}/broken/nan_weight.keras`));
    const numbers = layers.flatMap(({ weights }) => weights.flatMap((weight) => Array.from(weight.read(), Number)));
    expect(numbers.filter(Number.isNaN)).toHaveLength(1);
  });

  test("an entry that leads out of the archive is reported and not written", async () => {
    const { report } = await openModelFile(fixture(`${files}/broken/path_traversal.keras`));
    expect(report.ignored).toEqual(['entry "../outside.txt", whose path leads out of the archive']);
  });

  test("without model_config the report asks for the architecture", async () => {
    const { architecture, report } = await openModelFile(fixture(`${files}/broken/no_model_config.h5`));
    expect(architecture).toBeUndefined();
    expect(report.read).toEqual(["weights only: the file has no model_config, the architecture is needed too"]);
  });
});

describe("files of Keras 2", () => {
  const { keras2 } = fixtureJson<{ keras2: Record<string, number[]> }>("formats/expected.json");
  const inOrder = [
    ["lstm", "lstm/lstm_cell/kernel:0", "lstm/lstm_cell/recurrent_kernel:0", "lstm/lstm_cell/bias:0"],
    ["inner/bn", "bn/gamma:0", "bn/beta:0", "bn/moving_mean:0", "bn/moving_variance:0"],
    ["inner/dense", "dense/kernel:0", "dense/bias:0"],
  ];
  const expected = inOrder.map(([layer, ...names]) => [layer, ...names.map((name) => keras2[name])]);
  const found = ({ layers }: StoredModel) =>
    layers.map(({ path, weights }) => [path.join("/"), ...weights.map((weight) => Array.from(weight.read(), Number))]);

  test("a nested model's trainable-first weights go to their own layers", async () => {
    const stored = await openModelFile(fixture("formats/keras2.h5"));
    expect(stored.kerasVersion).toBe("2.2.4");
    expect(found(stored)).toEqual(expected);
  });

  test("weights with a split list of names need the architecture and then go to the same layers", async () => {
    const stored = await openModelFile(fixture("formats/keras2_weights.hdf5"));
    expect(stored.report.read[0]).toContain("the architecture is needed");
    expect(stored.layers.map(({ path }) => path.join("/"))).toEqual(["lstm", "inner"]);
    expect(found(withArchitecture(stored, fixtureJson("formats/keras2.json")))).toEqual(expected);
  });

  test("weights and an architecture of different models are told apart", async () => {
    const stored = await openModelFile(fixture("formats/keras2_weights.hdf5"), { name: "w.hdf5" });
    const other = {
      class_name: "Sequential",
      config: { name: "s", layers: [{ class_name: "Dense", config: { name: "out", units: 1 } }] },
    };
    expect((await errorOf(() => withArchitecture(stored, other))).message).toContain(
      "w.hdf5: the weights must belong to the layers of this architecture. Received: layers in the file = lstm, inner.",
    );
  });

  test("a file of Keras 1 is refused politely", async () => {
    expect((await errorOf(() => openModelFile(fixture("formats/keras1_weights.h5")))).code).toBe("format");
  });
});

describe("what is in a file decides, not its name", () => {
  test("model.to_json() is an architecture without weights", async () => {
    const stored = await openModelFile(fixture("formats/keras2.json"), { name: "weights.h5" });
    expect(stored.format).toBe("keras-json");
    expect(stored.layers.map(({ path }) => path.join("/"))).toEqual(["lstm", "inner/bn", "inner/dense"]);
  });

  test("arr_0, arr_1 ... of numpy.savez is get_weights() in order, beyond ten too", async () => {
    const { layers } = await openModelFile(fixture("formats/list.npz"));
    expect(layers).toHaveLength(1);
    expect(layers[0]!.path).toEqual([]);
    expect(layers[0]!.weights.map((weight) => Number(weight.read()[0]))).toEqual([...Array(12).keys()]);
  });

  test("a list of weights is cut to the layers of an architecture", async () => {
    const { architecture } = await openModelFile(fixturePath(`${files}/bidirectional/m.keras`));
    const plain = toStorable(await openModelFile(fixturePath(`${files}/bidirectional/m.keras`)));
    const list = plain.layers.flatMap(({ weights }) => weights);
    const npz = writeNpz(Object.fromEntries(list.map((weight, i) => [`arr_${i}`, weight])));
    expect(
      toStorable(withArchitecture(await openModelFile(npz), architecture)).layers.filter(
        ({ weights }) => weights.length > 0,
      ),
    ).toEqual(plain.layers.filter(({ weights }) => weights.length > 0));
  });

  test.each([
    ["a .npy", () => fixture("formats/plain.npy"), "one .npy array is no model"],
    ["a zip of something else", () => writeZip({ "a.txt": Uint8Array.of(1) }), "a .keras file must hold config.json"],
    ["JSON of something else", () => new TextEncoder().encode('{"a": 1}'), "the architecture must be a Keras model"],
    ["a pickled weights file in .keras", pickled, "a pickle, a program that is never run"],
  ])("%s is refused with the reason", async (_, bytes, message) => {
    expect((await errorOf(() => openModelFile(bytes()))).message).toContain(message);
  });

  function pickled(): Uint8Array {
    const npz = writeZip({ "layers.npy": fixture("formats/objects.npy") });
    const config = new TextEncoder().encode(JSON.stringify(fixtureJson("formats/keras2.json")));
    return writeZip({ "config.json": config, "model.weights.npz": npz });
  }
});

describe("on disk", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "unroll-formats-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test("a missing file is an error that names it", async () => {
    expect((await errorOf(() => openModelFile(join(folder, "none.keras")))).message).toContain(
      "none.keras: the file must be readable. Received: there is no such file or folder.",
    );
  });

  test("writing replaces the whole file and leaves nothing else behind", async () => {
    const path = join(folder, "m.bin");
    await writeFile(path, Uint8Array.of(1, 2, 3));
    await Promise.all([writeFile(path, new Uint8Array(1000).fill(7)), writeFile(path, new Uint8Array(1000).fill(8))]);
    expect(new Set(await readDisk(path)).size).toBe(1);
    expect(await readdir(folder)).toEqual(["m.bin"]);
    expect((await errorOf(() => writeFile(join(folder, "no/m.bin"), Uint8Array.of(1)))).code).toBe("file");
  });
});
