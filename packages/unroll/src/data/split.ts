/**
 * SplitParts for training, validation and test, cut by time: the oldest rows train, the newest test, nothing is shuffled.
 */
import { checkOptionNames, UnrollError } from "../core/index.ts";
import { checkWhole } from "./checks.ts";
import { isMatrix, type Matrix, sliceRows } from "./matrix.ts";
import { Table } from "./table.ts";
import { WindowView } from "./windows.ts";

/** Where a series is cut into train, validation and test. */
export interface SplitOptions {
  /** Part of the rows (below 1) or number of rows for validation, default 0. */
  readonly validation?: number;
  /** Part of the rows (below 1) or number of rows for the test, at the end; default 0. */
  readonly test?: number;
  /**
   * Rows left out before validation and before test, so that nothing of one part is seen from another. Default 0;
   * for windows the default is what keeps every target row in one part only.
   */
  readonly gap?: number;
}

/** Rows `start` (inclusive) to `end` (exclusive). */
export interface RowRange {
  readonly start: number;
  readonly end: number;
}

/** The parts of a split, in order of time. */
export interface SplitParts<Part> {
  readonly train: Part;
  readonly validation: Part;
  readonly test: Part;
}

/**
 * Cuts a number of rows, a table, a matrix or windows into train, validation and test, in this order of time.
 * A part of n rows has `n - floor(n * (1 - part))` of them, as Keras's validation_split takes. Table and matrix rows
 * are shared, not copied.
 *
 * @throws UnrollError `option` for parts that are negative or no numbers, `data` when nothing is left for training.
 * @example splitByTime(100, { validation: 0.2, test: 0.1, gap: 5 })
 *          // train 0 to 60, validation 65 to 85, test 90 to 100
 */
export function splitByTime(source: number, options: SplitOptions): SplitParts<RowRange>;
export function splitByTime(source: Table, options: SplitOptions): SplitParts<Table>;
export function splitByTime(source: Matrix, options: SplitOptions): SplitParts<Matrix>;
export function splitByTime(source: WindowView, options: SplitOptions): SplitParts<WindowView>;
export function splitByTime(
  source: number | Table | Matrix | WindowView,
  options: SplitOptions,
): SplitParts<RowRange> | SplitParts<Table> | SplitParts<Matrix> | SplitParts<WindowView> {
  checkOptionNames("splitByTime", options, ["validation", "test", "gap"]);
  if (typeof source === "number") {
    checkWhole("splitByTime", "the number of rows", source, 0);
    return rangesOf(source, options, options.gap ?? 0);
  }
  if (source instanceof Table) {
    return mapParts(rangesOf(source.rows, options, options.gap ?? 0), ({ start, end }) => source.slice(start, end));
  }
  if (source instanceof WindowView) {
    return mapParts(rangesOf(source.count, options, options.gap ?? disjointTargets(source)), ({ start, end }) =>
      source.slice(start, end),
    );
  }
  if (isMatrix(source)) {
    const ranges = rangesOf(source.shape[0], options, options.gap ?? 0);
    return mapParts(ranges, ({ start, end }) => sliceRows(source, start, end));
  }
  throw new UnrollError({
    code: "data",
    path: "splitByTime",
    expected: "splits a number of rows, a table, a matrix or windows",
    received: typeof source,
    hint: "Make a matrix with toMatrix first.",
  });
}

/** Windows to leave out so that the last target row of one part lies before the first of the next. */
function disjointTargets({ frame }: WindowView): number {
  return Math.ceil(frame.horizon / frame.stride) - 1;
}

function rangesOf(rows: number, options: SplitOptions, gap: number): SplitParts<RowRange> {
  checkWhole("splitByTime", "gap", gap, 0);
  const validationRows = rowsOf(rows, "validation", options.validation ?? 0);
  const testRows = rowsOf(rows, "test", options.test ?? 0);
  const testStart = rows - testRows;
  const validationEnd = testRows > 0 ? testStart - gap : rows;
  const validationStart = validationEnd - validationRows;
  const trainEnd = validationRows > 0 ? validationStart - gap : validationEnd;
  if (trainEnd < 1) {
    throw new UnrollError({
      code: "data",
      path: "splitByTime",
      expected: "must leave at least one row for training",
      received: `rows = ${rows}, validation = ${validationRows}, test = ${testRows}, gap = ${gap}`,
    });
  }
  return {
    train: { start: 0, end: trainEnd },
    validation: { start: validationStart, end: validationEnd },
    test: { start: testStart, end: rows },
  };
}

function rowsOf(rows: number, name: string, part: number): number {
  if (part >= 0 && part < 1) return rows - Math.floor(rows * (1 - part));
  checkWhole("splitByTime", `${name}, where it is no part below 1,`, part, 0);
  return part;
}

function mapParts<From, To>(parts: SplitParts<From>, change: (part: From) => To): SplitParts<To> {
  return { train: change(parts.train), validation: change(parts.validation), test: change(parts.test) };
}
