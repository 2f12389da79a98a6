import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Compiled } from "../compiler/compile.ts";
import { Helper } from "../compiler/threads/helper.ts";
import { UnrollError } from "../core/errors.ts";
import { resetNames, setThreads } from "../layers/index.ts";
import { setSeed } from "../layers/seed.ts";
import { compileModel } from "./compile.ts";
import { trainOnBatch } from "./evaluate.ts";
import { fit } from "./fit.ts";
import { modelMemory } from "./memory.ts";
import { optimizers } from "./optimizer.ts";
import { cases, distance, examples, features, timesteps, train, y1 } from "./shared-testing.ts";
import "./shared-step.ts";
import { trainingStatus } from "./status.ts";
import { numbers } from "./testing.ts";

// Here every part is worth a thread; what is worth one is asked in compiler/threads/divide.test.ts.
vi.mock("../compiler/threads/worth.ts", async (original) => ({
  ...(await original<object>()),
  enoughForAStep: () => 0,
}));

beforeEach(resetNames);
afterEach(() => {
  vi.restoreAllMocks();
  setThreads(1);
});

describe("a fit on several threads", () => {
  const one = cases["a mean over all rows"]!;

  it("is what setThreads says when nothing else is said", async () => {
    const asked = await train(one, 2);
    setThreads(2);
    resetNames();
    const net = one.build();
    compileModel(net, { optimizer: optimizers.sgd({ learningRate: 0.1, momentum: 0.9 }), ...one.compile });
    await fit(net, numbers([examples, timesteps, features], 2), y1, { epochs: 3, seed: 4 });
    expect(net.variables.map(({ data }) => data)).toEqual(asked.arrays.slice(0, net.variables.length));
    expect(trainingStatus(net)).toEqual({ threads: 2, why: "2 threads share each step." });
    expect(trainOnBatch(net, numbers([examples, timesteps, features], 2), y1, { threads: 4 })).toHaveProperty("loss");
    expect(trainingStatus(net)!.threads).toBe(4);
  });

  it("says what is no number of threads, before it trains", async () => {
    await expect(train(one, 0)).rejects.toThrow(
      "threads: it must be a whole number from 1 to 64. Received: threads = 0.",
    );
    const net = one.build();
    compileModel(net, one.compile);
    const x = numbers([examples, timesteps, features], 2);
    expect(() => trainOnBatch(net, x, y1, { threads: 1.5 })).toThrow("it must be a whole number from 1 to 64");
  });

  it("goes on from a checkpoint to the bits of a run that was not cut", async () => {
    const folder = mkdtempSync(join(tmpdir(), "unroll-shared-"));
    const dropping = cases["dropout of every kind"]!;
    try {
      const whole = await train(dropping, 2, { batchSize: 4 });
      const stop = new AbortController();
      const checkpoint = { path: join(folder, "run.checkpoint"), everyBatches: 1 };
      const cut = await train(dropping, 2, {
        batchSize: 4,
        checkpoint,
        signal: stop.signal,
        onProgress: ({ epoch, batch }) => {
          if (epoch === 1 && batch === 1) stop.abort();
        },
      });
      expect(cut.stopped).toMatchObject({ reason: "aborted", epoch: 1, batch: 1 });
      const resumed = await train(dropping, 2, { batchSize: 4, checkpoint, resume: true });
      expect(resumed.arrays).toEqual(whole.arrays);
      expect(resumed.history).toEqual(whole.history);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("takes up weights and learning rates that somebody else has set", async () => {
    const change = {
      onEpochEnd(
        epoch: number,
        _: unknown,
        control: {
          setWeights(weights: readonly Float32Array[]): void;
          weights(): Float32Array[];
          learningRate: number;
        },
      ) {
        if (epoch > 0) return;
        control.setWeights(control.weights().map((data) => data.map((value) => 0.5 * value)));
        control.learningRate = 0.02;
      },
    };
    const [alone, shared] = await Promise.all([1, 2].map((threads) => train(one, threads, { callbacks: change })));
    const plain = await train(one, 1);
    expect(distance(alone!, shared!)).toBeLessThan(1e-6);
    expect(distance(plain, shared!)).toBeGreaterThan(1e-2);
  });

  it("changes nothing in a batch without a finite loss, and names where it began", async () => {
    const x = numbers([examples, timesteps, features], 2);
    (x.data as Float32Array)[examples * timesteps * features - 1] = Number.NaN;
    const { stopped, net } = await train({ ...one, x, fit: { shuffle: false } }, 2);
    expect(stopped).toMatchObject({
      reason: "not-a-number",
      notANumber: { where: "input input_layer", batchIndex: 7 },
    });
    resetNames();
    setSeed(1);
    expect(net.variables.map(({ data }) => data)).toEqual(one.build().variables.map(({ data }) => data));
    expect(trainingStatus(net)!.threads).toBe(2);
  });

  it("ends with an error when a worker dies, with the weights from before that step", async () => {
    vi.spyOn(Helper.prototype, "takeBack").mockReturnValue(false);
    vi.spyOn(Helper.prototype, "finish").mockImplementation(() => {
      throw new UnrollError({ code: "aborted", path: "threads", expected: "a worker must end its part" });
    });
    await expect(train(one, 2)).rejects.toMatchObject({
      code: "aborted",
      message: "threads: a worker must end its part.",
    });
  });

  it("gives back what its workers hold when other steps take its place", () => {
    const net = one.build();
    compileModel(net, one.compile);
    const forget = vi.spyOn(Helper.prototype, "forget");
    for (let count = 2; count <= 20; count += 2) {
      trainOnBatch(net, numbers([count, timesteps, features], 2), numbers([count, 1], 3), { threads: 2 });
    }
    // Of ten steps eight are kept.
    expect(forget).toHaveBeenCalledTimes(2);
  });

  it("counts the memory of all parts", () => {
    const net = one.build();
    compileModel(net, one.compile);
    const x = numbers([examples, timesteps, features], 2);
    const sizes = [1, 2, 4].map((threads) => {
      trainOnBatch(net, x, y1, { threads });
      return modelMemory(net).programs.at(-1)!;
    });
    expect(sizes.map(({ pages }) => pages)).toEqual([1, 3, 5]);
    expect(sizes[1]!.weights).toBe(3 * sizes[0]!.weights);
    expect(sizes[1]!.optimizer).toBe(sizes[0]!.optimizer);
  });

  it("does each step's work in parts", async () => {
    const execute = vi.spyOn(Compiled.prototype, "execute");
    await train(one, 4, { epochs: 1 });
    expect(execute.mock.calls.length).toBeGreaterThanOrEqual(2); // a part and the end; others may be run elsewhere
  });
});
