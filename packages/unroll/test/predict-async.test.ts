/** `predictAsync`: what it gives on the GPU of a page, and what it says where there is none. */
import { afterAll, describe, expect, it } from "vitest";
import { defineCell } from "../src/cells/define.ts";
import { compileProgram } from "../src/compiler/index.ts";
import { plain, scanCase } from "../src/compiler/scan-cases.ts";
import { gpuRefusal } from "../src/compiler/webgpu/index.ts";
import { Random } from "../src/core/random.ts";
import { type Expr, unary } from "../src/equations/expr.ts";
import { input, layers, sequential } from "../src/index.ts";
import { inputValue, map, random } from "../src/program/builder.ts";
import type { Value } from "../src/program/program.ts";
import { type GpuPage, openGpuPage } from "./gpu-page.ts";

const opened = await openGpuPage();
const refusal = "missing" in opened ? opened.missing : undefined;
if (refusal !== undefined) console.warn(`SKIPPED: predictAsync is not tested on a GPU, because ${refusal}.`);
const gpu = opened as GpuPage; // every test that uses it is skipped where it is missing
afterAll(() => ("close" in opened ? opened.close() : undefined));

/** Runs code in the page, where `u` is the library. */
function inPage<T>(code: string): Promise<T> {
  return gpu.page.evaluate<T>(`(async () => { const u = await unroll(); ${helpers} ${code} })()`);
}

const helpers = `
  const { input, layers, sequential, model, tensor } = u;
  const on = { device: "webgpu" };
  const numbers = (count, seed) => Float32Array.from({ length: count }, (_, i) => Math.sin(seed + 1.7 * i));
  const errorOf = async (run) => { try { await run(); return "no error"; } catch (error) { return error.message; } };
  const difference = (a, b) => {
    if (String(a.shape) !== String(b.shape)) return Infinity;
    let most = 0;
    a.data.forEach((value, i) => {
      const one = Math.abs(value - b.data[i]) / Math.max(1, Math.abs(b.data[i]));
      if (!(one <= most)) most = one;
    });
    return most;
  };
`;

