import { describe, expect, it } from "vitest";
import {
  checkModel,
  checkRoundTrip,
  checkSession,
  graphCases,
  type ModelCase,
  modelCases,
  summaryTexts,
} from "./fixture-models.ts";

const texts = summaryTexts();
const models = modelCases();
const graphs = graphCases();
const named = (cases: readonly ModelCase[]): [string, ModelCase][] => cases.map((one) => [one.id, one]);

describe.each(["reference", "wasm"] as const)("whole models on the %s", (device) => {
  it.each(named(models))("agree with Keras in summary, counts, shapes and predictions: %s", (id, one) => {
    expect(checkModel(one, texts[id], device)).toEqual([]);
  });

  it.each(named(graphs))("agree with Keras where the wiring is unusual: %s", (_, one) => {
    expect(checkModel(one, undefined, device)).toEqual([]);
  });
});

describe("models as JSON", () => {
  it.each(named([...models, ...graphs]))("read, write and read to the same model: %s", (_, one) => {
    expect(checkRoundTrip(one)).toEqual([]);
  });
});

describe("automatic names", () => {
  const sessions = [...new Set(models.map(({ session }) => session))].filter((session) => !session.includes("/"));

  it.each(sessions)("are those of the notebook when its models are built again: %s", (session) => {
    expect(checkSession(models.filter((one) => one.session === session))).toEqual([]);
  });
});
