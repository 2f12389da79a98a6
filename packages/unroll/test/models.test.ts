import { describe, expect, it } from "vitest";
import { checkModel, graphCases, modelCases, summaryTexts } from "./fixture-models.ts";

const texts = summaryTexts();

describe("models of real Keras", () => {
  it.each(modelCases().map((one) => [one.id, one] as const))("agrees with Keras: %s", (id, one) => {
    expect(checkModel(one, texts[id]!, "reference")).toEqual([]);
  });
});

describe("graphs of real Keras", () => {
  it.each(graphCases().map((one) => [one.id, one] as const))("agrees with Keras: %s", (_, one) => {
    expect(checkModel(one, undefined, "reference")).toEqual([]);
  });
});
