/** Cuts a series into windows for a model: split by time, scaled as the training part tells, with the forecasts that need no model. */
import { lastValue, seasonalNaive } from "unroll/data/baselines.ts";
import { type Matrix, sliceRows } from "unroll/data/matrix.ts";
import { MinMaxScaler } from "unroll/data/min-max-scaler.ts";
import { findPeriod } from "unroll/data/period.ts";
import { rootMeanSquaredError } from "unroll/data/regression.ts";
import { windows } from "unroll/data/windows.ts";
import { formatShape, type Model, type Tensor, UnrollError } from "./library.ts";
import type { Baseline, ColumnScale, CutView, SeriesRequest } from "./protocol.ts";

/** Part of the series at its end that training never sees. */
const testPart = 0.2;

/** Of all windows together, 160 MB. */
const mostNumbers = 40_000_000;

export interface Cut {
  /** All windows, scaled: `[windows, T, D]` and `[windows, K]`. */
  readonly x: Tensor;
  readonly y: Tensor;
  /** What was to be predicted in the test part, `[tested, K]`. */
  readonly truth: Float64Array;
  /** Scaled numbers in the series' own units. */
  unscaled(values: ArrayLike<number>): Float64Array;
  readonly view: CutView;
}

/** @throws UnrollError `data` for a series that is too short. */
export function cutFor(model: Model, request: SeriesRequest): Cut {
  const { series, inputs, apart = false, lookback } = request;
  const ahead = aheadOf(model, apart);
  const horizon = ahead > 1 ? ahead : (request.horizon ?? 1);
  checkLengths(request, horizon);
  checkSize(request);
  const rows = series.length;
  const testFrom = Math.floor(rows * (1 - testPart));
  const target: Matrix = { shape: [rows, 1], data: Float64Array.from(series) };
  // Fitted on the training part only, so that nothing of the future is seen.
  const targetScaler = new MinMaxScaler().fit(sliceRows(target, 0, testFrom));
  const scaledTarget = targetScaler.transform(target);
  const names = inputs?.map(({ name }) => name) ?? [""];
  const seen = apart ? testFrom * lookback : testFrom;
  const read = inputs === undefined ? target : beside(inputs.map(({ values }) => values));
  const scaler = inputs === undefined ? targetScaler : new MinMaxScaler().fit(sliceRows(read, 0, seen));
  const scaled = inputs === undefined ? scaledTarget : scaler.transform(read);
  const parts = apart
    ? sequencesApart(scaled, scaledTarget, target, lookback, testFrom)
    : slidingWindows(scaled, scaledTarget, target, { lookback, horizon, ahead, testFrom });
  const { x, y, trained, tested, first, truth } = parts;
  const batch = x.shape[0]!;
  return {
    x,
    y,
    truth,
    unscaled: (values) =>
      targetScaler.inverseTransform({ shape: [values.length, 1], data: Float64Array.from(values) }).data,
    view: {
      misfit: misfitOf(model, request),
      rows,
      testFrom,
      windows: batch,
      trained,
      tested,
      ahead,
      first,
      xShape: [trained, ...x.shape.slice(1)],
      yShape: [trained, ...y.shape.slice(1)],
      scales: names.map((name, column) => scaleOf(name, scaler, scaled, column, seen)),
      targetScale: inputs === undefined ? undefined : scaleOf("", targetScaler, scaledTarget, 0, testFrom),
      example: {
        x: Array.from(x.data.subarray(0, x.data.length / batch)),
        y: Array.from(y.data.subarray(0, ahead)),
      },
      latest: Array.from(partOf(x, batch - 1, batch).data),
      baselines: parts.baselines.map((one) => ({ ...one, rmse: rootMeanSquaredError(truth, one.values) })),
    },
  };
}

/** The windows from `start` to `end`, sharing the numbers. */
export function partOf({ shape, data }: Tensor, start: number, end: number): Tensor {
  const size = data.length / shape[0]!;
  return { shape: [end - start, ...shape.slice(1)], data: data.subarray(start * size, end * size) };
}

/** How many values the model gives; 1 where that cannot be said. */
function aheadOf({ outputs }: Model, apart: boolean): number {
  const shape = outputs[0]?.shape ?? [];
  return !apart && outputs.length === 1 && shape.length === 2 ? (shape[1] ?? 1) : 1;
}

/** Why the model cannot be trained on such windows, or undefined. */
function misfitOf(model: Model, { inputs, apart = false, lookback }: SeriesRequest): string | undefined {
  const features = inputs?.length ?? 1;
  const [reads, gives] = [model.inputs[0]!.shape, model.outputs[0]!.shape];
  const fits =
    model.inputs.length === 1 &&
    model.outputs.length === 1 &&
    reads.length === 3 &&
    reads[2] === features &&
    gives.length === 2 &&
    (gives[1] === 1 || !apart);
  const needs = features === 1 ? "one series needs" : `${features} columns need`;
  if (!fits) {
    return `${needs} a model from (None, timesteps, ${features}) to (None, ${apart ? 1 : "steps ahead"}), and ${model.name} goes from ${formatShape(reads)} to ${formatShape(gives)}`;
  }
  const isOther = reads[1] !== null && reads[1] !== lookback;
  return isOther ? `${model.name} reads ${reads[1]} timesteps, and windows have ${lookback}` : undefined;
}

