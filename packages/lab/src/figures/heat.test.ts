import { expect, it } from "vitest";
import { heatPaths } from "./heat.ts";

it("puts cells of one shade into one path, each at its row and column", () => {
  const values = [
    [1, -0.5, 1],
    [0, -0.51, 0.26],
  ];
  expect(heatPaths(2, 3, (row, column) => values[row]![column]!)).toEqual([
    { percent: 100, negative: false, d: "M0.03 0.04h.94v.92h-.94zM2.03 0.04h.94v.92h-.94z" },
    { percent: 50, negative: true, d: "M1.03 0.04h.94v.92h-.94zM1.03 1.04h.94v.92h-.94z" },
    { percent: 0, negative: false, d: "M0.03 1.04h.94v.92h-.94z" },
    { percent: 25, negative: false, d: "M2.03 1.04h.94v.92h-.94z" },
  ]);
});

it("draws what is beyond 1 like 1, and little on either side of 0 as 0", () => {
  const values = [7, -3, 0.01, -0.01];
  const shades = heatPaths(1, 4, (_, column) => values[column]!).map(({ percent, negative }) => [percent, negative]);
  expect(shades).toEqual([
    [100, false],
    [100, true],
    [0, false],
  ]);
});

it("needs at most 41 paths, however many numbers there are", () => {
  expect(heatPaths(24, 240, (row, column) => Math.sin(row * 240 + column)).length).toBeLessThanOrEqual(41);
});
