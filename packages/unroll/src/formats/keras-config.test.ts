import { beforeEach, describe, expect, test } from "vitest";
import { UnrollError } from "../core/errors.ts";
import { layers, resetNames } from "../layers/index.ts";
import { type KerasObject, layerFromConfig, layerToConfig } from "./keras-config.ts";

beforeEach(resetNames);

const read = (class_name: string, config: Record<string, unknown>, kerasVersion?: string) =>
  layerFromConfig({ class_name, config }, kerasVersion === undefined ? {} : { kerasVersion });

function errorOf(run: () => unknown): UnrollError {
  try {
    run();
  } catch (error) {
    if (error instanceof UnrollError) return error;
    throw error;
  }
  throw new Error("no error was thrown");
}

describe("configs of older versions", () => {
  test("a GRU without reset_after is the old form", () => {
    expect(read("GRU", { units: 4 }).config.resetAfter).toBe(false);
    expect(read("GRU", { units: 4, reset_after: true }).config.resetAfter).toBe(true);
  });

  test("a missing recurrent_activation is the default of its time", () => {
    const gate = (version?: string): unknown => read("LSTM", { units: 4 }, version).config.recurrentActivation;
    expect([gate("2.2.4"), gate("2.3.1"), gate("2.15.0"), gate("3.1.0"), gate()]).toEqual([
      "hard_sigmoid_keras2",
      "sigmoid",
      "sigmoid",
      "sigmoid",
      "sigmoid",
    ]);
  });

  test("hard_sigmoid has the slope of the version that wrote it", () => {
    const gate = (version?: string): unknown =>
      read("LSTM", { units: 4, recurrent_activation: "hard_sigmoid" }, version).config.recurrentActivation;
    expect([gate("2.15.0"), gate("2.4.0-tf"), gate("3.4.1"), gate()]).toEqual([
      "hard_sigmoid_keras2",
      "hard_sigmoid_keras2",
      "hard_sigmoid",
      "hard_sigmoid",
    ]);
  });

  test("keys that change nothing are passed over", () => {
    const lstm = read("LSTM", {
      name: "lstm_3",
      trainable: false,
      batch_input_shape: [null, 50, 3],
      dtype: { class_name: "Policy", config: { name: "float32" } },
      units: 2,
      time_major: false,
      implementation: 1,
      unroll: true,
    });
    expect([lstm.name, lstm.trainable, lstm.batchInputShape]).toEqual(["lstm_3", false, [null, 50, 3]]);
    expect(read("Embedding", { input_dim: 4, output_dim: 2, input_length: 10 }).config.inputDim).toBe(4);
  });

  test("initializers, regularizers and sizes come in every spelling", () => {
    const dense = read("Dense", {
      units: 2,
      kernel_initializer: {
        class_name: "VarianceScaling",
        config: { scale: 1.0, mode: "fan_avg", distribution: "uniform", seed: null },
      },
      bias_initializer: "zeros",
      kernel_regularizer: { class_name: "L1L2", config: { l1: 0, l2: 0.01 } },
      kernel_constraint: {
        module: "keras.constraints",
        class_name: "MaxNorm",
        config: { max_value: 3, axis: 0 },
        registered_name: null,
      },
      activation: null,
    });
    expect(dense.config).toMatchObject({
      kernelInitializer: { className: "VarianceScaling", config: { mode: "fan_avg" } },
      biasInitializer: { className: "Zeros" },
      kernelRegularizer: { className: "L1L2", config: { l1: 0, l2: 0.01 } },
      kernelConstraint: { className: "MaxNorm", config: { maxValue: 3 } },
      activation: "linear",
    });
    expect(read("Conv1D", { filters: 2, kernel_size: [3], strides: 1 }).config.kernelSize).toEqual([3]);
    expect(read("Conv1D", { filters: 2, kernel_size: 3, strides: [1] }).config.kernelSize).toEqual([3]);
  });

  test("fused and renamed classes are the layers that they stand for", () => {
    expect(read("CuDNNGRU", { units: 3 }).config).toMatchObject({
      units: 3,
      resetAfter: true,
      recurrentActivation: "sigmoid",
    });
    expect(read("CuDNNLSTM", { units: 3 }).className).toBe("LSTM");
    expect(read("GlobalMaxPool1D", {}).className).toBe("GlobalMaxPooling1D");
    expect(read("LeakyReLU", { alpha: 0.2 }).config.negativeSlope).toBe(0.2);
    expect(read("Dropout", { p: 0.4 }).config.rate).toBe(0.4);
  });

  test("names that every object has are no names of classes or options", () => {
    expect(errorOf(() => read("constructor", {})).code).toBe("unknown-name");
    expect(errorOf(() => read("Dropout", { rate: 0.5, toString: 1 })).message).toContain("no option named toString");
  });

  test("Bidirectional may store one layer or two", () => {
    const inner = { class_name: "LSTM", config: { name: "forward_lstm_2", units: 3 } };
    const one = read("Bidirectional", { layer: inner });
    expect(one.children.map(({ name, config }) => [name, config.goBackwards])).toEqual([
      ["forward_lstm_2", false],
      ["backward_forward_lstm_2", true],
    ]);
    const backward = { class_name: "LSTM", config: { name: "backward_lstm_2", units: 3, go_backwards: true } };
    const two = read("Bidirectional", { layer: inner, backward_layer: backward });
    expect(two.children.map(({ name }) => name)).toEqual(["forward_lstm_2", "backward_lstm_2"]);
  });

  test("an input layer says its shape and type in both versions' words", () => {
    expect(
      read("InputLayer", { batch_input_shape: [null, 5], dtype: "int32", sparse: false, name: "ids" }).config,
    ).toMatchObject({
      batchShape: [null, 5],
      dtype: "int32",
    });
    expect(read("InputLayer", { batch_shape: [8, 5, 2], dtype: "float32" }).config).toMatchObject({
      batchShape: [8, 5, 2],
    });
  });
});

