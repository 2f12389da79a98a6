import { expect, test } from "vitest";
import { goldenTrainingCases, runGoldenTraining } from "./golden-training.ts";

test("all cases of other projects' tests give their losses, metrics, steps and runs", async () => {
  const results = await Promise.all(goldenTrainingCases().map((golden) => runGoldenTraining(golden, "reference")));
  expect(results).toHaveLength(172);
  expect(results.filter(({ status }) => status !== "pass").map(({ id, message }) => `${id}: ${message}`)).toEqual([]);
});
