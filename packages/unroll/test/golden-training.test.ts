import { expect, test } from "vitest";
import { goldenTrainingCases, runGoldenTraining } from "./golden-training.ts";

test("all cases of other projects' tests give their losses, metrics, steps and runs, but for top_k, class_id and axis", async () => {
  const results = await Promise.all(goldenTrainingCases().map((golden) => runGoldenTraining(golden, "reference")));
  expect(results).toHaveLength(172);
  expect(results.filter(({ status }) => status === "fail").map(({ id, message }) => `${id}: ${message}`)).toEqual([]);
  expect(results.filter(({ status }) => status === "unsupported").map(({ id }) => id)).toEqual([
    "keras/CosineSimilarityTest.test_axis#2",
    "keras/PrecisionTest.test_unweighted_top_k",
    "keras/PrecisionTest.test_unweighted_class_id_multiclass",
    "keras/RecallTest.test_unweighted_top_k",
    "keras/RecallTest.test_weighted_top_k",
    "keras/RecallTest.test_unweighted_top_k_and_threshold",
    "keras/SparseTopKCategoricalAccuracyTest.test_from_sorted_ids_unweighted",
    "keras/SparseTopKCategoricalAccuracyTest.test_from_sorted_ids_weighted",
  ]);
});
