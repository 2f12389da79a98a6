import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Compiled } from "../compiler/compile.ts";
import { Helper } from "../compiler/threads/helper.ts";
import { UnrollError } from "../core/errors.ts";
import { type Tensor, tensor } from "../core/tensor.ts";
import { defineLayer } from "../layers/contract.ts";
import { factory } from "../layers/factory.ts";
import { input, type Layer, layers, resetNames, setThreads } from "../layers/index.ts";
import { prepare } from "../layers/run.ts";
import { setSeed } from "../layers/seed.ts";
import { model } from "../model/functional.ts";
import type { Model } from "../model/model.ts";
import { sequential } from "../model/sequential.ts";
import { map, reduce } from "../program/builder.ts";
import { type CompileOptions, compiledOf, compileModel, trainedVariables } from "./compile.ts";
import { trainOnBatch } from "./evaluate.ts";
import { fit } from "./fit.ts";
import type { FitOptions, FitResult } from "./fit-options.ts";
import { gradients } from "./gradients.ts";
import { losses } from "./losses.ts";
import { modelMemory } from "./memory.ts";
import { metrics } from "./metrics.ts";
import { optimizers } from "./optimizer.ts";
import "./shared-step.ts";
import { trainingStatus } from "./status.ts";
import { numbers, quiet } from "./testing.ts";

// Here every part is worth a thread; what is worth one is asked in compiler/threads/divide.test.ts.
vi.mock("../compiler/threads/worth.ts", async (original) => ({
  ...(await original<object>()),
  enoughForAPart: () => 0,
}));

beforeEach(resetNames);
afterEach(() => {
  vi.restoreAllMocks();
  setThreads(1);
});

const { dense, dropout, embedding, gru, lstm, masking, simpleRNN } = layers;
const [examples, timesteps, features] = [8, 5, 3];

interface Case {
  readonly build: () => Model;
  readonly compile: CompileOptions;
  readonly x?: Tensor | readonly Tensor[];
  readonly y?: Tensor | readonly Tensor[];
  readonly fit?: FitOptions;
}

const sequences = (more: Parameters<typeof dense>[0] = { units: 2 }) =>
  sequential({
    seed: 1,
    layers: [input({ shape: [timesteps, features] }), lstm({ units: 4, returnSequences: true }), dense(more)],
  });

/** The first examples are short, the last ones long: parts have different numbers of timesteps that count. */
const short = (() => {
  const x = numbers([examples, timesteps, features], 2);
  for (let i = 0; i < examples; i++)
    (x.data as Float32Array).fill(0, (i * timesteps + 1 + (i >> 1)) * features, (i + 1) * timesteps * features);
  return x;
})();
const masked = (output: Parameters<typeof dense>[0]) => () =>
  sequential({
    seed: 1,
    layers: [
      input({ shape: [timesteps, features] }),
      masking({ maskValue: 0 }),
      gru({ units: 4, returnSequences: true }),
      dense(output),
    ],
  });
const positive = (shape: number[], seed: number): Tensor => {
  const { data } = numbers(shape, seed);
  return tensor(
    Float32Array.from(data, (value) => Math.abs(value)),
    shape,
  );
};
const classes = (shape: number[], count: number): Tensor => {
  const { data } = numbers(shape, 9);
  return tensor(
    Float32Array.from(data, (value) => Math.floor(((value + 1) / 2) * count)),
    shape,
  );
};
const ids = classes([examples, timesteps], 6);
const y1 = numbers([examples, 1], 3);
const last =
  (units = 1, more: readonly Parameters<typeof lstm>[0][] = [{ units: 4 }]) =>
  () =>
    sequential({
      seed: 1,
      layers: [input({ shape: [timesteps, features] }), ...more.map((options) => lstm(options)), dense({ units })],
    });

