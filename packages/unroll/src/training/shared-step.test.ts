import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Tensor } from "../core/tensor.ts";
import { defineLayer } from "../layers/contract.ts";
import { factory } from "../layers/factory.ts";
import { input, type Layer, layers, resetNames, setThreads } from "../layers/index.ts";
import { prepare } from "../layers/run.ts";
import { setSeed } from "../layers/seed.ts";
import type { Model } from "../model/model.ts";
import { sequential } from "../model/sequential.ts";
import { map, reduce } from "../program/builder.ts";
import { compiledOf, compileModel } from "./compile.ts";
import { evaluate, testOnBatch } from "./evaluate.ts";
import { gradients } from "./gradients.ts";
import { optimizers } from "./optimizer.ts";
import { type Case, cases, distance, examples, features, last, timesteps, train, y1 } from "./shared-testing.ts";
import "./shared-step.ts";
import { trainingStatus } from "./status.ts";
import type { Step } from "./step.ts";
import { numbers } from "./testing.ts";

// Here every part is worth a thread; what is worth one is asked in compiler/threads/divide.test.ts.
vi.mock("../compiler/threads/worth.ts", async (original) => ({
  ...(await original<object>()),
  enoughForAStep: () => 0,
}));

beforeEach(resetNames);
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  setThreads(1);
});

const { dense, gru, lstm, masking } = layers;

describe("a training step of several threads", () => {
  it.each(Object.entries(cases))("comes to what one thread does: %s", async (_, one) => {
    const alone = await train(one, 1);
    for (const threads of [2, 4]) {
      const shared = await train(one, threads);
      expect(Object.keys(shared.history)).toEqual(Object.keys(alone.history));
      expect(distance(alone, shared)).toBeLessThan(1e-6);
      if (one.fit?.batchSize === undefined) expect(trainingStatus(shared.net)).toMatchObject({ threads });
    }
  });

  it("squares the sum of a table's readings where gradients are cut, as for any array", async () => {
    // Nothing is so large as to be cut.
    const adagrad = optimizers.adagrad({ clipvalue: 1e6, initialAccumulatorValue: 0 });
    const table = cases["a mask of an embedding, classes with weights, and rows read several times"]!;
    const cut: Case = { ...table, compile: { ...table.compile, optimizer: adagrad }, fit: {} };
    resetNames();
    setSeed(1);
    const net = cut.build();
    compileModel(net, cut.compile);
    const [gradient] = gradients(net, cut.x as Tensor, cut.y as Tensor);
    for (const threads of [1, 2]) {
      const { arrays, net: after } = await train(cut, threads, { epochs: 1, batchSize: examples });
      const squares = arrays[after.variables.length]!;
      for (const [i, g] of gradient!.data.entries()) expect(squares[i]).toBeCloseTo(g * g, 9);
    }
  });

  it.each(["masks with other counts in each part", "dropout of every kind"])(
    "gives the same bits each time: %s",
    async (name) => {
      const one = cases[name]!;
      const [first, ...others] = await Promise.all([2, 2, 2].map((threads) => train(one, threads)));
      for (const other of others) expect(other.arrays).toEqual(first!.arrays);
    },
  );
});

describe("an evaluation on several threads", () => {
  /** What a fresh model of the case comes to, and on how many threads its steps ran. */
  function evaluation({ build, compile, fit = {}, ...data }: Case, threads: number) {
    resetNames();
    setSeed(1);
    const net = build();
    compileModel(net, compile);
    const { x = numbers([examples, timesteps, features], 2), y = y1 } = data;
    const { batchSize, sampleWeight } = fit;
    const given = { ...(batchSize && { batchSize }), ...(sampleWeight && { sampleWeight }) };
    const logs = evaluate(net, x as Tensor, y as Tensor, { ...given, threads });
    const steps = [...compiledOf(net).steps.values()] as Step[]; // only steps are put in
    return {
      logs,
      threads: steps.map((step) => step.threads),
      arrays: net.variables.map((array) => array.data.slice()),
    };
  }

  it.each(Object.entries(cases))("comes to what one thread does: %s", (_, one) => {
    const alone = evaluation(one, 1);
    expect(alone.threads.every((count) => count === 1)).toBe(true);
    for (const threads of [2, 4]) {
      const shared = evaluation(one, threads);
      expect(Object.keys(shared.logs)).toEqual(Object.keys(alone.logs));
      for (const [name, value] of Object.entries(alone.logs)) expect(shared.logs[name]).toBeCloseTo(value, 6);
      expect(evaluation(one, threads).logs).toEqual(shared.logs);
      expect(shared.arrays).toEqual(alone.arrays);
      if (one.fit?.batchSize === undefined) expect(shared.threads).toEqual([threads]);
    }
  });

  it("shares a batch that training cannot: what was counted before needs no other example", () => {
    const build = (): Model =>
      sequential({
        layers: [
          input({ shape: [timesteps, features] }),
          layers.batchNormalization({}),
          gru({ units: 3 }),
          dense({ units: 1 }),
        ],
      });
    expect(evaluation({ build, compile: { loss: "mse" } }, 2).threads).toEqual([2]);
  });

  it("is what a fit does with its validation, and testOnBatch", async () => {
    const one = cases["a mean over all rows"]!;
    const x = numbers([examples, timesteps, features], 2);
    const { net } = await train(one, 2, { validationData: [x, y1] });
    expect(testOnBatch(net, x, y1, { threads: 4 })).toHaveProperty("loss");
    const steps = [...compiledOf(net).steps.values()] as Step[]; // only steps are put in
    expect(steps.map(({ mode, threads }) => [mode, threads])).toEqual([
      ["train", 2],
      ["test", 2],
      ["test", 4],
    ]);
    expect(() => evaluate(net, x, y1, { threads: 0 })).toThrow("it must be a whole number from 1 to 64");
    expect(() => evaluate(net, x, y1, { threads: "2" as never })).toThrow('Received: threads = "2".');
  });
});

