import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toNested } from "../core/index.ts";
import {
  lastValue,
  type Matrix,
  meanAbsoluteError,
  parseCsv,
  type RowRange,
  type SplitOptions,
  type SplitParts,
  seasonalNaive,
  sliceRows,
  splitByTime,
  tableToMatrix,
  toMatrix,
  type WindowOptions,
  type WindowView,
  windows,
} from "./index.ts";

/** Every number is its own place: row * 100 + column. */
const numbered = (rows: number, columns: number): Matrix =>
  toMatrix(Array.from({ length: rows }, (_, r) => Array.from({ length: columns }, (_, c) => r * 100 + c)));

const frames = fc.record({
  rows: fc.integer({ min: 1, max: 40 }),
  columns: fc.integer({ min: 1, max: 3 }),
  lookback: fc.integer({ min: 1, max: 6 }),
  horizon: fc.integer({ min: 1, max: 4 }),
  gap: fc.integer({ min: 0, max: 3 }),
  stride: fc.integer({ min: 1, max: 5 }),
});

describe("windows", () => {
  test("gives the rows written down by hand", () => {
    const view = windows({ data: numbered(6, 2), lookback: 3, targetColumns: [1] });
    expect(view.count).toBe(3);
    const { x, y } = view.batch([2, 0]);
    expect(toNested(x)).toEqual([
      [
        [200, 201],
        [300, 301],
        [400, 401],
      ],
      [
        [0, 1],
        [100, 101],
        [200, 201],
      ],
    ]);
    expect(toNested(y)).toEqual([[501], [301]]);
  });

  test("equals the copy that plain loops make", () => {
    fc.assert(
      fc.property(frames, ({ rows, columns, ...sizes }) => {
        const { lookback, horizon, gap, stride } = sizes;
        const data = Array.from({ length: rows }, (_, r) => Array.from({ length: columns }, (_, c) => r * 100 + c));
        const inputs: number[][][] = [];
        const targets: number[][][] = [];
        for (let start = 0; start + lookback + gap + horizon <= rows; start += stride) {
          inputs.push(data.slice(start, start + lookback));
          targets.push(data.slice(start + lookback + gap, start + lookback + gap + horizon));
        }
        if (inputs.length === 0) {
          expect(() => windows({ data, ...sizes })).toThrow(/needs at least/);
          return;
        }
        const view = windows({ data, ...sizes });
        expect(view.count).toBe(inputs.length);
        const { x, y } = view.all();
        expect(toNested(x)).toEqual(inputs);
        expect(Array.from(y.data)).toEqual(targets.flat(2));
        expect(Array.from(view.trueTargets().data)).toEqual(targets.flat(2));
      }),
    );
  });

  test("shapes targets so that the last Dense of a model fits", () => {
    const shape = (options: Partial<WindowOptions>) =>
      windows({ data: numbered(20, 3), lookback: 2, ...options }).y.shape;
    expect(shape({})).toEqual([3]);
    expect(shape({ targetColumns: [1] })).toEqual([1]);
    expect(shape({ targetColumns: [1], horizon: 4 })).toEqual([4]);
    expect(shape({ targetColumns: [0, 2], horizon: 4 })).toEqual([4, 2]);
  });

  test("copies nothing before a batch is asked for", () => {
    const rows = 200_000;
    const data = { shape: [rows, 1] as const, data: new Float64Array(rows) };
    const view = windows({ data, lookback: 50_000 });
    expect(view.frame.data.data).toBe(data.data);
    data.data[rows - 1] = 7;
    expect(view.batch([view.count - 1]).y.data[0]).toBe(7);
  });

  test("writes into the buffers it is given", () => {
    const view = windows({ data: numbered(10, 2), lookback: 3 });
    const buffers = { x: new Float32Array(20), y: new Float32Array(4) };
    const { x, y } = view.batch([1, 2], buffers);
    expect(x.data.buffer).toBe(buffers.x.buffer);
    expect(y.data.buffer).toBe(buffers.y.buffer);
    expect(x.data.length).toBe(12);
    expect(() => view.batch([0, 1, 2, 3], buffers)).toThrow(/buffer x must hold 24 numbers/);
  });

  test("takes targets from beside the data, row by row", () => {
    const view = windows({ data: [1, 2, 3, 4], targets: [10, 20, 30, 40], lookback: 2 });
    expect(toNested(view.all().y)).toEqual([[30], [40]]);
  });

  test("refuses a missing value, or leaves its windows out and counts them", () => {
    const data = [0, 1, 2, Number.NaN, 4, 5, 6, 7];
    expect(() => windows({ data, lookback: 2 })).toThrow(
      'windows: must have no missing values. Received: 1 rows with a missing value, the first is row 3. Use fillMissing or dropMissing first, or pass missing: "skip".',
    );
    const view = windows({ data, lookback: 2, missing: "skip" });
    expect(toNested(view.all().x)).toEqual([
      [[0], [1]],
      [[4], [5]],
      [[5], [6]],
    ]);
    expect([view.count, view.skipped]).toEqual([3, 3]);
  });

  test("keeps windows whose gap only lies over a missing value", () => {
    const view = windows({ data: [0, 1, Number.NaN, 3], lookback: 2, gap: 1, missing: "skip" });
    expect(toNested(view.all().y)).toEqual([[3]]);
  });

  test("says what is wrong with sizes", () => {
    const data = [1, 2, 3];
    expect(() => windows({ data, lookback: 3 })).toThrow(
      "windows: needs at least 4 rows (lookback 3, gap 0, horizon 1). Received: rows = 3. Shorten lookback or horizon, or bring more data.",
    );
    expect(() => windows({ data, lookback: 0 })).toThrow(
      "windows: lookback must be a whole number, 1 or more. Received: lookback = 0.",
    );
    expect(() => windows({ data, lookback: 1, targetColumns: [1] })).toThrow(/from 0 to 0/);
    expect(() => windows({ data, targets: [1], lookback: 1 })).toThrow(/same number of rows/);
    expect(() => windows({ data, lookback: 1, lookBack: 2 } as WindowOptions)).toThrow(/Did you mean lookback\?/);
    expect(() => windows({ data, lookback: 1 }).batch([2])).toThrow(/index must be from 0 to 1/);
  });
});

