import "../src/model/summaries.ts";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { transformWithOxc } from "vite";
import { describe, expect, it } from "vitest";
import { toNested } from "../src/core/tensor.ts";
import { toKerasPython } from "../src/formats/code-keras.ts";
import { plainWeights, toPlainTypeScript } from "../src/formats/code-plain.ts";
import { toTypeScript } from "../src/formats/code-unroll.ts";
import { readKerasCode } from "../src/formats/python/index.ts";
import { input, layers } from "../src/layers/index.ts";
import { model } from "../src/model/functional.ts";
import type { Model } from "../src/model/model.ts";
import { sequential } from "../src/model/sequential.ts";
import { type CodeCase, kerasCodeCases, layerCodeCases } from "./code-cases.ts";
import { difference, type Numbers } from "./fixture-files.ts";
import { hasNumpy, python } from "./python.ts";
import { numpyCase } from "./written-code.ts";

const kerasCases = kerasCodeCases();
const layerCases = layerCodeCases();
/**
 * Keras's numbers are float32. The reference's are the code's own arithmetic, but for the weights: they are written in the fewest
 * digits that give the same float32, up to 3e-8 of themselves away, and a volume's kernel adds up 81 of them.
 */
const toleranceOf = ({ id }: CodeCase) =>
  id.startsWith("layer/") ? { rtol: 1e-6, atol: 3e-7 } : { rtol: 5e-4, atol: 5e-5 };

/** What a module exports: its types are taken off, and its imports given. */
async function run<T>(code: string, name: string, imports: Readonly<Record<string, unknown>>): Promise<T> {
  const { code: plain } = await transformWithOxc(code, "model.ts");
  const body = plain
    .replaceAll(/^import \{(.*?)\} from "(.*?)";$/gm, (_, names: string, from: string) => {
      return `const {${names.replaceAll(" as ", ": ")}} = imports["${from}"];`;
    })
    .replaceAll(/^export (const|function) /gm, "$1 ")
    .replaceAll("import.meta.url", JSON.stringify(import.meta.url));
  return new Function("imports", `${body}\nreturn ${name};`)(imports) as T; // the caller names what the code exports
}

/** Weights of large models lie beside the code. */
const isLarge = ({ model }: CodeCase): boolean => model.countParams() > 2000;
const fileOf = (text: string) => ({ "node:fs": { readFileSync: () => text } });

describe("plain TypeScript", () => {
  it.each(kerasCases.map((one) => [one.id, one] as const))("predicts what Keras predicts: %s", async (_, one) => {
    expect(await checkPlain(one)).toEqual([]);
  });

  it("predicts what the reference predicts, for every layer and option", async () => {
    const wrong = await Promise.all(layerCases.map(checkPlain));
    expect(wrong.flatMap((list, i) => list.map((text) => `${layerCases[i]!.id}: ${text}`))).toEqual([]);
  });
});

type Predict = (...given: (readonly number[])[]) => number[] | number[][];

async function checkPlain(one: CodeCase): Promise<string[]> {
  const { model, inputs, expected } = one;
  const timesteps = inputs[0]!.shape[1]!;
  const code = toPlainTypeScript(model, { timesteps, weights: isLarge(one) ? { file: "weights.json" } : "inline" });
  const predict = await run<Predict>(code, "predict", fileOf(plainWeights(model)));
  const declared = model.inputs[0]!.shape[0] ?? 1;
  const found: number[][] = expected.map(() => []);
  for (let start = 0; start < inputs[0]!.shape[0]!; start += declared) {
    const examples = inputs.map(({ shape, data }) => {
      const width = data.length / shape[0]!;
      return [...data.subarray(start * width, (start + declared) * width)];
    });
    const results = predict(...examples);
    const list = expected.length === 1 ? [results as number[]] : (results as number[][]); // as its signature says
    for (const [i, result] of list.entries()) found[i]!.push(...result);
  }
  return expected.flatMap(({ shape, data }, i) => {
    const numbers: Numbers = { shape, data: Float64Array.from(found[i]!) };
    const text = difference(numbers, { shape, data: Float64Array.from(data) }, toleranceOf(one));
    return text === undefined ? [] : [`output ${i}: ${text}`];
  });
}

describe("the code that builds a model with this library", () => {
  const unroll = { input, layers, model, sequential };

  it.each(kerasCases.map((one) => [one.id, one] as const))("gives the same model: %s", async (_, one) => {
    const weights = isLarge(one) ? { file: "weights.json" } : ("inline" as const);
    const list = JSON.stringify(one.model.getWeights().map(toNested));
    const again = await run<Model>(toTypeScript(one.model, { weights }), "model", { unroll, ...fileOf(list) });
    // Keras 2's table has no operations that make masks; a file gives those names, and code does not.
    const plain = { print: false, style: "keras2" } as const;
    expect(again.summary(plain)).toBe(one.model.summary(plain));
    const given = { batchSize: one.inputs[0]!.shape[0]! };
    for (const made of [again, one.model]) for (const state of made.states) state.assign(state.data.map(() => 0));
    expect(again.predict(one.inputs, given)).toEqual(one.model.predict(one.inputs, given));
  });
});

describe("NumPy code", () => {
  if (!hasNumpy) console.warn(`NumPy code is not run: ${python} has no NumPy. Set UNROLL_PYTHON to one that has.`);

  it.skipIf(!hasNumpy)("predicts what Keras and the reference predict", () => {
    const folder = mkdtempSync(join(tmpdir(), "unroll-code-"));
    try {
      const file = join(folder, "code.json");
      writeFileSync(file, JSON.stringify([...kerasCases, ...layerCases].map(numpyCase)));
      const script = fileURLToPath(new URL("../../../fixtures/check_written_code.py", import.meta.url));
      const printed = execFileSync(python, [script, file, "--numpy"], { encoding: "utf8" });
      expect(printed.trim().split("\n").at(-1)).toMatch(/run; all agree$/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("weights in a file beside the code", () => {
  const net = sequential({ layers: [input({ shape: [3, 2] }), layers.gru({ units: 4 })], name: "net" });

  it("are found from any folder, in Keras Python, which is read as the same model", () => {
    const code = toKerasPython(net, { weights: { file: "net.weights.h5" } });
    expect(code).toMatch(/^from pathlib import Path\n\nimport keras\n/);
    expect(code).toMatch(
      /^model\.load_weights\(Path\(globals\(\)\.get\("__file__", "\."\)\)\.parent \/ "net\.weights\.h5"\)$/m,
    );
    const { models, problems } = readKerasCode(code);
    expect([models.map(({ name }) => name), problems]).toEqual([["net"], []]);
  });

  it("are found from any folder, in TypeScript, whatever the file's name has in it", () => {
    const weights = { file: "100 %#/net.json" };
    for (const code of [toTypeScript(net, { weights }), toPlainTypeScript(net, { weights })]) {
      expect(code).toContain('readFileSync(new URL("100%20%25%23/net.json", import.meta.url), "utf8")');
    }
  });
});
