import { expect, it } from "vitest";
import { memoryFacts } from "./memory.ts";

it("finds the largest, and how many of the last steps hold nine tenths", () => {
  expect(memoryFacts([0, 1, 5, 4])).toEqual({ largest: 5, at: 2, span: 2 });
  expect(memoryFacts([9, 0, 0, 1])).toEqual({ largest: 9, at: 0, span: 4 });
  expect(memoryFacts([0, 0, 0.1])).toEqual({ largest: 0.1, at: 2, span: 1 });
});

it("says nothing of nothing", () => {
  expect(memoryFacts([0, 0])).toEqual({ largest: 0, at: 0, span: 0 });
  expect(memoryFacts([])).toEqual({ largest: 0, at: -1, span: 0 });
});
