/**
 * How far predicted numbers are from true ones: MAE, MSE, RMSE and R². Agrees with sklearn.metrics 1.9.
 */
import { checkOptionNames, UnrollError } from "../core/index.ts";
import { checkChoice, checkSameLength } from "./checks.ts";
import { type Matrix, type MatrixLike, toMatrix } from "./matrix.ts";
import { mean } from "./sums.ts";

/** Options of the errors of forecasts. */
export interface RegressionOptions {
  /** `[samples]` */
  readonly sampleWeight?: ArrayLike<number>;
  /** One number, the mean over the columns (default), or one number per column. */
  readonly multioutput?: "uniformAverage" | "rawValues";
}

type Averaged = RegressionOptions & { readonly multioutput?: "uniformAverage" };
type PerColumn = RegressionOptions & { readonly multioutput: "rawValues" };

/**
 * Mean of |true - predicted|, in the units of the data. Inputs are `[samples]` or `[samples, outputs]`.
 *
 * @throws UnrollError `data` for shapes that differ, no samples, or NaN and infinite numbers.
 * @example meanAbsoluteError([1, 2, 4], [1, 3, 2]) // 1
 */
export function meanAbsoluteError(yTrue: MatrixLike, yPred: MatrixLike, options?: Averaged): number;
export function meanAbsoluteError(yTrue: MatrixLike, yPred: MatrixLike, options: PerColumn): number[];
export function meanAbsoluteError(yTrue: MatrixLike, yPred: MatrixLike, options?: RegressionOptions) {
  return perColumn(yTrue, yPred, "meanAbsoluteError", options, (actual, predicted, weights) =>
    mean(
      actual.map((value, i) => Math.abs(predicted[i]! - value)),
      weights,
    ),
  );
}

/**
 * Mean of (true - predicted)², in squared units. Inputs are `[samples]` or `[samples, outputs]`.
 *
 * @throws UnrollError `data` as meanAbsoluteError does.
 */
export function meanSquaredError(yTrue: MatrixLike, yPred: MatrixLike, options?: Averaged): number;
export function meanSquaredError(yTrue: MatrixLike, yPred: MatrixLike, options: PerColumn): number[];
export function meanSquaredError(yTrue: MatrixLike, yPred: MatrixLike, options?: RegressionOptions) {
  return perColumn(yTrue, yPred, "meanSquaredError", options, squaredError);
}

/**
 * Root of the mean squared error, in the units of the data; with several outputs the mean of their roots.
 *
 * @throws UnrollError `data` as meanAbsoluteError does.
 */
export function rootMeanSquaredError(yTrue: MatrixLike, yPred: MatrixLike, options?: Averaged): number;
export function rootMeanSquaredError(yTrue: MatrixLike, yPred: MatrixLike, options: PerColumn): number[];
export function rootMeanSquaredError(yTrue: MatrixLike, yPred: MatrixLike, options?: RegressionOptions) {
  return perColumn(yTrue, yPred, "rootMeanSquaredError", options, (...columns) => Math.sqrt(squaredError(...columns)));
}

/**
 * R², the part of the variance that is explained: 1 is perfect, 0 is as good as the mean, below 0 is worse.
 * With constant truth it is 1 for perfect predictions and else 0; with fewer than two samples NaN.
 *
 * @throws UnrollError `data` as meanAbsoluteError does.
 */
export function r2Score(yTrue: MatrixLike, yPred: MatrixLike, options?: Averaged): number;
export function r2Score(yTrue: MatrixLike, yPred: MatrixLike, options: PerColumn): number[];
export function r2Score(yTrue: MatrixLike, yPred: MatrixLike, options?: RegressionOptions) {
  return perColumn(yTrue, yPred, "r2Score", options, (actual, predicted, weights) => {
    if (actual.length < 2) return Number.NaN;
    const centre = mean(actual, weights);
    // Means instead of scikit-learn's sums: the ratio is the same.
    const unexplained = squaredError(actual, predicted, weights);
    const total = mean(
      actual.map((value) => (value - centre) ** 2),
      weights,
    );
    if (total === 0) return unexplained === 0 ? 1 : 0;
    return 1 - unexplained / total;
  });
}

type Measure = (actual: Float64Array, predicted: Float64Array, weights: ArrayLike<number> | undefined) => number;

const squaredError: Measure = (actual, predicted, weights) =>
  mean(
    actual.map((value, i) => (value - predicted[i]!) ** 2),
    weights,
  );

function perColumn(
  yTrue: MatrixLike,
  yPred: MatrixLike,
  path: string,
  options: RegressionOptions = {},
  measure: Measure,
): number | number[] {
  checkOptionNames(path, options, ["sampleWeight", "multioutput"]);
  const { sampleWeight, multioutput = "uniformAverage" } = options;
  checkChoice(path, "multioutput", multioutput, ["uniformAverage", "rawValues"]);
  const actual = finiteMatrix(yTrue, `${path}: yTrue`);
  const predicted = finiteMatrix(yPred, `${path}: yPred`);
  const [samples, outputs] = actual.shape;
  if (predicted.shape[0] !== samples || predicted.shape[1] !== outputs || samples === 0 || outputs === 0) {
    throw new UnrollError({
      code: "data",
      path,
      expected: "true and predicted numbers must have the same shape, with at least one sample",
      received: `shapes = [${actual.shape.join(", ")}] and [${predicted.shape.join(", ")}]`,
    });
  }
  if (sampleWeight !== undefined) checkSameLength(path, "samples and sampleWeight", samples, sampleWeight.length);
  const measures = Array.from({ length: outputs }, (_, c) =>
    measure(columnOf(actual, c), columnOf(predicted, c), sampleWeight),
  );
  return multioutput === "rawValues" ? measures : mean(measures);
}

function columnOf({ shape, data }: Matrix, column: number): Float64Array {
  return Float64Array.from({ length: shape[0] }, (_, r) => data[r * shape[1] + column]!);
}

function finiteMatrix(source: MatrixLike, path: string): Matrix {
  const matrix = toMatrix(source, path);
  const bad = matrix.data.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return matrix;
  throw new UnrollError({
    code: "data",
    path,
    expected: "must hold finite numbers only",
    received: `sample ${Math.floor(bad / matrix.shape[1])} = ${matrix.data[bad]}`,
    hint: "Leave missing samples out, or look for a diverged model.",
  });
}
