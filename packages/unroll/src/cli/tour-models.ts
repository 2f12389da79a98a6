/**
 * The models of five public teaching notebooks on recurrent networks, with the totals that the notebooks print. Data for the
 * tour: sizes and numbers only.
 */
import { input, layers, resetNames } from "../layers/index.ts";
import type { Layer } from "../layers/layer.ts";
import { model } from "../model/functional.ts";
import type { Model } from "../model/model.ts";
import { sequential } from "../model/sequential.ts";

export interface TourModel {
  readonly notebook: string;
  readonly title: string;
  /** The total that the notebook prints. */
  readonly printed: number;
  /** Left to the reader in the notebook. */
  readonly exercise: boolean;
  build(): Model;
}

const relu = { activation: "relu" } as const;
const sequences = { ...relu, returnSequences: true } as const;

function stack(shape: readonly [timesteps: number, features: number], make: () => readonly Layer[]): () => Model {
  return () => {
    resetNames();
    return sequential({ layers: [input({ shape }), ...make()] });
  };
}

const counting = "counting by hand";
const byShapes = "shapes of a simple RNN";
const advanced = "convolution, pooling, both directions";
const numpy = "an RNN in NumPy";
const samples = "one sample and many";

/** SimpleRNN(5) on ten steps of three features, as two of the notebooks build it with Keras's functional interface. */
function simpleByHand(): Model {
  resetNames();
  const x = input({ shape: [10, 3] });
  return model({ inputs: x, outputs: layers.dense({ units: 2 }).apply(layers.simpleRNN({ units: 5 }).apply(x)) });
}

const ends = (): Layer[] => [layers.dropout({ rate: 0.1 }), layers.dense({ units: 1 })];

