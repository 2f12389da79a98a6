import { describe, expect, it } from "vitest";
import { checkMoreTraining, moreTrainingCases, runTrainingCase, trainingCases } from "./fixture-training.ts";

describe.each(["reference", "wasm"] as const)("training runs of real Keras on the %s", (device) => {
  it.each(trainingCases().map((one) => [one.id, one] as const))("agree: %s", async (_, one) => {
    expect((await runTrainingCase(one, device)).message).toBeUndefined();
  });

  it.each(moreTrainingCases().map((one) => [one.id, one] as const))("agree further: %s", async (_, one) => {
    expect(await checkMoreTraining(one, device)).toBeUndefined();
  });
});
