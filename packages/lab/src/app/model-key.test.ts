import { expect, it } from "vitest";
import { modelKey } from "./model-key.ts";

const nothing = { m: "", s: "", file: "", pick: 0, seed: 7 };

it("tells models and seeds apart, and takes a link without a model to be about the open one", () => {
  const lstm = modelKey({ ...nothing, m: "lstm" }, "");
  expect(lstm).not.toBe(modelKey({ ...nothing, s: "lstm" }, ""));
  expect(lstm).not.toBe(modelKey({ ...nothing, m: "lstm", seed: 8 }, lstm));
  expect(modelKey(nothing, lstm)).toBe(lstm);
  const third = modelKey({ ...nothing, m: "lstm", pick: 2 }, lstm);
  expect(third).not.toBe(lstm);
  // Of a document's models it is the open one.
  expect(modelKey(nothing, third)).toBe(third);
  expect(modelKey({ ...nothing, seed: 8 }, lstm)).toBe(modelKey({ ...nothing, m: "lstm", seed: 8 }, ""));
  // A file's name may have spaces.
  const file = modelKey({ ...nothing, file: "my model.h5" }, "");
  expect(modelKey(nothing, file)).toBe(file);
  expect(modelKey(nothing, "")).toBe("");
});