function checkLengths({ series, inputs, apart = false, lookback }: SeriesRequest, horizon: number): void {
  const needed = apart ? 10 : Math.max(2 * (lookback + horizon) + 8, 5 * horizon);
  if (series.length < needed) {
    const ahead = horizon === 1 ? "" : ` and a horizon of ${horizon}`;
    const what = apart ? "there must be at least" : `a lookback of ${lookback}${ahead} needs at least`;
    throw new UnrollError({
      code: "data",
      path: "series",
      expected: `${what} ${needed} ${apart ? "sequences" : "numbers"}`,
      received: `${series.length}`,
    });
  }
  const rows = apart ? series.length * lookback : series.length;
  const other = inputs?.find(({ values }) => values.length !== rows);
  if (other === undefined) return;
  throw new UnrollError({
    code: "data",
    path: other.name,
    expected: `the column must have ${rows} numbers, as many as the others`,
    received: `${other.values.length}`,
  });
}

function checkSize({ series, inputs, apart = false, lookback }: SeriesRequest): void {
  const size = series.length * lookback * (inputs?.length ?? 1);
  if (apart || size <= mostNumbers) return;
  throw new UnrollError({
    code: "memory",
    path: "series",
    expected: `windows may have ${mostNumbers / 1e6} million numbers in all`,
    received: `${(size / 1e6).toFixed(0)} million`,
    hint: "Read fewer columns, or let windows be shorter.",
  });
}

interface Parts extends Pick<Cut, "x" | "y" | "truth"> {
  readonly trained: number;
  readonly tested: number;
  readonly first: number;
  readonly baselines: readonly Omit<Baseline, "rmse">[];
}

function slidingWindows(
  scaled: Matrix,
  scaledTarget: Matrix,
  target: Matrix,
  { lookback, horizon, ahead, testFrom }: Record<"lookback" | "horizon" | "ahead" | "testFrom", number>,
): Parts {
  const gap = horizon - ahead;
  const { x, y } = windows({ data: scaled, targets: scaledTarget, lookback, horizon: ahead, gap }).all();
  const own = windows({ data: target, lookback, horizon: ahead, gap });
  // The first whose targets all lie in the test part; those before which reach into it belong to neither part.
  const tested = own.count - (testFrom - lookback - gap);
  const test = own.slice(own.count - tested, own.count);
  const period = findPeriod(target.data.subarray(0, testFrom), { horizon });
  const baselines: Omit<Baseline, "rmse">[] = [{ kind: "last", period: undefined, values: lastValue(test).data }];
  if (period !== undefined) baselines.push({ kind: "season", period, values: seasonalNaive(test, period).data });
  return {
    x,
    y,
    truth: test.trueTargets().data,
    trained: testFrom - lookback - horizon + 1,
    tested,
    first: lookback + gap,
    baselines,
  };
}

function sequencesApart(
  scaled: Matrix,
  scaledTarget: Matrix,
  target: Matrix,
  lookback: number,
  testFrom: number,
): Parts {
  const [count] = target.shape;
  const truth = target.data.subarray(testFrom);
  const mean = target.data.subarray(0, testFrom).reduce((sum, value) => sum + value, 0) / testFrom;
  return {
    x: { shape: [count, lookback, scaled.shape[1]], data: Float32Array.from(scaled.data) },
    y: { shape: [count, 1], data: Float32Array.from(scaledTarget.data) },
    truth,
    trained: testFrom,
    tested: truth.length,
    first: 0,
    baselines: [{ kind: "mean", period: undefined, values: new Float64Array(truth.length).fill(mean) }],
  };
}

/** Columns as the rows of a table. */
function beside(columns: readonly ArrayLike<number>[]): Matrix {
  const rows = columns[0]?.length ?? 0;
  const data = new Float64Array(rows * columns.length);
  for (const [column, values] of columns.entries()) {
    for (let row = 0; row < rows; row++) data[row * columns.length + column] = values[row]!;
  }
  return { shape: [rows, columns.length], data };
}

function scaleOf(name: string, { state }: MinMaxScaler, scaled: Matrix, column: number, seen: number): ColumnScale {
  const [rows, columns] = scaled.shape;
  let [testLow, testHigh] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let row = seen; row < rows; row++) {
    const value = scaled.data[row * columns + column]!;
    testLow = Math.min(testLow, value);
    testHigh = Math.max(testHigh, value);
  }
  return { name, low: state.dataMin[column]!, high: state.dataMax[column]!, testLow, testHigh };
}
