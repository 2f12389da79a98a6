/**
 * Counting how predicted classes agree with true ones: accuracy, confusion matrix, and per class precision, recall
 * and F1. The printed report is in classification-report.ts. Agrees with sklearn.metrics 1.9.
 */
import { isTensor, type Tensor, UnrollError } from "../core/index.ts";
import { checkSameLength } from "./checks.ts";
import { compareText } from "./python-text.ts";
import { sum } from "./sums.ts";

/** A class: a whole number or a word. */
export type Label = number | string;
/** `[samples]` classes. */
export type Labels = readonly Label[] | ArrayLike<number> | Tensor;

/** What to put where a score would be 0 / 0. */
export type ZeroDivision = 0 | 1 | number;

/** Options of precision, recall and the scores made of them. */
export interface ClassificationOptions {
  /** The classes to count, in this order; default all that occur, sorted. */
  readonly labels?: readonly Label[];
  /** `[samples]` */
  readonly sampleWeight?: ArrayLike<number>;
}

/** Scores of one class, or an average of them. */
export interface ClassScores {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** How often the class is the true one (summed weights, with sampleWeight). */
  readonly support: number;
}

/** Weighed agreement of labels, before any score is divided out. */
export interface ClassCounts {
  readonly labels: readonly Label[];
  readonly truePositives: Float64Array;
  readonly predicted: Float64Array;
  readonly actual: Float64Array;
  /** True when `labels` holds every class that occurs. */
  readonly isComplete: boolean;
  /** True when at least one sample of any class is predicted right. */
  readonly hasHit: boolean;
}

/**
 * The part of the samples whose class is predicted right, 0 to 1; weighted where weights are given.
 *
 * @throws UnrollError `data` for unequal lengths, no samples, or labels that are no classes.
 * @example accuracyScore([0, 1, 1, 0], [0, 1, 0, 0]) // 0.75
 */
export function accuracyScore(
  yTrue: Labels,
  yPred: Labels,
  options: { sampleWeight?: ArrayLike<number> } = {},
): number {
  const { actual, predicted, weights } = checkedPair(yTrue, yPred, "accuracyScore", options.sampleWeight);
  const right = actual.map((label, i) => (label === predicted[i] ? (weights?.[i] ?? 1) : 0));
  return sum(right) / (weights === undefined ? actual.length : sum(weights));
}

/**
 * `[true class][predicted class]`: how many samples (or what weight). Samples of classes outside `labels` are left out.
 *
 * @throws UnrollError `data` as accuracyScore does, and when none of `labels` is among the true classes.
 * @example confusionMatrix(["up", "down", "up"], ["up", "up", "up"]) // [[0, 1], [0, 2]], rows down and up
 */
export function confusionMatrix(yTrue: Labels, yPred: Labels, options: ClassificationOptions = {}): number[][] {
  const { actual, predicted, weights } = checkedPair(yTrue, yPred, "confusionMatrix", options.sampleWeight);
  const labels = options.labels ?? sortedLabels([actual, predicted]);
  const places = placesOf(labels, "confusionMatrix");
  if (!actual.some((label) => places.has(label))) {
    throw new UnrollError({
      code: "data",
      path: "confusionMatrix",
      expected: "at least one of labels must be among the true classes",
      received: `labels = [${labels.slice(0, 20).join(", ")}]`,
    });
  }
  const matrix = labels.map(() => new Array<number>(labels.length).fill(0));
  actual.forEach((label, i) => {
    const row = places.get(label);
    const column = places.get(predicted[i]!);
    if (row !== undefined && column !== undefined) matrix[row]![column]! += weights?.[i] ?? 1;
  });
  return matrix;
}

/** Counts per class, from which every score follows. */
export function classCounts(yTrue: Labels, yPred: Labels, path: string, options: ClassificationOptions): ClassCounts {
  const { actual, predicted, weights } = checkedPair(yTrue, yPred, path, options.sampleWeight);
  const present = sortedLabels([actual, predicted]);
  const labels = options.labels ?? present;
  const places = placesOf(labels, path);
  const counts: ClassCounts = {
    labels,
    truePositives: new Float64Array(labels.length),
    predicted: new Float64Array(labels.length),
    actual: new Float64Array(labels.length),
    isComplete: present.every((label) => places.has(label)),
    hasHit: actual.some((label, i) => label === predicted[i]),
  };
  actual.forEach((label, i) => {
    const weight = weights?.[i] ?? 1;
    const truePlace = places.get(label);
    const predictedPlace = places.get(predicted[i]!);
    if (truePlace !== undefined) counts.actual[truePlace]! += weight;
    if (predictedPlace !== undefined) counts.predicted[predictedPlace]! += weight;
    if (truePlace !== undefined && truePlace === predictedPlace) counts.truePositives[truePlace]! += weight;
  });
  // scikit-learn keeps what is not a true positive and adds it again; with weights this rounds.
  counts.truePositives.forEach((right, c) => {
    counts.predicted[c] = right + (counts.predicted[c]! - right);
    counts.actual[c] = right + (counts.actual[c]! - right);
  });
  return counts;
}