describe("splitByTime", () => {
  test("cuts rows in order, with a gap before each later part", () => {
    expect(splitByTime(100, { validation: 0.2, test: 0.1, gap: 5 })).toEqual({
      train: { start: 0, end: 60 },
      validation: { start: 65, end: 85 },
      test: { start: 90, end: 100 },
    });
    expect(splitByTime(10, { validation: 3 })).toEqual({
      train: { start: 0, end: 7 },
      validation: { start: 7, end: 10 },
      test: { start: 10, end: 10 },
    });
  });

  test("takes as many rows as Keras's validation_split, n - floor(n * (1 - part))", () => {
    // 1 - 0.9 is 0.09999999999999998 in double arithmetic, so Keras leaves 0 of 10 rows, and raises.
    expect(() => splitByTime(10, { validation: 0.9 })).toThrow(/at least one row for training/);
    expect(splitByTime(11, { validation: 0.2 }).train.end).toBe(8);
    expect(splitByTime(100, { validation: 0.3 }).train.end).toBe(70);
  });

  test("never lets a later part begin before an earlier one ends", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.double({ min: 0, max: 0.6, noNaN: true }),
        fc.double({ min: 0, max: 0.6, noNaN: true }),
        fc.integer({ min: 0, max: 10 }),
        (rows, validation, test, gap) => {
          let parts: SplitParts<RowRange>;
          try {
            parts = splitByTime(rows, { validation, test, gap });
          } catch {
            return;
          }
          const { train, validation: v, test: t } = parts;
          expect(train.start).toBe(0);
          expect(train.end).toBeGreaterThan(0);
          expect(t.end).toBe(rows);
          if (v.end > v.start) expect(v.start - train.end).toBe(gap);
          if (t.end > t.start) expect(t.start - v.end).toBe(gap);
        },
      ),
    );
  });

  test("splits tables and matrices without copying numbers", () => {
    const table = parseCsv("a,b\n1,x\n2,y\n3,z\n4,w\n");
    const { train, test: last } = splitByTime(table, { test: 1 });
    expect([...train.numbers("a")]).toEqual([1, 2, 3]);
    expect(last.column("b").values).toEqual(["w"]);
    expect([...last.lines]).toEqual([5]);
    const matrix = tableToMatrix(table);
    expect(splitByTime(matrix, { test: 2 }).test.data.buffer).toBe(matrix.data.buffer);
  });

  test("keeps every target row of windows in one part", () => {
    const targetRows = (view: WindowView) =>
      Array.from({ length: view.count }, (_, i) =>
        Array.from({ length: view.frame.horizon }, (_, step) => view.targetRow(i) + step),
      ).flat();
    fc.assert(
      fc.property(frames, ({ rows, columns, ...sizes }) => {
        const data = numbered(rows + 30, columns);
        let parts: SplitParts<WindowView>;
        try {
          parts = splitByTime(windows({ data, ...sizes }), { validation: 0.25, test: 0.25 });
        } catch {
          return;
        }
        const { train, validation, test: last } = parts;
        expect(Math.max(...targetRows(train))).toBeLessThan(Math.min(...targetRows(validation)));
        expect(Math.max(...targetRows(validation))).toBeLessThan(Math.min(...targetRows(last)));
      }),
    );
  });

  test("leaves out no more windows than it must", () => {
    const view = windows({ data: numbered(30, 1), lookback: 3, horizon: 4, stride: 2 });
    const { train, validation } = splitByTime(view, { validation: 4 });
    expect(train.count + 1 + validation.count).toBe(view.count);
  });

  test("says what is wrong", () => {
    expect(() => splitByTime(10, { validation: -1 })).toThrow(
      /validation, where it is no part below 1, must be a whole/,
    );
    expect(() => splitByTime(10, { validation: 1.5 })).toThrow(/must be a whole number/);
    expect(() => splitByTime(10, { vaildation: 1 } as SplitOptions)).toThrow(/Did you mean validation\?/);
  });
});

