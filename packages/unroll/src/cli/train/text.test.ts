import { describe, expect, it } from "vitest";
import { epochsText } from "./text.ts";

const run = (count: number, bestEpoch: number | undefined, history = { loss: [], val_loss: [] }) => ({
  epochs: Array.from({ length: count }, (_, epoch) => epoch),
  bestEpoch,
  history,
});

describe("what is said of the epochs", () => {
  it("is which one was kept, counted from 1, by which loss, and why it ended early", () => {
    const asked = { epochs: 50, patience: 10 };
    expect(epochsText(run(50, 48), asked)).toBe(
      "50 epochs. The model is that of epoch 49, the best by validation loss.",
    );
    expect(epochsText({ ...run(22, 11), history: { loss: [] } }, asked)).toBe(
      "22 epochs of 50: the last 10 brought nothing better. The model is that of epoch 12, the best by loss.",
    );
    expect(epochsText(run(1, undefined), { epochs: 1, patience: 0 })).toBe(
      "1 epoch. The model is that of the last epoch.",
    );
  });
});
