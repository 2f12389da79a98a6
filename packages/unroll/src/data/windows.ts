/**
 * Windows over a time series: the last `lookback` rows as input, the next `horizon` rows as target.
 * A view: the table is kept once, windows are copied out of it only for the batch that is asked for.
 */
import { checkOptionNames, type Tensor, UnrollError } from "../core/index.ts";
import { checkChoice, checkElements, checkWhole } from "./checks.ts";
import { type Matrix, type MatrixLike, toMatrix } from "./matrix.ts";

/** Options of `windows`. */
export interface WindowOptions {
  /** `[rows, features]`, oldest row first. */
  readonly data: MatrixLike;
  /** `[rows, outputs]`, row by row beside `data`; default: `data` itself. */
  readonly targets?: MatrixLike;
  /** Columns of the targets to predict; default all. */
  readonly targetColumns?: readonly number[];
  /** Rows of input. */
  readonly lookback: number;
  /** Rows to predict, default 1. */
  readonly horizon?: number;
  /** Rows between the last input and the first target, default 0. */
  readonly gap?: number;
  /** Rows from one window to the next, default 1. */
  readonly stride?: number;
  /** What to do about windows that touch a missing value: an error (default), or leave them out and count them. */
  readonly missing?: "error" | "skip";
}

/** A batch of windows in float32. */
export interface WindowBatch {
  /** `[batch, lookback, features]` */
  readonly x: Tensor;
  /** `[batch, horizon, outputs]`, without the axes that would have size 1 beside another; see WindowView.y. */
  readonly y: Tensor;
}

/** Buffers to write a batch into instead of new ones; at least as long as needed. */
export interface WindowBuffers {
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/**
 * Windows of `data`, none of them copied yet.
 *
 * @throws UnrollError `data` when the series is too short for one window, lengths differ or a value is missing;
 *   `option` for sizes that are no positive whole numbers.
 * @example const view = windows({ data: [1, 2, 3, 4, 5], lookback: 2 });
 *          view.batch([0, 2]) // x [[1, 2], [3, 4]] with shape [2, 2, 1], y [[3], [5]]
 */
export function windows(options: WindowOptions): WindowView {
  checkOptionNames("windows", options, [
    "data",
    "targets",
    "targetColumns",
    "lookback",
    "horizon",
    "gap",
    "stride",
    "missing",
  ]);
  const { lookback, horizon = 1, gap = 0, stride = 1, missing = "error" } = options;
  checkWhole("windows", "lookback", lookback, 1);
  checkWhole("windows", "horizon", horizon, 1);
  checkWhole("windows", "gap", gap, 0);
  checkWhole("windows", "stride", stride, 1);
  checkChoice("windows", "missing", missing, ["error", "skip"]);
  const data = toMatrix(options.data, "windows: data");
  const targets = options.targets === undefined ? data : toMatrix(options.targets, "windows: targets");
  const rows = data.shape[0];
  if (targets.shape[0] !== rows) {
    throw new UnrollError({
      code: "data",
      path: "windows",
      expected: "data and targets must have the same number of rows",
      received: `rows = ${rows} and ${targets.shape[0]}`,
      hint: "Give the target of each row in that row; horizon and gap do the shifting.",
    });
  }
  const targetColumns = options.targetColumns ?? Array.from({ length: targets.shape[1] }, (_, c) => c);
  for (const column of targetColumns) {
    if (Number.isInteger(column) && column >= 0 && column < targets.shape[1]) continue;
    throw new UnrollError({
      code: "option",
      path: "windows",
      expected: `targetColumns must be whole numbers from 0 to ${targets.shape[1] - 1}`,
      received: `column = ${column}`,
    });
  }
  const needed = lookback + gap + horizon;
  if (rows < needed) {
    throw new UnrollError({
      code: "data",
      path: "windows",
      expected: `needs at least ${needed} rows (lookback ${lookback}, gap ${gap}, horizon ${horizon})`,
      received: `rows = ${rows}`,
      hint: "Shorten lookback or horizon, or bring more data.",
    });
  }
  const count = Math.floor((rows - needed) / stride) + 1;
  const frame: WindowFrame = { data, targets, targetColumns, lookback, horizon, gap, stride };
  const bad = missingRows(frame);
  if (bad.length === 0) return new WindowView(frame, evenStarts(stride), count, 0);
  if (missing === "error") {
    throw new UnrollError({
      code: "data",
      path: "windows",
      expected: "must have no missing values",
      received: `${bad.length} rows with a missing value, the first is row ${bad[0]}`,
      hint: 'Use fillMissing or dropMissing first, or pass missing: "skip".',
    });
  }
  const starts = startsWithoutMissing(frame, count, bad);
  return new WindowView(frame, (i) => starts[i]!, starts.length, count - starts.length);
}

/** The series and how windows lie on it. */
export interface WindowFrame {
  readonly data: Matrix;
  readonly targets: Matrix;
  readonly targetColumns: readonly number[];
  readonly lookback: number;
  readonly horizon: number;
  readonly gap: number;
  readonly stride: number;
}

/** Made by `windows`. */
export class WindowView {
  readonly frame: WindowFrame;
  readonly count: number;
  /** Windows left out because they touch a missing value. */
  readonly skipped: number;
  /** Shape of one input. */
  readonly x: { readonly shape: readonly [lookback: number, features: number] };
  /**
   * Shape of one target: `[outputs]` when horizon is 1, `[horizon]` when there is one output, else `[horizon, outputs]`.
   * So a Dense(1), Dense(outputs) or Dense(horizon) at the end of a model fits.
   */
  readonly y: { readonly shape: readonly number[] };
  readonly #startOf: (index: number) => number;

