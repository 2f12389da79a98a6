import "./summaries.ts";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { intTensor, tensor } from "../core/tensor.ts";
import { windows } from "../data/windows.ts";
import { input, layers, resetNames } from "../layers/index.ts";
import { model } from "./functional.ts";
import type { Model } from "./model.ts";
import { sequential } from "./sequential.ts";

beforeEach(resetNames);
afterEach(() => vi.restoreAllMocks());

const stack = (): Model<false> =>
  sequential({
    layers: [input({ shape: [4, 2] }), layers.gru({ units: 3 }), layers.dense({ units: 1 })],
    name: "net",
    seed: 1,
  });

function examples(count: number): Float32Array {
  return Float32Array.from({ length: count * 8 }, (_, i) => Math.sin(i));
}

describe("predict", () => {
  it.each(["reference", "wasm"] as const)("gives each example the same value in any batch on the %s", (device) => {
    const net = stack();
    const x = tensor(examples(70), [70, 4, 2]);
    const whole = net.predict(x, { batchSize: 70, device });
    expect(whole.shape).toEqual([70, 1]);
    for (const batchSize of [1, 7, 32, 64, 100]) {
      const parts = net.predict(x, { batchSize, device });
      for (const [index, value] of parts.data.entries()) expect(value).toBeCloseTo(whole.data[index]!, 6);
    }
  });

  it("says how to give it what fit takes: batches and views", () => {
    const batches = () => [{ x: tensor(examples(1), [1, 4, 2]) }];
    const view = windows({ data: [[1, 2]].concat(Array.from({ length: 6 }, () => [3, 4])), lookback: 4 });
    const predict = (given: unknown) => () => stack().predict(given as never);
    expect(predict(batches().values())).toThrow(
      "net: takes arrays or tensors, one run at a time. Received: an iterable. Call it for the x of each batch:",
    );
    expect(predict(batches)).toThrow("Received: a function.");
    expect(predict(view)).toThrow("Received: a view. view.all().x copies every example");
    expect(stack().predict(view.all().x).shape).toEqual([3, 1]);
  });

  it("takes nested arrays, tensors, a list of one tensor and inputs by name", () => {
    const net = stack();
    const nested = [
      [
        [1, 2],
        [3, 4],
        [5, 6],
        [7, 8],
      ],
    ];
    const expected = [...net.predict(nested).data];
    expect([...net.predict([tensor(nested)]).data]).toEqual(expected);
    expect([...net.predict({ input_layer: nested }).data]).toEqual(expected);
    expect([...net.predict(intTensor(nested)).data]).toEqual(expected);
  });

  it("adds or takes off a last axis of size one, as Keras does", () => {
    const series = sequential({ layers: [input({ shape: [3, 1] }), layers.gru({ units: 2 })] });
    expect(series.predict([[1, 2, 3]]).shape).toEqual([1, 2]);
    const flat = sequential({ layers: [input({ shape: [3] }), layers.dense({ units: 2 })] });
    expect(flat.predict([[[1], [2], [3]]]).shape).toEqual([1, 2]);
  });

  it("gives nothing for no examples", () => {
    expect(stack().predict(tensor(new Float32Array(0), [0, 4, 2])).shape).toEqual([0, 1]);
  });

  it("lets NaN through as data", () => {
    expect(stack().predict(tensor(new Float32Array(8).fill(Number.NaN), [1, 4, 2])).data[0]).toBeNaN();
  });

  it("works for sequences of any length", () => {
    const net = sequential({ layers: [input({ shape: [null, 2] }), layers.lstm({ units: 3 })] });
    for (const steps of [1, 5, 5, 9]) {
      expect(net.predict(tensor(examples(steps).subarray(0, steps * 2), [1, steps, 2])).shape).toEqual([1, 3]);
    }
  });

  it("sees weights that were set after the last run", () => {
    const net = sequential({ layers: [input({ shape: [2] }), layers.dense({ units: 1 })] });
    net.predict([[1, 1]]);
    net.setWeights([[[2], [3]], [10]]);
    expect(net.predict([[1, 1]]).data[0]).toBe(15);
  });

  it("says what does not fit: axes, features, timesteps, counts of inputs and of examples", () => {
    const net = stack();
    expect(() => net.predict([[1, 2]])).toThrow(
      "net: input_layer (None, 4, 2) takes data of 3 axes. Received: shape = [1, 2]. One example needs a batch axis too: put it into a list.",
    );
    expect(() => net.predict(tensor(new Float32Array(12), [1, 4, 3]))).toThrow(
      "net: input_layer (None, 4, 2) takes 2 features. Received: shape = [1, 4, 3]. Rebuild the model or fix the data.",
    );
    expect(() => net.predict(tensor(new Float32Array(10), [1, 5, 2]))).toThrow("takes 4 timesteps");
    const [a, b] = [input({ shape: [1], name: "a" }), input({ shape: [1], name: "b" })];
    const two = model({ inputs: [a, b], outputs: layers.add().apply([a, b]), name: "two" });
    expect(() => two.predict([[1]])).toThrow(
      "two: the model has 2 inputs: a (None, 1), b (None, 1). Received: a list of 1. Give a list with one tensor for each input, in this order.",
    );
    expect(() => two.predict([[[1], [2]], [[1]]])).toThrow(
      "two: every input needs the same number of examples. Received: a has 2, b has 1.",
    );
    expect(() => two.predict({ a: [[1]], c: [[2]] })).toThrow(
      "two: data by name needs a, b. Received: names = a, c. Give b.",
    );
    expect(() => net.predict(tensor(examples(1), [1, 4, 2]), { batchSize: 0 })).toThrow(
      "batchSize must be a positive whole number",
    );
  });

  it("says what does not fit once open sizes are known: lengths that are merged, and a mask on a softmax", () => {
    const x = input({ shape: [null, 3] });
    const shortened = [2, 3].map((kernelSize) => layers.conv1d({ filters: 2, kernelSize }).apply(x));
    const merged = () =>
      model({ inputs: x, outputs: layers.maximum().apply(shortened) }).predict(tensor(examples(3), [1, 8, 3]));
    expect(merged).toThrow(
      "maximum: inputs must have the same shape (or size 1 where they differ). Received: shapes = (1, 7, 2), (1, 6, 2).",
    );
    const masked = sequential({ layers: [input({ shape: [4, 2] }), layers.masking(), layers.softmax()] });
    expect(() => masked.predict(tensor(examples(1), [1, 4, 2]))).toThrow(
      "softmax: a mask must have the sizes of the input's last axes. Received: mask (1, 4), input (1, 4, 2), the batch first.",
    );
  });

  it("refuses an option that nobody reads, with the nearest that somebody does", () => {
    const net = stack();
    const x = tensor(examples(1), [1, 4, 2]);
    expect(() => net.predict(x, { batch_size: 8 } as object)).toThrow(
      "predict: has no option named batch_size. Did you mean batchSize?",
    );
    expect(() => net.summary({ line_length: 80 } as object)).toThrow(/^summary: has no option named line_length\./);
    expect(() => net.summary({ show_trainable: true, print: false } as object)).toThrow(
      /Did you mean showTrainable\?$/,
    );
  });

  it("keeps the states of a stateful model from call to call until they are reset", () => {
    const net = sequential({
      layers: [input({ batchShape: [2, 4, 2] }), layers.gru({ units: 3, stateful: true })],
      name: "net",
    });
    const x = tensor(examples(2), [2, 4, 2]);
    const first = [...net.predict(x).data];
    expect([...net.predict(x).data]).not.toEqual(first);
    net.resetStates();
    expect([...net.predict(x).data]).toEqual(first);
    expect(() => net.predict(tensor(examples(3), [3, 4, 2]))).toThrow(
      "net: the input was declared with batches of 2 examples. Received: 3 examples in batches of 2. Give a multiple of 2 examples and leave batchSize out.",
    );
  });

  it.each(["reference", "wasm"] as const)(
    "refuses what cannot fit into memory before it takes any, on the %s",
    (device) => {
      const taken = [vi.spyOn(WebAssembly, "Memory"), vi.spyOn(WebAssembly, "Instance")];
      const long = sequential({
        layers: [
          input({ shape: [8] }),
          // What it returns takes 6 GiB by itself, however short the segments are.
          layers.repeatVector({ n: 200_000_000 }),
          layers.gru({ units: 8, returnSequences: true }),
        ],
        name: "long",
      });
      expect(() => long.predict(tensor(new Float32Array(8), [1, 8]), { device })).toThrow(
        /^long: .* GiB.*for 1 example/,
      );
      expect(() => long.predict(tensor(new Float32Array(16), [2, 8]), { device })).toThrow("Use a smaller batchSize.");
      for (const taking of taken) expect(taking).not.toHaveBeenCalled();
    },
  );

  it("says where it runs and why", () => {
    expect(stack().device()).toMatchObject({ device: "wasm" });
    expect(stack().device().why).toMatch(/WebAssembly SIMD in float32/);
  });

  it("writes its program for sizes that the caller names", () => {
    const net = sequential({
      layers: [input({ shape: [null, 2] }), layers.gru({ units: 3 }), layers.dense({ units: 1 })],
    });
    const { program, calls } = net.program({ batch: 5, timesteps: 7 });
    expect(program.inputs.map(({ shape }) => shape)).toEqual([[5, 7, 2]]);
    expect(program.results.map(({ shape }) => shape)).toEqual([[5, 1]]);
    expect(calls.map(({ call }) => call.layer.name)).toEqual(["gru", "dense"]);
    expect(() => net.program({ batch: 5 })).toThrow("Give timesteps.");
  });
});