const cases: Readonly<Record<string, Case>> = {
  "a mean over all rows": { build: last(), compile: { loss: "mse", metrics: ["mae", "rmse"] } },
  "masks with other counts in each part": {
    build: masked({ units: 2 }),
    compile: { loss: "mse", metrics: ["mae"], weightedMetrics: ["mae"] },
    x: short,
    y: numbers([examples, timesteps, 2], 4),
    fit: { sampleWeight: positive([examples, timesteps], 5) },
  },
  "a mask of an embedding, classes with weights, and rows read several times": {
    build: () =>
      sequential({
        seed: 1,
        layers: [
          input({ shape: [timesteps] }),
          embedding({ inputDim: 6, outputDim: 3, maskZero: true }),
          lstm({ units: 4, returnSequences: true }),
          dense({ units: 3, activation: "softmax" }),
        ],
      }),
    compile: {
      optimizer: optimizers.adam({ epsilon: 1e-2 }),
      loss: "sparse_categorical_crossentropy",
      metrics: ["accuracy"],
    },
    x: ids,
    y: classes([examples, timesteps], 3),
    fit: { classWeight: { 0: 1, 1: 3, 2: 0.5 } },
  },
  "a table with a penalty, whose rows are not read one by one": {
    build: () =>
      sequential({
        seed: 1,
        layers: [
          input({ shape: [timesteps] }),
          embedding({ inputDim: 6, outputDim: 3, embeddingsRegularizer: "l2" }),
          gru({ units: 4 }),
          dense({ units: 1 }),
        ],
      }),
    compile: { optimizer: optimizers.adagrad(), loss: "mse" },
    x: ids,
  },
  "classes that are ignored": {
    build: () => sequences({ units: 3, activation: "softmax" }),
    compile: { loss: losses.sparseCategoricalCrossentropy({ ignoreClass: 0 }) },
    y: classes([examples, timesteps], 3),
  },
  "means by the sum of the weights": {
    build: masked({ units: 2 }),
    compile: { loss: losses.meanSquaredError({ reduction: "mean_with_sample_weight" }) },
    x: short,
    y: numbers([examples, timesteps, 2], 4),
    fit: { sampleWeight: positive([examples], 5) },
  },
  "means by the sum of the weights of whole rows": {
    build: () => sequences({ units: 1 }),
    compile: { loss: losses.meanSquaredError({ reduction: "mean_with_sample_weight" }) },
    y: numbers([examples, timesteps], 4),
    fit: { sampleWeight: positive([examples], 5) },
  },
  "a sum over rows and masked steps": {
    build: masked({ units: 2 }),
    compile: { loss: losses.huber({ reduction: "sum" }) },
    x: short,
    y: numbers([examples, timesteps, 2], 4),
  },
  "several inputs and outputs with weights of their own, one without a loss": {
    build: () => {
      const [a, b] = [input({ shape: [timesteps, features], name: "a" }), input({ shape: [2], name: "b" })];
      const sequence = gru({ units: 4, returnSequences: true }).apply(masking({}).apply(a));
      const steps = dense({ units: 2, name: "steps" }).apply(sequence);
      const end = dense({ units: 1, name: "end" }).apply(
        layers.concatenate({}).apply([simpleRNN({ units: 3 }).apply(sequence), b]),
      );
      return model({ inputs: [a, b], outputs: [steps, end, dense({ units: 2, name: "free" }).apply(b)] });
    },
    compile: { loss: ["mse", "mae", null], lossWeights: [0.3, 2, 1], metrics: { end: ["mse"], steps: ["mae"] } },
    x: [short, numbers([examples, 2], 6)],
    y: [numbers([examples, timesteps, 2], 4), y1, numbers([examples, 2], 8)],
  },
  "gradients cut to a norm": { build: last(), compile: { optimizer: optimizers.sgd({ clipnorm: 0.01 }), loss: "mse" } },
  "gradients cut to a value": {
    build: last(),
    compile: { optimizer: optimizers.sgd({ clipvalue: 0.01 }), loss: "mse" },
  },
  "gradients cut to a norm of all": {
    build: last(),
    compile: { optimizer: optimizers.sgd({ globalClipnorm: 0.05, momentum: 0.5, weightDecay: 0.1 }), loss: "mse" },
  },
  "penalties on arrays and outputs, and constraints": {
    build: () =>
      sequential({
        seed: 1,
        layers: [
          input({ shape: [timesteps, features] }),
          lstm({
            units: 4,
            kernelRegularizer: { className: "L1L2", config: { l1: 0.01, l2: 0.02 } },
            recurrentRegularizer: { className: "OrthogonalRegularizer", config: { factor: 0.1 } },
            activityRegularizer: "l2",
            kernelConstraint: "max_norm",
          }),
          dense({ units: 1, biasRegularizer: "l1" }),
        ],
      }),
    compile: { loss: "mse" },
  },
  "metrics of every kind": {
    build: () =>
      sequential({
        seed: 1,
        layers: [
          input({ shape: [timesteps, features] }),
          gru({ units: 4 }),
          dense({ units: 3, activation: "softmax" }),
        ],
      }),
    compile: {
      loss: "categorical_crossentropy",
      metrics: [
        "accuracy",
        "auc",
        metrics.precision({ thresholds: [0.3, 0.5] }),
        "f1_score",
        "r2_score",
        metrics.topKCategoricalAccuracy({ k: 2 }),
        "cosine_similarity",
      ],
    },
    y: tensor(
      Float32Array.from({ length: 3 * examples }, (_, i) => (i % 3 === Math.floor(i / 3) % 3 ? 1 : 0)),
      [examples, 3],
    ),
  },
  "batches that cannot all be cut": { build: last(), compile: { loss: "mse" }, fit: { batchSize: 3, epochs: 2 } },
  "dropout of every kind": {
    build: () =>
      sequential({
        seed: 1,
        layers: [
          input({ shape: [timesteps, features] }),
          dropout({ rate: 0.2 }),
          layers.gaussianNoise({ stddev: 0.3 }),
          layers.bidirectional({
            layer: lstm({ units: 3, returnSequences: true, dropout: 0.3, recurrentDropout: 0.2 }),
          }),
          layers.spatialDropout1d({ rate: 0.3 }),
          layers.timeDistributed({ layer: dropout({ rate: 0.4 }) }),
          dropout({ rate: 0.3, noiseShape: [1, timesteps, 1] }),
          layers.gaussianDropout({ rate: 0.2 }),
          gru({ units: 3, dropout: 0.2, recurrentDropout: 0.4 }),
          dense({ units: 1 }),
        ],
      }),
    compile: { loss: "mse" },
  },
  "timesteps that are computed again": { build: last(), compile: { loss: "mse", recompute: 2 } },
  "layers that do not train": {
    build: () => {
      const net = last(1, [{ units: 4, returnSequences: true }, { units: 3 }])();
      net.layers[0]!.trainable = false;
      return net;
    },
    compile: { loss: "mse" },
  },
};

