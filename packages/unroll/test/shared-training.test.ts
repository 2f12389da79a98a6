/** Training steps shared by threads: every layer type beside one thread, the fits of real Keras, and processes that end. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { describe, expect, it, test, vi } from "vitest";
import { nativeRefusal } from "../src/compiler/index.ts";
import { Random } from "../src/core/random.ts";
import { sizeOf } from "../src/core/shape.ts";
import { type Tensor, tensor } from "../src/core/tensor.ts";
import type { LayerType } from "../src/layers/contract.ts";
import { input, Layer, layers, layerTypes, resetNames } from "../src/layers/index.ts";
import { setSeed } from "../src/layers/seed.ts";
import type { SymbolicTensor } from "../src/layers/symbolic.ts";
import { model } from "../src/model/functional.ts";
import type { Model } from "../src/model/model.ts";
import { type CompileOptions, compiledOf, compileModel, trainedVariables } from "../src/training/compile.ts";
import { trainOnBatch } from "../src/training/evaluate.ts";
import { optimizers } from "../src/training/optimizer.ts";
import "../src/training/shared-step.ts";
import { trainingStatus } from "../src/training/status.ts";
import { type Extent, inputShapesFor, optionsFor } from "./conformance.ts";
import { checkMoreTraining, moreTrainingCases, runTrainingCase, trainingCases } from "./fixture-training.ts";

// Here every part is worth a thread.
vi.mock("../src/compiler/threads/worth.ts", async (original) => ({
  ...(await original<object>()),
  enoughForAStep: () => 0,
}));

const usual: Extent = { size: 3, timesteps: 3, batch: 4 };

/** An input layer computes nothing; ids of an embedding come from nowhere else. */
const types = [...layerTypes].filter(([name]) => name !== "InputLayer");

/** The layer behind dense layers, whose gradients show what flows through it. */
function netWith(type: LayerType, shapes: readonly number[][], more: CompileOptions = {}): Model {
  resetNames();
  setSeed(1);
  const inputs = shapes.map(([, ...rest]) => input({ shape: rest }));
  const isTable = type.className === "Embedding";
  const given = inputs.map((x, i) => (isTable ? x : layers.dense({ units: shapes[i]!.at(-1)! }).apply(x)));
  const layer = new Layer(type, optionsFor(type, usual));
  const outputs = [layer.apply(given.length === 1 ? given[0]! : given)].flat() as SymbolicTensor[];
  const net = model({ inputs, outputs });
  compileModel(net, { optimizer: optimizers.sgd({ learningRate: 0.1, momentum: 0.9 }), loss: "mse", ...more });
  return net;
}

function drawn(shape: readonly number[], seed: number, isIds = false): Tensor {
  const random = new Random(seed);
  return tensor(
    Float32Array.from({ length: sizeOf(shape) }, () => (isIds ? random.below(3) : random.normal())),
    shape,
  );
}

/** What is left of three steps: the loss of each, the weights, and the optimizer's sums of their gradients. */
function trained(net: Model, shapes: readonly number[][], isTable: boolean, threads: number) {
  const x = shapes.map((shape, i) => drawn(shape, i, isTable));
  const y = net.outputs.map(({ shape }, i) => drawn([shapes[0]![0]!, ...(shape.slice(1) as number[])], 10 + i));
  setSeed(5);
  const losses = [0, 1, 2].map(() => trainOnBatch(net, x, y, { threads }).loss!);
  const { optimizer } = compiledOf(net);
  const arrays = [...net.variables, ...optimizer.slots(trainedVariables(net))].map(({ data }) => data.slice());
  return { losses, arrays, why: trainingStatus(net)!.why };
}

/** Differences by the largest number of each array; sums that cancel out leave their rounding. */
function distance(one: readonly ArrayLike<number>[], other: readonly ArrayLike<number>[]): number {
  const size = (data: ArrayLike<number>): number => Array.from(data).reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  const apart = one.map((a, i) => {
    const b = other[i]!;
    return size(Array.from(a, (value, k) => value - b[k]!)) / Math.max(size(a), 0.05);
  });
  return apart.some(Number.isNaN) ? Number.NaN : Math.max(...apart);
}