describe.skipIf(refusal !== undefined)("predictAsync on the GPU", { timeout: 60_000 }, () => {
  it("gives what the reference gives, for stacks of recurrent, convolving, pooling and embedding layers", async () => {
    const differences = await inPage<number[]>(`
      const nets = [
        [input({ shape: [21, 9] }), layers.conv1d({ filters: 6, kernelSize: 3, activation: "relu", padding: "causal" }),
          layers.maxPooling1d({ poolSize: 2 }), layers.bidirectional({ layer: layers.lstm({ units: 7, returnSequences: true }) }),
          layers.gru({ units: 5, returnSequences: true }), layers.simpleRNN({ units: 4 }),
          layers.batchNormalization(), layers.dense({ units: 3, activation: "softmax" })],
        [input({ shape: [21] }), layers.embedding({ inputDim: 30, outputDim: 8, maskZero: true }),
          layers.lstm({ units: 300 }), layers.dense({ units: 1, activation: "sigmoid" })],
      ].map((list, i) => sequential({ layers: list, seed: i + 1 }));
      const data = [
        tensor(numbers(45 * 21 * 9, 1), [45, 21, 9]),
        tensor(Int32Array.from({ length: 45 * 21 }, (_, i) => (i % 21 > 17 ? 0 : (7 * i) % 30)), [45, 21]),
      ];
      const found = [];
      for (const [i, net] of nets.entries()) {
        found.push(difference(await net.predictAsync(data[i], on), net.predict(data[i], { device: "reference" })));
      }
      return found;
    `);
    expect(differences).toHaveLength(2);
    for (const difference of differences) expect(difference).toBeLessThan(2e-5);
  });

  it("gives several outputs as predict does, whatever the batch size", async () => {
    const differences = await inPage<number[]>(`
      const a = input({ shape: [4, 3] });
      const b = input({ shape: [2] });
      const [sequence, state] = layers.gru({ units: 5, returnSequences: true, returnState: true, seed: 3 }).apply(a);
      const net = model({ inputs: [a, b], outputs: [sequence, layers.concatenate().apply([state, b])] });
      const x = [tensor(numbers(84, 2), [7, 4, 3]), tensor(numbers(14, 3), [7, 2])];
      const expected = net.predict(x);
      const found = [];
      for (const batchSize of [1, 3, 7, 32]) {
        const results = await net.predictAsync(x, { ...on, batchSize });
        found.push(...results.map((result, i) => difference(result, expected[i])));
      }
      return found;
    `);
    expect(differences).toHaveLength(8);
    for (const difference of differences) expect(difference).toBeLessThan(1e-5);
  });

  it("sees new weights, and keeps the states of a stateful layer where predict finds them", async () => {
    const { differences, moved } = await inPage<{ differences: number[]; moved: number }>(`
      const build = () => sequential({ seed: 1, layers: [
        input({ batchShape: [2, 3, 4] }), layers.lstm({ units: 6, stateful: true }), layers.dense({ units: 1 }),
      ] });
      const [here, there] = [build(), build()];
      const x = tensor(numbers(24, 5), [2, 3, 4]);
      const differences = [];
      let before;
      const compare = async () => {
        const expected = here.predict(x);
        differences.push(difference(await there.predictAsync(x, on), expected));
        const moved = before === undefined ? 0 : difference(expected, before);
        before = expected;
        return moved;
      };
      await compare();
      const moved = await compare();
      for (const net of [here, there]) net.setWeights(net.getWeights().map(({ shape, data }) => tensor(data.map((w) => 0.5 * w), shape)));
      await compare();
      differences.push(difference(there.predict(x), here.predict(x)));
      return { differences, moved };
    `);
    expect(moved).toBeGreaterThan(1e-3);
    expect(differences).toHaveLength(4);
    for (const difference of differences) expect(difference).toBeLessThan(1e-5);
  });

  it("answers calls made at the same time each with its own numbers", async () => {
    const differences = await inPage<number[]>(`
      const net = sequential({ seed: 2, layers: [input({ shape: [5, 2] }), layers.gru({ units: 3 })] });
      const all = [1, 2, 3, 4].map((seed) => tensor(numbers(60, seed), [6, 5, 2]));
      const results = await Promise.all(all.map((x) => net.predictAsync(x, on)));
      return results.map((result, i) => difference(result, net.predict(all[i])));
    `);
    expect(differences).toHaveLength(4);
    for (const difference of differences) expect(difference).toBeLessThan(1e-5);
  });

  it("asks for the GPU anew when it was lost, at the latest when the first run that met this has said so", async () => {
    const { differences, said } = await inPage<{ differences: number[]; said: string }>(`
      const net = sequential({ seed: 2, layers: [input({ shape: [5, 2] }), layers.gru({ units: 3 })] });
      const x = tensor(numbers(60, 1), [6, 5, 2]);
      const found = [difference(await net.predictAsync(x, on), net.predict(x))];
      await loseGpu();
      const said = await errorOf(() => net.predictAsync(x, on));
      found.push(difference(await net.predictAsync(x, on), net.predict(x)));
      return { differences: found, said };
    `);
    expect(said).toMatch(/^no error$|the GPU must stay until a run has ended.*the next call asks for the GPU anew/);
    expect(differences).toHaveLength(2);
    for (const difference of differences) expect(difference).toBeLessThan(1e-5);
  });

  it("declines what it cannot compute rightly, and names the layer", async () => {
    const messages = await inPage<string[]>(`
      const net = sequential({ layers: [input({ shape: [2], name: "x" }), layers.dense({ units: 2 })] });
      const wave = u.factory(u.recurrentLayer(u.defineCell({
        kind: "Wave", gates: ["h"], state: ["h"],
        equations: ({ x, state, gate }) => ({ h: u.equations.unary("sin", gate.h(x, state.h)) }),
      })));
      const waves = sequential({ layers: [input({ shape: [3, 2] }), wave({ units: 2, name: "waves" }), layers.dense({ units: 1 })] });
      return [
        await errorOf(() => waves.predictAsync(tensor(numbers(6, 1), [1, 3, 2]), on)),
        await errorOf(() => net.predictAsync([[1, Number.NaN]], on)),
        await errorOf(() => {
          net.setWeights(net.getWeights().map(({ shape, data }) => tensor(data.map(() => Infinity), shape)));
          return net.predictAsync([[1, 2]], on);
        }),
      ];
    `);
    expect(messages).toEqual([
      'waves: device "webgpu" has no way to compute sines. Leave the device out to run in WebAssembly.',
      'x: device "webgpu" computes with finite numbers only. Received: element 1 = NaN. Leave the device out to run in WebAssembly.',
      'kernel: device "webgpu" computes with finite numbers only. Received: element 0 = Infinity. Leave the device out to run in WebAssembly.',
    ]);
  });
});