interface Trained extends FitResult {
  readonly net: Model;
  /** The weights, then what the optimizer keeps of their gradients. */
  readonly arrays: readonly Float32Array[];
}

async function train(one: Case, threads: number, more: FitOptions = {}): Promise<Trained> {
  resetNames();
  setSeed(1);
  const net = one.build();
  compileModel(net, { optimizer: optimizers.sgd({ learningRate: 0.1, momentum: 0.9 }), ...one.compile });
  const { x = numbers([examples, timesteps, features], 2), y = y1 } = one;
  const result = await fit(net, x as Tensor, y as Tensor, {
    epochs: 3,
    seed: 4,
    print: quiet,
    ...one.fit,
    ...more,
    threads,
  });
  const { optimizer } = compiledOf(net);
  return {
    ...result,
    net,
    arrays: [...net.variables, ...optimizer.slots(trainedVariables(net))].map(({ data }) => data.slice()),
  };
}

/** Differences by the largest number of each array. Below 0.05 they count as of 0.05: sums that cancel out leave their rounding. */
function distance(one: Trained, other: Trained): number {
  const size = (data: ArrayLike<number>): number => Array.from(data).reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  const of = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
    const apart = Array.from(a, (value, i) => value - b[i]!);
    return apart.some(Number.isNaN) || a.length !== b.length ? Number.NaN : size(apart) / Math.max(size(a), 0.05);
  };
  const histories = Object.keys(one.history).map((name) => of(one.history[name]!, other.history[name]!));
  return Math.max(...one.arrays.map((data, i) => of(data, other.arrays[i]!)), ...histories);
}

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
    vi.unstubAllGlobals();
    expect(trainingStatus(net)!.why).toBe("On one thread: this page is not cross-origin isolated.");
  });
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
