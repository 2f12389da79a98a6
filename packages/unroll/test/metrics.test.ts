import { describe, expect, it } from "vitest";
import { metricCases, runMetricCase, runMetricHistory } from "./fixture-metrics.ts";

describe.each(["reference", "wasm"] as const)("metrics of real Keras on the %s", (device) => {
  it.each(metricCases().map((one) => [one.id, one] as const))("agree: %s", (_, one) => {
    expect(runMetricCase(one, device).message).toBeUndefined();
  });

  it("agree over the epochs of a run, with weights and validation", async () => {
    expect((await runMetricHistory(device)).message).toBeUndefined();
  });
});
