/**
 * MinMaxScaler after scikit-learn 1.9, in float64: fit it on the training part only, transform every part,
 * inverse for predictions. NaN is left alone and not counted; infinite numbers are refused.
 */
import { checkOptionNames, UnrollError } from "../core/index.ts";
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

/** Options of `MinMaxScaler`. */
export interface MinMaxScalerOptions {
  /** Where the smallest and the largest value of the fitted data go, default [0, 1]. */
  readonly featureRange?: readonly [low: number, high: number];
  /** Cut later data to featureRange, default false. */
  readonly clip?: boolean;
}

/** What a fitted MinMaxScaler knows, one number per column; names are scikit-learn's without the underscore behind. */
export interface MinMaxState {
  readonly dataMin: Float64Array;
  readonly dataMax: Float64Array;
  readonly dataRange: Float64Array;
  /** Factor and summand: `x * scale + min`. */
  readonly scale: Float64Array;
  readonly min: Float64Array;
  /** Rows seen. */
  readonly samples: number;
}

/** As toJSON gives it. */
export interface MinMaxScalerJSON {
  readonly kind: "MinMaxScaler";
  readonly options: MinMaxScalerOptions;
  readonly columns: PlainColumns | null;
  readonly samples: number;
}

const COLUMNS = ["dataMin", "dataMax", "dataRange", "scale", "min"] as const;
/** A range below this counts as constant, as in scikit-learn. */
const SMALLEST_RANGE = 10 * Number.EPSILON;

/**
 * `x * scale + min`, which puts the fitted data's smallest value at featureRange[0] and its largest at featureRange[1].
 * A constant column counts as having range 1. Later data may lie outside unless `clip`.
 *
 * @throws UnrollError `option` for a featureRange that is not increasing; `data` for columns unlike the fitted ones,
 *   infinite numbers, and for a transform before fit.
 * @example new MinMaxScaler().fitTransform([[10], [20], [40]]).data // [0, 0.333…, 1]
 */
export class MinMaxScaler {
  readonly featureRange: readonly [number, number];
  readonly clip: boolean;
  #state: MinMaxState | undefined;

  constructor(options: MinMaxScalerOptions = {}) {
    checkOptionNames("MinMaxScaler", options, ["featureRange", "clip"]);
    this.featureRange = options.featureRange ?? [0, 1];
    this.clip = options.clip ?? false;
    const [low, high] = this.featureRange;
    if (!(low < high)) {
      throw new UnrollError({
        code: "option",
        path: "MinMaxScaler",
        expected: "featureRange must go from a smaller to a larger number",
        received: `featureRange = [${low}, ${high}]`,
      });
    }
  }

  /** @throws UnrollError `data` before fit. */
  get state(): MinMaxState {
    return this.#state ?? failUnfitted("MinMaxScaler");
  }

  /** `[rows, columns]`; forgets what was fitted before. */
  fit(data: MatrixLike): this {
    this.#state = undefined;
    return this.partialFit(data);
  }

  /** Widens the ranges by more rows, for data that comes in pieces. */
  partialFit(data: MatrixLike): this {
    const { shape, data: values } = scalableMatrix(data, "MinMaxScaler.fit", this.#state?.min.length, 1);
    const [rows, columns] = shape;
    const dataMin = this.#state?.dataMin.slice() ?? new Float64Array(columns).fill(Number.NaN);
    const dataMax = this.#state?.dataMax.slice() ?? new Float64Array(columns).fill(Number.NaN);
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) {
        const value = values[r * columns + c]!;
        // Written so that a NaN value changes nothing and any value replaces a NaN bound.
        if (value < dataMin[c]! || (Number.isNaN(dataMin[c]) && !Number.isNaN(value))) dataMin[c] = value;
        if (value > dataMax[c]! || (Number.isNaN(dataMax[c]) && !Number.isNaN(value))) dataMax[c] = value;
      }
    }
    const [low, high] = this.featureRange;
    const dataRange = dataMax.map((max, c) => max - dataMin[c]!);
    const scale = dataRange.map((range) => (high - low) / (range < SMALLEST_RANGE ? 1 : range));
    const min = dataMin.map((value, c) => low - value * scale[c]!);
    this.#state = { dataMin, dataMax, dataRange, scale, min, samples: (this.#state?.samples ?? 0) + rows };
    return this;
  }

  /** `[rows, columns]` → the same, scaled; the input is left as it was. */
  transform(data: MatrixLike): Matrix {
    const { scale, min } = this.state;
    const [low, high] = this.featureRange;
    return mapCells(scalableMatrix(data, "MinMaxScaler.transform", scale.length), (value, c) => {
      const scaled = value * scale[c]! + min[c]!;
      return this.clip ? Math.min(Math.max(scaled, low), high) : scaled;
    });
  }

  fitTransform(data: MatrixLike): Matrix {
    return this.fit(data).transform(data);
  }

  /** `[rows, columns]` of scaled numbers → the units of the fitted data. */
  inverseTransform(data: MatrixLike): Matrix {
    const { scale, min } = this.state;
    return mapCells(
      scalableMatrix(data, "MinMaxScaler.inverseTransform", scale.length),
      (value, c) => (value - min[c]!) / scale[c]!,
    );
  }

  /** The scaler of some columns only, for example to bring predictions of the target column back to its units. */
  select(columns: readonly number[]): MinMaxScaler {
    const state = this.state;
    checkColumns(columns, state.min.length, "MinMaxScaler.select");
    const copy = new MinMaxScaler({ featureRange: this.featureRange, clip: this.clip });
    copy.#state = { ...pickColumns(state, COLUMNS, columns), samples: state.samples };
    return copy;
  }

  toJSON(): MinMaxScalerJSON {
    const { featureRange, clip } = this;
    const columns = this.#state === undefined ? null : columnsToPlain(this.#state, COLUMNS);
    return { kind: "MinMaxScaler", options: { featureRange, clip }, columns, samples: this.#state?.samples ?? 0 };
  }

  /** @throws UnrollError `format` when it is not what toJSON gave. */
  static fromJSON(json: MinMaxScalerJSON): MinMaxScaler {
    checkKind(json, "MinMaxScaler");
    const scaler = new MinMaxScaler(json.options);
    if (json.columns !== null) {
      scaler.#state = { ...columnsFromPlain(json.columns, COLUMNS, "MinMaxScaler"), samples: json.samples };
    }
    return scaler;
  }
}
