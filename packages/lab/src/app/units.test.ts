import { expect, it } from "vitest";
import type { RunView } from "../worker/protocol.ts";
import { drawnUnits, mostChanging, readUnits, writeUnits } from "./units.ts";

it("reads lists of units and ranges, leaves out what is none, and stops at sixteen", () => {
  expect(readUnits("3, 17,40-42", 64, 0)).toEqual([3, 17, 40, 41, 42]);
  expect(readUnits("3, 17,40-42", 64, 1)).toEqual([2, 16, 39, 40, 41]);
  expect(readUnits("a, -3, 0, 70, 64-99", 64, 1)).toEqual([63]);
  expect(readUnits("1-1000000000", 512, 1)).toEqual(Array.from({ length: 16 }, (_, unit) => unit));
  expect(writeUnits([3, 17, 40, 41, 42], 0)).toBe("3,17,40-42");
});

it("draws the units around the chosen one, or a list with the chosen one among them", () => {
  expect(drawnUnits("", 4, 2)).toEqual([0, 1, 2, 3]);
  expect(drawnUnits("", 64, 40)).toEqual(Array.from({ length: 16 }, (_, unit) => 32 + unit));
  expect(drawnUnits("3,17", 64, 17)).toEqual([3, 17]);
  expect(drawnUnits("3,17", 64, 9)).toEqual([3, 9, 17]);
  expect(drawnUnits("0-15", 64, 60)).toHaveLength(16);
  expect(drawnUnits("0-15", 64, 60).at(-1)).toBe(60);
});

it("finds the units that move most", () => {
  // Of 20 units over three steps unit 7 jumps, unit 3 moves a little, the others stand still.
  const h = new Float64Array(60);
  h[27] = 0.9;
  h[43] = 0.1;
  const run = { units: 20, names: ["h"], values: { h }, scene: { nodes: [{ next: "h" }] } } as unknown as RunView; // what is read of it
  const found = mostChanging(run);
  expect(found).toHaveLength(16);
  expect(found).toContain(7);
  expect(mostChanging({ ...run, values: { h: h.map((value, at) => (at % 20 === 19 ? at : value)) } })).toContain(19);
});
