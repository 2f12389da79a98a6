/** Layers by themselves: options, names, arrays, building. */
import { beforeEach, describe, expect, expectTypeOf, test } from "vitest";
import { type Tensor, tensor } from "../core/tensor.ts";
import { input, layers, layerTypes, resetNames, type SymbolicTensor, setSeed } from "./index.ts";
import { messageOf } from "./testing.ts";

beforeEach(resetNames);

describe("options", () => {
  test("a layer's config has every option, defaults filled in", () => {
    const { config } = layers.lstm({ units: 4, returnSequences: true });
    expect(config).toMatchObject({
      units: 4,
      activation: "tanh",
      recurrentActivation: "sigmoid",
      returnSequences: true,
      returnState: false,
      unitForgetBias: true,
      recurrentInitializer: { className: "Orthogonal", config: { gain: 1, seed: null } },
    });
  });

  test("an unknown option is an error with a suggestion", () => {
    expect(messageOf(() => layers.gru({ units: 4, return_sequences: true } as never))).toBe(
      "GRU has no option named return_sequences. Received: return_sequences = true. Did you mean returnSequences?",
    );
    expect(
      messageOf(() => layers.simpleRNN({ units: 4, recurrentActivation: "tanh", name: "first" } as never)),
    ).toMatch(/^first: SimpleRNN has no option named recurrentActivation\./);
  });

  test("inputShape, which TensorFlow.js has on every layer, is answered by what stands for it", () => {
    expect(messageOf(() => layers.lstm({ units: 4, inputShape: [20, 1] } as never))).toBe(
      "LSTM has no option named inputShape. Received: inputShape = [20, 1]. Put input({ shape: [...] }) before the first layer; its shape leaves the batch out.",
    );
  });

  test("sizes that cannot be are refused with the rule", () => {
    const refused = (units: unknown): string => messageOf(() => layers.lstm({ units } as never));
    expect(refused(0)).toBe("LSTM: units must be a positive whole number. Received: units = 0.");
    expect(refused(-3)).toContain("Received: units = -3.");
    expect(refused(2.5)).toContain("Received: units = 2.5.");
    expect(refused("8")).toContain('Received: units = "8".');
    expect(refused(1e12)).toContain("below 2^31");
    expect(messageOf(() => layers.lstm({} as never))).toContain("LSTM needs the option units");
    expect(messageOf(() => layers.dropout({ rate: 1.5 }))).toContain("a share between 0 and 1");
    expect(messageOf(() => layers.conv1d({ filters: 2, kernelSize: 3, padding: "cuasal" as never }))).toContain(
      "Did you mean causal?",
    );
    expect(messageOf(() => layers.dense({ units: 1, activation: "sigmiod" }))).toContain("Did you mean sigmoid?");
    expect(messageOf(() => layers.conv1d({ filters: 2, kernelSize: 3, strides: 2, dilationRate: 2 }))).toContain(
      "strides above 1 and dilationRate above 1 do not go together",
    );
  });

  test("padding and data format are taken in any case and as null, as Keras takes them", () => {
    const { config } = layers.conv1d({ filters: 2, kernelSize: 3, padding: "SAME" as "same", dataFormat: null });
    expect(config).toMatchObject({ padding: "same", dataFormat: "channels_last" });
    expect(layers.maxPooling1d({ padding: "Valid" as "valid" }).config.padding).toBe("valid");
    expect(layers.flatten({ dataFormat: "CHANNELS_FIRST" as "channels_first" }).config.dataFormat).toBe(
      "channels_first",
    );
    expect(messageOf(() => layers.conv1d({ filters: 2, kernelSize: 3, padding: "FULL" as "same" }))).toBe(
      'Conv1D: padding must be one of "valid", "same", "causal". Received: padding = "FULL".',
    );
    expect(messageOf(() => layers.conv2d({ filters: 2, kernelSize: 3, padding: "CAUSAL" as "same" }))).toContain(
      'one of "valid", "same"',
    );
  });

  test("an initializer of null is the one that Keras takes then", () => {
    expect(layers.dense({ units: 2, biasInitializer: null as never }).config.biasInitializer).toMatchObject({
      className: "GlorotUniform",
    });
  });

  test("axes that the input does not have, or that are named twice, are refused before anything runs", () => {
    const built = (layer: { build(shape: readonly (number | null)[]): void }): string =>
      messageOf(() => layer.build([null, 4, 3]));
    expect(built(layers.softmax({ axis: 3 }))).toBe(
      "softmax: axis must be an axis of the input. Received: axis = [3], input shape = (None, 4, 3). Give 0 to 2, or -3 to -1 from the end.",
    );
    expect(built(layers.softmax({ axis: [1, -4] }))).toContain("must be an axis of the input");
    expect(built(layers.softmax({ axis: [1, -2] }))).toContain("must name each axis once");
    expect(built(layers.layerNormalization({ axis: [2, 2] }))).toContain("axis must name each axis once");
    expect(built(layers.softmax({ axis: [-2, -1] }))).toBe("no error");
    expect(messageOf(() => layers.reLU({ maxValue: -1 }))).toContain("maxValue must be a number, 0 or more");
  });

  test("a penalty that Keras 3 refuses is refused", () => {
    const dense = (className: string, config = {}) =>
      messageOf(() => layers.dense({ units: 1, kernelRegularizer: { className, config } as never }));
    for (const [className, option] of [
      ["L1", "l1"],
      ["L2", "l2"],
      ["L1L2", "l1"],
      ["L1L2", "l2"],
      ["OrthogonalRegularizer", "factor"],
    ] as const) {
      for (const value of [-0.1, Number.NaN, Number.POSITIVE_INFINITY, "0.1", [0.1]]) {
        expect(dense(className, { [option]: value })).toContain(
          `${option} of kernelRegularizer must be a finite number`,
        );
      }
      expect(dense(className, { [option]: 0 })).toBe("no error");
    }
    expect(dense("L2", { l2: -0.1 })).toBe(
      "Dense: l2 of kernelRegularizer must be a finite number, 0 or more. Received: l2 of kernelRegularizer = -0.1.",
    );
    expect(dense("OrthogonalRegularizer", { mode: "rwos" })).toContain('must be "rows" or "columns"');
    const left = layers.dense({ units: 1, kernelRegularizer: { className: "L2", config: { l2: null } } as never });
    expect(left.config.kernelRegularizer).toEqual({ className: "L2", config: { l2: 0.01 } });
    for (const l2 of [-1, Number.POSITIVE_INFINITY]) {
      expect(messageOf(() => layers.activityRegularization({ l2 }))).toContain("l2 must be a finite number, 0 or more");
    }
  });

  test("a name that every object has is no regularizer, and no option of one", () => {
    const dense = (className: string, config = {}) =>
      messageOf(() => layers.dense({ units: 1, kernelRegularizer: { className, config } as never }));
    expect(dense("constructor")).toContain("kernelRegularizer must be a regularizer");
    expect(dense("L2", { toString: 1 })).toContain("L2 has no option named toString");
  });

  test("a layer inside must be of the right sort", () => {
    expect(messageOf(() => layers.bidirectional({ layer: layers.dense({ units: 2 }) }))).toBe(
      "Bidirectional: layer must be a recurrent layer, such as LSTM or GRU. Received: layer = Dense. timeDistributed runs any layer at every timestep.",
    );
    expect(messageOf(() => layers.timeDistributed({ layer: 3 as never }))).toContain("layer must be a layer");
    expect(messageOf(() => layers.rnn({ cell: layers.lstm({ units: 2 }) }))).toContain("a cell such as");
  });
});

