import { describe, expect, it } from "vitest";
import { type Machine, vectorBytes, wasmMachine } from "./machine.ts";
import { tilesFor, usualRun } from "./product-panels.ts";

const avx2: Machine = { target: "c", lanes: 8, registers: 16, fused: true };
const avx512: Machine = { target: "c", lanes: 16, registers: 32, fused: true };

const runOf = (machine: Machine, rows: number): number => usualRun(machine, tilesFor(rows, machine));

describe("the runs that the inner axis of a product is cut into", () => {
  it("leave a panel that several tiles read in the first-level cache, whatever the vectors", () => {
    for (const machine of [wasmMachine(true), wasmMachine(false), avx2, avx512]) {
      const panel = runOf(machine, 64) * tilesFor(64, machine).blocks * vectorBytes(machine);
      expect(panel).toBeLessThanOrEqual(32 * 1024);
      expect(panel).toBeGreaterThanOrEqual(16 * 1024);
    }
  });

  it("are as long as ever where one tile has all rows: nobody reads its panels again", () => {
    for (const machine of [wasmMachine(true), avx2, avx512]) {
      for (const rows of [1, 2, 3, 6]) expect(runOf(machine, rows)).toBe(512);
    }
    expect(runOf(avx512, 7)).toBe(128);
  });
});