/** Layer types that must see the whole batch, at least behind a dense layer. */
const alone: Readonly<Record<string, string>> = {
  BatchNormalization: "On one thread: batch_normalization computes with all examples of a batch together.",
  Masking: "On one thread: the mask of the loss depends on what layers compute.",
};

describe("training steps of two threads come to those of one", () => {
  test.each(types)("%s", (className, type) => {
    const shapes = inputShapesFor(type, usual);
    const isTable = className === "Embedding";
    const [one, two] = [1, 2].map((threads) => trained(netWith(type, shapes), shapes, isTable, threads));
    expect(two!.why).toBe(alone[className] ?? "2 threads share each step.");
    expect(distance([one!.losses, ...one!.arrays], [two!.losses, ...two!.arrays])).toBeLessThan(1e-6);
    // Something has changed at all.
    expect(one!.losses[1]).not.toBe(one!.losses[0]);
  });
});

describe("training runs of real Keras on two threads", () => {
  it.each(trainingCases().map((one) => [one.id, one] as const))("agree: %s", async (_, one) => {
    expect((await runTrainingCase(one, "wasm", 2)).message).toBeUndefined();
  });

  it.each(moreTrainingCases().map((one) => [one.id, one] as const))("agree further: %s", async (_, one) => {
    expect(await checkMoreTraining(one, "wasm", 2)).toBeUndefined();
  });
});

describe("threads that train", () => {
  it.skipIf(nativeRefusal() !== undefined)(
    "come to what one thread does on the native device too, with the same bits each time",
    () => {
      const type = layerTypes.get("LSTM")!;
      const shapes = [[6, 5, 3]];
      const [one, two, again] = [1, 2, 2].map((threads) =>
        trained(netWith(type, shapes, { device: "native" }), shapes, false, threads),
      );
      expect(two!.why).toBe("2 threads share each step.");
      expect(distance([one!.losses, ...one!.arrays], [two!.losses, ...two!.arrays])).toBeLessThan(1e-6);
      expect(again).toEqual(two);
    },
    60_000,
  );

  it("run parts of steps in workers, and do not keep a process alive that has nothing else to do", async () => {
    const folder = mkdtempSync(join(tmpdir(), "unroll-training-"));
    try {
      const build = await rolldown({
        input: fileURLToPath(new URL("../src/index.ts", import.meta.url)),
        platform: "node",
      });
      const names = { entryFileNames: "index.mjs", chunkFileNames: "[name]-[hash].mjs" };
      await build.write({ dir: folder, format: "esm", ...names });
      await build.close();
      writeFileSync(join(folder, "program.mjs"), trainsAndEnds);
      const program = spawn(process.execPath, [join(folder, "program.mjs")], { stdio: ["ignore", "pipe", "inherit"] });
      const kill = setTimeout(() => program.kill(), 30_000);
      const [[status], output] = await Promise.all([once(program, "close"), text(program.stdout)]);
      clearTimeout(kill);
      expect({ status, output }).toEqual({ status: 0, output: '{"threads":2,"why":"2 threads share each step."}\n' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** A program that ends while its worker waits for more; what is worth a thread is asked here. */
const trainsAndEnds = `
import { input, layers, sequential, tensor } from "./index.mjs";
const net = sequential({ layers: [input({ shape: [40, 8] }), layers.lstm({ units: 32 }), layers.dense({ units: 1 })] });
net.compile({ loss: "mse" });
const [x, y] = [tensor(new Float32Array(64 * 40 * 8), [64, 40, 8]), tensor(new Float32Array(64), [64, 1])];
await net.fit(x, y, { epochs: 20, batchSize: 64, threads: 2 });
await new Promise((done) => setTimeout(done, 300));
await net.fit(x, y, { epochs: 20, batchSize: 64, threads: 2 });
console.log(JSON.stringify(net.device().training));
`;
