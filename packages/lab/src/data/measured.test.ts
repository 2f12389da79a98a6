import { expect, it } from "vitest";
import { measuredSeries } from "./measured.ts";

it("has the lengths and sums of the published series", () => {
  // 12 years of months with a mean of 280.2986 thousand, and 100 years with a mean of 919.35.
  const facts = measuredSeries.map(({ id, values }) => [id, values.length, values.reduce((sum, one) => sum + one, 0)]);
  expect(facts).toEqual([
    ["passengers", 144, 40_363],
    ["nile", 100, 91_935],
  ]);
});
