import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { AtMost } from "./at-most.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("hands on the first at once, and of many that follow the last alone, a second later", () => {
  const told: string[] = [];
  const teller = new AtMost<string>(1000, (text) => told.push(text));
  for (const text of ["timestep 1", "timestep 2", "timestep 3"]) teller.take(text);
  expect(told).toEqual(["timestep 1"]);
  vi.advanceTimersByTime(999);
  expect(told).toEqual(["timestep 1"]);
  vi.advanceTimersByTime(1);
  expect(told).toEqual(["timestep 1", "timestep 3"]);
  teller.take("timestep 4");
  vi.advanceTimersByTime(1000);
  teller.take("done");
  expect(told).toEqual(["timestep 1", "timestep 3", "timestep 4"]);
  vi.advanceTimersByTime(5000);
  teller.take("again");
  expect(told).toEqual(["timestep 1", "timestep 3", "timestep 4", "done", "again"]);
});
