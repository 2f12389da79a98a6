/**
 * StandardScaler after scikit-learn 1.9, in float64: fit it on the training part only, transform every part,
 * inverse for predictions. NaN is left alone and not counted; infinite numbers are refused.
 */
import { checkOptionNames } from "../core/index.ts";
import type { Matrix, MatrixLike } from "./matrix.ts";
import {
  checkColumns,
  checkKind,
  columnsFromPlain,
  columnsToPlain,
  failUnfitted,
  mapCells,
  type PlainColumns,
  pickColumns,
  scalableMatrix,
} from "./scaler-parts.ts";
import { sum } from "./sums.ts";

/** Options of `StandardScaler`. */
export interface StandardScalerOptions {
  /** Subtract the mean, default true. */
  readonly withMean?: boolean;
  /** Divide by the standard deviation (of the population, divisor n), default true. */
  readonly withStd?: boolean;
}

/** What a fitted StandardScaler knows, one number per column. */
export interface StandardState {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  /** Divisor; 1 for a constant column and without withStd. */
  readonly scale: Float64Array;
  /** Values seen, NaN not counted. */
  readonly samples: Float64Array;
}

/** As toJSON gives it. */
export interface StandardScalerJSON {
  readonly kind: "StandardScaler";
  readonly options: StandardScalerOptions;
  readonly columns: PlainColumns | null;
}

const COLUMNS = ["mean", "variance", "scale", "samples"] as const;

/**
 * `(x - mean) / standard deviation` per column. A column that is constant to within rounding is divided by 1.
 *
 * @throws UnrollError `data` for columns unlike the fitted ones, infinite numbers, and for a transform before fit.
 * @example new StandardScaler().fitTransform([[1], [2], [3]]).data // [-1.2247…, 0, 1.2247…]
 */
export class StandardScaler {
  readonly withMean: boolean;
  readonly withStd: boolean;
  #state: StandardState | undefined;

  constructor(options: StandardScalerOptions = {}) {
    checkOptionNames("StandardScaler", options, ["withMean", "withStd"]);
    this.withMean = options.withMean ?? true;
    this.withStd = options.withStd ?? true;
  }

  /** @throws UnrollError `data` before fit. */
  get state(): StandardState {
    return this.#state ?? failUnfitted("StandardScaler");
  }

  /** `[rows, columns]`; forgets what was fitted before. */
  fit(data: MatrixLike): this {
    this.#state = undefined;
    return this.partialFit(data);
  }

  /**
   * Adds more rows to the statistics, for data that comes in pieces.
   * Source: Chan, Golub and LeVeque, "Algorithms for computing the sample variance", 1983 (corrected two-pass, and its update).
   */
  partialFit(data: MatrixLike): this {
    const matrix = scalableMatrix(data, "StandardScaler.fit", this.#state?.mean.length, 1);
    const before = this.#state;
    const columns = matrix.shape[1];
    const mean = new Float64Array(columns);
    const variance = new Float64Array(columns);
    const samples = new Float64Array(columns);
    for (let c = 0; c < columns; c++) {
      const piece = momentsOf(matrix, c);
      const known = before?.samples[c] ?? 0;
      const all = known + piece.count;
      if (known === 0 || piece.count === 0) {
        const kept = piece.count === 0 && before !== undefined && known > 0;
        mean[c] = kept ? before.mean[c]! : piece.mean;
        variance[c] = kept ? before.variance[c]! : piece.squares / piece.count;
      } else {
        const apart = piece.mean - before!.mean[c]!;
        mean[c] = (before!.mean[c]! * known + piece.mean * piece.count) / all;
        variance[c] =
          (before!.variance[c]! * known + piece.squares + ((apart * apart * known) / all) * piece.count) / all;
      }
      samples[c] = all;
    }
    const scale = variance.map((value, c) => {
      const isConstant = value <= samples[c]! * Number.EPSILON * value + (samples[c]! * mean[c]! * Number.EPSILON) ** 2;
      return isConstant || !this.withStd ? 1 : Math.sqrt(value);
    });
    this.#state = { mean, variance, scale, samples };
    return this;
  }

  /** `[rows, columns]` → the same, scaled; the input is left as it was. */
  transform(data: MatrixLike): Matrix {
    const { mean, scale } = this.state;
    const matrix = scalableMatrix(data, "StandardScaler.transform", scale.length);
    return mapCells(matrix, (value, c) => (this.withMean ? value - mean[c]! : value) / scale[c]!);
  }

  fitTransform(data: MatrixLike): Matrix {
    return this.fit(data).transform(data);
  }

  /** `[rows, columns]` of scaled numbers → the units of the fitted data. */
  inverseTransform(data: MatrixLike): Matrix {
    const { mean, scale } = this.state;
    const matrix = scalableMatrix(data, "StandardScaler.inverseTransform", scale.length);
    return mapCells(matrix, (value, c) => value * scale[c]! + (this.withMean ? mean[c]! : 0));
  }

  /** The scaler of some columns only, for example to bring predictions of the target column back to its units. */
  select(columns: readonly number[]): StandardScaler {
    const state = this.state;
    checkColumns(columns, state.mean.length, "StandardScaler.select");
    const copy = new StandardScaler({ withMean: this.withMean, withStd: this.withStd });
    copy.#state = pickColumns(state, COLUMNS, columns);
    return copy;
  }

  toJSON(): StandardScalerJSON {
    const { withMean, withStd } = this;
    const columns = this.#state === undefined ? null : columnsToPlain(this.#state, COLUMNS);
    return { kind: "StandardScaler", options: { withMean, withStd }, columns };
  }

  /** @throws UnrollError `format` when it is not what toJSON gave. */
  static fromJSON(json: StandardScalerJSON): StandardScaler {
    checkKind(json, "StandardScaler");
    const scaler = new StandardScaler(json.options);
    if (json.columns !== null) scaler.#state = columnsFromPlain(json.columns, COLUMNS, "StandardScaler");
    return scaler;
  }
}

/** Count, mean and sum of squared deviations of one column's values that are not NaN. */
function momentsOf({ shape, data }: Matrix, column: number): { count: number; mean: number; squares: number } {
  const [rows, columns] = shape;
  const values = Float64Array.from({ length: rows }, (_, r) => data[r * columns + column]!);
  const count = values.reduce((known, value) => known + (Number.isNaN(value) ? 0 : 1), 0);
  // NumPy adds one column in pairs and several row by row; following it keeps the last digits the same.
  const total = (numbers: Float64Array) => {
    const known = numbers.map((value) => (Number.isNaN(value) ? 0 : value));
    return columns === 1 ? sum(known) : known.reduce((before, value) => before + value, 0);
  };
  const mean = total(values) / count;
  const deviations = values.map((value) => value - mean);
  const rest = total(deviations);
  return { count, mean, squares: total(deviations.map((value) => value * value)) - rest ** 2 / count };
}
