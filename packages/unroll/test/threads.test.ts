/** Threads change the time, not a bit: every fixture model, in odd batches, beside one thread. */
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type SplitProgram, splitProgram } from "../src/compiler/index.ts";
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

/** `count` examples: those of the fixture again and again. */
function repeated({ shape, data }: Tensor, count: number): Tensor {
  const width = sizeOf(shape.slice(1));
  const rows = Float32Array.from({ length: count * width }, (_, i) => data[i % data.length]!);
  return { shape: [count, ...shape.slice(1)], data: rows };
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
function split(net: Model, x: readonly Tensor[], threads: number): SplitProgram | undefined {
  const examples = x[0]!.shape[0]!;
  return splitProgram({
    examples,
    batchSize: examples,
    threads,
    smallestPart: 1,
    programFor: (batch) => net.program({ batch, shapes: x.map(({ shape }) => [batch, ...shape.slice(1)]) }).program,
  });
}

/** Runs the parts until other threads have run some of them, and gives every run's results. */
async function runsWithHelp(program: SplitProgram, x: readonly Tensor[]): Promise<(readonly Tensor[])[]> {
  const padded = x.map(({ shape, data }) => {
    const whole = new Float32Array(program.batch * (data.length / shape[0]!));
    whole.set(data);
    return whole;
  });
  const runs: (readonly Tensor[])[] = [];
  // A busy machine may take its time to start a worker.
  for (const end = Date.now() + 20_000; program.helped === 0 && Date.now() < end; ) {
    runs.push(program.run(padded));
    await pause(1);
  }
  runs.push(program.run(padded));
  return runs;
}

describe("threads", () => {
  it("give the bits of one thread for every fixture model, in batches of 1, 3 and 33", async () => {
    expect(cases.length).toBeGreaterThan(20);
    const first = open(cases[0]!);
    // While this one is there the workers stay: each start takes time.
    const stays = split(
      first.net,
      first.x.map((tensor) => repeated(tensor, 3)),
      3,
    )!;
    for (const one of cases) {
      const { net, x } = open(one);
      for (const [count, threads] of [
        [1, 2],
        [3, 2],
        [33, 3],
      ] as const) {
        const examples = x.map((tensor) => repeated(tensor, count));
        const found = net.predict(examples, { batchSize: count, threads: 1 });
        const expected = Array.isArray(found) ? found : [found];
        const program = split(net, examples, threads);
        expect(program === undefined, `${one.id}: batch ${count}`).toBe(count === 1);
        if (program === undefined) continue;
        expect(program.threads).toBe(threads);
        for (const results of await runsWithHelp(program, examples)) {
          for (const [index, { shape, data }] of results.entries()) {
            expect(shape[0]).toBe(program.batch);
            const same = expected[index]!.data.every((value, i) => Object.is(value, data[i]));
            expect(same, `${one.id}: output ${index}, batch ${count}, ${threads} threads`).toBe(true);
          }
        }
        expect(program.helped, `${one.id}: batch ${count}`).toBeGreaterThan(0);
        program.release();
      }
    }
    stays.release();
  }, 300_000);
});
