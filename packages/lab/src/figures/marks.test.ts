import { expect, it } from "vitest";
import { lineFigure } from "./line-figure.ts";
import { type Line, lineLayout } from "./line-layout.ts";
import { markedIndices, markPath } from "./marks.ts";

it("has four shapes, and sets those of different lines apart", () => {
  expect(new Set([0, 1, 2, 3].map((mark) => markPath(mark, 0, 0))).size).toBe(4);
  const places = [0, 1, 2, 3].flatMap((mark) => markedIndices(mark, 60));
  expect(new Set(places).size).toBe(places.length);
  expect(Math.max(...places)).toBeLessThan(60);
  expect([markedIndices(2, 5), markedIndices(1, 0)]).toEqual([[4], []]);
});

it("stands on the line, and nowhere where there is none", () => {
  const line: Line = { name: "a", color: "red", from: 1, values: [1, Number.NaN, 3], mark: 1 };
  const box = { width: 100, height: 100, left: 0, right: 0, top: 0, bottom: 0 };
  const spec = {
    title: "",
    lines: [line, { ...line, name: "b", mark: 2, values: [1, 2, Number.NaN] }],
    xLabel: "",
    yLabel: "",
  };
  const { marks, x, y } = lineLayout(spec, box);
  expect(marks).toEqual([markPath(1, x(3), y(3)), ""]);
});

it("is drawn in the file and its legend too", () => {
  const line: Line = { name: "a", color: "red", from: 1, values: [1, 2, 3], mark: 3 };
  const svg = lineFigure({ title: "t", lines: [line], xLabel: "x", yLabel: "y" }, (name) => name);
  expect(svg).toContain(markPath(3, 11, 7));
  expect(svg.match(/stroke-width="1.2"/g)).toHaveLength(1);
});
