/** How a series is cut: by hand on series whose numbers say where they stand. */
import { expect, it } from "vitest";
import { addingProblem } from "../data/adding.ts";
import { cutFor, partOf } from "./cut.ts";
import type { Model } from "./library.ts";
import { Session } from "./session.ts";

async function modelOf(layers: string): Promise<Model> {
  const session = new Session();
  await session.open({ source: `model = Sequential([${layers}])`, seed: 7 });
  return session.need();
}

/** 0, 1, 2, … 39: the first 32 are trained on, which scaling divides by 31. */
const series = Array.from({ length: 40 }, (_, row) => row);
const rows = (numbers: ArrayLike<number>): number[] => Array.from(numbers, (value) => Math.round(value * 31));

it("trains on windows that end before the test part, and tests on those that predict it", async () => {
  const { x, y, truth, view } = cutFor(await modelOf("Input((4, 1)), LSTM(2), Dense(1)"), { series, lookback: 4 });
  expect(view).toMatchObject({ testFrom: 32, windows: 36, trained: 28, tested: 8, first: 4, ahead: 1 });
  expect([view.xShape, view.yShape]).toEqual([
    [28, 4, 1],
    [28, 1],
  ]);
  const [lastX, lastY] = [partOf(x, 27, 28), partOf(y, 27, 28)];
  expect([rows(lastX.data), rows(lastY.data)]).toEqual([[27, 28, 29, 30], [31]]);
  expect(Array.from(truth)).toEqual([32, 33, 34, 35, 36, 37, 38, 39]);
  expect(view.scales[0]).toMatchObject({ low: 0, high: 31, testLow: 32 / 31, testHigh: 39 / 31 });
  // Repeating the last value of a line errs by its step.
  expect(view.baselines).toMatchObject([{ kind: "last", rmse: 1 }]);
});

it("predicts the value so many steps ahead with a model that gives one", async () => {
  const request = { series, lookback: 4, horizon: 3 };
  const { x, y, truth, view } = cutFor(await modelOf("Input((4, 1)), LSTM(2), Dense(1)"), request);
  expect([rows(partOf(x, 0, 1).data), rows(partOf(y, 0, 1).data)]).toEqual([[0, 1, 2, 3], [6]]);
  expect(view).toMatchObject({ trained: 26, tested: 8, first: 6, ahead: 1 });
  expect(truth[0]).toBe(32);
  expect(view.baselines[0]!.rmse).toBe(3);
});

it("predicts the next values with a model that gives several, and leaves out windows across the border", async () => {
  const { x, y, truth, view } = cutFor(await modelOf("Input((4, 1)), GRU(2), Dense(3)"), { series, lookback: 4 });
  expect([rows(partOf(x, 0, 1).data), rows(partOf(y, 0, 1).data)]).toEqual([
    [0, 1, 2, 3],
    [4, 5, 6],
  ]);
  // 34 windows: 26 end with row 31 or before, two reach across, 6 begin their targets in row 32 or later.
  expect(view).toMatchObject({ windows: 34, trained: 26, tested: 6, ahead: 3, yShape: [26, 3] });
  expect(Array.from(truth.subarray(0, 3))).toEqual([32, 33, 34]);
  expect(view.baselines[0]!.rmse).toBeCloseTo(Math.sqrt((1 + 4 + 9) / 3), 12);
});

it("knows the season of the training part", async () => {
  const values = Array.from({ length: 60 }, (_, row) => [5, 1, 2, 9][row % 4]!);
  const { view } = cutFor(await modelOf("Input((4, 1)), LSTM(2), Dense(1)"), { series: values, lookback: 4 });
  expect(view.baselines[1]).toMatchObject({ kind: "season", period: 4, rmse: 0 });
});

it("scales each column by its own training part, and the one to predict for itself", async () => {
  const inputs = [
    { name: "row", values: series },
    { name: "tens", values: series.map((row) => 10 * (row % 2)) },
  ];
  const model = await modelOf("Input((4, 2)), LSTM(2), Dense(1)");
  const { x, view } = cutFor(model, { series: series.map((row) => 100 - row), inputs, lookback: 4 });
  expect(view.misfit).toBeUndefined();
  expect(view.scales.map(({ name, low, high }) => [name, low, high])).toEqual([
    ["row", 0, 31],
    ["tens", 0, 10],
  ]);
  expect(view.targetScale).toMatchObject({ low: 69, high: 100 });
  expect(Array.from(partOf(x, 1, 2).data, (value) => Math.round(value * 310) / 10)).toEqual([1, 31, 2, 0, 3, 31, 4, 0]);
});

it("takes sequences that stand apart one by one", async () => {
  const { series: sums, inputs } = addingProblem(7, 6);
  const request = { series: sums, inputs, apart: true, lookback: 6 };
  const { x, y, view } = cutFor(await modelOf("Input((6, 2)), LSTM(2), Dense(1)"), request);
  expect(view).toMatchObject({ windows: 600, trained: 480, tested: 120, first: 0, xShape: [480, 6, 2] });
  const marks = Array.from(partOf(x, 9, 10).data).filter((_, index) => index % 2 === 1);
  expect(marks.reduce((sum, mark) => sum + mark, 0)).toBe(2);
  const { low, high } = view.targetScale!;
  expect(y.data[9]).toBeCloseTo((sums[9]! - low) / (high - low), 6);
  // Always saying the mean errs by about √(1/6).
  expect(view.baselines[0]).toMatchObject({ kind: "mean" });
  expect(view.baselines[0]!.rmse).toBeCloseTo(0.41, 1);
});

it("says what does not fit, and cuts nonetheless", async () => {
  const misfit = async (layers: string, columns = 1): Promise<string | undefined> => {
    const inputs = Array.from({ length: columns }, (_, index) => ({ name: `c${index}`, values: series }));
    return cutFor(await modelOf(layers), { series, lookback: 4, ...(columns === 1 ? {} : { inputs }) }).view.misfit;
  };
  expect(await misfit("Input((4, 5)), GRU(2), Dense(1)")).toMatch(
    /^one series needs a model from \(None, timesteps, 1\)/,
  );
  expect(await misfit("Input((4, 1)), GRU(2), Dense(1)", 3)).toMatch(
    /^3 columns need .*from \(None, 4, 1\) to \(None, 1\)$/,
  );
  expect(await misfit("Input((4, 1)), GRU(2, return_sequences=True)")).toMatch(/steps ahead/);
  expect(await misfit("Input((9, 1)), GRU(2), Dense(1)")).toMatch(/reads 9 timesteps, and windows have 4$/);
  expect(await misfit("Input((None, 1)), GRU(2), Dense(1)")).toBeUndefined();
});

it("says how long a series must be", async () => {
  const model = await modelOf("Input((4, 1)), LSTM(2), Dense(1)");
  expect(() => cutFor(model, { series: series.slice(0, 17), lookback: 4 })).toThrow(
    "a lookback of 4 needs at least 18 numbers. Received: 17",
  );
  expect(cutFor(model, { series: series.slice(0, 18), lookback: 4 }).view).toMatchObject({ trained: 10, tested: 4 });
  const long = { series: new Float64Array(300_000), lookback: 200 };
  expect(() => cutFor(model, long)).toThrow("windows may have 40 million numbers in all. Received: 60 million");
  // The least that a long horizon takes leaves at least one window to test with.
  const far = await modelOf("Input((1, 1)), LSTM(2), Dense(30)");
  expect(cutFor(far, { series: Array.from({ length: 150 }, (_, row) => row), lookback: 1 }).view.tested).toBe(1);
});