  constructor(frame: WindowFrame, startOf: (index: number) => number, count: number, skipped: number) {
    this.frame = frame;
    this.count = count;
    this.skipped = skipped;
    this.#startOf = startOf;
    const outputs = frame.targetColumns.length;
    this.x = { shape: [frame.lookback, frame.data.shape[1]] };
    this.y = { shape: frame.horizon === 1 ? [outputs] : outputs === 1 ? [frame.horizon] : [frame.horizon, outputs] };
  }

  /** The row at which a window's input begins. */
  inputRow(index: number): number {
    if (Number.isInteger(index) && index >= 0 && index < this.count) return this.#startOf(index);
    throw new UnrollError({
      code: "data",
      path: "windows",
      expected: `a window's index must be from 0 to ${this.count - 1}`,
      received: `index = ${index}`,
    });
  }

  /** The row of a window's first target; its input ends `gap` + 1 rows before. */
  targetRow(index: number): number {
    return this.inputRow(index) + this.frame.lookback + this.frame.gap;
  }

  /** Copies the windows of these indices, in this order; into `buffers` where given, so that training takes no memory. */
  batch(indices: ArrayLike<number>, buffers?: WindowBuffers): WindowBatch {
    const { data, targets, targetColumns, lookback, horizon } = this.frame;
    const features = data.shape[1];
    const outputs = targetColumns.length;
    const xSize = indices.length * lookback * features;
    const ySize = indices.length * horizon * outputs;
    checkElements("windows.batch", Math.max(xSize, ySize));
    const x = bufferOf(buffers?.x, xSize, "x");
    const y = bufferOf(buffers?.y, ySize, "y");
    for (let b = 0; b < indices.length; b++) {
      const from = this.inputRow(indices[b]!) * features;
      x.set(data.data.subarray(from, from + lookback * features), b * lookback * features);
      const row = this.targetRow(indices[b]!);
      let at = b * horizon * outputs;
      for (let step = 0; step < horizon; step++) {
        for (const column of targetColumns) y[at++] = targets.data[(row + step) * targets.shape[1] + column]!;
      }
    }
    return {
      x: { shape: [indices.length, ...this.x.shape], data: x },
      y: { shape: [indices.length, ...this.y.shape], data: y },
    };
  }

  /** Every window, copied: `lookback` times the memory of the series. */
  all(): WindowBatch {
    return this.batch(Uint32Array.from({ length: this.count }, (_, i) => i));
  }

  /** The true targets alone, in float64: `[count, horizon * outputs]`, for reports. */
  trueTargets(): Matrix {
    const { targets, targetColumns, horizon } = this.frame;
    const width = horizon * targetColumns.length;
    const values = new Float64Array(this.count * width);
    let at = 0;
    for (let i = 0; i < this.count; i++) {
      const row = this.targetRow(i);
      for (let step = 0; step < horizon; step++) {
        for (const column of targetColumns) values[at++] = targets.data[(row + step) * targets.shape[1] + column]!;
      }
    }
    return { shape: [this.count, width], data: values };
  }

  /**
   * Windows `start` (inclusive) to `end` (exclusive), sharing the series. Throws UnrollError `option` for anything but whole
   * numbers from 0.
   */
  slice(start: number, end: number): WindowView {
    // A negative start would read rows from the end of the series.
    checkWhole("windows.slice", "start", start, 0);
    checkWhole("windows.slice", "end", end, 0);
    const last = Math.min(end, this.count);
    return new WindowView(this.frame, (i) => this.#startOf(start + i), Math.max(0, last - start), 0);
  }
}

function evenStarts(stride: number): (index: number) => number {
  return (index) => index * stride;
}

/** Rows with a NaN in the data or in a target column, ascending. */
function missingRows({ data, targets, targetColumns }: WindowFrame): number[] {
  const rows: number[] = [];
  const features = data.shape[1];
  const width = targets.shape[1];
  for (let r = 0; r < data.shape[0]; r++) {
    const inData = data.data.subarray(r * features, (r + 1) * features).some(Number.isNaN);
    if (inData || targetColumns.some((column) => Number.isNaN(targets.data[r * width + column]))) rows.push(r);
  }
  return rows;
}

function startsWithoutMissing(frame: WindowFrame, count: number, bad: readonly number[]): Uint32Array {
  const { data, lookback, gap, horizon, stride } = frame;
  // badBefore[r]: bad rows among the first r.
  const badBefore = new Uint32Array(data.shape[0] + 1);
  for (const row of bad) badBefore[row + 1] = 1;
  for (let r = 1; r < badBefore.length; r++) badBefore[r]! += badBefore[r - 1]!;
  const isClean = (from: number, to: number) => badBefore[to] === badBefore[from];
  const starts: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = i * stride;
    const target = start + lookback + gap;
    if (isClean(start, start + lookback) && isClean(target, target + horizon)) starts.push(start);
  }
  return Uint32Array.from(starts);
}

function bufferOf(given: Float32Array | undefined, size: number, name: string): Float32Array {
  if (given === undefined) return new Float32Array(size);
  if (given.length >= size) return given.subarray(0, size);
  throw new UnrollError({
    code: "memory",
    path: "windows",
    expected: `buffer ${name} must hold ${size} numbers`,
    received: `${given.length} numbers`,
  });
}
