import { describe, expect, test } from "vitest";
import { tensor } from "../core/index.ts";
import {
  accuracyScore,
  classificationReport,
  classificationScores,
  confusionMatrix,
  meanAbsoluteError,
  predictedClasses,
  r2Score,
} from "./index.ts";

describe("classification", () => {
  test("leaves scores of NaN out of the averages", () => {
    const scores = classificationScores([0, 0, 1], [0, 0, 0], { zeroDivision: Number.NaN });
    expect(scores.classes[1]!.precision).toBeNaN();
    expect(scores.macroAverage.precision).toBeCloseTo(2 / 3, 15);
    expect(classificationReport([0, 0, 1], [0, 0, 0], { zeroDivision: Number.NaN })).toContain("nan");
  });

  test("prints supports as floats when not one prediction is right, as scikit-learn 1.9 does", () => {
    const lines = classificationReport([0, 0], [1, 1]).split("\n");
    expect(lines[2]).toBe("           0       0.00      0.00      0.00       2.0");
    expect(lines[5]).toBe("    accuracy                           0.00       2.0");
  });

  test("weighs samples", () => {
    expect(accuracyScore([0, 1, 1], [0, 0, 1], { sampleWeight: [1, 2, 5] })).toBe(0.75);
    expect(confusionMatrix([0, 1, 1], [0, 0, 1], { sampleWeight: [1, 2, 5] })).toEqual([
      [1, 0],
      [2, 5],
    ]);
  });

  test("sorts words by code point and numbers by size", () => {
    expect(classificationScores(["b", "B", "a"], ["b", "B", "a"]).classes.map(({ name }) => name)).toEqual([
      "B",
      "a",
      "b",
    ]);
    expect(classificationScores([10, 9, -1], [10, 9, -1]).classes.map(({ name }) => name)).toEqual(["-1", "9", "10"]);
  });

  test("takes classes out of predictions", () => {
    expect(
      predictedClasses(
        tensor([
          [0.1, 0.7, 0.2],
          [0.5, 0.5, 0],
        ]),
      ),
    ).toEqual([1, 0]);
    expect(predictedClasses(tensor([[0.5], [0.51]]))).toEqual([0, 1]);
    expect(accuracyScore(tensor([[1], [0]]), [1, 1])).toBe(0.5);
  });

  test("says what is wrong", () => {
    expect(() => accuracyScore([], [])).toThrow("accuracyScore: needs at least one sample. Received: 0 samples.");
    expect(() => accuracyScore([1], [1, 2])).toThrow(/must have the same length\. Received: lengths = 1 and 2/);
    expect(() => accuracyScore([0.5], [1])).toThrow(
      "accuracyScore: yTrue[0]: classes must be all whole numbers or all words. Received: number = 0.5. Take predictedClasses of probabilities first.",
    );
    expect(() => accuracyScore(["a"], [1])).toThrow(/both be numbers or both be words/);
    expect(() => confusionMatrix([0], [0], { labels: [3] })).toThrow(/at least one of labels must be among/);
    expect(() => classificationReport([0, 1], [0, 1], { targetNames: ["x"] })).toThrow(/targetNames must name all 2/);
    expect(() => classificationReport([0, 1], [0, 1], { labels: [1, 1] })).toThrow(/none twice/);
    expect(() => accuracyScore(tensor([[0, 1]]), [1])).toThrow(/one class per sample/);
  });
});

describe("regression", () => {
  test("has no R² of one sample", () => {
    expect(r2Score([1], [1])).toBeNaN();
  });

  test("says what is wrong", () => {
    expect(() => meanAbsoluteError([1, 2], [1])).toThrow(/must have the same shape.*\[2, 1\] and \[1, 1\]/);
    expect(() => meanAbsoluteError([1, Number.NaN], [1, 2])).toThrow(
      "meanAbsoluteError: yTrue: must hold finite numbers only. Received: sample 1 = NaN. Leave missing samples out, or look for a diverged model.",
    );
    expect(() => meanAbsoluteError([1], [1], { sampleWeight: [1, 2] })).toThrow(/same length/);
  });
});
