import { afterEach, expect, it } from "vitest";
import {
  decimal,
  fitting,
  followNumberStyle,
  gradientName,
  nameParts,
  rounded,
  short,
  valueName,
  whole,
  written,
} from "./format.ts";

afterEach(() => followNumberStyle(() => "language"));

it("writes numbers with a minus that is none of the keyboard's, and no minus before 0", () => {
  expect([decimal(-1.23456, 3), decimal(-0.0001, 3), decimal(Number.NaN, 3), decimal(-1e-7, 17)]).toEqual([
    "−1.235",
    "0.000",
    "NaN",
    "−1e−7",
  ]);
});

it("writes what is too large for decimals by its power of ten", () => {
  expect([decimal(-4.661742e23, 3), decimal(123456.789, 1), decimal(1e21, 17)]).toEqual([
    "−4.662e23",
    "123,456.8",
    "1e21",
  ]);
  // Four digits stand together: they fit the boxes of a drawing.
  expect([decimal(-9999.94, 1), decimal(1e4, 2)]).toEqual(["−9999.9", "10,000.00"]);
});

it("writes all of it in ASCII where that is set, once it is set", () => {
  const all = () => [
    decimal(-1.23456, 3),
    decimal(123456.789, 1),
    short(-1.2e-5, 3),
    decimal(Number.NEGATIVE_INFINITY, 3),
    rounded(-12.3456, 3),
    whole(1320),
    whole(null),
  ];
  expect(all()).toEqual(["−1.235", "123,456.8", "−1.2e−5", "−∞", "−12.3", "1,320", "None"]);
  followNumberStyle(() => "ascii");
  expect(all()).toEqual(["-1.235", "123456.8", "-1.2e-5", "-inf", "-12.3", "1320", "None"]);
});

it("writes texts of the library in ASCII too, and leaves shapes and sizes in them apart", () => {
  const text = "1,234,567 − 1,320 of (None, 30, 100), kernel[0,100], 0,123 and 1{,}320";
  expect(written(text)).toBe(text);
  followNumberStyle(() => "ascii");
  expect(written("<mn>15,601</mn><mo>−</mo><mn>4</mn>")).toBe("<mn>15601</mn><mo>-</mo><mn>4</mn>");
  expect(written("= 1{,}320 of (None, 30, 100), T = 30,000,000")).toBe("= 1320 of (None, 30, 100), T = 30000000");
});

it.each([0, 0.5, -99.9994, -100, 9999.94, -12345, 4.66e23, -1e-9, Number.POSITIVE_INFINITY])(
  "writes %s so that it fits a box",
  (value) => {
    for (const digits of [3, 5, 17]) expect(fitting(value, digits).length).toBeLessThanOrEqual(7);
  },
);

it("writes a value's name and its gradient's alike, the gradient behind ∂L/∂", () => {
  expect(nameParts("hPrev")).toEqual({ front: "", base: "h", below: "t−1", hat: false });
  expect(nameParts(gradientName("hPrev"))).toEqual({ front: "∂L/∂", base: "h", below: "t−1", hat: false });
  expect(nameParts("∂L/∂hHat")).toEqual({ front: "∂L/∂", base: "h", below: "t", hat: true });
  expect([valueName("∂L/∂x"), valueName("dense")]).toEqual(["x", "dense"]);
});
