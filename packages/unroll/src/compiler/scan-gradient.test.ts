import v8 from "node:v8";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Cell, CellGraph } from "../cells/define.ts";
import { gru } from "../cells/gru.ts";
import { lstm } from "../cells/lstm.ts";
import { simpleRnn } from "../cells/simple-rnn.ts";
import { eluOf, linear, relu, sigmoid, softmax } from "../equations/activations.ts";
import { evaluateProgram } from "../program/evaluate.ts";
import { compileProgram } from "./compile.ts";
import {
  anyChoices,
  anySizes,
  type Choices,
  cells,
  everySize,
  gradientCase,
  plain,
  type Reads,
  type Sizes,
  simple,
} from "./scan-cases.ts";

// Node 20 has fused multiply-add behind this flag.
v8.setFlagsFromString("--experimental-wasm-relaxed-simd");

/** Compares a scan's gradients, and its results beside them, with the float64 reference. */
function expectReference(
  cell: CellGraph,
  sizes: Sizes,
  choices: Choices = simple,
  { tolerance = 2e-5, ...what }: { reads?: Reads; tolerance?: number; wrt?: "input" | "arrays" } = {},
): void {
  const { program, data } = gradientCase(cell, sizes, choices, what);
  const expected = evaluateProgram(program, data).results;
  const compiled = compileProgram(program);
  for (let run = 0; run < 2; run++) {
    for (const [i, { data: actual, shape }] of compiled.run(data).entries()) {
      for (const [j, want] of expected[i]!.entries()) {
        if (Math.abs(actual[j]! - want) <= tolerance * Math.max(1, Math.abs(want))) continue;
        expect.fail(`run ${run}, result ${i} [${shape}], element ${j}: ${actual[j]} instead of ${want}`);
      }
    }
  }
}

describe("a compiled scan gradient", () => {
  for (const [name, cell] of Object.entries(cells)) {
    it(`gives the numbers of the reference for a ${name} of any size`, () => {
      for (const sizes of everySize()) expectReference(cell, sizes);
    });
  }

  it("gives the numbers of the reference with any mask, direction, states and factors", () => {
    const reads = fc.constantFrom<Reads>("output", "all", "states");
    const wrt = fc.constantFrom(undefined, "input" as const, "arrays" as const);
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(cells)),
        anySizes,
        anyChoices,
        reads,
        wrt,
        (name, size, chosen, read, only) => expectReference(cells[name]!, size, chosen, { reads: read, wrt: only }),
      ),
      { numRuns: 100 },
    );
  });

  it("runs cells with activations of all kinds", () => {
    for (const activation of [softmax, relu, linear, eluOf(1)]) {
      for (const make of [simpleRnn, lstm, gru] as Cell[]) {
        for (const units of [1, 3, 8, 17]) {
          const recurrentActivation = activation === softmax ? softmax : sigmoid;
          const cell = make.graph({ ...plain, activation, recurrentActivation });
          expectReference(cell, { batch: 5, timesteps: 3, features: 4, units });
          expectReference(cell, { batch: 2, timesteps: 3, features: 4, units }, { ...simple, returnSequences: false });
        }
      }
    }
  });

  it("holds sizes where the inner axis and the rows are cut into parts", () => {
    expectReference(lstm.graph(plain), { batch: 110, timesteps: 8, features: 5, units: 12 }, simple, {
      tolerance: 1e-4,
    });
    expectReference(simpleRnn.graph(plain), { batch: 3, timesteps: 2, features: 2, units: 1030 }, simple, {
      tolerance: 1e-4,
    });
  });
});
