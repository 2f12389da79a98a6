import { expect, test } from "vitest";
import { mean, sum } from "./sums.ts";

// np.sum(1 / (np.arange(n) + 3.0)) of NumPy 2; adding from the left gives other last digits from 8 numbers on.
test.each([
  [5, 1.0928571428571427],
  [8, 1.4289682539682538],
  [16, 1.9951080781963135],
  [23, 2.3159581777535068],
  [128, 3.948591338265976],
  [129, 3.956224926052236],
  [200, 4.387956567549058],
  [1000, 5.987467865541362],
  [4097, 7.3958359614170535],
])("sum of %d numbers has NumPy's last digit", (count, expected) => {
  expect(sum(Float64Array.from({ length: count }, (_, i) => 1 / (i + 3)))).toBe(expected);
});

test("mean weighs numbers, and is NaN of none", () => {
  expect(mean([1, 2, 6], [1, 1, 2])).toBe(15 / 4);
  expect(mean([])).toBeNaN();
});
