import { expect, it } from "vitest";
import { atStart, readRoute, writeRoute } from "./router.ts";

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

it("leaves behind with a model what was chosen of its steps and units", () => {
  const route = readRoute("#/step/gru?t=17&unit=70&gate=z&units=64-79&view=120-179&seed=8");
  expect(writeRoute({ ...route, ...atStart })).toBe("#/step/gru?seed=8");
});

it("says which of a document's models is meant only where it names the document", () => {
  expect(writeRoute({ ...readRoute("#/quiz?seed=8"), pick: 2 })).toBe("#/quiz?seed=8");
  expect(writeRoute({ ...readRoute("#/model?s=u1.x"), pick: 2 })).toBe("#/model?s=u1.x&pick=2");
});