/** Precision `tp / predicted`, recall `tp / actual` and F1 `2 tp / (actual + predicted)` from counts. */
export function scoresOf(
  truePositives: number,
  predicted: number,
  actual: number,
  zeroDivision: ZeroDivision,
): ClassScores {
  const ratio = (part: number, whole: number) => (whole === 0 ? zeroDivision : part / whole);
  return {
    precision: ratio(truePositives, predicted),
    recall: ratio(truePositives, actual),
    f1: ratio(2 * truePositives, actual + predicted),
    support: actual,
  };
}

/**
 * The class of each row of predictions: the place of the largest of `[batch, classes]`, or for one output per sample
 * (`[batch, 1]` or `[batch]`) 1 where it is above 0.5 and else 0.
 *
 * @throws UnrollError `shape` for more than two axes.
 * @example predictedClasses(model.predict(x)) // [2, 0, 1, …]
 */
export function predictedClasses({ shape, data }: Tensor): number[] {
  if (shape.length !== 1 && shape.length !== 2) {
    throw new UnrollError({
      code: "shape",
      path: "predictedClasses",
      expected: "predictions must have the shape [batch, classes]",
      received: `shape = [${shape.join(", ")}]`,
    });
  }
  const classes = shape[1] ?? 1;
  return Array.from({ length: shape[0]! }, (_, row) => {
    if (classes === 1) return data[row]! > 0.5 ? 1 : 0;
    let best = 0;
    for (let c = 1; c < classes; c++) if (data[row * classes + c]! > data[row * classes + best]!) best = c;
    return best;
  });
}

interface CheckedPair {
  readonly actual: readonly Label[];
  readonly predicted: readonly Label[];
  readonly weights: ArrayLike<number> | undefined;
}

function checkedPair(
  yTrue: Labels,
  yPred: Labels,
  path: string,
  sampleWeight: ArrayLike<number> | undefined,
): CheckedPair {
  const actual = labelList(yTrue, `${path}: yTrue`);
  const predicted = labelList(yPred, `${path}: yPred`);
  checkSameLength(path, "true and predicted classes", actual.length, predicted.length);
  if (sampleWeight !== undefined) checkSameLength(path, "classes and sampleWeight", actual.length, sampleWeight.length);
  if (actual.length === 0) {
    throw new UnrollError({ code: "data", path, expected: "needs at least one sample", received: "0 samples" });
  }
  if (typeof actual[0] !== typeof predicted[0]) {
    throw new UnrollError({
      code: "data",
      path,
      expected: "true and predicted classes must both be numbers or both be words",
      received: `${typeof actual[0]}s and ${typeof predicted[0]}s`,
    });
  }
  return { actual, predicted, weights: sampleWeight };
}

function labelList(labels: Labels, path: string): readonly Label[] {
  if (isTensor(labels)) {
    const { shape } = labels;
    if (shape.length > 2 || (shape[1] ?? 1) !== 1) {
      throw new UnrollError({
        code: "data",
        path,
        expected: "must hold one class per sample",
        received: `shape = [${shape.join(", ")}]`,
        hint: "Take predictedClasses of predictions or of one-hot rows first.",
      });
    }
  }
  const list: readonly unknown[] = Array.from<unknown>(isTensor(labels) ? labels.data : labels);
  const kind = typeof list[0];
  list.forEach((label, i) => {
    const isLabel = typeof label === "string" || (typeof label === "number" && Number.isInteger(label));
    if (isLabel && typeof label === kind) return;
    throw new UnrollError({
      code: "data",
      path: `${path}[${i}]`,
      expected: "classes must be all whole numbers or all words",
      received: `${typeof label} = ${String(label)}`,
      hint: typeof label === "number" ? "Take predictedClasses of probabilities first." : undefined,
    });
  });
  return list as readonly Label[]; // every entry was checked just above
}

function placesOf(labels: readonly Label[], path: string): ReadonlyMap<Label, number> {
  const places = new Map(labels.map((label, i) => [label, i]));
  if (labels.length > 0 && places.size === labels.length) return places;
  throw new UnrollError({
    code: "option",
    path,
    expected: "labels must name at least one class, and none twice",
    received: `labels = [${labels.slice(0, 20).join(", ")}]`,
  });
}

function sortedLabels(lists: readonly (readonly Label[])[]): Label[] {
  const present = [...new Set(lists.flat())];
  return present.sort((a, b) => (typeof a === "number" ? a - (b as number) : compareText(a, b as string)));
}
