import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Rested } from "./rested.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it("works once, so long after the last change, with hardly a timer however many there are", () => {
  const work = vi.fn();
  const set = vi.spyOn(globalThis, "setTimeout");
  const rested = new Rested(work, 200);
  for (let frame = 0; frame < 60; frame++) {
    rested.later();
    vi.advanceTimersByTime(16);
  }
  // 960 ms, and one for each 200 of them.
  expect(set.mock.calls.length).toBeLessThanOrEqual(6);
  expect(work).not.toHaveBeenCalled();
  vi.advanceTimersByTime(183);
  expect(work).not.toHaveBeenCalled();
  vi.advanceTimersByTime(2);
  expect(work).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1000);
  rested.later();
  vi.advanceTimersByTime(201);
  expect(work).toHaveBeenCalledTimes(2);
});

it("does nothing that was called off", () => {
  const work = vi.fn();
  const rested = new Rested(work, 200);
  rested.later();
  rested.forget();
  vi.advanceTimersByTime(1000);
  expect(work).not.toHaveBeenCalled();
});
