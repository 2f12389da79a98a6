/** Threads change the time, not a bit: every fixture model, in odd batches, beside one thread. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { describe, expect, it } from "vitest";
import type { Target } from "../src/compiler/compile.ts";
import { nativeRefusal, nativeTarget, type SplitProgram, splitProgram } from "../src/compiler/index.ts";
import { sizeOf } from "../src/core/shape.ts";
import type { Tensor } from "../src/core/tensor.ts";
import { modelFromConfig } from "../src/formats/keras-model.ts";
import type { Model } from "../src/model/model.ts";
import { decode, type FixtureTensor } from "./fixture-files.ts";
import { graphCases, type ModelCase, modelCases } from "./fixture-models.ts";

function toTensor(fixture: FixtureTensor): Tensor {
  const { shape, data } = decode(fixture);
  return { shape, data: Float32Array.from(data) };
}

/** `count` examples: those of the fixture again and again, from its example `first` on. */
function repeated({ shape, data }: Tensor, count: number, first = 0): Tensor {
  const width = sizeOf(shape.slice(1));
  const numbers = Float32Array.from({ length: count * width }, (_, i) => data[(i + first * width) % data.length]!);
  return { shape: [count, ...shape.slice(1)], data: numbers };
}

/** Cases with examples, of models that take any batch. */
const cases = [...modelCases(), ...graphCases()].filter(
  ({ inputs, config }) =>
    inputs !== undefined && modelFromConfig(config).inputs.every(({ shape }) => shape[0] === null),
);

function open({ config, weights, inputs }: ModelCase): { net: Model; x: readonly Tensor[] } {
  const net = modelFromConfig(config);
  if (weights !== undefined) net.setWeights(weights.map(toTensor));
  return { net, x: inputs!.map(toTensor) };
}

/** The model split however little there is to do; undefined where it must run on one thread. */
function split(net: Model, x: readonly Tensor[], threads: number, target?: Target): SplitProgram | undefined {
  const examples = x[0]!.shape[0]!;
  return splitProgram({
    examples,
    batchSize: examples,
    threads,
    ...(target && { target }),
    smallestPart: 1,
    programFor: (batch) => net.program({ batch, shapes: x.map(({ shape }) => [batch, ...shape.slice(1)]) }).program,
  });
}

/**
 * Compares runs with one thread's until other threads have run some of the parts; each run has other examples, so that nothing
 * of the run before can pass for its results. Gives what differs.
 */
async function differences(
  net: Model,
  program: SplitProgram,
  x: readonly Tensor[],
  count: number,
  device: "wasm" | "native" = "wasm",
): Promise<string[]> {
  const found: string[] = [];
  let run = 0;
  const compare = (): void => {
    const examples = x.map((tensor) => repeated(tensor, count, run++));
    const padded = x.map((tensor, i) => {
      const { data } = repeated(tensor, program.batch);
      data.set(examples[i]!.data);
      return data;
    });
    const whole = net.predict(examples, { batchSize: count, threads: 1, device });
    const results = program.run(padded);
    for (const [index, { data }] of (Array.isArray(whole) ? whole : [whole]).entries()) {
      const other = data.findIndex((value, i) => !Object.is(value, results[index]!.data[i]));
      if (other >= 0) found.push(`run ${run}, output ${index}, number ${other}`);
    }
  };
  // A busy machine may take its time to start a worker.
  for (const end = Date.now() + 20_000; program.helped === 0 && Date.now() < end; await pause(1)) compare();
  compare();
  return found;
}

describe("threads", () => {
  it("give the bits of one thread for every fixture model, in batches of 1, 3 and 33", async () => {
    expect(cases.length).toBeGreaterThan(20);
    const first = open(cases[0]!);
    // While this one is there the workers stay: each start takes time.
    const examples = first.x.map((tensor) => repeated(tensor, 3));
    const stays = split(first.net, examples, 3)!;
    for (const one of cases) {
      const { net, x } = open(one);
      for (const [count, threads] of [
        [1, 2],
        [3, 2],
        [33, 3],
      ] as const) {
        const what = `${one.id}: batch ${count} on ${threads} threads`;
        const program = split(
          net,
          x.map((tensor) => repeated(tensor, count)),
          threads,
        );
        expect(program?.threads, what).toBe(count === 1 ? undefined : threads);
        if (program === undefined) continue;
        expect(await differences(net, program, x, count), what).toEqual([]);
        expect(program.helped, what).toBeGreaterThan(0);
        program.release();
      }
    }
    stays.release();
  }, 300_000);

  it.skipIf(nativeRefusal() !== undefined)(
    "give the bits of one thread on the native device too",
    async () => {
      // A C compiler takes a second for each, so these are a few models of different families.
      const families = new Map(cases.map((one) => [one.id.split(/[-_.]/)[0], one]));
      expect(families.size).toBeGreaterThan(3);
      for (const one of [...families.values()].slice(0, 4)) {
        const { net, x } = open(one);
        const examples = x.map((tensor) => repeated(tensor, 7));
        const program = split(net, examples, 2, nativeTarget)!;
        expect(await differences(net, program, x, 7, "native"), one.id).toEqual([]);
        expect(program.helped, one.id).toBeGreaterThan(0);
        program.release();
      }
    },
    120_000,
  );

  it("do not keep a process alive that has nothing else to do", async () => {
    const folder = mkdtempSync(join(tmpdir(), "unroll-threads-"));
    try {
      const build = await rolldown({
        input: fileURLToPath(new URL("../src/index.ts", import.meta.url)),
        platform: "node",
      });
      await build.write({
        dir: folder,
        format: "esm",
        entryFileNames: "index.mjs",
        chunkFileNames: "[name]-[hash].mjs",
      });
      await build.close();
      writeFileSync(join(folder, "program.mjs"), predictsAndEnds);
      const program = spawn(process.execPath, [join(folder, "program.mjs")], { stdio: ["ignore", "pipe", "inherit"] });
      const kill = setTimeout(() => program.kill(), 20_000);
      const [[status], output] = await Promise.all([once(program, "close"), text(program.stdout)]);
      clearTimeout(kill);
      expect({ status, output }).toEqual({ status: 0, output: "[64,1]\n" });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** A program that ends while its worker waits for more. */
const predictsAndEnds = `
import { input, layers, sequential, tensor } from "./index.mjs";
const net = sequential({ layers: [input({ shape: [40, 8] }), layers.lstm({ units: 32 }), layers.dense({ units: 1 })] });
const x = tensor(new Float32Array(64 * 40 * 8), [64, 40, 8]);
for (let i = 0; i < 20; i++) net.predict(x, { threads: 2 });
await new Promise((done) => setTimeout(done, 300));
console.log(JSON.stringify(net.predict(x, { threads: 2 }).shape));
`;
