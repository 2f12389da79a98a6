import { expect, it } from "vitest";
import { readRoute, writeRoute } from "./router.ts";

it("reads what it has written", () => {
  const hash = "#/step/lstm_1?t=17&unit=2&gate=f&m=lstm";
  expect(writeRoute(readRoute(hash))).toBe(hash);
});

it("takes its own number where a link asks for one that cannot be", () => {
  // A quiz of no questions would wait for its first for ever.
  expect(readRoute("#/quiz?n=0").n).toBe(10);
  expect(readRoute("#/quiz?n=51").n).toBe(10);
  expect(readRoute("#/quiz?n=1").n).toBe(1);
  expect(readRoute("#/step?t=0").t).toBe(0);
});
