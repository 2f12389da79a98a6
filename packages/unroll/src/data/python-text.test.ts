import { describe, expect, test } from "vitest";
import { compareText, fixed, floatText, rightAligned } from "./python-text.ts";

describe("fixed prints what Python's format does", () => {
  // From Python 3.11: f"{value:.{digits}f}".
  test.each<[number, number, string]>([
    [0.125, 2, "0.12"],
    [0.375, 2, "0.38"],
    [0.625, 2, "0.62"],
    [2.5, 2, "2.50"],
    [0.005, 2, "0.01"],
    [0.015, 2, "0.01"],
    [0.825, 2, "0.82"],
    [1.005, 2, "1.00"],
    [2.675, 2, "2.67"],
    [-0.125, 2, "-0.12"],
    [0.995, 2, "0.99"],
    [0.9999, 2, "1.00"],
    [0.125, 0, "0"],
    [0.5, 0, "0"],
    [1.5, 0, "2"],
    [2.5, 0, "2"],
    [0.0625, 3, "0.062"],
    [0.03125, 4, "0.0312"],
    [1 / 3, 10, "0.3333333333"],
    [-0.001, 2, "-0.00"],
    [Number.NaN, 2, "nan"],
  ])("%d to %d digits is %s", (value, digits, text) => {
    expect(fixed(value, digits)).toBe(text);
  });
});

test.each([
  [3, "3.0"],
  [0.5, "0.5"],
  [1e-5, "1e-05"],
  [1.5e-7, "1.5e-07"],
  [1e16, "1e+16"],
  [1.25e17, "1.25e+17"],
  [0.0001, "0.0001"],
  [1e15, "1000000000000000.0"],
])("floatText prints %d as %s, like str in Python 3.11", (value, text) => {
  expect(floatText(value)).toBe(text);
});

test("widths and orders go by code point, not by UTF-16 unit", () => {
  expect(rightAligned("💧a", 4)).toBe("  💧a");
  expect(compareText("\uffff", "💧")).toBeLessThan(0);
  expect(compareText("ab", "abc")).toBeLessThan(0);
  expect(compareText("b", "abc")).toBeGreaterThan(0);
});
