import { describe, expect, it } from "vitest";
import { type Tensor, tensor } from "../core/tensor.ts";
import { convLstm1d } from "./convolutional-lstm.ts";
import { Layer } from "./layer.ts";

// [batch, timesteps, places, channels]
const x = [
  [
    [[0.1], [0.2]],
    [[0.3], [0.4]],
    [[0.5], [0.6]],
  ],
];

describe("a convolutional LSTM with a mask", () => {
  // Keras 3.15 (torch): ConvLSTM1D(1, 1, return_sequences=True), every kernel 0.5, recurrent kernel 0.25, bias 0.1.
  it.each([
    [false, [0.042911, 0.0594368, 0.042911, 0.0594368, 0.144825, 0.1764338]],
    [true, [0.042911, 0.0594368, 0, 0, 0.144825, 0.1764338]],
  ])("with zeroOutputForMask = %s gives Keras's numbers at masked timesteps", (zeroOutputForMask, expected) => {
    const layer = new Layer(convLstm1d, { filters: 1, kernelSize: 1, returnSequences: true, zeroOutputForMask });
    layer.build([1, 3, 2, 1]);
    layer.setWeights([[[[0.5, 0.5, 0.5, 0.5]]], [[[0.25, 0.25, 0.25, 0.25]]], [0.1, 0.1, 0.1, 0.1]]);
    const result = layer.apply(tensor(x), { mask: [[1, 0, 1]] }) as Tensor; // one output
    expect(result.shape).toEqual([1, 3, 2, 1]);
    for (const [index, value] of expected.entries()) expect(result.data[index]).toBeCloseTo(value, 6);
  });
});
