import { expect, test } from "vitest";
import { fuzzFormats } from "./fuzz-formats.ts";

test("600 damaged files end in a result or an UnrollError, soon", async () => {
  const report = await fuzzFormats({ count: 600, seed: 1 });
  expect(report.failures).toEqual([]);
  expect(report.results + report.errors).toBe(600);
  // Damage that nothing notices and damage that is always noticed would both be a poor test.
  expect(report.results).toBeGreaterThan(30);
  expect(report.errors).toBeGreaterThan(300);
});
