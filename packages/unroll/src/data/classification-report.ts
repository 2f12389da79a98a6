/**
 * The classification report: precision, recall, F1 and support per class with their averages, as text that agrees
 * with sklearn.metrics.classification_report 1.9 byte for byte, and as plain numbers.
 */
import { checkOptionNames, UnrollError } from "../core/index.ts";
import { checkWhole } from "./checks.ts";
import {
  type ClassCounts,
  type ClassificationOptions,
  type ClassScores,
  classCounts,
  type Labels,
  scoresOf,
  type ZeroDivision,
} from "./classification.ts";
import { fixed, floatText, rightAligned } from "./python-text.ts";
import { mean, sum } from "./sums.ts";

/** Options of `classificationReport`. */
export interface ReportOptions extends ClassificationOptions {
  /** Names to show for the classes, in the order of `labels`. */
  readonly targetNames?: readonly string[];
  /** Decimals, default 2. */
  readonly digits?: number;
  /** What stands where a score would be 0 / 0, default 0; NaN leaves it out of the averages. */
  readonly zeroDivision?: ZeroDivision;
}

/** The report as numbers. */
export interface ClassificationScores {
  readonly classes: readonly (ClassScores & { readonly name: string })[];
  /** Undefined when `labels` leaves out a class that occurs; then `microAverage` takes its place. */
  readonly accuracy: number | undefined;
  readonly microAverage: ClassScores;
  readonly macroAverage: ClassScores;
  readonly weightedAverage: ClassScores;
}

const HEADERS = ["precision", "recall", "f1-score", "support"];
const CELL = 9;
const LONGEST_AVERAGE = "weighted avg";

/**
 * The numbers of the report.
 *
 * @throws UnrollError `data` for labels that do not go together, `option` for a wrong number of targetNames.
 */
export function classificationScores(yTrue: Labels, yPred: Labels, options: ReportOptions = {}): ClassificationScores {
  return countedScores(yTrue, yPred, options).scores;
}

/**
 * The report as text, ready to print.
 *
 * @throws UnrollError as classificationScores does.
 * @example console.log(classificationReport(["up", "down"], ["up", "up"]))
 */
export function classificationReport(yTrue: Labels, yPred: Labels, options: ReportOptions = {}): string {
  const { scores, counts } = countedScores(yTrue, yPred, options);
  const digits = options.digits ?? 2;
  checkWhole("classificationReport", "digits", digits, 0);
  if (digits > 100) {
    throw new UnrollError({
      code: "option",
      path: "classificationReport",
      expected: "digits must be at most 100",
      received: `digits = ${digits}`,
    });
  }
  const widest = scores.classes.reduce((most, { name }) => Math.max(most, [...name].length), LONGEST_AVERAGE.length);
  const nameWidth = Math.max(widest, digits);
  // scikit-learn counts in whole numbers, but in floats with weights and also when not one prediction is right.
  const isCounted = options.sampleWeight === undefined && counts.hasHit;
  const supportText = (support: number) => (isCounted ? String(support) : floatText(support));
  const line = (name: string, cells: readonly string[]) =>
    `${rightAligned(name, nameWidth)} ${cells.map((cell) => ` ${rightAligned(cell, CELL)}`).join("")}\n`;
  const scoreLine = (name: string, { precision, recall, f1, support }: ClassScores) =>
    line(name, [...[precision, recall, f1].map((score) => fixed(score, digits)), supportText(support)]);

  const { microAverage, macroAverage, weightedAverage } = scores;
  return [
    line("", HEADERS),
    "\n",
    ...scores.classes.map((score) => scoreLine(score.name, score)),
    "\n",
    scores.accuracy === undefined
      ? scoreLine("micro avg", microAverage)
      : line("accuracy", ["", "", fixed(microAverage.f1, digits), supportText(microAverage.support)]),
    scoreLine("macro avg", macroAverage),
    scoreLine(LONGEST_AVERAGE, weightedAverage),
  ].join("");
}

function countedScores(
  yTrue: Labels,
  yPred: Labels,
  options: ReportOptions,
): { scores: ClassificationScores; counts: ClassCounts } {
  checkOptionNames("classificationReport", options, [
    "labels",
    "sampleWeight",
    "targetNames",
    "digits",
    "zeroDivision",
  ]);
  const counts = classCounts(yTrue, yPred, "classificationReport", options);
  const zeroDivision = options.zeroDivision ?? 0;
  const names = namesOf(counts, options);
  const classes = names.map((name, c) => ({
    name,
    ...scoresOf(counts.truePositives[c]!, counts.predicted[c]!, counts.actual[c]!, zeroDivision),
  }));
  const support = sum(counts.actual);
  const micro = scoresOf(sum(counts.truePositives), sum(counts.predicted), support, zeroDivision);
  const scores: ClassificationScores = {
    classes,
    accuracy: counts.isComplete ? micro.precision : undefined,
    microAverage: micro,
    macroAverage: averageOf(classes, undefined, support),
    weightedAverage: averageOf(classes, counts.actual, support),
  };
  return { scores, counts };
}

function namesOf(counts: ClassCounts, { targetNames }: ReportOptions): readonly string[] {
  if (targetNames === undefined) return counts.labels.map(String);
  if (targetNames.length === counts.labels.length) return targetNames;
  throw new UnrollError({
    code: "option",
    path: "classificationReport",
    expected: `targetNames must name all ${counts.labels.length} classes`,
    received: `${targetNames.length} names`,
    hint: "Give labels too, to say which classes they name.",
  });
}

/** NaN scores are left out; with nothing but zero weights the plain mean is taken. */
function averageOf(
  classes: readonly ClassScores[],
  weights: ArrayLike<number> | undefined,
  support: number,
): ClassScores {
  const average = (score: (scores: ClassScores) => number): number => {
    const places = classes.map((_, c) => c).filter((c) => !Number.isNaN(score(classes[c]!)));
    if (places.length === 0) return Number.NaN;
    const values = places.map((c) => score(classes[c]!));
    const chosen = weights === undefined ? undefined : places.map((c) => weights[c]!);
    return mean(values, chosen !== undefined && sum(chosen) !== 0 ? chosen : undefined);
  };
  return {
    precision: average(({ precision }) => precision),
    recall: average(({ recall }) => recall),
    f1: average(({ f1 }) => f1),
    support,
  };
}
