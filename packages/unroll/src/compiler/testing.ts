/** For tests: comparing compiled programs with the float64 reference. */
import { expect } from "vitest";
import { Random } from "../core/random.ts";
import { sizeOf } from "../core/shape.ts";
import type { Expr } from "../equations/expr.ts";
import { evaluateProgram } from "../program/evaluate.ts";
import type { Program, Value } from "../program/program.ts";
import { compileProgram } from "./compile.ts";

/** Numbers that are all different, of both signs. */
export function numbers(count: number, seed = 1): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: count }, () => random.uniform(-2, 2));
}

/** Compiles results over inputs, runs twice, and compares each run with the float64 reference. */
export function expectReference(inputs: Value[], results: Value[], data?: Float32Array[], tolerance = 2e-6): void {
  const program: Program = { inputs, results, updates: [] };
  const compiled = compileProgram(program);
  for (let run = 0; run < 2; run++) {
    const given = data ?? inputs.map((input, i) => numbers(sizeOf(input.shape), 10 * run + i + 1));
    const expected = evaluateProgram(program, given).results;
    for (const [i, { shape, data: actual }] of compiled.run(given).entries()) {
      expect(shape).toEqual(results[i]!.shape);
      for (const [j, want] of expected[i]!.entries()) {
        const error = Math.abs(actual[j]! - want);
        const ok = error <= tolerance * Math.max(1, Math.abs(want)) || Object.is(actual[j]! + 0, want + 0);
        if (!ok) expect.fail(`result ${i}, element ${j} of [${shape}]: ${actual[j]} instead of ${want}`);
      }
    }
  }
}

export const softmax = (x: Expr): Expr => {
  const e = x.minus(x.rowMax()).exp();
  return e.over(e.rowSum());
};
