/** Metrics that are made of hits and misses: counts, precision and recall at thresholds, the best of one where the other holds. */
import { areaUnderCurve } from "./area.ts";
import { type Confusion, confusionsOf, confusionTotals, probabilities } from "./confusion.ts";
import { type ArrayMetricRule, checkChoice, type MetricOptions, ratio } from "./metric-rule.ts";
import { checkNumber } from "./options.ts";

const precision = ({ tp, fp }: Confusion): number => ratio(tp, tp + fp);
const recall = ({ tp, fn }: Confusion): number => ratio(tp, tp + fn);
const specificity = ({ tn, fp }: Confusion): number => ratio(tn, tn + fp);

/** A number for each threshold. With `topK` and no thresholds, whatever is among the top says yes. */
function atThresholds(
  className: string,
  alias: string,
  value: (confusion: Confusion) => number,
  { better = "higher", byClass = false }: { better?: "lower" | "higher"; byClass?: boolean } = {},
): ArrayMetricRule {
  const thresholdsOf = ({ thresholds, topK }: MetricOptions): readonly number[] =>
    thresholds === null ? [typeof topK === "number" ? Number.NEGATIVE_INFINITY : 0.5] : numberList(thresholds);
  return {
    className,
    aliases: [alias],
    defaults: { thresholds: null, ...(byClass ? { topK: null, classId: null } : {}) },
    better,
    check(options) {
      checkThresholds(className, options.thresholds);
      checkPlace(className, "topK", options.topK, 1);
      checkPlace(className, "classId", options.classId, 0);
    },
    totals: (comparison, options) =>
      confusionTotals(comparison, {
        thresholds: thresholdsOf(options),
        topK: options.topK as number | null, // checked when the metric was made, as classId
        classId: options.classId as number | null,
        path: className,
      }),
    results: (totals, options) => confusionsOf(totals, thresholdsOf(options).length)[0]!.map(value),
    labels(options) {
      const thresholds = thresholdsOf(options);
      return thresholds.length === 1 ? undefined : thresholds.map((threshold) => `at_${threshold}`);
    },
  };
}

/** The largest value among the thresholds at which another number is at least as asked for. */
function bestWhere(
  className: string,
  alias: string,
  option: string,
  held: (confusion: Confusion) => number,
  value: (confusion: Confusion) => number,
): ArrayMetricRule {
  const thresholdsOf = ({ numThresholds }: MetricOptions): readonly number[] =>
    numThresholds === 1 ? [0.5] : evenThresholds(Number(numThresholds));
  return {
    className,
    aliases: [alias],
    defaults: { [option]: null, numThresholds: 200, classId: null },
    better: "higher",
    check(options) {
      checkNumber(className, option, options[option], { least: 0, most: 1 });
      checkNumber(className, "numThresholds", options.numThresholds, { least: 1, whole: true });
      checkPlace(className, "classId", options.classId, 0);
    },
    totals: (comparison, options) =>
      confusionTotals(comparison, {
        thresholds: thresholdsOf(options),
        classId: options.classId as number | null, // checked when the metric was made
        path: className,
      }),
    results(totals, options) {
      const [confusions] = confusionsOf(totals, thresholdsOf(options).length);
      const least = Math.fround(Number(options[option]));
      return [Math.max(0, ...confusions!.filter((one) => Math.fround(held(one)) >= least).map(value))];
    },
    labels: () => undefined,
  };
}

const auc: ArrayMetricRule = {
  className: "AUC",
  aliases: ["auc"],
  defaults: {
    curve: "ROC",
    summationMethod: "interpolation",
    numThresholds: 200,
    thresholds: null,
    multiLabel: false,
    labelWeights: null,
    fromLogits: false,
  },
  better: "higher",
  check(options) {
    checkChoice("AUC", "curve", options.curve, ["ROC", "PR", "PRGAIN"]);
    checkChoice("AUC", "summationMethod", options.summationMethod, ["interpolation", "minoring", "majoring"]);
    checkNumber("AUC", "numThresholds", options.numThresholds, { least: 2, whole: true });
    checkThresholds("AUC", options.thresholds);
    if (options.labelWeights !== null) {
      for (const weight of numberList(options.labelWeights)) checkNumber("AUC", "labelWeights", weight, { least: 0 });
    }
  },
  totals: (comparison, options) =>
    confusionTotals(probabilities(comparison, options.fromLogits === true), {
      thresholds: thresholdsOfAuc(options),
      perLabel: options.multiLabel === true,
      labelWeights: options.multiLabel || options.labelWeights === null ? null : numberList(options.labelWeights),
      path: "AUC",
    }),
  results(totals, options) {
    const curves = confusionsOf(totals, thresholdsOfAuc(options).length);
    const areas = curves.map((curve) => areaUnderCurve(curve, String(options.curve), String(options.summationMethod)));
    const weights =
      options.multiLabel && options.labelWeights !== null ? numberList(options.labelWeights) : areas.map(() => 1);
    const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
    return [ratio(sum(areas.map((area, i) => area * weights[i]!)), sum(weights))];
  },
  labels: () => undefined,
};

/** One threshold lies below all probabilities and one above, so that the curve has both of its ends. */
function thresholdsOfAuc({ thresholds, numThresholds }: MetricOptions): readonly number[] {
  const inner =
    thresholds === null
      ? evenThresholds(Number(numThresholds)).slice(1, -1)
      : [...numberList(thresholds)].sort((a, b) => a - b);
  return [-1e-7, ...inner, 1 + 1e-7];
}

/** 0, 1/(n − 1) ... 1 */
function evenThresholds(n: number): readonly number[] {
  return Array.from({ length: n }, (_, i) => i / (n - 1));
}

function numberList(value: MetricOptions[string] | undefined): readonly number[] {
  return Array.isArray(value) ? value : [Number(value)];
}

function checkThresholds(path: string, thresholds: MetricOptions[string] | undefined): void {
  if (thresholds === null || thresholds === undefined) return;
  const list: readonly unknown[] = Array.isArray(thresholds) ? thresholds : [thresholds];
  if (list.length === 0) checkNumber(path, "thresholds", "an empty list", { least: 0, most: 1 });
  for (const threshold of list) checkNumber(path, "thresholds", threshold, { least: 0, most: 1 });
}

function checkPlace(path: string, name: string, value: MetricOptions[string] | undefined, least: number): void {
  if (value !== null && value !== undefined) checkNumber(path, name, value, { least, whole: true });
}

/** The metrics that are made of hits and misses. */
export const confusionMetrics: readonly ArrayMetricRule[] = [
  atThresholds("TruePositives", "true_positives", ({ tp }) => tp),
  atThresholds("TrueNegatives", "true_negatives", ({ tn }) => tn),
  atThresholds("FalsePositives", "false_positives", ({ fp }) => fp, { better: "lower" }),
  atThresholds("FalseNegatives", "false_negatives", ({ fn }) => fn, { better: "lower" }),
  atThresholds("Precision", "precision", precision, { byClass: true }),
  atThresholds("Recall", "recall", recall, { byClass: true }),
  bestWhere("PrecisionAtRecall", "precision_at_recall", "recall", recall, precision),
  bestWhere("RecallAtPrecision", "recall_at_precision", "precision", precision, recall),
  bestWhere("SensitivityAtSpecificity", "sensitivity_at_specificity", "specificity", specificity, recall),
  bestWhere("SpecificityAtSensitivity", "specificity_at_sensitivity", "sensitivity", recall, specificity),
  auc,
];
