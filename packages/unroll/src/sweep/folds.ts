/**
 * Cross-validation that respects time: a fold trains on rows and is scored on the rows behind them. Folds are cut by the
 * rows of the targets, so that trials with different lookbacks are scored on the same rows. Knows no model.
 */
import { UnrollError } from "../core/errors.ts";
import { type Scaler, sliceRows, type WindowView } from "../data/index.ts";
import { checkTraining, fitScaler, windowsOf } from "../forecast/parts.ts";
import type { Series } from "../forecast/series.ts";
import type { CheckedOptions } from "./options.ts";
import type { TrialSettings } from "./space.ts";

/** Row numbers; each part ends before the next begins. */
export interface Fold {
  readonly trainStart: number;
  /** Where training ends and the scored part begins. */
  readonly trainEnd: number;
  readonly scoredEnd: number;
}

type Cut = Pick<CheckedOptions, "folds" | "window" | "validation" | "test">;

/**
 * The folds of the search, oldest first, and the last one, whose scored part is the newest that the search may see and
 * behind which the test part begins.
 *
 * @throws UnrollError `data` where there are too few rows
 */
export function foldsOf(rows: number, { folds, window, validation, test }: Cut, file: string): readonly Fold[] {
  const searched = rows - rowsOf(rows, test);
  const scored = rowsOf(rows, validation);
  const trained = searched - folds * scored;
  if (trained < 1) {
    throw new UnrollError({
      code: "data",
      path: file,
      expected: "the folds must leave rows to train on",
      received: `rows = ${rows}, test = ${rows - searched}, folds = ${folds} of ${scored} rows`,
      hint: "Make the folds or the test part smaller, or bring more rows.",
    });
  }
  return Array.from({ length: folds }, (_, index) => {
    const trainEnd = trained + index * scored;
    return { trainStart: window === "sliding" ? trainEnd - trained : 0, trainEnd, scoredEnd: trainEnd + scored };
  });
}

/** At least one row. */
function rowsOf(rows: number, part: number): number {
  return part < 1 ? Math.max(1, Math.floor(rows * part)) : part;
}

/** The same windows twice. */
export interface PartWindows {
  /** As the model reads them. */
  readonly scaled: WindowView;
  /** In the units of the file. */
  readonly raw: WindowView;
}

/** A fold as windows. */
export interface FoldWindows {
  /** As the model reads them. */
  readonly train: WindowView;
  readonly scored: PartWindows;
  /** Windows whose targets lie in the rows `from` to `to` (not included), scaled as this fold's. */
  part(from: number, to: number): PartWindows;
  /** Of the rows that training reads. */
  readonly scaler: Scaler | undefined;
  /** Units of the target for one unit that the model reads. */
  readonly unit: number;
}

/** Throws UnrollError `data` where a part has no whole window, or a column does not change while the model trains. */
export function foldWindows(
  series: Series,
  { trainStart, trainEnd, scoredEnd }: Fold,
  { lookback, scaler: kind }: Pick<TrialSettings, "lookback" | "scaler">,
  horizon: number,
): FoldWindows {
  checkTraining(series, trainStart, trainEnd);
  const scaler = fitScaler(sliceRows(series.matrix, trainStart, trainEnd), kind);
  const raw = windowsOf(series, series.matrix, lookback, horizon);
  const scaled = scaler === undefined ? raw : windowsOf(series, scaler.transform(series.matrix), lookback, horizon);
  const train = between(scaled, (index) => scaled.inputRow(index) >= trainStart, trainEnd - horizon);
  if (train.count === 0) throw tooShort(series, lookback, [trainStart, trainEnd], "train on");
  const part = (from: number, to: number): PartWindows => {
    // Their inputs may reach back into the rows before: those are known when the forecast is made.
    const cut = (view: WindowView): WindowView => between(view, (index) => view.targetRow(index) >= from, to - horizon);
    const found = { scaled: cut(scaled), raw: cut(raw) };
    if (found.raw.count === 0) throw tooShort(series, lookback, [from, to], "be scored on");
    return found;
  };
  return { train, scored: part(trainEnd, scoredEnd), part, scaler, unit: unitOf(series, scaler) };
}

function tooShort(
  { file }: Series,
  lookback: number,
  [from, to]: readonly [number, number],
  purpose: string,
): UnrollError {
  return new UnrollError({
    code: "data",
    path: file,
    expected: `every fold must have windows of ${lookback} rows to ${purpose}`,
    received: `none in rows ${from + 1} to ${to}`,
    hint: "Shorten lookback, take fewer folds, or bring more rows.",
  });
}

/** The windows from the first that may be in it to the last whose first target row is `lastTarget` or before. */
function between(view: WindowView, isIn: (index: number) => boolean, lastTarget: number): WindowView {
  let start = 0;
  while (start < view.count && !isIn(start)) start++;
  let end = start;
  while (end < view.count && view.targetRow(end) <= lastTarget) end++;
  return view.slice(start, end);
}

function unitOf({ columns, target }: Series, scaler: Scaler | undefined): number {
  if (scaler === undefined) return 1;
  const ends = { shape: [2, 1] as const, data: Float64Array.of(0, 1) };
  const { data } = scaler.select([columns.indexOf(target)]).inverseTransform(ends);
  return Math.abs(data[1]! - data[0]!);
}
