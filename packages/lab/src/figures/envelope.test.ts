/** The outline of a long series keeps what stands out, however many timesteps share a part. */
import { expect, it } from "vitest";
import { envelope, partsOf } from "./envelope.ts";

it("has a part for each timestep of a short series, over all of its columns", () => {
  const numbers = [1, 5, -2, 0, 3, 3];
  expect(partsOf(3, 2, (step, column) => numbers[step * 2 + column]!)).toEqual([
    { low: 1, high: 5 },
    { low: -2, high: 0 },
    { low: 3, high: 3 },
  ]);
});

it("keeps a single spike among thousands, and every timestep lies in one part", () => {
  const seen = new Set<number>();
  const parts = partsOf(5000, 1, (step) => {
    seen.add(step);
    return step === 3210 ? 9 : 0;
  });
  expect([parts.length, seen.size]).toEqual([400, 5000]);
  expect(parts.filter(({ high }) => high === 9)).toHaveLength(1);
});

it("fills the height between the two ends, and draws a flat series in the middle", () => {
  const path = envelope(
    [
      { low: 0, high: 1 },
      { low: 0, high: 0 },
    ],
    2,
    10,
  );
  expect(path).toMatch(/^M0\.5,2L1\.5,10L1\.5,10L0\.5,10Z$/);
  expect(envelope([{ low: 4, high: 4 }], 2, 10)).toContain("0.5,6");
});