describe("data that was mixed up", () => {
  it("is told as swapped inputs where both fit the other way round", () => {
    const a = input({ shape: [3, 2], name: "prices" });
    const b = input({ shape: [4], name: "context" });
    const both = layers.concatenate().apply([layers.gru({ units: 2 }).apply(a), b]);
    const net = model({ inputs: [a, b], outputs: layers.dense({ units: 1 }).apply(both), name: "net" });
    const prices = [
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    ];
    const context = [[1, 2, 3, 4]];
    expect(net.predict([prices, context]).shape).toEqual([1, 1]);
    expect(() => net.predict([context, prices])).toThrow(
      "prices and context are swapped: give them in the order prices, context, or by name.",
    );
    expect(() => net.predict([context, context])).not.toThrow("are swapped");
  });

  it("is told as swapped axes where timesteps stand in the place of features", () => {
    const net = sequential({ name: "net", layers: [input({ shape: [3, 2] }), layers.lstm({ units: 2 })] });
    expect(() =>
      net.predict([
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
      ]),
    ).toThrow("Timesteps and features are swapped: data is [examples, timesteps, features].");
  });

  it("has no null: the place is told, and what to do", () => {
    const net = sequential({ name: "net", layers: [input({ shape: [2, 1] }), layers.lstm({ units: 2 })] });
    const holes = [[[1], [null]]] as unknown as number[][][]; // as JSON may give it
    expect(() => net.predict(holes)).toThrow(
      "data[0][1][0]: nested arrays must hold numbers at equal depth. Received: null. A number is missing here",
    );
    expect(() => net.predict([[[1], null]] as unknown as number[][][])).toThrow("Received: null. A number is missing");
    expect(() => net.predict([[[1], ["2"]]] as unknown as number[][][])).toThrow("Text must become numbers first");
  });
});

describe("a model on the console", () => {
  it("shows its summary", () => {
    const net = sequential({
      name: "net",
      layers: [input({ shape: [2, 1] }), layers.lstm({ units: 2, name: "memory" })],
    });
    expect(inspect(net)).toContain("│ memory (LSTM) ");
    expect(inspect({ net })).toContain(" Total params: 32 (128.00 B)");
    expect(inspect(sequential([layers.lstm({ units: 2, name: "open" })]))).toContain("open (LSTM)");
    const display = (net as unknown as Record<symbol, () => Record<string, string>>)[Symbol.for("Jupyter.display")]!;
    expect(display.call(net)["text/plain"]).toBe(inspect(net));
  });
});
