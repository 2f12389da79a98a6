import { describe, expect, it } from "vitest";
import { gradientCases, runGradientCase } from "./fixture-gradients.ts";

describe.each(["reference", "wasm"] as const)("gradients of real Keras on the %s", (device) => {
  it.each(gradientCases().map((one) => [one.id, one] as const))("agree: %s", (_, one) => {
    expect(runGradientCase(one, device).message).toBeUndefined();
  });
});
