import { describe, expect, it } from "vitest";
import { input, layers } from "../layers/index.ts";
import { sequential } from "../model/sequential.ts";
import { outputGradients } from "./output-gradients.ts";

describe("outputGradients", () => {
  it("follows a cell whose arithmetic can be done in the head, through the layer after it", () => {
    const model = sequential({
      layers: [
        input({ shape: [4, 1] }),
        layers.simpleRNN({ units: 1, activation: "linear", useBias: false }),
        layers.dense({ units: 1, useBias: false }),
      ],
    });
    // h = x + h/2, y = 3h: each step back halves what is left of 3.
    model.setWeights([[[1]], [[0.5]], [[3]]]);
    expect([...outputGradients(model, [[[1], [2], [3], [4]]])[0]!]).toEqual([0.375, 0.75, 1.5, 3]);
  });

  it("agrees with central differences of the prediction, through convolution, both directions and a GRU", () => {
    const model = sequential({
      layers: [
        input({ shape: [5, 2] }),
        layers.conv1d({ filters: 3, kernelSize: 2 }),
        layers.bidirectional({ layer: layers.lstm({ units: 2, returnSequences: true }) }),
        layers.gru({ units: 3 }),
        layers.dense({ units: 2, activation: "tanh" }),
      ],
      seed: 3,
    });
    const x = Array.from({ length: 10 }, (_, index) => Math.sin(index) * 0.8);
    const example = (numbers: readonly number[]) => ({ shape: [1, 5, 2], data: Float32Array.from(numbers) });
    const [gradient] = outputGradients(model, example(x));
    const sum = (numbers: readonly number[]): number =>
      Array.from((model.predict(example(numbers)) as { data: Float32Array }).data).reduce((a, b) => a + b, 0); // one output
    // A float32 prediction: a step as long as its rounding allows.
    const step = 1e-2;
    for (const index of x.keys()) {
      const moved = (by: number): number => sum(x.map((value, at) => (at === index ? value + by : value)));
      expect(gradient![index]).toBeCloseTo((moved(step) - moved(-step)) / (2 * step), 3);
    }
  });

  it("gives zeros for ids, which cannot move a little", () => {
    const model = sequential({
      layers: [input({ shape: [3] }), layers.embedding({ inputDim: 5, outputDim: 2 }), layers.gru({ units: 2 })],
    });
    expect([...outputGradients(model, [[1, 4, 2]])[0]!]).toEqual([0, 0, 0]);
  });
});
