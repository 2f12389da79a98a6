import { expect, it } from "vitest";
import type { Edit } from "../worker/protocol.ts";
import { areOfOneNumber, editOf, packEdits, readEdits } from "./edits.ts";

const input: Edit = { kind: "input", index: 3, value: -0.5 };
const weight: Edit = { kind: "weight", run: 1, array: "kernel", index: [0, 5], value: 2 };

it("brings changes through a link as they were", () => {
  expect(packEdits([])).toBe("");
  expect(readEdits(packEdits([input, weight]))).toEqual({ edits: [input, weight], unread: 0 });
});

it("brings a whole window through a link, in place of the window before", () => {
  const window: Edit = { kind: "window", values: [0.25, -1, 3] };
  expect(readEdits(packEdits([window, weight]))).toEqual({ edits: [window, weight], unread: 0 });
  expect(areOfOneNumber(window, { kind: "window", values: [1] })).toBe(true);
  expect(areOfOneNumber(window, input)).toBe(false);
  expect(readEdits('[["window",[1,"a"]],["window",7],["window"]]')).toEqual({ edits: [], unread: 3 });
});

it("tells the inputs of a model apart", () => {
  const second: Edit = { kind: "input", input: 1, index: 3, value: -0.5 };
  expect(readEdits(packEdits([second, input]))).toEqual({ edits: [second, input], unread: 0 });
  expect(areOfOneNumber(second, input)).toBe(false);
  expect(areOfOneNumber(second, { ...second, value: 1 })).toBe(true);
  expect(readEdits('[["x",3,-0.5,-1],["x",3,-0.5,0]]')).toEqual({ edits: [input], unread: 1 });
  const place = { run: 0, timestep: 2, features: 3 };
  expect(editOf({ feature: 1 }, { ...place, inputIndex: 1 }, 5)).toEqual({
    kind: "input",
    input: 1,
    index: 7,
    value: 5,
  });
  expect(editOf({ feature: 1 }, { ...place, inputIndex: 0 }, 5)).toEqual({ kind: "input", index: 7, value: 5 });
});

it("counts the entries of a link that are no changes", () => {
  const list = [["x", 3, -0.5], ["x", -1, 0], ["x", 0.5, 0], ["w", 0, "kernel", [0, "a"], 1], ["w", 0, 7, [0], 1], 5];
  expect(readEdits(JSON.stringify(list))).toEqual({ edits: [input], unread: 5 });
  for (const text of ["[", "{}", "3"]) expect(readEdits(text)).toEqual({ edits: [], unread: 1 });
});

it("knows changes of one number by their place", () => {
  expect(areOfOneNumber(weight, { ...weight, value: 9 })).toBe(true);
  expect(areOfOneNumber(input, { ...input, value: 9 })).toBe(true);
  for (const other of [input, { ...weight, run: 0 }, { ...weight, array: "bias" }, { ...weight, index: [0, 6] }])
    expect(areOfOneNumber(weight, other)).toBe(false);
  expect(areOfOneNumber({ ...weight, index: [3] }, input)).toBe(false);
});
