/** The length of the gradient, as training reports it. */
import { describe, expect, it } from "vitest";
import type { Tensor } from "../core/tensor.ts";
import { setSeed } from "../layers/seed.ts";
import type { CompileOptions } from "./compile.ts";
import { evaluate, trainOnBatch } from "./evaluate.ts";
import { fit } from "./fit.ts";
import { gradients } from "./gradients.ts";
import { optimizers } from "./optimizer.ts";
import { quiet, smallModel, smallX, smallY } from "./testing.ts";

/** √Σ g² over all arrays, of the arrays that `gradients` gives. */
function lengthOf(arrays: readonly Tensor[]): number {
  return Math.hypot(...arrays.flatMap(({ data }) => Array.from(data)));
}

const part = ({ shape, data }: Tensor, from: number, to: number): Tensor => {
  const size = data.length / shape[0]!;
  return { shape: [to - from, ...shape.slice(1)], data: data.slice(from * size, to * size) as Float32Array };
};

describe("gradient_norm", () => {
  it("is the length of what gradients() gives, before the step", () => {
    const model = smallModel({ gradientNorm: true });
    const expected = lengthOf(gradients(model, smallX, smallY));
    expect(expected).toBeGreaterThan(0.1);
    expect(trainOnBatch(model, smallX, smallY).gradient_norm).toBeCloseTo(expected, 5);
  });

  it("is told before clipping", () => {
    const unclipped = trainOnBatch(smallModel({ gradientNorm: true }), smallX, smallY).gradient_norm!;
    const optimizer = optimizers.sgd({ globalClipnorm: unclipped / 10 });
    const clipped = trainOnBatch(smallModel({ gradientNorm: true, optimizer }), smallX, smallY).gradient_norm!;
    expect(clipped).toBeCloseTo(unclipped, 6);
  });

  it("is the mean of an epoch's batches, whatever their sizes", async () => {
    // 10 examples in batches of 8: one of 8, one of 2. A step of length 0 leaves the weights as they are.
    const optimizer = optimizers.sgd({ learningRate: 0 });
    const model = smallModel({ gradientNorm: true, optimizer });
    const norms = [
      [0, 8],
      [8, 10],
    ].map(([from, to]) => lengthOf(gradients(model, part(smallX, from!, to!), part(smallY, from!, to!))));
    const { history } = await fit(model, smallX, smallY, { batchSize: 8, shuffle: false, print: quiet });
    expect(history.gradient_norm![0]).toBeCloseTo((norms[0]! + norms[1]!) / 2, 5);
    expect(Math.abs(norms[0]! - norms[1]!)).toBeGreaterThan(0.01);
  });

  it("is told only when asked for, never by evaluate, and changes no bit of the run", async () => {
    const run = async (options: CompileOptions) => {
      setSeed(3);
      const model = smallModel(options, { dropout: 0.3 });
      const data = { epochs: 3, batchSize: 4, seed: 9, print: quiet };
      const { history } = await fit(model, smallX, smallY, { ...data, validationData: [smallX, smallY] });
      return { model, history };
    };
    const plain = await run({});
    const told = await run({ gradientNorm: true });
    expect(Object.keys(plain.history)).toEqual(["loss", "val_loss"]);
    expect(Object.keys(told.history)).toEqual(["gradient_norm", "loss", "val_loss"]);
    expect(told.history.loss).toEqual(plain.history.loss);
    expect(told.model.variables.map(({ data }) => data)).toEqual(plain.model.variables.map(({ data }) => data));
    expect(Object.keys(evaluate(told.model, smallX, smallY))).toEqual(["loss"]);
  });

  it.each(["false", 1, null])("is asked for by true or false: %j", (gradientNorm) => {
    expect(() => smallModel({ gradientNorm: gradientNorm as never })).toThrow(
      `compile: gradientNorm must be true or false. Received: gradientNorm = ${JSON.stringify(gradientNorm)}.`,
    );
  });
});
