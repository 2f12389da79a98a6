import { describe, expect, test } from "vitest";
import { kerasObject, snakeCase, walkLayers } from "./index.ts";
import { errorOf } from "./testing.ts";

const layer = (class_name: string, name: string, config: object = {}) => ({ class_name, config: { name, ...config } });
const sequential = (name: string, ...layers: unknown[]) => ({ class_name: "Sequential", config: { name, layers } });

/** Names and groups as real Keras 3.15.1 wrote them for models of these layers. */
const model = sequential(
  "outer",
  layer("InputLayer", "in"),
  sequential(
    "first",
    layer("Conv1D", "c"),
    layer("BatchNormalization", "bn"),
    layer("Dense", "d1"),
    layer("Dense", "d2"),
  ),
  sequential("second", layer("Dense", "d1")),
  layer("MultiHeadAttention", "att"),
  layer("RNN", "rnn", {
    cell: layer("StackedRNNCells", "cells", {
      cells: [layer("LSTMCell", "a"), layer("GRUCell", "b"), layer("LSTMCell", "c")],
    }),
  }),
  layer("TimeDistributed", "td", { layer: sequential("inner", layer("Dense", "x"), layer("BatchNormalization", "y")) }),
  layer("Bidirectional", "bi", { layer: layer("RNN", "r", { cell: layer("SimpleRNNCell", "s") }) }),
  layer("PReLU", "p"),
  layer("MaxPooling1D", "pool"),
);

test("class names become keys as in Keras", () => {
  const names = [
    "LSTM",
    "SimpleRNN",
    "Conv1D",
    "MaxPooling1D",
    "GlobalMaxPooling1D",
    "ConvLSTM1D",
    "PReLU",
    "ReLU",
    "LeakyReLU",
    "TimeDistributed",
  ];
  expect(names.map(snakeCase)).toEqual([
    "lstm",
    "simple_rnn",
    "conv1d",
    "max_pooling1d",
    "global_max_pooling1d",
    "conv_lstm1d",
    "p_re_lu",
    "re_lu",
    "leaky_re_lu",
    "time_distributed",
  ]);
});

test("every layer's variable groups are where Keras writes them", () => {
  const found = walkLayers(kerasObject(model, "m"), "m").map(({ path, groups }) => [
    path.join("/"),
    ...groups.map((group) => group.path),
  ]);
  expect(found).toEqual([
    ["in", "layers/input_layer"],
    ["first/c", "layers/sequential/layers/conv1d"],
    ["first/bn", "layers/sequential/layers/batch_normalization"],
    ["first/d1", "layers/sequential/layers/dense"],
    ["first/d2", "layers/sequential/layers/dense_1"],
    ["second/d1", "layers/sequential_1/layers/dense"],
    [
      "att",
      "layers/multi_head_attention/query_dense",
      "layers/multi_head_attention/key_dense",
      "layers/multi_head_attention/value_dense",
      "layers/multi_head_attention/output_dense",
    ],
    ["rnn", "layers/rnn/cell/cells/lstm_cell", "layers/rnn/cell/cells/gru_cell", "layers/rnn/cell/cells/lstm_cell_1"],
    ["td", "layers/time_distributed/layer/layers/dense", "layers/time_distributed/layer/layers/batch_normalization"],
    ["bi", "layers/bidirectional/forward_layer/cell", "layers/bidirectional/backward_layer/cell"],
    ["p", "layers/p_re_lu"],
    ["pool", "layers/max_pooling1d"],
  ]);
});

describe("code is refused wherever it hides", () => {
  const lambda = { class_name: "__lambda__", config: { value: ["4wEAAAAA"] } };
  test.each([
    ["a Lambda layer", layer("Lambda", "twice", { function: ["4wEAAAAA", null, null] })],
    ["an activation", layer("Dense", "twice", { activation: lambda })],
    ["a layer in a wrapper", layer("TimeDistributed", "td", { layer: layer("Lambda", "twice", { function: lambda }) })],
  ])("%s", async (_, code) => {
    const error = await errorOf(() => kerasObject(sequential("s", code), "m.keras"));
    expect(error.message).toContain("m.keras: twice: a Lambda layer holds executable Python code, which is never run.");
  });
});

test("two layers of one name are an error", async () => {
  const twice = sequential("s", layer("Dense", "d"), layer("Dense", "d"));
  expect((await errorOf(() => walkLayers(kerasObject(twice, "m"), "m"))).message).toContain('Received: name = "d"');
});

test("a Sequential config may be a bare list, as before Keras 2.2.3", () => {
  const old = { class_name: "Sequential", config: [layer("LSTM", "lstm"), layer("Dense", "dense")] };
  expect(walkLayers(kerasObject(old, "m"), "m").map(({ path }) => path)).toEqual([["lstm"], ["dense"]]);
});
