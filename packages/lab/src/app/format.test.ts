import { expect, it } from "vitest";
import { decimal, fitting, gradientName, nameParts, valueName } from "./format.ts";

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
    "123456.8",
    "1e21",
  ]);
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
