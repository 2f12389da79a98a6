import { describe, expect, it } from "vitest";
import { compareForecasts } from "./compare-forecasts.ts";

const truth = [1, 2, 3, 4, 5, 6, 7, 8];
const near = [1.1, 2.2, 2.9, 4.1, 5.3, 5.8, 7.1, 8.2];
const far = [1.5, 1.6, 3.4, 3.1, 5.9, 6.2, 7.7, 7.1];

describe("compareForecasts", () => {
  it("agrees with NumPy and SciPy's normal distribution", () => {
    const { gain, statistic, pValue } = compareForecasts(truth, near, far);
    expect(gain).toBeCloseTo(0.41, 12);
    expect(statistic).toBeCloseTo(3.8352737298648596, 10);
    expect(pValue).toBeCloseTo(0.00012542452863106802, 6);
    const overlapping = compareForecasts(truth, near, far, { horizon: 2 });
    expect(overlapping.statistic).toBeCloseTo(3.800105968144507, 10);
    expect(overlapping.pValue).toBeCloseTo(0.00014463422615835074, 6);
  });

  it("changes its sign with the order", () => {
    const [a, b] = [compareForecasts(truth, near, far), compareForecasts(truth, far, near)];
    expect(b.gain).toBe(-a.gain);
    expect(b.pValue).toBe(a.pValue);
  });

  it("averages the steps of a forecast and takes their number as the horizon", () => {
    const rows = (list: readonly number[]) => [list.slice(0, 2), list.slice(2, 4), list.slice(4, 6), list.slice(6)];
    const found = compareForecasts(rows(truth), rows(near), rows(far));
    expect(found.gain).toBeCloseTo(compareForecasts(truth, near, far).gain, 12);
    expect(found).toEqual(compareForecasts(rows(truth), rows(near), rows(far), { horizon: 2 }));
  });

  it("says nothing about two equal forecasts", () => {
    expect(compareForecasts(truth, near, near)).toEqual({ gain: 0, statistic: Number.NaN, pValue: Number.NaN });
  });

  it("refuses shapes that differ", () => {
    expect(() => compareForecasts(truth, near, [1, 2])).toThrow(/same shape.*\[8, 1\] and \[2, 1\]/);
  });
});
