/**
 * The series cut by time into training, validation and test, as windows in the units of the file and as windows that the
 * model reads: scaled by what the training part alone shows.
 */
import { UnrollError } from "../core/errors.ts";
import {
  type Matrix,
  MinMaxScaler,
  type Scaler,
  type SplitParts,
  StandardScaler,
  sliceRows,
  splitByTime,
  type WindowView,
  windows,
} from "../data/index.ts";
import { type Cell, firstBeyondFloat32, type Series } from "./series.ts";
import type { ForecastSettings } from "./settings.ts";

export interface Parts {
  readonly lookback: number;
  readonly horizon: number;
  /** In the units of the file. */
  readonly raw: SplitParts<WindowView>;
  /** The same windows as the model reads them. */
  readonly scaled: SplitParts<WindowView>;
  /** Of all columns; undefined for `--scaler none`. */
  readonly scaler: Scaler | undefined;
  /** Rows that the scaler saw: up to the last one that training reads or learns. */
  readonly trainingRows: number;
  /** Windows that were left out because a value in them is missing. */
  readonly skipped: number;
  /** The first value that float32, in which the model computes, holds as infinite when it is scaled; undefined where none is. */
  readonly beyond: Cell | undefined;
}

type PartSettings = Pick<ForecastSettings, "horizon" | "scaler" | "validation" | "test">;

/** @throws UnrollError `data` for a series that is too short */
export function cutParts(series: Series, lookback: number, settings: PartSettings): Parts {
  const { horizon } = settings;
  const raw = windowsOf(series, series.matrix, lookback, horizon);
  const parts = split(raw, settings, series.file);
  const trainingRows = parts.train.targetRow(parts.train.count - 1) + horizon;
  checkTraining(series, 0, trainingRows);
  const scaler = fitScaler(sliceRows(series.matrix, 0, trainingRows), settings.scaler);
  const matrix = scaler?.transform(series.matrix) ?? series.matrix;
  return {
    lookback,
    horizon,
    raw: parts,
    scaled: split(windowsOf(series, matrix, lookback, horizon), settings, series.file),
    scaler,
    trainingRows,
    skipped: raw.skipped,
    beyond: firstBeyondFloat32(matrix, series),
  };
}

/** The features as inputs, the target as target. Throws UnrollError `data` for a series without one whole window. */
export function windowsOf(series: Series, matrix: Matrix, lookback: number, horizon: number): WindowView {
  const { file, columns, features, target } = series;
  const rows = matrix.shape[0];
  if (rows < lookback + horizon) {
    throw new UnrollError({
      code: "data",
      path: file,
      expected: `--lookback ${lookback} and --horizon ${horizon} need ${lookback + horizon} rows at least`,
      received: `rows = ${rows}`,
      hint: rows > horizon ? `Give --lookback ${rows - horizon} or less, or more rows.` : "Bring more rows.",
    });
  }
  const view = windows({
    data: features.length === columns.length ? matrix : firstColumns(matrix, features.length),
    targets: matrix,
    targetColumns: [columns.indexOf(target)],
    lookback,
    horizon,
    missing: "skip",
  });
  if (view.count > 0) return view;
  throw new UnrollError({
    code: "data",
    path: file,
    expected: `some ${lookback + horizon} rows in a row must have every value`,
    received: `${series.missing.length} missing values, the first in line ${series.missing[0]?.line}`,
    hint: "Fill them with --missing forward or linear, leave a column out, or shorten --lookback.",
  });
}

function firstColumns({ shape, data }: Matrix, count: number): Matrix {
  const [rows, columns] = shape;
  const kept = new Float64Array(rows * count);
  for (let row = 0; row < rows; row++) kept.set(data.subarray(row * columns, row * columns + count), row * count);
  return { shape: [rows, count], data: kept };
}

/** Fewer windows than this say nothing about errors. */
const fewestTested = 2;

function split(view: WindowView, { validation, test }: PartSettings, file: string): SplitParts<WindowView> {
  const wanted = `${view.count} windows with --validation ${validation} and --test ${test}`;
  const tooFew = (received: string): UnrollError =>
    new UnrollError({
      code: "data",
      path: file,
      expected: `the split must leave windows to train on, and ${fewestTested} to test`,
      received,
      hint: "Shorten --lookback, make the parts smaller, or bring more rows.",
    });
  let parts: SplitParts<WindowView>;
  try {
    parts = splitByTime(view, { validation, test });
  } catch (error) {
    if (error instanceof UnrollError && error.code === "data") throw tooFew(wanted);
    throw error;
  }
  if (parts.test.count < fewestTested) throw tooFew(wanted);
  return parts;
}

/**
 * A column that never changes in the rows `from` to `to` (not included), with which the model trains, tells it nothing and
 * has no scale. Throws UnrollError `data`.
 */
export function checkTraining({ file, columns, matrix, lines }: Series, from: number, to: number): void {
  const width = columns.length;
  columns.forEach((name, column) => {
    const values = Array.from({ length: to - from }, (_, row) => matrix.data[(from + row) * width + column]!).filter(
      (value) => !Number.isNaN(value),
    );
    if (values.some((value) => value !== values[0])) return;
    throw new UnrollError({
      code: "data",
      path: file,
      expected: `${name} must change within the training part`,
      received: `${values[0] ?? "no value"} in every row up to line ${lines[to - 1]}`,
      hint: "Choose other columns with --features, or make --validation and --test smaller.",
    });
  });
}

/** A scaler of the kind that has seen these rows; undefined for "none". */
export function fitScaler(training: Matrix, kind: ForecastSettings["scaler"]): Scaler | undefined {
  if (kind === "none") return undefined;
  return (kind === "minmax" ? new MinMaxScaler() : new StandardScaler()).fit(training);
}