describe("names", () => {
  test("count from zero for each class, as in Keras 3", () => {
    const names = [
      layers.lstm({ units: 1 }),
      layers.dense({ units: 1 }),
      layers.lstm({ units: 1 }),
      layers.maxPooling1d(),
      layers.reLU(),
      layers.timeDistributed({ layer: layers.dense({ units: 1 }) }),
      layers.simpleRNN({ units: 1 }),
      layers.prelu(),
    ].map(({ name }) => name);
    expect(names).toEqual([
      "lstm",
      "dense",
      "lstm_1",
      "max_pooling1d",
      "re_lu",
      "time_distributed",
      "simple_rnn",
      "p_re_lu",
    ]);
  });

  test("that a user gives neither use up nor reserve a number", () => {
    layers.lstm({ units: 1, name: "lstm" });
    expect(layers.lstm({ units: 1 }).name).toBe("lstm");
    expect(layers.lstm({ units: 1 }).name).toBe("lstm_1");
  });

  test("of the two copies in Bidirectional come from the layer given, whose number is used up", () => {
    const both = layers.bidirectional({ layer: layers.lstm({ units: 1 }) });
    expect(both.name).toBe("bidirectional");
    expect(both.children.map(({ name }) => name)).toEqual(["forward_lstm", "backward_lstm"]);
    expect(layers.lstm({ units: 1 }).name).toBe("lstm_1");
  });

  test("an option that fails uses up no number", () => {
    messageOf(() => layers.gru({ units: 0 }));
    expect(layers.gru({ units: 1 }).name).toBe("gru");
    expect(input({ shape: [3] }).node.layer.name).toBe("input_layer");
    expect(input({ shape: [3] }).node.layer.name).toBe("input_layer_1");
  });
});

