/** What the commands say of layers that Keras does not have, and of classes of which only the name is known. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { unroll } from "./run-unroll.ts";

const folder = mkdtempSync(join(tmpdir(), "unroll-misspelt-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A script of these imports and one layer between an input and a Dense. */
function scriptOf(name: string, imports: string, layer: string): string {
  const path = join(folder, name);
  const head = `from tensorflow import keras\nfrom tensorflow.keras import layers, Sequential, Input\n${imports}\n`;
  writeFileSync(path, `${head}m = Sequential([Input((10, 3)), ${layer}, layers.Dense(1)])\n`);
  return path;
}

const internal = /outputShapes|output_shapes|options =|argument_0/;

describe("a layer that Keras does not have", () => {
  const imported = scriptOf("imported.py", "from tensorflow.keras.layers import LSTMM", "LSTMM(4)");
  const said = "line 3: Keras has no layer called LSTMM. Did you mean LSTM?";

  it.each([["summary"], ["explain"], ["trace"], ["tour"], ["verify"], ["check", "--total", "100"]])(
    "is told by %s, which fails",
    async (command, ...flags) => {
      const { code, out, note } = await unroll(command!, imported, ...flags);
      expect(code).toBe(2);
      expect(note).toContain(`${said}\n`);
      expect(note).toContain("class_name = LSTMM. Did you mean LSTM?");
      expect(out + note).not.toMatch(internal);
    },
  );

  it("is told where it is taken from the module, too", async () => {
    const taken = await unroll("summary", scriptOf("taken.py", "", "layers.Bidrectional(layers.LSTM(4))"));
    expect(taken.code).toBe(2);
    expect(taken.note).toContain("line 4: Keras has no layer called Bidrectional. Did you mean Bidirectional?");
    const long = await unroll("summary", scriptOf("long.py", "", "keras.layers.GRUU(4)"));
    expect([long.code, long.note]).toEqual([2, expect.stringContaining("no layer called GRUU. Did you mean GRU?")]);
    const inside = await unroll("summary", scriptOf("inside.py", "", "layers.Bidirectional(layers.LSTMM(4))"));
    expect([inside.code, inside.note]).toEqual([2, expect.stringContaining("Did you mean LSTM?")]);
    expect(inside.note).not.toMatch(internal);
  });

  it("is asked about where it may have come from elsewhere, too", async () => {
    const star = await unroll("summary", scriptOf("star.py", "from keras.layers import *", "LSTMM(4)"));
    expect([star.code, star.note]).toEqual([0, "line 4: LSTMM is not defined in the code shown. Did you mean LSTM?\n"]);
    expect((await unroll("summary", scriptOf("crf.py", "from keras.layers import *", "CRF(4)"))).note).toBe("");
  });

  it("is told where it is written in small letters", async () => {
    const { note } = await unroll("summary", scriptOf("small.py", "", "layers.lstm(4)"));
    expect(note).toContain("line 4: Keras has no layer called lstm. Did you mean LSTM?");
  });
});

describe("a class of which only the name is known", () => {
  it.each([
    [
      "of another package",
      "from keras_contrib.layers import CRF",
      "CRF(5)",
      "crf",
      "how many numbers this CRF has and what it gives are",
    ],
    [
      "of the code's own",
      "class LSTMM(layers.Layer):\n    def call(self, x):\n        return odd(x)",
      "LSTMM(4)",
      "lstmm",
      "the shape that this LSTMM gives is",
    ],
    [
      "of Keras that is not built here",
      "",
      "layers.LocallyConnected1D(4, 3)",
      "locally_connected1d",
      "how many numbers this LocallyConnected1D",
    ],
  ])("%s is said to be unknown in words", async (kind, imports, layer, name, unknown) => {
    const path = scriptOf(`${kind.replaceAll(/\W/g, "_")}.py`, imports, layer);
    const summary = await unroll("summary", path);
    expect(summary.code).toBe(0);
    const text = (summary.out + summary.note).replaceAll(/\s+/g, " ");
    expect(text).toContain(`${name}: ${unknown}`);
    expect(text).toMatch(new RegExp(`Give it with --set "?${name}\\.(params|output_shape)=`));
    expect(text).not.toMatch(internal);
    expect(text).not.toContain("Did you mean");
    const explain = await unroll("explain", path);
    expect(explain.code).toBe(2);
    expect(explain.note).toContain(`--set ${name}.output_shape=...`);
    expect(explain.note).not.toMatch(internal);
  });

  it("and an option that the code leaves open are told in Keras's spelling", async () => {
    const { out } = await unroll("summary", scriptOf("open.py", "", "layers.Embedding(vocabulary, output_dim=8)"));
    expect(out).toContain("embedding: Embedding needs the option input_dim (How many different numbers there are");
    expect(out).not.toMatch(/inputDim|outputDim|options =/);
  });

  it("has what is set for it", async () => {
    const path = scriptOf("set.py", "from keras_contrib.layers import CRF", "CRF(5)");
    const { out } = await unroll("summary", path, "--set", "crf.params=90", "--set", "crf.output_shape=(None, 10, 5)");
    expect(out.replaceAll(/\s+/g, " ")).toMatch(/crf \(CRF\) │ \(None, 10, 5\) │ 90/);
  });
});