export const tourModels: readonly TourModel[] = [
  {
    notebook: counting,
    title: "one SimpleRNN",
    printed: 15,
    exercise: false,
    build: stack([50, 3], () => [layers.simpleRNN({ units: 2, ...relu }), layers.dense({ units: 1 })]),
  },
  {
    notebook: counting,
    title: "one SimpleRNN, 30 features",
    printed: 1426,
    exercise: false,
    build: stack([50, 30], () => [layers.simpleRNN({ units: 25, ...relu }), layers.dense({ units: 1 })]),
  },
  {
    notebook: counting,
    title: "one LSTM",
    printed: 51,
    exercise: false,
    build: stack([50, 3], () => [layers.lstm({ units: 2, ...relu }), layers.dense({ units: 1 })]),
  },
  {
    notebook: counting,
    title: "one LSTM, 5 features",
    printed: 165,
    exercise: false,
    build: stack([30, 5], () => [layers.lstm({ units: 4, ...relu }), layers.dense({ units: 1 })]),
  },
  {
    notebook: counting,
    title: "one GRU, reset before the product",
    printed: 39,
    exercise: false,
    build: stack([50, 3], () => [layers.gru({ units: 2, resetAfter: false, ...relu }), layers.dense({ units: 1 })]),
  },
  {
    notebook: counting,
    title: "one GRU over 30,000,000 timesteps",
    printed: 125,
    exercise: false,
    build: stack([30_000_000, 5], () => [
      layers.gru({ units: 4, resetAfter: false, ...relu }),
      layers.dense({ units: 1 }),
    ]),
  },
  {
    notebook: counting,
    title: "GRU, GRU, SimpleRNN",
    printed: 906,
    exercise: false,
    build: stack([30, 5], () => [
      layers.gru({ units: 4, ...sequences }),
      layers.gru({ units: 2, ...sequences }),
      layers.simpleRNN({ units: 25, ...relu }),
      layers.dense({ units: 1 }),
    ]),
  },
  {
    notebook: counting,
    title: "SimpleRNN into LSTM",
    printed: 1425,
    exercise: true,
    build: stack([15, 30], () => [
      layers.simpleRNN({ units: 20, ...sequences }),
      layers.lstm({ units: 4, ...relu }),
      layers.dense({ units: 1 }),
    ]),
  },
  {
    notebook: counting,
    title: "monster 1",
    printed: 15_691,
    exercise: true,
    build: stack([30, 30], () => [
      layers.simpleRNN({ units: 30, ...sequences }),
      layers.gru({ units: 30, ...sequences }),
      layers.lstm({ units: 30, ...relu }),
      layers.dense({ units: 30, ...relu }),
      layers.dense({ units: 1 }),
    ]),
  },
  {
    notebook: counting,
    title: "monster 2",
    printed: 23_415,
    exercise: true,
    build: stack([50, 40], () => [
      layers.simpleRNN({ units: 30, ...sequences }),
      ...[20, 25, 22, 21].map((units) => layers.gru({ units, ...sequences })),
      layers.simpleRNN({ units: 10, ...relu }),
      ...[50, 50, 50, 50].map((units) => layers.dense({ units, ...relu })),
      layers.dense({ units: 1 }),
    ]),
  },
  { notebook: byShapes, title: "SimpleRNN, two outputs", printed: 57, exercise: false, build: simpleByHand },
  {
    notebook: advanced,
    title: "convolution, SimpleRNN",
    printed: 1108,
    exercise: false,
    build: stack([21, 9], () => [
      layers.conv1d({ filters: 3, kernelSize: 2 }),
      layers.maxPooling1d({ poolSize: 2 }),
      layers.simpleRNN({ units: 30, ...relu }),
      ...ends(),
    ]),
  },
  {
    notebook: advanced,
    title: "convolution, LSTM with recurrent dropout",
    printed: 3890,
    exercise: false,
    build: stack([21, 9], () => [
      layers.conv1d({ filters: 1, kernelSize: 2 }),
      layers.maxPooling1d({ poolSize: 2 }),
      layers.lstm({ units: 30, recurrentDropout: 0.2, ...relu }),
      ...ends(),
    ]),
  },
  {
    notebook: advanced,
    title: "convolution, four LSTMs",
    printed: 60_120,
    exercise: false,
    build: stack([21, 9], () => [
      layers.conv1d({ filters: 1, kernelSize: 2 }),
      layers.maxPooling1d({ poolSize: 2 }),
      ...[30, 40, 50].map((units) => layers.lstm({ units, recurrentDropout: 0.1, ...sequences })),
      layers.lstm({ units: 60, recurrentDropout: 0.1, ...relu }),
      ...ends(),
    ]),
  },
  {
    notebook: advanced,
    title: "monster 1",
    printed: 53_809,
    exercise: true,
    build: stack([50, 20], () => [
      layers.conv1d({ filters: 64, kernelSize: 2 }),
      layers.maxPooling1d({ poolSize: 2 }),
      layers.conv1d({ filters: 128, kernelSize: 2 }),
      layers.maxPooling1d({ poolSize: 2 }),
      layers.simpleRNN({ units: 64, ...sequences }),
      layers.simpleRNN({ units: 120, recurrentDropout: 0.1, ...relu }),
      ...ends(),
    ]),
  },
  {
    notebook: advanced,
    title: "LSTM in both directions",
    printed: 9661,
    exercise: false,
    build: stack([21, 9], () => [layers.bidirectional({ layer: layers.lstm({ units: 30, ...relu }) }), ...ends()]),
  },
  {
    notebook: advanced,
    title: "two layers in both directions",
    printed: 15_301,
    exercise: false,
    build: stack([21, 9], () => [
      layers.bidirectional({ layer: layers.lstm({ units: 30, ...sequences }) }),
      layers.bidirectional({ layer: layers.lstm({ units: 10, ...relu }) }),
      ...ends(),
    ]),
  },
  {
    notebook: advanced,
    title: "monster 2",
    printed: 93_891,
    exercise: true,
    build: stack([21, 50], () => [
      layers.conv1d({ filters: 20, kernelSize: 2 }),
      layers.maxPooling1d({ poolSize: 2 }),
      layers.conv1d({ filters: 10, kernelSize: 2 }),
      layers.maxPooling1d({ poolSize: 2 }),
      ...[30, 60].map((units) => layers.bidirectional({ layer: layers.lstm({ units, ...sequences }) })),
      layers.gru({ units: 40, ...sequences }),
      layers.bidirectional({ layer: layers.lstm({ units: 10, ...relu }) }),
      ...ends(),
    ]),
  },
  {
    notebook: numpy,
    title: "SimpleRNN(10) on three steps",
    printed: 131,
    exercise: false,
    build: stack([3, 1], () => [layers.simpleRNN({ units: 10 }), layers.dense({ units: 1 })]),
  },
  { notebook: samples, title: "SimpleRNN, one sample and three", printed: 57, exercise: false, build: simpleByHand },
];
