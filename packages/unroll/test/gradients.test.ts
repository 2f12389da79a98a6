import { describe, expect, it } from "vitest";
import { gradientCases, runGradientCase } from "./fixture-gradients.ts";

describe.each(["reference", "wasm"] as const)("gradients of real Keras on the %s", (device) => {
  it.each(gradientCases().map((one) => [one.id, one] as const))("agree: %s", (_, one) => {
    expect(runGradientCase(one, device).message).toBeUndefined();
  });
});

describe.each([1, 2, 3, 7])("gradients of real Keras, timesteps computed again in segments of %i", (segment) => {
  it.each(gradientCases().map((one) => [one.id, one] as const))("agree: %s", (_, one) => {
    expect(runGradientCase(one, "wasm", segment).message).toBeUndefined();
  });
});
