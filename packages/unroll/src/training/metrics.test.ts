import { describe, expect, it } from "vitest";
import { EarlyStopping } from "./callbacks.ts";
import { compileModel } from "./compile.ts";
import { evaluate } from "./evaluate.ts";
import { fit } from "./fit.ts";
import { metrics, readMetric } from "./metrics.ts";
import { metricOf, metricValuesOf } from "./score.ts";
import { quiet, smallModel, smallX, smallY } from "./testing.ts";

const yTrue = [1, 1, 0, 1];
const yPred = [0.3, 0.8, 0.6, 0.1];
const refusal = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  return "nothing was refused";
};

describe("a class that no unit stands for", () => {
  // Keras 3.15: 0.4, 0.4 and 0.6 for the same batch.
  it.each([
    ["sparse_categorical_accuracy", metrics.sparseCategoricalAccuracy!(), 0.4],
    ["top 1", metrics.sparseTopKCategoricalAccuracy!({ k: 1 }), 0.4],
    ["top 2", metrics.sparseTopKCategoricalAccuracy!({ k: 2 }), 0.6],
  ])("is never right: %s", (_, metric, expected) => {
    const first = [0.7, 0.2, 0.1];
    const batch = { yTrue: [0, 1, 5, 2, -1], yPred: [first, first, first, [0.1, 0.2, 0.7], first] };
    expect(metricOf(metric, [batch])).toBeCloseTo(expected, 6);
  });
});

describe("a class to be ignored", () => {
  const metric = metrics.sparseCategoricalCrossentropy!({ ignoreClass: 0 });
  const batch = { yTrue: [1, 0, 1, 0], yPred: Array.from({ length: 4 }, () => [0.5, 0.5]) };

  it("counts as zeros in a plain mean, and not at all in a weighed or masked one, as in Keras", () => {
    expect(metricOf(metric, [batch])).toBeCloseTo(Math.LN2 / 2, 6);
    expect(metricOf(metric, [{ ...batch, sampleWeight: [2, 3, 1, 1] }])).toBeCloseTo(Math.LN2, 6);
    expect(metricOf(metric, [{ ...batch, mask: [1, 1, 0, 1] }])).toBeCloseTo(Math.LN2, 6);
  });
});

describe("a metric with several results", () => {
  it("is reported once for each threshold", () => {
    // Above 0.2: two of three hits; above 0.5: one. 0.6 is a false alarm at both.
    expect(metricValuesOf(metrics.recall!({ thresholds: [0.2, 0.5] }), [{ yTrue, yPred }])).toEqual({
      "recall_at_0.2": 2 / 3,
      "recall_at_0.5": 1 / 3,
    });
    expect(metricValuesOf(metrics.precision!({ thresholds: [0.2, 0.5] }), [{ yTrue, yPred }])).toEqual({
      "precision_at_0.2": 2 / 3,
      "precision_at_0.5": 1 / 2,
    });
  });

  it("is reported in the same way by fit, evaluate and validation, and can be watched", async () => {
    const net = smallModel({
      metrics: [metrics.f1Score!({ threshold: 0.5 }), metrics.recall!({ thresholds: [0.2, 0.7] })],
    });
    const names = ["f1_score", "loss", "recall_at_0.2", "recall_at_0.7"];
    expect(Object.keys(evaluate(net, smallX, smallY))).toEqual(names);
    const { history } = await fit(net, smallX, smallY, {
      validationSplit: 0.2,
      epochs: 2,
      print: quiet,
      callbacks: [new EarlyStopping({ monitor: "val_recall_at_0.2" })],
    });
    expect(Object.keys(history)).toEqual([...names, ...names.map((name) => `val_${name}`)]);
  });

  it("is reported once for each class", () => {
    const batch = {
      yTrue: [
        [1, 0],
        [0, 1],
      ],
      yPred: [
        [0.9, 0.1],
        [0.8, 0.2],
      ],
    };
    const found = metricValuesOf("f1_score", [batch]);
    // Class 0: one hit of two calls, 2 · ½ · 1 / 1½ = 2/3, less Keras's 1e-7 here and there. Class 1 is never said.
    expect(Object.keys(found)).toEqual(["f1_score_class_0", "f1_score_class_1"]);
    expect(found.f1_score_class_0).toBeCloseTo(2 / 3, 6);
    expect(found.f1_score_class_1).toBe(0);
  });

  it("does not pass for one number", () => {
    const several = metrics.recall!({ thresholds: [0.2, 0.5] });
    expect(refusal(() => metricOf(several, [{ yTrue, yPred }]))).toBe(
      "metricOf: the metric must have one result. Received: recall_at_0.2, recall_at_0.5. metricValuesOf gives all of them.",
    );
  });
});

