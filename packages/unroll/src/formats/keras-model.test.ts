import "../model/summaries.ts";
import { beforeEach, describe, expect, it } from "vitest";
import { UnrollError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { input, layers, resetNames } from "../layers/index.ts";
import { model } from "../model/functional.ts";
import { sequential } from "../model/sequential.ts";
import { modelFromConfig } from "./keras-model.ts";
import { modelToConfig } from "./keras-model-write.ts";

beforeEach(resetNames);

type Config = Record<string, unknown>;

/** A layer as Keras 2 writes it inside a functional model. */
function keras2(className: string, name: string, config: Config, nodes: unknown[]): Config {
  return { class_name: className, name, config: { name, ...config }, inbound_nodes: nodes };
}

function functional2(list: readonly Config[], inputs: unknown, outputs: unknown): Config {
  return {
    class_name: "Functional",
    config: { name: "model", layers: list, input_layers: inputs, output_layers: outputs },
    keras_version: "2.9.0",
    backend: "tensorflow",
  };
}

/** The numbers of a single result. */
function numbers(result: Tensor | readonly Tensor[]): number[] {
  return [...(result as Tensor).data]; // these models have one output
}

const inputs2 = (name: string, shape: readonly (number | null)[], dtype = "float32"): Config =>
  keras2("InputLayer", name, { batch_input_shape: shape, dtype, sparse: false, ragged: false }, []);

describe("Keras 2's JSON", () => {
  it("reads a Sequential with batch_input_shape, as text with its version", () => {
    const json = JSON.stringify({
      class_name: "Sequential",
      config: {
        name: "sequential_7",
        layers: [
          {
            class_name: "InputLayer",
            config: {
              batch_input_shape: [null, 50, 3],
              dtype: "float32",
              sparse: false,
              ragged: false,
              name: "simple_rnn_2_input",
            },
          },
          {
            class_name: "SimpleRNN",
            config: {
              name: "simple_rnn_2",
              batch_input_shape: [null, 50, 3],
              units: 2,
              activation: "relu",
              time_major: false,
            },
          },
          { class_name: "Dense", config: { name: "dense_6", units: 1 } },
        ],
      },
      keras_version: "2.8.0",
      backend: "tensorflow",
    });
    const net = modelFromConfig(json);
    expect(net.summary({ print: false, style: "keras2" })).toBe(
      [
        'Model: "sequential_7"',
        "_________________________________________________________________",
        " Layer (type)                Output Shape              Param #   ",
        "=================================================================",
        " simple_rnn_2 (SimpleRNN)    (None, 2)                 12        ",
        "                                                                 ",
        " dense_6 (Dense)             (None, 1)                 3         ",
        "                                                                 ",
        "=================================================================",
        "Total params: 15",
        "Trainable params: 15",
        "Non-trainable params: 0",
        "_________________________________________________________________",
        "",
      ].join("\n"),
    );
  });

  it("reads the bare list of layers of Keras up to 2.2, with that time's defaults", () => {
    const net = modelFromConfig({
      class_name: "Sequential",
      config: [{ class_name: "GRU", config: { name: "gru_1", batch_input_shape: [null, 5, 5], units: 4 } }],
      keras_version: "2.2.4",
    });
    expect(net.countParams()).toBe(120);
    expect(net.layers[0]!.config.recurrentActivation).toMatch(/hard_sigmoid/);
  });

  it("takes states that stand in the list of inputs as initial states", () => {
    const lstm = { units: 4, return_sequences: true };
    const net = modelFromConfig(
      functional2(
        [
          inputs2("past", [null, 7, 2]),
          inputs2("future", [null, 3, 2]),
          keras2("LSTM", "encoder", { units: 4, return_state: true }, [[["past", 0, 0, {}]]]),
          keras2("LSTM", "decoder", lstm, [
            [
              ["future", 0, 0, {}],
              ["encoder", 0, 1, {}],
              ["encoder", 0, 2, {}],
            ],
          ]),
        ],
        [
          ["past", 0, 0],
          ["future", 0, 0],
        ],
        [["decoder", 0, 0]],
      ),
    );
    expect(net.layers.map(({ name }) => name)).toEqual(["past", "future", "encoder", "decoder"]);
    expect(net.getLayer("decoder").calls[0]!.initialStates).toHaveLength(2);
    expect(net.outputShape).toEqual([null, 3, 4]);
    expect(net.summary({ print: false, style: "keras2" })).toContain("'encoder[0][1]',");
  });

  it("counts the calls of a model inside from one, as Keras 2 does", () => {
    const tower = {
      ...functional2(
        [inputs2("inner", [null, 4]), keras2("Dense", "d", { units: 3 }, [[["inner", 0, 0, {}]]])],
        [["inner", 0, 0]],
        [["d", 0, 0]],
      ),
      name: "tower",
      inbound_nodes: [[["a", 0, 0, {}]], [["b", 0, 0, {}]]],
    };
    const net = modelFromConfig(
      functional2(
        [
          inputs2("a", [null, 4]),
          inputs2("b", [null, 4]),
          tower,
          keras2("Subtract", "subtract", {}, [
            [
              ["tower", 1, 0, {}],
              ["tower", 2, 0, {}],
            ],
          ]),
        ],
        [
          ["a", 0, 0],
          ["b", 0, 0],
        ],
        [["subtract", 0, 0]],
      ),
    );
    expect(net.countParams()).toBe(15);
    const [one, two] = [[[1, 2, 3, 4]], [[5, 6, 7, 8]]];
    const there = numbers(net.predict([one, two]));
    const back = numbers(net.predict([two, one]));
    for (const [index, value] of there.entries()) expect(back[index]).toBeCloseTo(-value, 5);
  });

  it("lets a mask reach a layer with initial states, where Keras 3 does not", () => {
    const embedding = { input_dim: 9, output_dim: 4, mask_zero: true };
    const config = functional2(
      [
        inputs2("a", [null, 5], "int32"),
        inputs2("h", [null, 3]),
        keras2("Embedding", "words", embedding, [[["a", 0, 0, {}]]]),
        keras2("GRU", "gru", { units: 3, reset_after: true }, [
          [
            ["words", 0, 0, {}],
            ["h", 0, 0, {}],
          ],
        ]),
      ],
      [
        ["a", 0, 0],
        ["h", 0, 0],
      ],
      [["gru", 0, 0]],
    );
    /** Whether masked timesteps at the end change nothing. */
    const ignoresPadding = (version: string): boolean => {
      const net = modelFromConfig({ ...config, keras_version: version });
      net.setWeights(net.getWeights().map(({ shape, data }) => ({ shape, data: data.map((_, i) => Math.sin(i + 1)) })));
      const state = [[0.1, 0.2, 0.3]];
      const words = net.getLayer("words").apply([[1, 2, 3]]) as Tensor; // one output
      const short = numbers(net.getLayer("gru").apply(words, { initialState: [state] }));
      const padded = numbers(net.predict([[[1, 2, 3, 0, 0]], state]));
      return short.every((value, index) => Math.abs(value - padded[index]!) < 1e-6);
    };
    expect(ignoresPadding("2.9.0")).toBe(true);
    expect(ignoresPadding("3.5.0")).toBe(false);
  });

  it("keeps a call that always trains", () => {
    const net = modelFromConfig(
      functional2(
        [inputs2("a", [null, 4]), keras2("Dropout", "drop", { rate: 0.5 }, [[["a", 0, 0, { training: true }]]])],
        ["a", 0, 0],
        ["drop", 0, 0],
      ),
    );
    expect(net.getLayer("drop").calls[0]!.training).toBe(true);
  });
});

describe("Keras 3's JSON", () => {
  it("is written so that several inputs, states and masks read back", () => {
    const tokens = input({ shape: [5], dtype: "int32", name: "tokens" });
    const words = layers.embedding({ inputDim: 9, outputDim: 4, maskZero: true }).apply(tokens);
    const [, h] = layers.gru({ units: 3, returnState: true }).apply(words);
    const other = input({ shape: [4, 2], name: "other" });
    const net = model({
      inputs: [tokens, other],
      outputs: layers.gru({ units: 3 }).apply(other, { initialState: [h!] }),
    });
    const again = modelFromConfig(JSON.stringify(modelToConfig(net)));
    expect(again.summary({ print: false })).toBe(net.summary({ print: false }));
    again.setWeights(net.getWeights());
    const x = [
      [[1, 2, 0, 3, 0]],
      [
        [
          [1, 2],
          [3, 4],
          [5, 6],
          [7, 8],
        ],
      ],
    ];
    expect(again.predict(x)).toEqual(net.predict(x));
  });

  it("keeps a sequential model without an input shape unbuilt", () => {
    const net = sequential({ layers: [layers.dense({ units: 2 })] });
    const again = modelFromConfig(modelToConfig(net));
    expect(again.built).toBe(false);
    expect(again.predict([[1, 2, 3]])).toMatchObject({ shape: [1, 2] });
  });
});

describe("what cannot be read", () => {
  const message = (json: unknown): string => {
    try {
      modelFromConfig(json);
    } catch (error) {
      expect(error).toBeInstanceOf(UnrollError);
      return (error as UnrollError).message;
    }
    return "no error";
  };
  const dense = (nodes: unknown): Config => ({
    class_name: "Dense",
    name: "d",
    config: { name: "d", units: 1 },
    inbound_nodes: nodes,
  });

  it("is explained: text that is no JSON, other objects, classes of Python", () => {
    expect(message("{")).toContain("modelFromConfig: the text must be JSON.");
    expect(message([1])).toContain("a model must be an object with class_name and config");
    expect(message({ class_name: "Dense", config: { units: 1 } })).toContain("For a single layer use layerFromConfig.");
    expect(message({ class_name: "Functional", config: { name: "MyModel" } })).toContain("keeps its wiring in code");
    expect(message({ class_name: "Sequential", config: { layers: [3] } })).toContain(
      "config.layers must be a list of layers",
    );
    expect(message({ class_name: "Sequential", config: { layers: [{ class_name: "Lambda", config: {} }] } })).toContain(
      "files are data here",
    );
  });

  it("is explained: connections to nowhere, circles, operations on tensors", () => {
    const start = inputs2("a", [null, 4]);
    const out = [["d", 0, 0]];
    expect(message(functional2([start, dense([[["b", 0, 0, {}]]])], ["a", 0, 0], out))).toContain(
      'every connection must name a layer of the model. Received: layer = "b"',
    );
    expect(message(functional2([start, dense([[["d", 0, 0, {}]]])], ["a", 0, 0], out))).toContain(
      "without a circle. Received: these wait for one another or for a call that is not there: d",
    );
    expect(message(functional2([start, dense([[["a", 0, 0, {}]]])], ["a", 0, 0], [["d", 3, 0]]))).toContain(
      "output_layers must name outputs that exist",
    );
    expect(message(functional2([start, start], ["a", 0, 0], out))).toContain("two layers named");
    expect(message(functional2([start, { ...dense(3) }], ["a", 0, 0], out))).toContain("inbound_nodes must be a list");
    const operation = {
      class_name: "TFOpLambda",
      name: "tf.math.add",
      config: { name: "tf.math.add" },
      inbound_nodes: [[["a", 0, 0, { y: 1 }]]],
    };
    expect(message(functional2([start, operation, dense([[["tf.math.add", 0, 0, {}]]])], ["a", 0, 0], out))).toContain(
      "operations on tensors between layers cannot be read",
    );
    expect(message(functional2([start, dense([[["a", 0, 0, { scale: 2 }]]])], ["a", 0, 0], out))).toContain(
      "d: this layer's call has an argument that cannot be read: scale",
    );
  });

  it("is refused soon: thousands of layers, models or wrappers a hundred deep", () => {
    const many = Array.from({ length: 6000 }, () => ({ class_name: "Dense", config: { units: 1 } }));
    expect(message({ class_name: "Sequential", config: { layers: many } })).toContain("a model may have 1000 layers");
    let deep: Config = { class_name: "Sequential", config: { layers: [] } };
    for (let i = 0; i < 100; i++) deep = { class_name: "Sequential", config: { layers: [deep] } };
    let wrapped: Config = { class_name: "Dense", config: { units: 1 } };
    for (let i = 0; i < 20000; i++) wrapped = { class_name: "TimeDistributed", config: { layer: wrapped } };
    const text = `{"class_name":"Sequential","config":{"layers":[${"[".repeat(50000)}${"]".repeat(50000)}]}}`;
    expect(message({ class_name: "Sequential", config: { layers: [wrapped] } })).toContain("may go 32 deep");
    expect(message(text)).not.toBe("no error");
    expect(message(deep)).toContain("layers inside layers may go 32 deep");
  });
});