describe("arrays", () => {
  // By hand: LSTM 4h(i+h+1), GRU 3h(i+h+2) and 3h(i+h+1), SimpleRNN h(i+h+1), Bidirectional twice its layer.
  test.each([
    ["LSTM", layers.lstm({ units: 4 }), [null, 30, 5], 160],
    ["GRU", layers.gru({ units: 4 }), [null, 30, 5], 132],
    ["GRU with the reset gate before", layers.gru({ units: 4, resetAfter: false }), [null, 30, 5], 120],
    ["SimpleRNN", layers.simpleRNN({ units: 20 }), [null, 15, 30], 1020],
    ["LSTM without bias", layers.lstm({ units: 4, useBias: false }), [null, 30, 5], 144],
    ["Bidirectional", layers.bidirectional({ layer: layers.lstm({ units: 30 }) }), [null, 21, 9], 9600],
    ["Conv1D", layers.conv1d({ filters: 3, kernelSize: 2 }), [null, 21, 9], 57],
    ["Embedding", layers.embedding({ inputDim: 8, outputDim: 3 }), [null, 5], 24],
    ["BatchNormalization", layers.batchNormalization(), [null, 5, 6], 24],
    ["TimeDistributed", layers.timeDistributed({ layer: layers.dense({ units: 2 }) }), [null, 4, 3], 8],
  ])("%s has the count that its formula gives", (_, layer, shape, count) => {
    layer.build(shape);
    expect(layer.countParams()).toBe(count);
  });

  test("of 30 million timesteps or huge sizes are counted without taking memory", () => {
    const gru = layers.gru({ units: 4, resetAfter: false });
    gru.build([null, 30_000_000, 5]);
    expect([gru.countParams(), gru.outputShape]).toEqual([120, [null, 4]]);
    const huge = layers.lstm({ units: 2_000_000_000 });
    huge.build([null, 10, 4]);
    expect(huge.countParams()).toBe(4 * 2e9 * (4 + 2e9 + 1));
    expect(messageOf(() => huge.getWeights())).toMatch(
      /^lstm\/kernel: an array may take up to 2 GiB\. Received: shape = \(4, 8000000000\), 119\.2 GiB\./,
    );
  });

  test("start the forget gate's bias at one, the rest at zero", () => {
    const lstm = layers.lstm({ units: 2 });
    lstm.build([null, 3, 1]);
    expect([...lstm.getWeights()[2]!.data]).toEqual([0, 0, 1, 1, 0, 0, 0, 0]);
  });

  test("that do not fit are refused with the likely mistake, and nothing changes", () => {
    const gru = layers.gru({ units: 2 });
    gru.build([null, 3, 4]);
    const [kernel, recurrent] = gru.getWeights() as [Tensor, Tensor];
    const set = (...weights: Tensor[]): string => messageOf(() => gru.setWeights(weights));
    expect(set(kernel, recurrent, tensor(new Float32Array(6)))).toBe(
      "gru: bias (array 3 of 3) must have shape (2, 6). Received: shape = (6,). That is the bias of GRU with resetAfter: false; build the layer so.",
    );
    expect(set(kernel, recurrent)).toContain("Was it saved with useBias: false?");
    const turned = tensor(new Float32Array(24), [6, 4]);
    expect(set(turned, recurrent, tensor(new Float32Array(12), [2, 6]))).toContain("It looks transposed");
    expect(set(recurrent, kernel, tensor(new Float32Array(12), [2, 6]))).toContain(
      "That is the shape of recurrent_kernel: check the order of the list.",
    );
    expect(gru.getWeights()[0]).toEqual(kernel);
  });

  test("belong to the layer: what getWeights gives is a copy", () => {
    const dense = layers.dense({ units: 1 });
    dense.build([null, 2]);
    dense.getWeights()[0]!.data.fill(7);
    expect(dense.getWeights()[0]!.data).not.toContain(7);
  });

  test("come from the seed when nobody gives a generator", () => {
    const draw = (): number[] => {
      setSeed(3);
      const dense = layers.dense({ units: 4 });
      dense.build([null, 2]);
      return [...dense.getWeights()[0]!.data];
    };
    expect(draw()).toEqual(draw());
  });

  test("of a frozen layer, and of the layers inside, do not train", () => {
    const both = layers.bidirectional({ layer: layers.gru({ units: 2 }), trainable: false });
    both.build([null, 3, 4]);
    expect(both.variables.map(({ trainable }) => trainable)).toEqual([false, false, false, false, false, false]);
    both.trainable = true;
    expect(both.variables.every(({ trainable }) => trainable)).toBe(true);
  });
});

