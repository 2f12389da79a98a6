import { describe, expect, it } from "vitest";
import { readKerasCode } from "./read.ts";

/** The shape of an array that code makes, read from a model whose input has it. */
function shapeOf(expression: string): unknown {
  const { models } = readKerasCode(
    `import numpy as np\nfrom sklearn.model_selection import train_test_split\nfrom keras import backend as K\nmodel = Sequential([Input(${expression}.shape), Dense(1)])\n`,
  );
  const [input] = models[0]!.config.config.layers as { config: { batch_shape: number[] } }[];
  return input!.config.batch_shape.slice(1);
}

// Shapes as NumPy 2, scikit-learn and Keras 2's backend give them.
describe("shapes of arrays", () => {
  it.each([
    ["np.stack([np.zeros((5, 3)), np.zeros((5, 3))])", [2, 5, 3]],
    ["np.stack([np.zeros((5, 3)), np.zeros((5, 3))], axis=1)", [5, 2, 3]],
    ["np.stack([np.zeros((5, 3)), np.zeros((5, 3))], axis=-1)", [5, 3, 2]],
    ["np.stack((np.zeros(4), np.zeros(4)), -1)", [4, 2]],
    ["np.vstack([np.zeros(4), np.zeros(4), np.zeros(4)])", [3, 4]],
    ["np.vstack([np.zeros((2, 4)), np.zeros((3, 4))])", [5, 4]],
    ["np.hstack([np.zeros(4), np.zeros(3)])", [7]],
    ["np.hstack([np.zeros((2, 4)), np.zeros((2, 3))])", [2, 7]],
    ["np.repeat(np.zeros((2, 4)), 3)", [24]],
    ["np.repeat(np.zeros((2, 4)), 3, axis=0)", [6, 4]],
    ["np.repeat(np.zeros((2, 4)), 3, axis=-1)", [2, 12]],
    ["K.repeat(np.zeros((2, 4)), 3)", [2, 3, 4]],
    ["np.squeeze(np.zeros((1, 5, 1)))", [5]],
    ["np.squeeze(np.zeros((1, 5, 1)), axis=0)", [5, 1]],
    ["np.zeros((1, 5, 1)).squeeze(-1)", [1, 5]],
    ["np.arange(3, 20, step=5)", [4]],
    ["np.arange(3, 20, 5)", [4]],
    ["np.arange(7)", [7]],
    ["np.zeros((5, 3))[..., np.newaxis]", [5, 3, 1]],
    ["np.zeros((5, 3))[np.newaxis, ...]", [1, 5, 3]],
    ["np.zeros((5, 3))[:, np.newaxis, 1]", [5, 1]],
    ["np.lib.stride_tricks.sliding_window_view(np.zeros(20), 6)", [15, 6]],
    ["np.lib.stride_tricks.sliding_window_view(np.zeros((20, 3)), 6, axis=0)", [15, 3, 6]],
    ["np.lib.stride_tricks.sliding_window_view(np.zeros((20, 3)), (6, 3))[:, 0]", [15, 6, 3]],
    ["np.lib.stride_tricks.sliding_window_view(np.zeros((20, 3)), window_shape=(4, 2), axis=(-2, 1))", [17, 2, 4, 2]],
    ["np.array([[[1, 2], [3, 4]]] * 3)", [3, 2, 2]],
    ["np.zeros(range(2, 11, 3)[-1])", [8]],
    ["np.zeros(12).reshape(-1, 3)", [4, 3]],
    ["train_test_split(np.zeros((10, 3)), train_size=8)[0]", [8, 3]],
    ["train_test_split(np.zeros((10, 3)), train_size=8)[1]", [2, 3]],
    ["train_test_split(np.zeros((10, 3)), test_size=0.25)[1]", [3, 3]],
    ["train_test_split(np.zeros((10, 3)), test_size=0.2, train_size=0.5)[0]", [5, 3]],
  ])("%s has %j", (expression, shape) => {
    expect(shapeOf(expression)).toEqual(shape);
  });
});
