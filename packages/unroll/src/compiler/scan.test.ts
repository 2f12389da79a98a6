import v8 from "node:v8";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Cell, CellGraph } from "../cells/define.ts";
import { gru } from "../cells/gru.ts";
import { lstm } from "../cells/lstm.ts";
import { simpleRnn } from "../cells/simple-rnn.ts";
import { relu, sigmoid, softmax, sparsemax } from "../equations/activations.ts";
import { evaluateProgram } from "../program/evaluate.ts";
import { supportsRelaxedSimd } from "./assembler.ts";
import { compileProgram } from "./compile.ts";
import { anyChoices, anySizes, cells, everySize, plain, type Sizes, scanCase, simple } from "./scan-cases.ts";

// Node 20 has fused multiply-add behind this flag; without it both runs below round twice.
v8.setFlagsFromString("--experimental-wasm-relaxed-simd");

/** Compares every result with the float64 reference, in two runs of the same module. */
function expectReference(cell: CellGraph, sizes: Sizes, choices = simple, tolerance = 5e-6): void {
  for (const relaxed of supportsRelaxedSimd() ? [true, false] : [false]) {
    const { inputs, results: made, data } = scanCase(cell, sizes, choices);
    const compiled = compileProgram({ inputs, results: made, updates: [] }, { relaxed });
    const expected = evaluateProgram({ inputs, results: made, updates: [] }, data).results;
    for (let run = 0; run < 2; run++) {
      const results = compiled.run([...data]);
      for (const [i, { data: actual }] of results.entries()) {
        for (const [j, want] of expected[i]!.entries()) {
          if (Math.abs(actual[j]! - want) <= tolerance * Math.max(1, Math.abs(want))) continue;
          expect.fail(`run ${run}, result ${i}, element ${j}: ${actual[j]} instead of ${want}`);
        }
      }
    }
  }
}

describe("a compiled scan", () => {
  for (const [name, cell] of Object.entries(cells)) {
    it(`gives the numbers of the reference for a ${name} of any size`, () => {
      for (const sizes of everySize()) expectReference(cell, sizes);
    });
  }

  it("gives the numbers of the reference with any mask, direction, states and factors", () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(cells)), anySizes, anyChoices, (name, size, chosen) =>
        expectReference(cells[name]!, size, chosen),
      ),
      { numRuns: 150 },
    );
  });

  it("runs cells whose activation needs the whole row", () => {
    for (const activation of [softmax, sparsemax, relu]) {
      for (const make of [simpleRnn, lstm, gru] as Cell[]) {
        for (const units of [1, 3, 8, 17]) {
          const cell = make.graph({
            ...plain,
            activation,
            recurrentActivation: activation === relu ? sigmoid : softmax,
          });
          expectReference(cell, { batch: 5, timesteps: 3, features: 4, units });
        }
      }
    }
  });

  it("holds sizes where the inner axis and the rows are cut into parts", () => {
    expectReference(lstm.graph(plain), { batch: 3, timesteps: 2, features: 900, units: 20 }, simple, 2e-5);
    expectReference(gru.graph(plain), { batch: 210, timesteps: 2, features: 5, units: 12 });
    expectReference(simpleRnn.graph(plain), { batch: 6, timesteps: 1, features: 2, units: 1030 }, simple, 2e-5);
  });
});