describe("building", () => {
  test("fixes the features; other ones are refused", () => {
    const gru = layers.gru({ units: 2, name: "gru_1" });
    gru.build([null, 7, 4]);
    expect(messageOf(() => gru.apply(tensor(new Float32Array(60), [2, 10, 3])))).toBe(
      "gru_1: input must have 4 features, as when it was built. Received: shape = [2, 10, 3]. Rebuild the model or fix the data.",
    );
    expect(gru.apply(tensor(new Float32Array(80), [2, 10, 4])).shape).toEqual([2, 2]);
  });

  test("asks for the axes that the layer needs", () => {
    expect(messageOf(() => layers.lstm({ units: 2 }).build([null, 5]))).toBe(
      "lstm: input must have 3 axes [batch, timesteps, features]. Received: shape = (None, 5), 2 axes. A sequence has an axis of timesteps: reshape the data, or set returnSequences: true in the recurrent layer before.",
    );
    expect(messageOf(() => layers.lstm({ units: 2 }).build([null, 5, null]))).toContain(
      "the sizes of kernel must be known when the layer is built",
    );
    expect(messageOf(() => layers.conv1d({ filters: 1, kernelSize: 5 }).build([null, 3, 2]))).toContain(
      "a window spans 5 steps, more than the input has",
    );
    expect(messageOf(() => layers.lstm({ units: 2, stateful: true }).build([null, 3, 2]))).toContain(
      "a stateful layer must know its batch size",
    );
  });

  test("comes before counts and shapes", () => {
    expect(messageOf(() => layers.dense({ units: 2 }).countParams())).toBe(
      "dense: this Dense has no arrays and shapes yet. Call build(inputShape), or apply it to an input.",
    );
  });

  test("gives the shapes of several outputs", () => {
    const lstm = layers.lstm({ units: 3, returnSequences: true, returnState: true });
    lstm.build([null, 7, 2]);
    expect(lstm.outputShape).toEqual([
      [null, 7, 3],
      [null, 3],
      [null, 3],
    ]);
  });
});

test("every layer type in the list has a factory, and every option words for help", () => {
  expect(Object.keys(layers)).toHaveLength(layerTypes.size);
  for (const { className, doc, fields } of layerTypes.values()) {
    expect(doc, className).toMatch(/\.$/);
    for (const [name, field] of Object.entries(fields)) expect(field.doc, `${className}.${name}`).toMatch(/\.$/);
  }
});

test("the types know from the options whether there is one output or a list", () => {
  const x = tensor(new Float32Array(6), [1, 3, 2]);
  expectTypeOf(layers.lstm({ units: 1 }).apply(x)).toEqualTypeOf<Tensor>();
  expectTypeOf(layers.lstm({ units: 1, returnState: true }).apply(x)).toEqualTypeOf<Tensor[]>();
  expectTypeOf(layers.dense({ units: 1 }).apply(input({ shape: [2] }))).toEqualTypeOf<SymbolicTensor>();
  const both = layers.bidirectional({ layer: layers.gru({ units: 1 }), mergeMode: null });
  expectTypeOf(both.apply(x)).toEqualTypeOf<Tensor[]>();
  expectTypeOf(layers.bidirectional({ layer: layers.gru({ units: 1 }) }).apply(x)).toEqualTypeOf<Tensor>();
  // @ts-expect-error units is required
  expect(() => layers.lstm({})).toThrow();
  // @ts-expect-error an option of another layer
  expect(() => layers.simpleRNN({ units: 1, resetAfter: true })).toThrow();
  // @ts-expect-error a choice that does not exist
  expect(() => layers.conv1d({ filters: 1, kernelSize: 2, padding: "full" })).toThrow();
});
