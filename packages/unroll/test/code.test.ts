import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { toPlainTypeScript } from "../src/formats/code-plain.ts";
import { toTypeScript } from "../src/formats/code-unroll.ts";
import { input, layers } from "../src/layers/index.ts";
import { model } from "../src/model/functional.ts";
import type { Model } from "../src/model/model.ts";
import { sequential } from "../src/model/sequential.ts";
import { type CodeCase, kerasCodeCases, layerCodeCases } from "./code-cases.ts";
import { difference, type Numbers } from "./fixture-files.ts";
import { numpyCase } from "./written-code.ts";

const kerasCases = kerasCodeCases();
const layerCases = layerCodeCases();
/** Keras's numbers are float32; the reference's are the code's own arithmetic. */
const toleranceOf = ({ id }: CodeCase) =>
  id.startsWith("layer/") ? { rtol: 1e-6, atol: 1e-7 } : { rtol: 5e-4, atol: 5e-5 };

/** What a module exports, its types taken off and its imports given. */
function run<T>(code: string, imports: Readonly<Record<string, unknown>> = {}): T {
  const plain = ts.transpileModule(code, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
    reportDiagnostics: true,
  });
  expect(plain.diagnostics).toEqual([]);
  const exports = {};
  new Function("exports", "require", plain.outputText)(exports, (name: string) => imports[name]);
  return exports as T; // the caller names what the code exports
}

describe("plain TypeScript", () => {
  it.each(kerasCases.map((one) => [one.id, one] as const))("predicts what Keras predicts: %s", (_, one) => {
    expect(checkPlain(one)).toEqual([]);
  });

  it("predicts what the reference predicts, for every layer and option", () => {
    expect(layerCases.flatMap((one) => checkPlain(one).map((text) => `${one.id}: ${text}`))).toEqual([]);
  });
});

function checkPlain(one: CodeCase): string[] {
  const { model, inputs, expected } = one;
  const code = toPlainTypeScript(model, { timesteps: inputs[0]!.shape[1]! });
  const { predict } = run<{ predict(...given: (readonly number[])[]): number[] | number[][] }>(code);
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
  const unroll = { unroll: { input, layers, model, sequential } };

  it.each(kerasCases.map((one) => [one.id, one] as const))("gives the same model: %s", (_, one) => {
    const { model: again } = run<{ model: Model }>(toTypeScript(one.model, { weights: "inline" }), unroll);
    // Keras 2's table has no operations that make masks; a file gives those names, and code does not.
    const plain = { print: false, style: "keras2" } as const;
    expect(again.summary(plain)).toBe(one.model.summary(plain));
    const given = { batchSize: one.inputs[0]!.shape[0]! };
    for (const made of [again, one.model]) for (const state of made.states) state.assign(state.data.map(() => 0));
    expect(again.predict(one.inputs, given)).toEqual(one.model.predict(one.inputs, given));
  });
});

describe("NumPy code", () => {
  const python = process.env.UNROLL_PYTHON ?? "python3";
  const hasNumpy = runs(python, ["-c", "import numpy"]);
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

function runs(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