describe("baselines", () => {
  test("lastValue repeats the last row of the input", () => {
    const view = windows({ data: [1, 2, 3, 5, 8], lookback: 2, horizon: 2 });
    expect(lastValue(view)).toEqual({ shape: [2, 2], data: Float64Array.of(2, 2, 3, 3) });
    expect(meanAbsoluteError(view.trueTargets(), lastValue(view))).toBe((1 + 3 + 2 + 5) / 4);
  });

  test("seasonalNaive takes the row one period before, never one that is not known yet", () => {
    const data = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    const view = windows({ data, lookback: 4, horizon: 3 });
    // Targets 4, 5, 6 of the first window: 4 - 2, 5 - 2, and 6 - 2 = 4 is not known, so 6 - 4.
    expect([...seasonalNaive(view, 2).data.slice(0, 3)]).toEqual([2, 3, 2]);
    expect([...seasonalNaive(view, 1).data.slice(0, 3)]).toEqual([3, 3, 3]);
  });

  test("seasonalNaive is perfect on a series of that period", () => {
    const data = Array.from({ length: 40 }, (_, r) => [r % 7, (r % 7) ** 2]);
    const view = windows({ data, lookback: 8, horizon: 3, gap: 2, targetColumns: [1] });
    expect(seasonalNaive(view, 7)).toEqual(view.trueTargets());
  });

  test("seasonalNaive reaches behind the input where the series goes on, and says when it does not", () => {
    const view = windows({ data: [0, 1, 2, 3, 4, 5], lookback: 1 });
    expect(() => seasonalNaive(view, 3)).toThrow(/row 1 would be predicted from row -2/);
    expect([...seasonalNaive(view.slice(3, 5), 3).data]).toEqual([1, 2]);
  });
});

describe("a part of windows or rows", () => {
  const view = windows({ data: [0, 1, 2, 3, 4, 5], lookback: 2 });

  test("begins at 0 or later, because before it there is nothing", () => {
    expect(() => view.slice(-2, 4)).toThrow(
      "windows.slice: start must be a whole number, 0 or more. Received: start = -2.",
    );
    expect(() => sliceRows(toMatrix([[1], [2]]), -1, 2)).toThrow(/sliceRows: start must be a whole number/);
  });

  test("ends where the series does", () => {
    expect(view.slice(2, 99).count).toBe(2);
    expect(sliceRows(toMatrix([[1], [2], [3]]), 1, 99)).toEqual(toMatrix([[2], [3]]));
    expect(sliceRows(toMatrix([[1], [2], [3]]), 5, 99).shape).toEqual([0, 1]);
  });
});
