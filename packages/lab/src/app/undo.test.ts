import { expect, it } from "vitest";
import { UndoStack } from "./undo.ts";

it("goes back state by state and forward again", () => {
  const stack = new UndoStack<string>();
  stack.remember("a");
  stack.remember("b");
  expect(stack.undo("c")).toBe("b");
  expect(stack.undo("b")).toBe("a");
  expect(stack.undo("a")).toBeUndefined();
  expect(stack.redo("a")).toBe("b");
  expect(stack.redo("b")).toBe("c");
  expect(stack.canRedo).toBe(false);
});

it("drops what could be redone when something else is changed", () => {
  const stack = new UndoStack<string>();
  stack.remember("a");
  stack.undo("b");
  stack.remember("a");
  expect([stack.canUndo, stack.canRedo]).toEqual([true, false]);
});

it("keeps the newest fifty", () => {
  const stack = new UndoStack<number>();
  for (let state = 0; state < 60; state++) stack.remember(state);
  let last = 60;
  for (let step = 0; step < 50; step++) last = stack.undo(last)!;
  expect([last, stack.undo(last)]).toEqual([10, undefined]);
});
