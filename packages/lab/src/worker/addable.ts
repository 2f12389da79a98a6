/** Layers that can be put into a stack with one press, with the options that they cannot do without. */
import type { KerasObject } from "unroll/formats/keras-config.ts";

export interface Addable {
  readonly className: string;
  readonly does: string;
  /** In Keras's spelling. */
  readonly config: Readonly<Record<string, unknown>>;
}

const inner = (className: string, config: Readonly<Record<string, unknown>>): KerasObject => ({
  class_name: className,
  config,
});

export const addable: readonly Addable[] = [
  { className: "LSTM", does: "recurrent, with a memory and three gates", config: { units: 4 } },
  { className: "GRU", does: "recurrent, with two gates", config: { units: 4 } },
  { className: "SimpleRNN", does: "recurrent, without gates", config: { units: 4 } },
  {
    className: "Bidirectional",
    does: "a recurrent layer read both ways",
    config: { layer: inner("LSTM", { units: 4, name: "lstm" }) },
  },
  { className: "Dense", does: "every output from every input", config: { units: 1 } },
  {
    className: "TimeDistributed",
    does: "the same Dense at every timestep",
    config: { layer: inner("Dense", { units: 1, name: "dense" }) },
  },
  { className: "Embedding", does: "ids to vectors", config: { input_dim: 100, output_dim: 8 } },
  { className: "Masking", does: "leaves out timesteps of one value", config: {} },
  { className: "Conv1D", does: "windows over time", config: { filters: 4, kernel_size: 2 } },
  {
    className: "SeparableConv1D",
    does: "windows over time, each feature for itself first",
    config: { filters: 4, kernel_size: 2 },
  },
  { className: "MaxPooling1D", does: "the largest of every few timesteps", config: {} },
  { className: "AveragePooling1D", does: "the mean of every few timesteps", config: {} },
  { className: "GlobalMaxPooling1D", does: "the largest over all timesteps", config: {} },
  { className: "GlobalAveragePooling1D", does: "the mean over all timesteps", config: {} },
  { className: "Flatten", does: "all axes in one", config: {} },
  { className: "RepeatVector", does: "one vector at several timesteps", config: { n: 3 } },
  { className: "ZeroPadding1D", does: "zeros before and after", config: {} },
  { className: "Cropping1D", does: "cuts off timesteps", config: {} },
  { className: "UpSampling1D", does: "repeats each timestep", config: {} },
  { className: "Activation", does: "a function of every number", config: { activation: "relu" } },
  { className: "LeakyReLU", does: "a relu that leaks", config: {} },
  { className: "Dropout", does: "drops numbers while training", config: { rate: 0.2 } },
  { className: "SpatialDropout1D", does: "drops whole features while training", config: { rate: 0.2 } },
  { className: "GaussianNoise", does: "adds noise while training", config: { stddev: 0.1 } },
  { className: "BatchNormalization", does: "evens out over the batch", config: {} },
  { className: "LayerNormalization", does: "evens out over the features", config: {} },
  {
    className: "PeepholeLSTM",
    does: "own cell: its gates see the memory; the code becomes JSON",
    config: { units: 4 },
  },
  { className: "MinimalGatedUnit", does: "own cell: one gate; the code becomes JSON", config: { units: 4 } },
  { className: "CoupledLSTM", does: "own cell: i is 1 − f; the code becomes JSON", config: { units: 4 } },
];
