import { beforeEach, expect, test } from "vitest";
import { automaticName, resetNames, snakeCase } from "./naming.ts";

beforeEach(resetNames);

// From Keras's documentation of names and summaries.
test.each([
  ["SimpleRNN", "simple_rnn"],
  ["LSTM", "lstm"],
  ["GRU", "gru"],
  ["Conv1D", "conv1d"],
  ["MaxPooling1D", "max_pooling1d"],
  ["GlobalAveragePooling1D", "global_average_pooling1d"],
  ["TimeDistributed", "time_distributed"],
  ["BatchNormalization", "batch_normalization"],
  ["ReLU", "re_lu"],
  ["LeakyReLU", "leaky_re_lu"],
  ["RepeatVector", "repeat_vector"],
  ["SpatialDropout1D", "spatial_dropout1d"],
  ["InputLayer", "input_layer"],
  ["MultiHeadAttention", "multi_head_attention"],
  ["LSTMCell", "lstm_cell"],
  ["StackedRNNCells", "stacked_rnn_cells"],
])("%s becomes %s", (className, name) => {
  expect(snakeCase(className)).toBe(name);
});

test("numbers count from zero, which is not written", () => {
  expect([automaticName("dense"), automaticName("dense"), automaticName("gru"), automaticName("dense")]).toEqual([
    "dense",
    "dense_1",
    "gru",
    "dense_2",
  ]);
  resetNames();
  expect(automaticName("dense")).toBe("dense");
});