describe("what cannot be read", () => {
  test("code is refused, not run", () => {
    const error = errorOf(() => read("Lambda", { function: ["4wEAAA==", null, null] }));
    expect(error.code).toBe("unsupported");
    expect(error.message).toContain("nothing in them is executed");
  });

  test("an unknown class or option is named, with a suggestion", () => {
    expect(errorOf(() => read("LTSM", { units: 3 })).message).toContain("Did you mean LSTM?");
    const option = errorOf(() => read("LSTM", { name: "first", units: 3, return_sequence: true }));
    expect(option.message).toBe(
      "first: LSTM has no option named return_sequence. Received: return_sequence = true. Did you mean return_sequences?",
    );
  });

  test("something that is no serialized layer is refused", () => {
    expect(errorOf(() => layerFromConfig("LSTM" as unknown as KerasObject)).code).toBe("format");
    expect(errorOf(() => layerFromConfig({ class_name: "LSTM" } as KerasObject)).code).toBe("format");
    expect(errorOf(() => read("LSTM", { units: 2, activation: { class_name: "function", config: {} } })).code).toBe(
      "unsupported",
    );
    expect(errorOf(() => read("TimeDistributed", { layer: 7 })).code).toBe("format");
  });
});

describe("writing", () => {
  test("gives Keras 3's form, in Keras's spelling", () => {
    const { module, class_name, config } = layerToConfig(layers.gru({ units: 2, returnSequences: true }));
    expect([module, class_name]).toEqual(["keras.layers", "GRU"]);
    expect(config).toMatchObject({
      name: "gru",
      trainable: true,
      units: 2,
      return_sequences: true,
      reset_after: true,
      recurrent_initializer: {
        module: "keras.initializers",
        class_name: "Orthogonal",
        config: { gain: 1, seed: null },
      },
      kernel_regularizer: null,
    });
  });
});
