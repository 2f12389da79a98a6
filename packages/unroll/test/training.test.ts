import { describe, expect, it } from "vitest";
import { runTrainingCase, trainingCases } from "./fixture-training.ts";

describe("training runs of real Keras", () => {
  it.each(trainingCases().map((one) => [one.id, one] as const))("agree on the reference: %s", async (_, one) => {
    expect((await runTrainingCase(one, "reference")).message).toBeUndefined();
  });
});