/** What must come from the whole batch at once. */
const mixing = factory(
  defineLayer({
    className: "MinusMean",
    doc: "Each number less the mean of the batch.",
    fields: {},
    inputRank: { min: 2 },
    weights: () => [],
    outputSizes: (_, [size]) => [size!],
    compute: ({ inputs: [x] }) => ({
      outputs: [map([x!, reduce("sum", x!, [0])], ([value, sum]) => value!.minus(sum!.over(examples)))],
    }),
  }),
);

/** What goes on from step to step, though it keeps examples apart. */
const counting = factory(
  defineLayer({
    className: "Counting",
    doc: "Adds the number of steps so far.",
    fields: {},
    inputRank: { min: 2 },
    weights: () => [{ name: "steps", shape: [], initializer: { className: "Zeros", config: {} }, trainable: false }],
    outputSizes: (_, [size]) => [size!],
    compute: ({ inputs: [x], weights: { steps }, update }) => {
      update(
        "steps",
        map([steps!], ([count]) => count!.plus(1)),
      );
      return { outputs: [map([x!, steps!], ([value, count]) => value!.plus(count!.times(0.1)))] };
    },
  }),
);

describe("a training step that must have one thread", () => {
  const withLayer = (make: () => Layer): (() => Model) => {
    return () =>
      sequential({
        seed: 1,
        layers: [input({ shape: [timesteps, features] }), make(), gru({ units: 3 }), dense({ units: 1 })],
      });
  };

  it.each<[why: string, one: Case]>([
    [
      "batch_normalization computes with all examples of a batch together",
      { build: withLayer(() => layers.batchNormalization({})), compile: { loss: "mse" } },
    ],
    [
      "time_distributed computes with all examples",
      {
        build: withLayer(() => layers.timeDistributed({ layer: layers.batchNormalization({}) })),
        compile: { loss: "mse" },
      },
    ],
    ["steps goes on from batch to batch", { build: withLayer(() => counting({})), compile: { loss: "mse" } }],
    ["minus_mean computes with all examples", { build: withLayer(() => mixing({})), compile: { loss: "mse" } }],
    [
      "the mask of the loss depends on what layers compute",
      {
        build: () =>
          sequential({
            seed: 1,
            layers: [
              input({ shape: [timesteps, features] }),
              dense({ units: 2, activation: "relu" }),
              masking({}),
              gru({ units: 2, returnSequences: true }),
            ],
          }),
        compile: { loss: "mse" },
        y: numbers([examples, timesteps, 2], 4),
      },
    ],
    ["a hinge loss or metric looks at all labels", { build: last(), compile: { loss: "hinge" } }],
    [
      "a hinge loss or metric looks at all labels",
      { build: last(), compile: { loss: "mse", metrics: ["squared_hinge"] } },
    ],
    [
      "the penalty on gru is one on all examples together",
      {
        build: () =>
          sequential({
            seed: 1,
            layers: [
              input({ shape: [timesteps, features] }),
              gru({ units: 3, activityRegularizer: { className: "OrthogonalRegularizer", config: {} } }),
              dense({ units: 1 }),
            ],
          }),
        compile: { loss: "mse" },
      },
    ],
    [
      "no output has a loss",
      { build: withLayer(() => layers.conv1d({ filters: 2, kernelSize: 2, kernelRegularizer: "l2" })), compile: {} },
    ],
    [
      "the batch size is declared",
      {
        build: () =>
          sequential({
            seed: 1,
            layers: [
              input({ batchShape: [examples, timesteps, features] }),
              lstm({ units: 3, stateful: true }),
              dense({ units: 1 }),
            ],
          }),
        compile: { loss: "mse" },
        fit: { batchSize: examples },
      },
    ],
    ["the reference has one", { build: last(), compile: { loss: "mse", device: "reference" } }],
    [
      "an engine of the caller's own has one",
      { build: last(), compile: { loss: "mse", prepare: (program) => prepare(program, "wasm") } },
    ],
    ["a batch of 1 is too little work", { build: last(), compile: { loss: "mse" }, fit: { batchSize: 1 } }],
  ])("gives its bits and says why: %s", async (why, one) => {
    const [alone, shared] = [await train(one, 1), await train(one, 2)];
    expect(shared.arrays).toEqual(alone.arrays);
    expect(shared.history).toEqual(alone.history);
    expect(trainingStatus(alone.net)).toEqual({ threads: 1, why: "On one thread, as asked for." });
    expect(trainingStatus(shared.net)!.threads).toBe(1);
    expect(trainingStatus(shared.net)!.why).toContain(`On one thread: ${why}`);
  });

  it("is one in a page that is not isolated", async () => {
    vi.stubGlobal("SharedArrayBuffer", undefined);
    const { net } = await train(cases["a mean over all rows"]!, 2);
    expect(trainingStatus(net)!.why).toBe("On one thread: this page is not cross-origin isolated.");
  });
});
