import { beforeEach, describe, expect, it } from "vitest";
import { tensor } from "../core/tensor.ts";
import { input, layers, resetNames } from "../layers/index.ts";
import { sequential } from "../model/sequential.ts";
import { compileModel } from "./compile.ts";
import { evaluate } from "./evaluate.ts";

beforeEach(resetNames);

describe("a penalty on what a layer gives inside a model inside TimeDistributed", () => {
  // Outputs: (1, 4), (3, -2) | (0, 2), (2, 4) | (1, 2), (-1, 0). Keras 3.15 gives the same two losses.
  const x = tensor([
    [
      [1, 2],
      [3, -1],
    ],
    [
      [0, 1],
      [2, 2],
    ],
    [
      [1, 1],
      [-1, 0],
    ],
  ]);

  it.each([
    [
      "a sum over all timesteps, divided by the examples",
      { className: "L2" as const, config: { l2: 0.1 } },
      (0.1 * 60) / 3,
    ],
    [
      "angles between the examples of one timestep",
      { className: "OrthogonalRegularizer" as const, config: { factor: 0.5 } },
      0.23578088,
    ],
  ])("is %s", async (_, activityRegularizer, expected) => {
    const dense = layers.dense({ units: 2, useBias: false, activityRegularizer });
    const inner = sequential({ layers: [input({ shape: [2] }), dense] });
    const model = sequential({ layers: [input({ shape: [2, 2] }), layers.timeDistributed({ layer: inner })] });
    model.setWeights([
      tensor([
        [1, 0],
        [0, 2],
      ]),
    ]);
    compileModel(model, { optimizer: "sgd", loss: "mse" });
    expect((await evaluate(model, x, model.predict(x) as ReturnType<typeof tensor>)).loss).toBeCloseTo(expected, 6);
  });
});