/** Whether somebody has installed what gives Node a GPU; by a name that no checker looks for. */
const dawn = "webgpu";
const hasDawn = await import(dawn).then(
  () => true,
  () => false,
);

describe("device webgpu", () => {
  const net = sequential({ layers: [input({ shape: [2] }), layers.dense({ units: 1 })] });

  it("is refused by calls that do not wait, with the name of the one that does", () => {
    const message =
      'device: the numbers of device "webgpu" must be waited for. Predict with await model.predictAsync(x, { device: "webgpu" }); it does not train.';
    expect(() => net.predict([[1, 2]], { device: "webgpu" })).toThrow(message);
    expect(() => net.predict([[1, 2]], { device: "webgpu", threads: 2 })).toThrow(message);
    expect(() => net.verify([[1, 2]], { device: "webgpu" } as object)).toThrow();
  });

  it.skipIf(hasDawn)("says in Node without the package what to install", async () => {
    await expect(net.predictAsync([[1, 2]], { device: "webgpu" })).rejects.toThrow(
      'device: device "webgpu" needs a GPU: Node has WebGPU only by the package webgpu. Run npm install webgpu@0.6.2, or leave the device out to run in WebAssembly.',
    );
  });

  it("is never chosen unasked: predictAsync then gives what predict gives, and fails as it does", async () => {
    expect(await net.predictAsync([[1, 2]])).toEqual(net.predict([[1, 2]]));
    expect(await net.predictAsync([[1, 2]], { device: "reference" })).toEqual(
      net.predict([[1, 2]], { device: "reference" }),
    );
    await expect(net.predictAsync([[1, 2, 3]])).rejects.toThrow("features");
    await expect(net.predictAsync([[1, 2, 3]], { device: "webgpu" })).rejects.toThrow("features");
    await expect(net.predictAsync([[1, 2]], { device: "gpu" as "webgpu" })).rejects.toThrow("must be one of");
  });
});

/** A scan of a cell that multiplies a function of its state. */
function scanWith(of: (hidden: Expr) => Expr): Value {
  const cell = defineCell({
    kind: "Odd",
    gates: ["h"],
    state: ["h"],
    equations: ({ x, state, gate }) => ({ h: gate.h(x, of(state.h)) }),
  });
  const sizes = { batch: 1, timesteps: 2, features: 2, units: 2 };
  return scanCase(cell.graph(plain), sizes).results[0]!;
}

it("refuses operations that float32 on a GPU cannot do well, and those of training", () => {
  const x = inputValue("x", [2]);
  const reasonFor = (value: Value): string | undefined => gpuRefusal(value.operation);
  expect(reasonFor(map([x], ([a]) => unary("sin", a!)))).toBe("sines");
  expect(reasonFor(map([x], ([a]) => a!.minus(unary("cos", a!).rowMax())))).toBe("cosines");
  expect(reasonFor(scanWith((hidden) => unary("sin", hidden)))).toBe("sines");
  expect(reasonFor(scanWith((hidden) => hidden.tanh()))).toBeUndefined();
  expect(reasonFor(map([x], ([a]) => a!.power(2.3)))).toBe("powers that are not whole or half numbers");
  expect(reasonFor(map([x], ([a]) => a!.power(3).plus(a!.power(-0.5))))).toBeUndefined();
  expect(reasonFor(map([x], ([a]) => a!.plus(Number.NaN)))).toBe("not-a-number");
  expect(reasonFor(random([2], "uniform"))).toBe("random numbers");
  // What is refused here the other engine computes.
  const wave = map([x], ([a]) => unary("sin", a!));
  const run = compileProgram({ inputs: [x], results: [wave], updates: [] });
  expect(run.run([Float32Array.of(0, 1)], new Random(1))[0]!.data[1]).toBeCloseTo(Math.sin(1), 6);
});
