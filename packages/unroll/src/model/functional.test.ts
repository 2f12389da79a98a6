import "./summaries.ts";
import { beforeEach, describe, expect, it } from "vitest";
import { input, layers, resetNames } from "../layers/index.ts";
import { model } from "./functional.ts";
import { sequential } from "./sequential.ts";

beforeEach(resetNames);

describe("a functional model", () => {
  it("shares a layer's weights between its calls and counts them once", () => {
    const [a, b] = [input({ shape: [4], name: "a" }), input({ shape: [4], name: "b" })];
    const shared = layers.dense({ units: 3, name: "shared" });
    const net = model({ inputs: [a, b], outputs: layers.subtract().apply([shared.apply(a), shared.apply(b)]) });
    expect(net.countParams()).toBe(15);
    expect(net.getWeights()).toHaveLength(2);
    const same = [[1, 2, 3, 4]];
    expect([...net.predict([same, same]).data]).toEqual([0, 0, 0]);
  });

  it("counts weights once when a layer is shared with a model inside", () => {
    const x = input({ shape: [4] });
    const shared = layers.dense({ units: 4, name: "shared" });
    const inner = model({ inputs: x, outputs: shared.apply(x), name: "inner" });
    const y = input({ shape: [4] });
    const net = model({ inputs: y, outputs: shared.apply(inner.apply(y)) });
    expect(net.countParams()).toBe(20);
    expect(net.summaryTable().trainableParams).toBe(20);
  });

  it("gives a decoder the encoder's states", () => {
    const past = input({ shape: [7, 2], name: "past" });
    const future = input({ shape: [3, 2], name: "future" });
    const [, h, c] = layers.lstm({ units: 4, returnState: true }).apply(past);
    const decoded = layers.lstm({ units: 4, returnSequences: true }).apply(future, { initialState: [h!, c!] });
    const net = model({ inputs: [past, future], outputs: decoded });
    const steps = (count: number, value: number): number[][][] => [Array.from({ length: count }, () => [value, 1])];
    const first = net.predict([steps(7, 1), steps(3, 1)]);
    const second = net.predict([steps(7, 5), steps(3, 1)]);
    expect(first.shape).toEqual([1, 3, 4]);
    expect([...first.data]).not.toEqual([...second.data]);
  });

  it("gives a list for several outputs and a single tensor for a list of one", () => {
    const x = input({ shape: [2] });
    const y = layers.dense({ units: 3 }).apply(x);
    const several = model({ inputs: x, outputs: [y, x] }).predict([[1, 2]]);
    expect(several.map(({ shape }) => shape)).toEqual([
      [1, 3],
      [1, 2],
    ]);
    expect(model({ inputs: [x], outputs: [y] }).predict([[1, 2]]).shape).toEqual([1, 3]);
  });

  it("orders layers as Keras does: by distance to the outputs, not by when they were made", () => {
    const prices = input({ shape: [5, 2], name: "prices" });
    const context = input({ shape: [3], name: "context" });
    const last = layers.dense({ units: 1, name: "last" });
    const small = layers.dense({ units: 2, name: "small" }).apply(context);
    const joined = layers.concatenate().apply([layers.lstm({ units: 3 }).apply(prices), small]);
    const net = model({ inputs: [prices, context], outputs: last.apply(joined) });
    expect(net.layers.map(({ name }) => name)).toEqual(["prices", "context", "lstm", "small", "concatenate", "last"]);
  });

  it("lists masked sequences of any length behind windows that a short one does not fill", () => {
    const words = input({ shape: [null] });
    const vectors = layers.embedding({ inputDim: 30, outputDim: 3, maskZero: true }).apply(words);
    const means = layers.averagePooling1d({ poolSize: 4 }).apply(vectors);
    const both = layers.bidirectional({ layer: layers.gru({ units: 5, returnSequences: true }) }).apply(means);
    const net = model({ inputs: words, outputs: both });
    expect(net.layers.map(({ className }) => className)).toEqual([
      "InputLayer",
      "Embedding",
      "AveragePooling1D",
      "Bidirectional",
    ]);
  });

  it("prints NotEqual in Keras 3's table only", () => {
    const tokens = input({ shape: [7], dtype: "int32", name: "tokens" });
    const x = layers.embedding({ inputDim: 9, outputDim: 4, maskZero: true }).apply(tokens);
    const net = model({ inputs: tokens, outputs: layers.gru({ units: 3 }).apply(x) });
    expect(net.summary({ print: false })).toContain(
      "│ not_equal           │ (None, 7)         │          0 │ tokens[0][0]      │",
    );
    const keras2 = net.summary({ print: false, style: "keras2" });
    expect(keras2).not.toContain("NotEqual");
    expect(keras2).not.toContain("Connected to");
    expect(net.layers.map(({ name }) => name)).toEqual(["tokens", "embedding", "gru"]);
  });

  it("explains an output that does not come from the inputs", () => {
    const [a, b] = [input({ shape: [2], name: "a" }), input({ shape: [2], name: "b" })];
    const sum = layers.add().apply([a, b]);
    expect(() => model({ inputs: a, outputs: sum, name: "net" })).toThrow(
      "net: every output must come from the model's inputs. Received: inputs = a, but b feeds add. " +
        "Add b to the inputs, or take it out of the graph.",
    );
    expect(() => model({ inputs: sum, outputs: layers.dense({ units: 1 }).apply(sum) })).toThrow(
      "inputs of a model must come from input(...)",
    );
    expect(() => model({ inputs: [], outputs: sum })).toThrow("inputs must be symbolic tensors");
  });

  it("refuses two layers of one name", () => {
    const x = input({ shape: [2] });
    const y = layers.dense({ units: 2, name: "twin" }).apply(layers.dense({ units: 2, name: "twin" }).apply(x));
    expect(() => model({ inputs: x, outputs: y })).toThrow('two layers (Dense and Dense) named "twin"');
  });

  it("finds layers by name and suggests the one that was meant", () => {
    const x = input({ shape: [2] });
    const net = model({ inputs: x, outputs: layers.dense({ units: 2, name: "hidden" }).apply(x), name: "net" });
    expect(net.getLayer("hidden").className).toBe("Dense");
    expect(net.getLayer(-1).name).toBe("hidden");
    expect(() => net.getLayer("hiden")).toThrow("net: the model has no layer named hiden. Did you mean hidden?");
    expect(() => net.getLayer(9)).toThrow("net: the model has 2 layers. Received: index = 9.");
  });

  it("runs at once on tensors, as a layer does", () => {
    const net = sequential({ layers: [input({ shape: [3] }), layers.dense({ units: 2 })] });
    expect([...net.apply([[1, 2, 3]]).data]).toEqual([...net.predict([[1, 2, 3]]).data]);
  });

  it("gives every call's values, those inside models too", () => {
    const inner = sequential({ layers: [input({ shape: [3] }), layers.dense({ units: 2 })], name: "inner" });
    const x = input({ shape: [3] });
    const net = model({ inputs: x, outputs: layers.activation({ activation: "tanh" }).apply(inner.apply(x)) });
    const values = net.intermediates([[1, 2, 3]]);
    expect(values.map(({ layer }) => layer.name)).toEqual(["dense", "inner", "activation"]);
    const [dense, , activation] = values.map(({ outputs }) => [...outputs[0]!.data]);
    for (const [index, value] of dense!.entries()) expect(activation![index]).toBeCloseTo(Math.tanh(value), 6);
  });

  it("freezes with its layers", () => {
    const net = sequential({ layers: [input({ shape: [3] }), layers.dense({ units: 2 }), layers.dense({ units: 1 })] });
    net.layers[0]!.trainable = false;
    expect(net.summaryTable()).toMatchObject({ trainableParams: 3, nonTrainableParams: 8 });
    net.trainable = false;
    expect(net.summaryTable()).toMatchObject({ trainableParams: 0, nonTrainableParams: 11 });
  });
});
