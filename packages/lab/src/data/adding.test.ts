import { expect, it } from "vitest";
import { addingProblem } from "./adding.ts";

it("asks for the sum of the two values that are marked, one in each half", () => {
  const timesteps = 7;
  const { series, inputs } = addingProblem(7, timesteps);
  const [values, marks] = inputs.map((column) => column.values) as [readonly number[], readonly number[]];
  expect(values.length).toBe(series.length * timesteps);
  for (const [sequence, sum] of series.entries()) {
    const at = Array.from({ length: timesteps }, (_, t) => sequence * timesteps + t);
    const marked = at.filter((row) => marks[row] === 1);
    expect(marked).toHaveLength(2);
    expect(marked[0]! - at[0]!).toBeLessThan(3);
    expect(marked[1]! - at[0]!).toBeGreaterThanOrEqual(3);
    expect(sum).toBe(values[marked[0]!]! + values[marked[1]!]!);
  }
  // Whoever says 1 for each errs by √(2/12).
  const error = Math.sqrt(series.reduce((all, sum) => all + (sum - 1) ** 2, 0) / series.length);
  expect(error).toBeCloseTo(Math.sqrt(1 / 6), 1);
});
