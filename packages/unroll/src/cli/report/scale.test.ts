import { describe, expect, it } from "vitest";
import { makeScale } from "./scale.ts";

const labels = (...given: Parameters<typeof makeScale>): string[] =>
  makeScale(...given).ticks.map(({ label }) => label);

describe("an axis of numbers", () => {
  it("has round ticks, and ends on them where asked", () => {
    const scale = makeScale("number", [3, 97], [0, 100], { count: 5, round: true });
    expect(scale.ticks.map(({ label }) => label)).toEqual(["0", "20", "40", "60", "80", "100"]);
    expect(scale.place(0)).toBe(0);
    expect(scale.place(50)).toBe(50);
    expect(labels("number", [3, 97], [0, 100], { count: 5 })).toEqual(["20", "40", "60", "80"]);
  });

  it.each<[readonly [number, number], string[]]>([
    [
      [-1, 1],
      ["−1.0", "−0.5", "0.0", "0.5", "1.0"],
    ],
    [
      [0, 0.004],
      ["0.000", "0.001", "0.002", "0.003", "0.004"],
    ],
    [
      [0, 40_000],
      ["0", "10,000", "20,000", "30,000", "40,000"],
    ],
  ])("writes %o with as many digits as its steps have", (range, expected) => {
    expect(labels("number", range, [0, 100], { count: 4 })).toEqual(expected);
  });

  it("has two ends where all values are the same", () => {
    for (const value of [0, 5, -3]) {
      const { ticks, place } = makeScale("number", [value, value], [0, 100], { count: 5, round: true });
      expect(ticks.length).toBeGreaterThan(2);
      expect(place(value)).toBeGreaterThan(0);
      expect(place(value)).toBeLessThan(100);
    }
  });
});

describe("a logarithmic axis", () => {
  it("has powers of ten, as far apart one as the other", () => {
    const scale = makeScale("log", [0.003, 40], [0, 500], { count: 5 });
    expect(scale.ticks.map(({ label }) => label)).toEqual(["0.001", "0.01", "0.1", "1", "10", "100"]);
    expect(scale.ticks.map(({ value }) => Math.round(scale.place(value)))).toEqual([0, 100, 200, 300, 400, 500]);
  });

  it("leaves some out where there are many", () => {
    expect(labels("log", [1e-12, 1], [0, 500], { count: 4 })).toEqual(["10⁻¹²", "10⁻⁹", "10⁻⁶", "0.001", "1"]);
  });
});

describe("an axis of dates", () => {
  const at = (text: string): number => Date.parse(text);
  it.each<[string, string, string[]]>([
    ["2000-01-01", "2010-03-01", ["2000", "2002", "2004", "2006", "2008", "2010"]],
    ["2014-11-20", "2015-07-10", ["Jan 2015", "Mar 2015", "May 2015", "Jul 2015"]],
    ["2015-06-01", "2015-06-13", ["2 Jun", "4 Jun", "6 Jun", "8 Jun", "10 Jun", "12 Jun"]],
    [
      "2015-06-01T00:00Z",
      "2015-06-01T12:00Z",
      ["1 Jun 00:00", "1 Jun 03:00", "1 Jun 06:00", "1 Jun 09:00", "1 Jun 12:00"],
    ],
  ])("from %s to %s has whole units of the calendar", (from, to, expected) => {
    expect(labels("date", [at(from), at(to)], [0, 100], { count: 7 })).toEqual(expected);
  });
});