describe("metrics by hand", () => {
  it("takes the first of equal predictions into the top k", () => {
    const yPred = [[0.5, 0.5, 0.1]];
    const top = metrics.recall!({ topK: 1 });
    expect(metricOf(top, [{ yTrue: [[1, 0, 0]], yPred }])).toBe(1);
    expect(metricOf(top, [{ yTrue: [[0, 1, 0]], yPred }])).toBe(0);
  });

  it("allows for regressors in R² as long as there are more samples", () => {
    // Targets 0 to 4: variance 10. One miss of 1: R² = 0.9; with 2 regressors 1 − 0.1 · 4 / 2 = 0.8.
    const batch = { yTrue: [[0], [1], [2], [3], [4]], yPred: [[0], [1], [3], [3], [4]] };
    expect(metricOf("r2_score", [batch])).toBeCloseTo(0.9, 12);
    expect(metricOf(metrics.r2Score!({ numRegressors: 2 }), [batch])).toBeCloseTo(0.8, 12);
    expect(metricOf(metrics.r2Score!({ numRegressors: 3 }), [batch])).toBeCloseTo(0.6, 12);
    expect(metricOf(metrics.r2Score!({ numRegressors: 4 }), [batch])).toBeCloseTo(0.9, 12);
  });
});

describe("metrics by name", () => {
  it.each(["AUC", "auc", "F1Score", "f1_score", "R2Score", "r2_score", "Precision", "TopKCategoricalAccuracy"])(
    "%s can be watched",
    (name) => {
      expect(readMetric(name, 1, 1).name).toBe(name);
    },
  );

  it("have makers in camelCase", () => {
    const names = Object.keys(metrics);
    expect(names).toContain("auc");
    expect(names).toContain("f1Score");
    expect(names).toContain("fBetaScore");
    expect(names).toContain("klDivergence");
    expect(names.filter((name) => !/^[a-z][A-Za-z0-9]*$/.test(name))).toEqual([]);
  });
});

describe("options that cannot be", () => {
  it.each([
    [
      () => metrics.precision!({ thresholds: [0.2, 1.5] }),
      "Precision: thresholds must be a number from 0 to 1. Received: thresholds = 1.5.",
    ],
    [() => metrics.recall!({ topK: 0 }), "Recall: topK must be a whole number from 1. Received: topK = 0."],
    [() => metrics.auc!({ curve: "roc" }), 'AUC: curve must be one of ROC, PR, PRGAIN. Received: curve = "roc".'],
    [
      () => metrics.precisionAtRecall!(),
      "PrecisionAtRecall: recall must be a number from 0 to 1. Received: recall = null.",
    ],
    [
      () => metrics.f1Score!({ average: "mean" }),
      'F1Score: average must be one of null, micro, macro, weighted. Received: average = "mean".',
    ],
    [
      () => metricOf(metrics.recall!({ classId: 3 }), [{ yTrue, yPred }]),
      "Recall: a row of predictions has 1 entry. Received: classId = 3.",
    ],
  ])("are refused in words, %#", (run, message) => {
    expect(refusal(run)).toBe(message);
  });
});

it("a compiled model takes a metric's options as Keras writes them", () => {
  const net = smallModel();
  compileModel(net, {
    loss: "mse",
    metrics: [
      {
        class_name: "Precision",
        config: { name: "p", dtype: "float32", thresholds: [0.5], top_k: null, class_id: null },
      },
    ],
  });
  expect(Object.keys(evaluate(net, smallX, smallY))).toEqual(["loss", "p"]);
});
