import { describe, expect, it } from "vitest";
import { loadModel } from "./load.ts";
import { fixture, fixtureJson } from "./testing.ts";

interface Numbers {
  readonly shape: number[];
  readonly data: number[];
}
const { x, outputs } = fixtureJson<{ x: Numbers; outputs: Record<string, Numbers> }>("formats/cudnn.json");

describe("a file of Keras 2.2 with a fused layer", () => {
  it.each(Object.keys(outputs))("%s predicts what cuDNN's equations give", async (file) => {
    const model = await loadModel(fixture(`formats/${file}`), { name: file });
    const predicted = model.predict({ shape: x.shape, data: Float32Array.from(x.data) });
    const found = Array.isArray(predicted) ? predicted[0]! : predicted;
    expect(found.shape).toEqual(outputs[file]!.shape);
    const largest = Math.max(...outputs[file]!.data.map((value, i) => Math.abs(value - found.data[i]!)));
    expect(largest).toBeLessThan(1e-6);
  });
});
