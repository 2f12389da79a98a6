/**
 * The models that systems are compared on: from a toy of five units to sizes that fill a machine. A workload says its layers,
 * its data and how many floating-point operations its products take; it runs nothing.
 */
import {
  input,
  type Layer,
  layers,
  Random,
  type Sequential,
  sequential,
  sizeOf,
  type Tensor,
  tensor,
} from "./library.ts";

export interface Workload {
  readonly id: string;
  /** For people. */
  readonly title: string;
  readonly batch: number;
  readonly timesteps: number;
  readonly features: number;
  /** Layers behind the input; `resetAfter` is GRU's option, which not every peer has. */
  readonly stack: (resetAfter: boolean) => readonly Layer[];
  /** Units of the last layer. */
  readonly outputs: number;
}

const { bidirectional, conv1d, dense, dropout, gru, lstm, maxPooling1d, simpleRNN } = layers;

export const workloads: readonly Workload[] = [
  {
    id: "W1",
    title: "SimpleRNN(5), T 10, D 3, batch 1",
    ...{ batch: 1, timesteps: 10, features: 3, outputs: 2 },
    stack: () => [simpleRNN({ units: 5 }), dense({ units: 2 })],
  },
  {
    id: "W2",
    title: "LSTM(30), T 21, D 9, batch 32",
    ...{ batch: 32, timesteps: 21, features: 9, outputs: 1 },
    stack: () => [lstm({ units: 30 }), dense({ units: 1 })],
  },
  {
    id: "W2relu",
    title: "the same with relu",
    ...{ batch: 32, timesteps: 21, features: 9, outputs: 1 },
    stack: () => [lstm({ units: 30, activation: "relu" }), dense({ units: 1 })],
  },
  {
    id: "W2gru",
    title: "GRU(30), T 21, D 9, batch 32",
    ...{ batch: 32, timesteps: 21, features: 9, outputs: 1 },
    stack: (resetAfter) => [gru({ units: 30, resetAfter }), dense({ units: 1 })],
  },
  {
    id: "W3",
    title: "GRU(4), GRU(2), SimpleRNN(25), T 30, D 5, batch 32",
    ...{ batch: 32, timesteps: 30, features: 5, outputs: 1 },
    stack: (resetAfter) => [
      gru({ units: 4, returnSequences: true, resetAfter }),
      gru({ units: 2, returnSequences: true, resetAfter }),
      simpleRNN({ units: 25 }),
      dense({ units: 1 }),
    ],
  },
  {
    id: "W4",
    title: "Conv1D(1), pool, LSTM 30, 40, 50, 60, T 21, D 9, batch 32",
    ...{ batch: 32, timesteps: 21, features: 9, outputs: 1 },
    stack: () => [
      conv1d({ filters: 1, kernelSize: 2, activation: "relu" }),
      maxPooling1d({ poolSize: 2 }),
      ...[30, 40, 50].map((units) => lstm({ units, returnSequences: true })),
      lstm({ units: 60 }),
      dense({ units: 1 }),
    ],
  },
  {
    id: "W5",
    title: "2 × (Conv1D, pool), Bi(LSTM 30), Bi(LSTM 60), GRU(40), Bi(LSTM 10), T 21, D 50, batch 32",
    ...{ batch: 32, timesteps: 21, features: 50, outputs: 1 },
    stack: (resetAfter) => [
      conv1d({ filters: 20, kernelSize: 2, activation: "relu" }),
      maxPooling1d({ poolSize: 2 }),
      conv1d({ filters: 10, kernelSize: 2, activation: "relu" }),
      maxPooling1d({ poolSize: 2 }),
      bidirectional({ layer: lstm({ units: 30, returnSequences: true }) }),
      bidirectional({ layer: lstm({ units: 60, returnSequences: true }) }),
      gru({ units: 40, returnSequences: true, resetAfter }),
      bidirectional({ layer: lstm({ units: 10 }) }),
      // No share is dropped: what systems draw at random could not be compared.
      dropout({ rate: 0 }),
      dense({ units: 1, activation: "relu" }),
    ],
  },
  {
    id: "W6",
    title: "LSTM(256), T 100, D 64, batch 64",
    ...{ batch: 64, timesteps: 100, features: 64, outputs: 1 },
    stack: () => [lstm({ units: 256 }), dense({ units: 1 })],
  },
  {
    id: "W7",
    title: "LSTM(1024), T 50, D 256, batch 64",
    ...{ batch: 64, timesteps: 50, features: 256, outputs: 1 },
    stack: () => [lstm({ units: 1024 }), dense({ units: 1 })],
  },
];

/**
 * The model with weights that are all different, biases too; the same ones in every run. They lean to the positive side, so
 * that a relu at the end has something to pass on.
 */
export function buildModel(workload: Workload, resetAfter = true): Sequential {
  const { timesteps, features } = workload;
  const net = sequential({
    name: workload.id.toLowerCase(),
    layers: [input({ shape: [timesteps, features] }), ...workload.stack(resetAfter)],
  });
  const random = new Random(7);
  net.setWeights(
    net.arrays.map(({ variable: { shape } }) => {
      const range = 1 / Math.sqrt(shape.length > 1 ? sizeOf(shape.slice(0, -1)) : 10);
      return uniform(random, shape, -0.8 * range, 1.2 * range);
    }),
  );
  return net;
}

/**
 * How models are trained, in Keras's form. Systems add epsilon at different places of Adam's equation: Keras before the
 * correction of the first steps, PyTorch and TensorFlow.js behind it. This one is too small to be seen.
 */
export const training = {
  optimizer: { class_name: "Adam", config: { learning_rate: 0.001, epsilon: 1e-12 } },
  loss: "mean_squared_error",
};

/** Whether the workload has a GRU, of which there are two kinds. */
export function hasGru({ stack }: Workload): boolean {
  return stack(true).some(({ className }) => className === "GRU");
}

export interface Examples {
  /** `[batch, timesteps, features]` */
  readonly x: Tensor;
  /** `[batch, outputs]` */
  readonly y: Tensor;
}

export function examplesOf({ batch, timesteps, features, outputs }: Workload): Examples {
  const random = new Random(11);
  return { x: uniform(random, [batch, timesteps, features], -1, 1), y: uniform(random, [batch, outputs], -1, 1) };
}

function uniform(random: Random, shape: readonly number[], low: number, high: number): Tensor {
  return tensor(
    Float32Array.from({ length: sizeOf(shape) }, () => random.uniform(low, high)),
    shape,
  );
}

/**
 * Floating-point operations of one prediction, of products only: a multiply-add counts as two. Every matrix is used once a
 * timestep, by every example.
 */
export function productFlops(net: Sequential, { batch, timesteps }: Workload): number {
  let before = timesteps;
  let flops = 0;
  for (const { arrays, outputShape } of net.layers) {
    // Shapes of layers with one output; a layer that ends a sequence has gone through all timesteps of the one before.
    const shape = outputShape as readonly number[];
    const after = shape.length === 3 ? shape[1]! : 1;
    const steps = shape.length === 3 ? after : before;
    const matrices = arrays.filter(({ variable }) => variable.name !== "bias");
    flops += 2 * batch * steps * matrices.reduce((sum, { variable }) => sum + sizeOf(variable.shape), 0);
    before = after;
  }
  return flops;
}
