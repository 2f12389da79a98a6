import { describe, expect, it } from "vitest";
import { type Matrix, toMatrix } from "../data/index.ts";
import type { Forecasts } from "./forecasts.ts";
import { errorsByStep, formatError, scoresOf, verdictOf } from "./scores.ts";

const column = (values: readonly number[]): Matrix => toMatrix(values);
const truth = Array.from({ length: 40 }, (_, t) => Math.sin(t));
const off = (by: number) => truth.map((value, t) => value + (t % 2 === 0 ? by : -by * 1.1));

function forecasts(model: readonly number[], parts: Partial<Forecasts> = {}): Forecasts {
  return { truth: column(truth), model: column(model), lastValue: column(off(1)), seasonal: undefined, ...parts };
}

describe("scores", () => {
  it("are those of scikit-learn's formulas, the model first", () => {
    const found = scoresOf({
      truth: column([3, -0.5, 2, 7]),
      model: column([2.5, 0, 2, 8]),
      lastValue: column([3, 3, -0.5, 2]),
      seasonal: { period: 2, values: column([0, 0, 3, -0.5]) },
    });
    expect(found.map(({ name }) => name)).toEqual(["this model", "last value", "2 rows before"]);
    // By hand: errors 0.5, -0.5, 0, -1.
    expect(found[0]!.rmse).toBeCloseTo(Math.sqrt(1.5 / 4), 12);
    expect(found[0]!.mae).toBe(0.5);
    expect(found[0]!.r2).toBeCloseTo(0.9486081370449679, 12);
  });

  it("are told for each row ahead", () => {
    const two = (values: readonly (readonly number[])[]) => toMatrix(values);
    const found = errorsByStep({
      truth: two([
        [1, 2],
        [3, 4],
      ]),
      model: two([
        [1, 3],
        [3, 5],
      ]),
      lastValue: two([
        [0, 0],
        [2, 2],
      ]),
      seasonal: undefined,
    });
    expect(found[0]).toEqual({ name: "this model", rmse: [0, 1] });
    expect(found[1]!.rmse[1]).toBe(2);
  });
});

describe("the verdict", () => {
  it("says that a model beats repeating the last value, and by how much", () => {
    const { outcome, text } = verdictOf(forecasts(off(0.5)));
    expect(outcome).toBe("beats");
    expect(text).toBe("test RMSE 0.5256, naive 1.051: this model beats repeating the last value by 50.0%.");
  });

  it("says that it does not, also where both are the same", () => {
    expect(verdictOf(forecasts(off(1.2))).text).toBe(
      "test RMSE 1.261, naive 1.051: this model does not beat repeating the last value.",
    );
    expect(verdictOf(forecasts(off(1))).outcome).toBe("does not beat");
  });

  it("says that chance may give a gain that a few windows make", () => {
    const model = off(1);
    model[7] = truth[7]! + 0.2;
    const { outcome, text } = verdictOf(forecasts(model));
    expect(outcome).toBe("chance");
    expect(text).toContain("over 40 windows chance alone may give that.");
  });

  it("measures the model against the best baseline", () => {
    const seasonal = { period: 12, values: column(off(0.3)) };
    expect(verdictOf(forecasts(off(0.5), { seasonal }))).toMatchObject({
      outcome: "does not beat",
      baseline: "12 rows before",
      text: "test RMSE 0.5256, naive 0.3154: this model does not beat repeating the value of 12 rows before.",
    });
  });
});

it.each([
  [0, "0"],
  [1234567.8, "1.235e+6"],
  [20.94449, "20.94"],
  [0.000012345, "1.234e-5"],
  [Number.NaN, "NaN"],
])("writes an error of %f as %s", (value, text) => {
  expect(formatError(value)).toBe(text);
});
