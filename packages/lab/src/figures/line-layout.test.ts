import { expect, it } from "vitest";
import { drawnIndices, type Line, lineLayout } from "./line-layout.ts";

it("draws every point of a line that has few", () => {
  expect(drawnIndices([5, 4, 9, 1], 2)).toEqual([0, 1, 2, 3]);
});

it("keeps the lowest and the highest point of every column, in order", () => {
  const values = [0, 3, -1, 2, 1, 1, 9, 5, 4, 6];
  expect(drawnIndices(values, 2)).toEqual([1, 2, 5, 6]);
});

it("loses no peak of a long line", () => {
  const values = Array.from({ length: 20_000 }, (_, index) => Math.sin(index / 50));
  values[12_345] = 7;
  values[3] = -7;
  const drawn = drawnIndices(values, 640);
  expect(drawn).toContain(12_345);
  expect(drawn).toContain(3);
  expect(drawn.length).toBeLessThanOrEqual(1280);
  expect(drawn).toEqual([...new Set(drawn)].sort((a, b) => a - b));
});

it("finds the points beside those that are no numbers, and leaves a gap where there is nothing else", () => {
  const none = Number.NaN;
  const values = [none, 2, 1, none, none, none, none, none];
  const drawn = drawnIndices(values, 2);
  expect(drawn.slice(0, 2)).toEqual([1, 2]);
  expect(drawn.slice(2).map((index) => values[index])).toEqual([none]);
});

const line = (values: readonly number[], more: Partial<Line> = {}): Line => ({
  name: "a",
  color: "red",
  values,
  from: 0,
  ...more,
});
const box = { width: 300, height: 200, left: 0, right: 0, top: 0, bottom: 0 };
const logTicks = (values: readonly number[]): readonly number[] =>
  lineLayout({ title: "t", lines: [line(values)], xLabel: "x", yLabel: "y", log: true }, box).yTicks;

it("writes powers of ten on a logarithmic axis, with 2 and 5 between few of them", () => {
  expect(logTicks([0.0004, 0.3])).toEqual([0.0001, 0.001, 0.01, 0.1, 1]);
  expect(logTicks([0.012, 0.04])).toEqual([0.01, 0.02, 0.05, 0.1]);
});

it("draws dots where nothing joins points, without those that are no numbers", () => {
  const { paths } = lineLayout(
    { title: "t", lines: [line([0, Number.NaN, 1], { dots: 4 })], xLabel: "x", yLabel: "y" },
    box,
  );
  expect(paths).toEqual(["M0.0,200.0h0M300.0,0.0h0"]);
});
