import v8 from "node:v8";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../core/random.ts";
import { sizeOf } from "../core/shape.ts";
import { Variable } from "../core/variable.ts";
import { inputValue, map, matmul, reshape, reverse, transpose, view, weightValue } from "../program/builder.ts";
import { evaluateProgram } from "../program/evaluate.ts";
import type { Value } from "../program/program.ts";
import { supportsRelaxedSimd } from "./assembler.ts";
import { compileProgram } from "./compile.ts";

// Node 20 has fused multiply-add behind this flag; without it both runs below round twice.
v8.setFlagsFromString("--experimental-wasm-relaxed-simd");

function numbers(count: number, seed: number): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: count }, () => random.uniform(-1, 1));
}

/** The tolerance is for sums of a few dozen products; it grows with their number, as rounding does. */
function expectReference(inputs: Value[], results: Value[], tolerance = 2e-6): void {
  const program = { inputs, results, updates: [] };
  const data = inputs.map((input, i) => numbers(sizeOf(input.shape), i + 1));
  const expected = evaluateProgram(program, data).results;
  for (const relaxed of supportsRelaxedSimd() ? [true, false] : [false]) {
    const compiled = compileProgram(program, { relaxed });
    for (let run = 0; run < 2; run++) {
      for (const [i, { data: actual, shape }] of compiled.run(data).entries()) {
        for (const [j, want] of expected[i]!.entries()) {
          if (Math.abs(actual[j]! - want) <= tolerance * Math.max(1, Math.abs(want))) continue;
          expect.fail(`result ${i} [${shape}], element ${j}: ${actual[j]} instead of ${want}`);
        }
      }
    }
  }
}

function weight(shape: number[], seed: number): Value {
  return weightValue(new Variable(`w${seed}`, shape, numbers(sizeOf(shape), seed)));
}

const rows = [1, 2, 3, 4, 5, 6, 7, 11, 32, 100];
const columns = [1, 2, 3, 4, 5, 7, 8, 12, 17, 30];
const inners = [1, 2, 5, 9, 33];

describe("a compiled product", () => {
  it("gives the numbers of the reference for matrices of any size, packed beforehand or in the run", () => {
    for (const [i, m] of rows.entries()) {
      for (const [j, n] of columns.entries()) {
        const k = inners[(i + 2 * j) % inners.length]!;
        const a = inputValue("a", [m, k]);
        const b = inputValue("b", [k, n]);
        expectReference([a, b], [matmul(a, b), matmul(a, weight([k, n], 7))]);
      }
    }
  });

  it("takes either matrix transposed", () => {
    const sizes = fc.record({
      m: fc.constantFrom(...rows),
      n: fc.constantFrom(...columns),
      k: fc.constantFrom(...inners),
      transposeA: fc.boolean(),
      transposeB: fc.boolean(),
      isWeight: fc.boolean(),
    });
    fc.assert(
      fc.property(sizes, ({ m, n, k, transposeA, transposeB, isWeight }) => {
        const a = inputValue("a", transposeA ? [k, m] : [m, k]);
        const shape = transposeB ? [n, k] : [k, n];
        const b = isWeight ? weight(shape, 7) : inputValue("b", shape);
        expectReference(isWeight ? [a] : [a, b], [matmul(a, b, { transposeA, transposeB })]);
      }),
      { numRuns: 120 },
    );
  });

  it("walks through leading axes, with one matrix for all or one for each", () => {
    for (const [leading, m] of [
      [[3], 5],
      [[2, 3], 1],
      [[40], 2],
      [[2, 1, 4], 7],
    ] as const) {
      const a = inputValue("a", [...leading, m, 9]);
      const one = inputValue("one", [9, 6]);
      const each = inputValue("each", [...leading, 9, 6]);
      const turned = inputValue("turned", [...leading, 6, 9]);
      const results = [matmul(a, one), matmul(a, each), matmul(a, turned, { transposeB: true })];
      expectReference([a, one, each, turned], results);
    }
  });

  it("reads matrices backwards, with few rows and many", () => {
    for (const m of [1, 2, 5, 30]) {
      for (const axis of [0, 1]) {
        for (const inner of [2, 9]) {
          const [a, b] = [inputValue("a", [m, inner]), inputValue("b", [inner, 8])];
          expectReference([a, b], [matmul(a, reverse(b, axis)), matmul(reverse(a, axis), reverse(b, axis))]);
        }
      }
    }
  });

  it("reads windows that overlap in memory, transposed and reversed views", () => {
    const x = inputValue("x", [2, 20, 3]);
    const windows = view(x, [2, 9, 12], [60, 6, 1]);
    const reversed = view(x, [2, 20, 3], [60, -3, 1], 57);
    const mirrored = view(x, [2, 20, 3], [60, 3, -1], 2);
    const turned = transpose(x, [1, 0, 2]);
    expectReference(
      [x],
      [
        matmul(windows, weight([12, 5], 3)),
        matmul(reversed, weight([3, 10], 4)),
        matmul(mirrored, weight([3, 10], 4)),
        matmul(turned, weight([3, 2], 5)),
        matmul(reshape(x, [40, 3]), weight([3, 1], 6)),
      ],
    );
  });

  it("applies a map to the sums before they are stored", () => {
    for (const n of [1, 3, 8, 13]) {
      const a = inputValue("a", [2, 7, 5]);
      const bias = weight([n], 3);
      const more = inputValue("more", [2, 7, n]);
      const scale = inputValue("scale", [2, 1, 1]);
      const column = inputValue("column", [7, 1]);
      const sum = matmul(a, weight([5, n], 4));
      const result = map([bias, sum, more, scale, column], ([b, s, m, c, d]) =>
        s!.plus(b!).tanh().times(c!).plus(m!.times(s!)).minus(d!),
      );
      expectReference([a, more, scale, column], [result]);
    }
  });

  it("holds sizes where the inner axis and the rows are cut into parts", () => {
    const a = inputValue("a", [130, 1700]);
    const b = inputValue("b", [1700, 10]);
    expectReference([a, b], [matmul(a, b)], 3e-5);
    const x = inputValue("x", [1100, 37]);
    const dz = inputValue("dz", [1100, 22]);
    expectReference([x, dz], [matmul(x, dz, { transposeA: true })], 3e-5);
  });

  it("leaves what lies behind a narrow result alone", () => {
    const a = inputValue("a", [3, 4]);
    const first = matmul(a, weight([4, 3], 2));
    const second = map([first], ([s]) => s!.times(2));
    const third = matmul(second, weight([3, 1], 3));
    expectReference([a], [first, second, third]);
  });
});
