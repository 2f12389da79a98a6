/** The commands check and convert, and files that are not replaced unasked. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readNpy } from "../src/formats/npy.ts";
import { fixtures, makeCliFiles, tooLong } from "./cli-files.ts";
import { hasNumpy, python } from "./python.ts";
import { unroll } from "./run-unroll.ts";

const { folder, net } = makeCliFiles();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("check and convert", () => {
  it("check says right and wrong by its exit code, and shows the right way", async () => {
    const right = await unroll("check", net, "--layer", "memory", "--params", "40", "--shape", "(None, 2)");
    expect(right.code).toBe(0);
    expect(right.out).toContain("memory: 40 parameters is right.");
    expect(right.out).toContain("memory: (None, 2) is right.");
    const wrong = await unroll("check", net, "--layer", "memory", "--params", "41");
    expect(wrong.code).toBe(1);
    expect(wrong.out).toContain("memory: 41 parameters is not right, it is 40.");
    expect(wrong.out).toContain("= 4 × [2 × (2 + 2) + 2]");
    expect(tooLong(wrong.out)).toEqual([]);
    expect((await unroll("check", net, "--params", "43")).code).toBe(0);
    expect(JSON.parse((await unroll("check", net, "--params", "44", "--json")).out).right).toBe(false);
  });

  it("convert writes what loads again, with the same prediction", async () => {
    const x = join(folder, "x.npy");
    const before = await unroll("predict", net, "--input", x, "--json");
    for (const ending of ["h5", "safetensors", "keras"]) {
      const to = join(folder, `again.${ending}`);
      expect((await unroll("convert", net, to)).code).toBe(0);
      expect((await unroll("predict", to, "--input", x, "--json")).out).toBe(before.out);
    }
    for (const [ending, starts] of [
      ["py", "import keras"],
      ["ts", "import"],
      ["onnx", ""],
    ] as const) {
      const to = join(folder, `again.${ending}`);
      expect((await unroll("convert", net, to, "--force")).code).toBe(0);
      expect(readFileSync(to, "utf8").startsWith(starts)).toBe(true);
    }
    expect(JSON.parse((await unroll("summary", join(folder, "again.py"), "--json")).out).models[0].totalParams).toBe(
      43,
    );
    const [json, npz] = [join(folder, "again.json"), join(folder, "again.npz")];
    await unroll("convert", net, json);
    const { out } = await unroll("convert", net, npz);
    expect(out).toContain("(npz): the weights of tiny, 43 parameters.");
    expect((await unroll("predict", json, "--weights", npz, "--input", x, "--json")).out).toBe(before.out);
    expect((await unroll("predict", json, "--input", x)).note).toContain("no weights");
  });

  it("convert counts what it writes: files for Keras hold the sum of an LSTM's two biases", async () => {
    const fused = join(fixtures, "../formats/cudnn_lstm.h5");
    for (const [name, params] of [
      ["sum.keras", 48],
      ["sum.h5", 48],
      ["sum.weights.h5", 48],
      ["sum.json", 48],
      ["sum.py", 48],
      ["sum/model.json", 48],
      ["both.safetensors", 56],
      ["both.npz", 56],
      ["both.onnx", 56],
      ["both.ts", 56],
      ["both.numpy.py", 56],
      ["both.plain.ts", 56],
    ] as const) {
      if (name.startsWith("sum/")) mkdirSync(join(folder, "sum"));
      const { code, out, note } = await unroll("convert", fused, join(folder, name));
      expect(code).toBe(0);
      expect(out).toContain(`${params} parameters.`);
      expect(note.includes("written as their sum")).toBe(params === 48);
    }
  });

  it("convert writes TensorFlow.js with its shards, by the name model.json", async () => {
    const x = join(folder, "x.npy");
    const before = await unroll("predict", net, "--input", x, "--json");
    mkdirSync(join(folder, "web"));
    const to = join(folder, "web", "model.json");
    const { code, out } = await unroll("convert", net, to);
    expect([code, out]).toEqual([0, expect.stringContaining("group1-shard1of1.bin (tfjs): architecture and weights")]);
    const after = JSON.parse((await unroll("predict", to, "--input", x, "--json")).out);
    expect(after.outputs[0].values).toEqual(JSON.parse(before.out).outputs[0].values);
    const shard = join(folder, "web", "group1-shard1of1.bin");
    rmSync(to);
    expect((await unroll("convert", net, to)).note).toContain(`${shard}: a file that is there already is kept.`);
    expect(existsSync(to)).toBe(false);
    expect((await unroll("convert", net, to, "--as", "json", "--force", "--json")).code).toBe(0);
    expect((await unroll("predict", to, "--input", x)).note).toContain("no weights");
  });

  it("convert writes the forward pass as loops, whose numbers lie beside where they are many", async () => {
    for (const [name, words, text] of [
      ["loop.numpy.py", [], "import numpy as np"],
      ["loop.py", ["--as", "numpy"], "import numpy as np"],
      ["loop.plain.ts", [], "export function predict("],
    ] as const) {
      const to = join(folder, name);
      const { code, out } = await unroll("convert", net, to, ...words);
      expect([code, out]).toEqual([0, expect.stringContaining("the forward pass with its weights of tiny")]);
      expect(readFileSync(to, "utf8")).toContain(text);
    }
    const open = join(folder, "open.py");
    writeFileSync(
      open,
      "import keras\nm = keras.Sequential([keras.Input((None, 3)), keras.layers.LSTM(30), keras.layers.Dense(1)])\n",
    );
    const to = join(folder, "open.numpy.py");
    const refused = await unroll("convert", open, to);
    expect([refused.code, refused.note]).toEqual([2, expect.stringContaining("has a size that is not known")]);
    const idle = await unroll("convert", open, join(folder, "open.keras"), "--timesteps", "4");
    expect(idle.note).toBe("unroll convert: --timesteps has no use here: keras keeps it open. Leave it out.\n");
    const fixed = await unroll("convert", net, join(folder, "fixed.onnx"), "--timesteps", "4");
    expect([fixed.code, fixed.note]).toEqual([2, expect.stringContaining("the model has lengths of its own")]);
    const { out, note } = await unroll("convert", open, to, "--timesteps", "4", "--json");
    expect(note).toContain("freshly drawn");
    const beside = join(folder, "open.numpy.weights.npz");
    expect(JSON.parse(out).files).toEqual([beside, to]);
    expect(readFileSync(to, "utf8")).toContain(
      'np.load(Path(globals().get("__file__", ".")).parent / "open.numpy.weights.npz")',
    );
    const loop = join(folder, "open.plain.ts");
    await unroll("convert", open, loop, "--timesteps", "4");
    // Run from this folder, which the weights do not lie in.
    expect((await import(loop)).predict(Array(12).fill(0.5))).toHaveLength(1);
  });

  it.skipIf(!hasNumpy)("convert writes a loop in NumPy that runs from any folder", async () => {
    const wide = join(folder, "wide.py");
    writeFileSync(wide, "import keras\nm = keras.Sequential([keras.Input((4, 3)), keras.layers.LSTM(30)])\n");
    const to = join(folder, "wide.numpy.py");
    expect((await unroll("convert", wide, to)).code).toBe(0);
    const code = `import runpy; print(runpy.run_path(${JSON.stringify(to)})["predict"]([[[0, 0, 0]] * 4]).shape)`;
    expect(execFileSync(python, ["-c", code], { encoding: "utf8" })).toBe("(1, 30)\n");
  });

  it("convert keeps what a model was trained with where the format can, and says where it cannot", async () => {
    const trained = join(fixtures, "continued", "adam.keras");
    const [h5, onnx] = [join(folder, "trained.h5"), join(folder, "trained.onnx")];
    expect((await unroll("convert", trained, h5)).note).toBe("");
    expect(readFileSync(h5).includes("adam/iteration")).toBe(true);
    expect((await unroll("convert", trained, onnx)).note).toBe(
      "Left out: compile settings and the optimizer's state, which the format has no place for\n",
    );
  });

  it("neither convert nor predict --out replaces a file unasked", async () => {
    const out = join(folder, "kept.npy");
    const words = ["predict", net, "--input", join(folder, "x.npy"), "--out", out];
    expect((await unroll(...words)).code).toBe(0);
    writeFileSync(out, "precious");
    const again = await unroll(...words);
    expect([again.code, again.note]).toEqual([2, expect.stringContaining("a file that is there already is kept.")]);
    expect(readFileSync(out, "utf8")).toBe("precious");
    expect((await unroll(...words, "--force")).code).toBe(0);
    expect(readNpy(readFileSync(out)).shape).toEqual([1, 1]);
    const source = await unroll("predict", net, "--input", out, "--out", out, "--force");
    expect(source.note).toContain("the file that is read must not be the one that is written.");
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});
