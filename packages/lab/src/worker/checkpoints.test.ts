import { expect, it } from "vitest";
import { Checkpoints, evenDistance } from "./checkpoints.ts";
import type { Model } from "./library.ts";
import { Session } from "./session.ts";

async function small(): Promise<Model> {
  const session = new Session();
  await session.open({ source: "model = Sequential([Input((4, 1)), SimpleRNN(1), Dense(1)])", seed: 7 });
  return session.need();
}

/** A mark on the weights, so that each epoch's can be told. */
function mark(model: Model, epoch: number): void {
  model.setWeights(
    model.getWeights().map(({ shape, data }) => ({ shape, data: new Float32Array(data.length).fill(epoch) })),
  );
}

it("keeps the weights before, at even distances, at the lowest loss and at the end", async () => {
  const model = await small();
  mark(model, 0);
  const kept = new Checkpoints(model, 23);
  for (let epoch = 1; epoch <= 23; epoch++) {
    mark(model, epoch);
    kept.ended(epoch, Math.abs(epoch - 13), epoch === 23);
  }
  expect(kept.list(23).map(({ epoch }) => epoch)).toEqual([0, 5, 10, 13, 15, 20, 23]);
  expect(kept.list(23).filter(({ isBest }) => isBest)).toEqual([{ epoch: 13, isBest: true }]);
  for (const { epoch } of kept.list(23)) expect(kept.weights(epoch)![0]!.data[0]).toBe(epoch);
  expect(kept.weights(12)).toBeUndefined();
});

it("has a bound, whatever the number of epochs and the size of the model", () => {
  expect([1, 8, 9, 60, 2000].map((epochs) => evenDistance(epochs, 8))).toEqual([1, 1, 2, 10, 500]);
  expect(evenDistance(60, 0)).toBe(Number.POSITIVE_INFINITY);
});
