import { expect, it } from "vitest";
import { PlateauWatch } from "./plateau.ts";

it("tells once that ten epochs brought no loss that is 1 % lower, and no longer when it falls again", () => {
  const watch = new PlateauWatch();
  const losses = [1, 0.5, ...new Array<number>(10).fill(0.496), 0.6, 0.49, 0.49];
  const told = losses.map((loss, index) => {
    watch.add(index + 1, loss);
    return watch.plateau;
  });
  // 0.496 is less than 1 % below 0.5.
  expect(told.findIndex((one) => one !== undefined)).toBe(11);
  expect(told[11]).toEqual({ epoch: 2, loss: 0.5, epochs: 10 });
  expect(told[12]).toBe(told[11]);
  expect(told[13]).toBeUndefined();
});
