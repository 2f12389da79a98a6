/** Cases of training for the tests of steps that threads share, and how two runs are compared. */
import { type Tensor, tensor } from "../core/tensor.ts";
import { input, layers, resetNames } from "../layers/index.ts";
import { setSeed } from "../layers/seed.ts";
import { model } from "../model/functional.ts";
import type { Model } from "../model/model.ts";
import { sequential } from "../model/sequential.ts";
import { type CompileOptions, compiledOf, compileModel, trainedVariables } from "./compile.ts";
import { fit } from "./fit.ts";
import type { FitOptions, FitResult } from "./fit-options.ts";
import { losses } from "./losses.ts";
import { metrics } from "./metrics.ts";
import { optimizers } from "./optimizer.ts";
import { numbers, quiet } from "./testing.ts";

const { dense, dropout, embedding, gru, lstm, masking, simpleRNN } = layers;
export const [examples, timesteps, features] = [8, 5, 3];

/** A model with data, and what is asked of its training. */
export interface Case {
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
export const y1 = numbers([examples, 1], 3);
/** Recurrent layers of these options, and a dense layer behind them. */
export const last =
  (units = 1, more: readonly Parameters<typeof lstm>[0][] = [{ units: 4 }]) =>
  () =>
    sequential({
      seed: 1,
      layers: [input({ shape: [timesteps, features] }), ...more.map((options) => lstm(options)), dense({ units })],
    });

/** Cases that threads share. */
export const cases: Readonly<Record<string, Case>> = {
  "a mean over all rows": { build: last(), compile: { loss: "mse", metrics: ["mae", "rmse"] } },
  "the length of the gradient": { build: last(), compile: { loss: "mse", gradientNorm: true } },
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

export interface Trained extends FitResult {
  readonly net: Model;
  /** The weights, then what the optimizer keeps of their gradients. */
  readonly arrays: readonly Float32Array[];
}

/** Trains a fresh model of the case, always with the same numbers at first. */
export async function train(one: Case, threads: number, more: FitOptions = {}): Promise<Trained> {
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
export function distance(one: Trained, other: Trained): number {
  const size = (data: ArrayLike<number>): number => Array.from(data).reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  const of = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
    const apart = Array.from(a, (value, i) => value - b[i]!);
    return apart.some(Number.isNaN) || a.length !== b.length ? Number.NaN : size(apart) / Math.max(size(a), 0.05);
  };
  const histories = Object.keys(one.history).map((name) => of(one.history[name]!, other.history[name]!));
  return Math.max(...one.arrays.map((data, i) => of(data, other.arrays[i]!)), ...histories);
}
