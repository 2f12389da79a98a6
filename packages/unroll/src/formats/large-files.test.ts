/** What reading costs: numbers are not copied where they can be taken from the file as they are. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { input, layers } from "../layers/index.ts";
import type { Model } from "../model/model.ts";
import { sequential } from "../model/sequential.ts";
import { GroupBuilder, writeHdf5 } from "./hdf5/index.ts";
import { modelToConfig } from "./keras-model-write.ts";
import { loadModel } from "./load.ts";
import { modelToBytes, storableOf } from "./save.ts";
import { writeTfjs } from "./write-tfjs.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "unroll-large-"));
});
afterAll(() => rm(folder, { recursive: true }));

const wide = () =>
  sequential({
    layers: [input({ shape: [512] }), layers.dense({ units: 2048 }), layers.dense({ units: 1024 })],
    seed: 1,
  });

describe("a file of 12 MB", () => {
  it.each(["keras", "h5", "safetensors"] as const)("as .%s takes little more memory than its size", async (format) => {
    const model = wide();
    const bytesOf = (made: Model) =>
      made.variables.map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    const path = join(folder, `wide.${format}`);
    const bytes = modelToBytes(model, format);
    await writeFile(path, bytes);
    await loadModel(path);
    const before = process.memoryUsage().arrayBuffers;
    const again = await loadModel(path);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1.2 * bytes.length);
    expect(Buffer.concat(bytesOf(again)).equals(Buffer.concat(bytesOf(model)))).toBe(true);
  });
});

describe("numbers that are kept where the file has them", () => {
  it("are the model's own when two layers are given one place", async () => {
    const model = sequential({
      layers: [
        input({ shape: [2] }),
        layers.dense({ units: 2, name: "a", useBias: false }),
        layers.dense({ units: 2, name: "b", useBias: false }),
      ],
    });
    const root = new GroupBuilder();
    root.attributes.model_config = JSON.stringify(modelToConfig(model));
    const group = root.group("model_weights");
    group.attributes.layer_names = ["a", "b"];
    for (const name of ["a", "b"]) group.group(name).attributes.weight_names = ["kernel"];
    const data = Float32Array.of(1, 2, 3, 4);
    for (const name of ["a", "b"]) group.group(name).dataset("kernel", { shape: [2, 2], data });
    const bytes = writeHdf5(root);
    // The second data set's address becomes the first one's.
    const [first, second] = placesOf(bytes, data);
    const view = new DataView(bytes.buffer);
    for (let at = 0; at + 8 <= bytes.length; at++) {
      if (view.getBigUint64(at, true) === BigInt(second!)) view.setBigUint64(at, BigInt(first!), true);
    }
    const path = join(folder, "shared.h5");
    await writeFile(path, bytes);
    const loaded = await loadModel(path);
    const [a, b] = loaded.variables;
    a!.assign([9, 9, 9, 9]);
    expect([...b!.data]).toEqual([1, 2, 3, 4]);
  });

  it("never change the bytes that a caller gave", async () => {
    for (const format of ["keras", "h5", "safetensors", "npz"] as const) {
      const model = sequential({ layers: [input({ shape: [2] }), layers.dense({ units: 1 })], seed: 3 });
      const bytes = modelToBytes(model, format);
      const before = bytes.slice();
      const options = format === "npz" ? { architecture: new TextDecoder().decode(modelToBytes(model, "json")) } : {};
      const loaded = await loadModel(bytes, options);
      for (const variable of loaded.variables) variable.assign(new Float32Array(variable.data.length).fill(7));
      expect(bytes).toEqual(before);
    }
  });
});

it("a shard that is one weight stays the caller's", async () => {
  const model = sequential({ layers: [input({ shape: [2] }), layers.dense({ units: 2, useBias: false })], seed: 3 });
  const files = writeTfjs(storableOf(model));
  const shard = Uint8Array.from(files["group1-shard1of1.bin"]!);
  const loaded = await loadModel({ ...files, "group1-shard1of1.bin": shard });
  expect(loaded.getWeights()).toEqual(model.getWeights());
  loaded.variables[0]!.assign([7, 7, 7, 7]);
  expect(shard).toEqual(files["group1-shard1of1.bin"]);
});

function placesOf(bytes: Uint8Array, numbers: Float32Array): number[] {
  const wanted = Buffer.from(numbers.buffer);
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const first = file.indexOf(wanted);
  return [first, file.indexOf(wanted, first + 1)];
}
