/** Windows on long series: what a link may say, and how they follow the step. */
import { expect, it } from "vitest";
import {
  holds,
  isLong,
  readWindow,
  shownWindow,
  spansOf,
  windowAround,
  windowUpTo,
  writeWindow,
} from "./step-window.ts";

it("shows a short series whole, whatever a link says", () => {
  expect(isLong(60)).toBe(false);
  expect(shownWindow("", 3, 60)).toEqual({ from: 0, count: 60 });
  expect(shownWindow("10-19", 3, 60)).toEqual({ from: 0, count: 60 });
});

it("shows of a long one the part with the step in it, and the last part full", () => {
  expect(shownWindow("", 0, 300)).toEqual({ from: 0, count: 60 });
  expect(shownWindow("", 60, 300)).toEqual({ from: 60, count: 60 });
  expect(shownWindow("", 299, 5000)).toEqual({ from: 240, count: 60 });
  expect(shownWindow("", 69, 70)).toEqual({ from: 10, count: 60 });
});

it("reads back what it writes, and takes nothing from a link that lies outside or is too much to draw", () => {
  const window = { from: 120, count: 60 };
  expect(writeWindow(window)).toBe("120-179");
  expect(readWindow(writeWindow(window), 300)).toEqual(window);
  expect(readWindow("290-349", 300)).toEqual({ from: 240, count: 60 });
  expect(readWindow("0-99999", 5000)).toEqual({ from: 0, count: 240 });
  expect(readWindow("0-199", 200)).toEqual({ from: 0, count: 200 });
  for (const text of ["", "9-3", "a-b", "1", "-1-5", "1-2-3"]) expect(readWindow(text, 300)).toBeUndefined();
});

it("turns like a page when the step leaves it, in both directions and by leaps", () => {
  const window = { from: 100, count: 60 };
  expect(windowAround(window, 160, 5000)).toEqual({ from: 160, count: 60 });
  expect(windowAround(window, 99, 5000)).toEqual({ from: 40, count: 60 });
  expect(windowAround(window, 4999, 5000)).toEqual({ from: 4940, count: 60 });
  expect(windowAround(window, 0, 5000)).toEqual({ from: 0, count: 60 });
  for (const t of [0, 7, 99, 100, 159, 160, 4999]) expect(holds(windowAround(window, t, 5000), t)).toBe(true);
});

it("ends with the step for what ends there, or before it where it lies before", () => {
  expect(windowUpTo({ from: 120, count: 60 }, 125)).toEqual({ from: 66, count: 60 });
  expect(windowUpTo({ from: 120, count: 60 }, 500)).toEqual({ from: 120, count: 60 });
  expect(windowUpTo({ from: 120, count: 60 }, 20)).toEqual({ from: 0, count: 21 });
});

it("offers the lengths that are shorter than the series, and all of it where that can be drawn", () => {
  expect(spansOf(5000)).toEqual([30, 60, 120, 240]);
  expect(spansOf(70)).toEqual([30, 60, 70]);
});
