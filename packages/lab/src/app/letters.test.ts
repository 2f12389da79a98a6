/** What lights with which letter. */
import { expect, it } from "vitest";
import type { OpenedNode, OpenedWeight } from "../worker/protocol.ts";
import { arrayOf, letterOf } from "./letters.ts";

const weight: OpenedWeight = {
  kind: "weight",
  name: "U_f",
  array: "recurrent_kernel",
  index: [0, 4],
  block: 1,
  value: 2,
};
const state: OpenedNode = { kind: "name", name: "hPrev", unit: 0, role: "state", value: 3 };
const dot: OpenedNode = { kind: "dot", name: "U_fᵀ", terms: [{ factor: state, weight, value: 6 }], value: 6 };

it("names a number by the letter that the formula has for it, a transposed block by its own", () => {
  expect([letterOf(state), letterOf(weight), letterOf(dot)]).toEqual(["hPrev", "U_f", "U_f"]);
  const later: OpenedNode = { kind: "name", name: "∂L/∂cPrev", unit: 0, role: "later", value: 1 };
  expect(letterOf(later)).toBe("∂L/∂c_later");
});

it("leaves what belongs to other layers, and results, without a letter", () => {
  expect(letterOf({ ...weight, layer: "dense" })).toBeUndefined();
  expect(letterOf({ ...state, place: { layer: "gru", timestep: 2 } })).toBeUndefined();
  expect(letterOf({ kind: "number", value: 1 })).toBeUndefined();
});

it("finds the array behind a letter, however deep it lies", () => {
  const tree: OpenedNode = {
    kind: "call",
    fn: "σ",
    operands: [{ kind: "sum", terms: [{ negative: false, of: dot }], value: 6 }],
    value: 1,
  };
  expect(arrayOf(tree, "U_f")).toBe("recurrent_kernel");
  expect(arrayOf(tree, "W_f")).toBeUndefined();
});
