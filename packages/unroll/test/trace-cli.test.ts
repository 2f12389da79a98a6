/** `unroll trace --target`: the way back through time. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { unroll } from "./run-unroll.ts";

let folder = "";
const at = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "unroll-trace-"));
  // h_t = 0.5 · h_{t-1} + x_t without an activation: every step back halves the gradient.
  const layer = { units: 1, activation: "linear", use_bias: false };
  const config = {
    class_name: "Sequential",
    config: {
      name: "halving",
      layers: [
        { class_name: "InputLayer", config: { batch_shape: [null, 4, 1], name: "x" } },
        {
          class_name: "SimpleRNN",
          config: {
            ...layer,
            name: "rnn",
            kernel_initializer: "ones",
            recurrent_initializer: { class_name: "Constant", config: { value: 0.5 } },
          },
        },
      ],
    },
  };
  writeFileSync(at("m.json"), JSON.stringify(config));
  writeFileSync(at("x.json"), "[[[0],[0],[0],[1]]]");
  writeFileSync(at("y.json"), "[[0]]");
});
afterAll(() => rmSync(folder, { recursive: true }));

const back = ["trace", "--input", "x.json", "--target", "y.json"];
const words = (...more: string[]): string[] => {
  const [command, ...flags] = back.map((word) => (word.endsWith(".json") ? at(word) : word));
  return [command!, at("m.json"), ...flags, ...more];
};

test("shows the gradient halve at every step back, beside finite differences", async () => {
  const { code, out } = await unroll(...words());
  expect(code).toBe(0);
  // h_4 = 1, mean squared error: ∂L/∂h_4 = 2, then 1, 0.5, 0.25.
  expect(out).toMatch(/^3 +2\.00e\+0/m);
  expect(out).toMatch(/^0 +2\.50e-1/m);
  expect(out).toContain("Against finite differences");
  expect(out.split("\n").filter((line) => line.length > 80)).toEqual([]);
});

test("gives the same as JSON", async () => {
  const { out } = await unroll(...words("--json"));
  const { runs } = JSON.parse(out) as { runs: { steps: { stateNorms: { h: number } }[] }[] };
  expect(runs[0]!.steps.map(({ stateNorms }) => stateNorms.h)).toEqual([0.25, 0.5, 1, 2]);
});

test("refuses what only the way forward has", async () => {
  const { code, note } = await unroll(...words("--rows", "3"));
  expect(code).toBe(2);
  expect(note).toContain("--rows does not go with --target");
});
