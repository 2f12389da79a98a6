import { describe, expect, it } from "vitest";
import { gradientCases, runGradientCase } from "./fixture-gradients.ts";

describe("gradients of real Keras", () => {
  it.each(gradientCases().map((one) => [one.id, one] as const))("agree on the reference: %s", (_, one) => {
    expect(runGradientCase(one, "reference").message).toBeUndefined();
  });
});
