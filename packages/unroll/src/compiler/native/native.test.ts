/** The native target against the float64 reference. A C compiler takes a second or more for each program, so many cases share one. */
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { gru } from "../../cells/gru.ts";
import { sigmoid, softmax, sparsemax, tanh } from "../../equations/activations.ts";
import { type Expr, select, unary } from "../../equations/expr.ts";
import { concat, gather, inputValue, map, matmul, pad, reduce, reverse, transpose } from "../../program/builder.ts";
import { differentiate } from "../../program/differentiate.ts";
import { evaluateProgram } from "../../program/evaluate.ts";
import type { Program, Value } from "../../program/program.ts";
import { compileProgram } from "../compile.ts";
import { anyChoices, anySizes, cells, gradientCase, plain, type ScanCase, scanCase, simple } from "../scan-cases.ts";
import { numbers } from "../testing.ts";
import { nativeRefusal, nativeTarget } from "./instance.ts";

const refusal = nativeRefusal();
if (refusal !== undefined) console.warn(`SKIPPED: the native target is not tested, for ${refusal}.`);

/** Compares two runs with the reference; `names` say which result is whose. */
function expectReference(
  inputs: readonly Value[],
  data: readonly Float32Array[],
  results: readonly Value[],
  names: readonly string[],
  tolerance: number,
): void {
  const program: Program = { inputs: [...inputs], results: [...results], updates: [] };
  const expected = evaluateProgram(program, [...data]).results;
  const compiled = compileProgram(program, { target: nativeTarget });
  for (let run = 0; run < 2; run++) {
    for (const [i, { data: actual, shape }] of compiled.run([...data]).entries()) {
      for (const [j, want] of expected[i]!.entries()) {
        const isEqual = Math.abs(actual[j]! - want) <= tolerance * Math.max(1, Math.abs(want));
        if (!isEqual && !Object.is(actual[j]! + 0, want + 0)) {
          expect.fail(`run ${run}, ${names[i]}, [${shape}] element ${j}: ${actual[j]} instead of ${want}`);
        }
      }
    }
  }
}

/** Scans of every cell with random sizes and choices. */
function randomScans(count: number): { name: string; scan: ScanCase }[] {
  const any = fc.tuple(fc.constantFrom(...Object.keys(cells)), anySizes, anyChoices);
  return fc.sample(any, { numRuns: count, seed: 7 }).map(([name, sizes, choices]) => ({
    name: `${name} ${JSON.stringify(sizes)} ${JSON.stringify(choices)}`,
    scan: scanCase(cells[name]!, sizes, choices),
  }));
}

// The C compiler is given dozens of loops at once, on a machine that may be busy.
describe.skipIf(refusal !== undefined)("native code", { timeout: 180_000 }, () => {
  it("gives the numbers of the reference for scans of any size, mask, direction, states and factors", () => {
    const cases = randomScans(24);
    const rowwise = [softmax, sparsemax].map((activation) => ({
      name: `GRU with ${activation.name}`,
      scan: scanCase(
        gru.graph({ ...plain, activation, recurrentActivation: sigmoid }),
        { batch: 3, timesteps: 3, features: 4, units: 13 },
        simple,
      ),
    }));
    // Their recurrent products are cut into runs, and read ahead of the tiles.
    const wide = ["LSTM", "GRU", "GRU, reset before"].map((name) => ({
      name: `wide ${name}`,
      scan: scanCase(cells[name]!, { batch: 13, timesteps: 3, features: 70, units: 210 }, simple),
    }));
    const all = [...cases, ...rowwise, ...wide];
    expectReference(
      all.flatMap(({ scan }) => scan.inputs),
      all.flatMap(({ scan }) => scan.data),
      all.flatMap(({ scan }) => scan.results),
      all.flatMap(({ name, scan }) => scan.results.map(() => name)),
      5e-6,
    );
  });

  it("gives the gradients of the reference for scans of any size and choice", () => {
    const cases = randomScans(12).map(({ name, scan }) => {
      const { operation, results } = scan;
      const loss = reduce(
        "sum",
        map([results[0]!], ([h]) => h!.times(h!)),
        [...results[0]!.shape.keys()],
      );
      return { name, scan, gradients: differentiate(loss, [operation.input, ...operation.arrays]) };
    });
    expectReference(
      cases.flatMap(({ scan }) => scan.inputs),
      cases.flatMap(({ scan }) => scan.data),
      cases.flatMap(({ gradients }) => gradients),
      cases.flatMap(({ name, gradients }) => gradients.map((_, i) => `gradient ${i} of ${name}`)),
      2e-5,
    );
  });

  it("gives the numbers of the reference for every other operation, where vectors end in every way", () => {
    const functions: Record<string, (a: Expr, b: Expr) => Expr> = {
      exp: (a) => a.exp(),
      log: (a) => a.times(a).plus(0.1).log(),
      tanh: (a) => tanh.body(a),
      sigmoid: (a) => sigmoid.body(a),
      softmax: (a) => softmax.body(a),
      sparsemax: (a) => sparsemax.body(a),
      sine: (a) => unary("sin", a.times(8)),
      cosine: (a) => unary("cos", a.times(8)),
      power: (a, b) => a.times(a).plus(0.5).power(b),
      erf: (a) => a.erf(),
      sqrt: (a) => a.abs().sqrt(),
      rounded: (a) => a.times(3).floor().plus(a.ceil()).plus(a.sign()),
      chosen: (a, b) => select(a.lessThan(b), a.max(0.3), b.min(0.4)),
      divide: (a, b) => a.over(b.times(b).plus(1)),
    };
    const inputs: Value[] = [];
    const results: Value[] = [];
    const names: string[] = [];
    const give = (name: string, result: Value): void => {
      results.push(result);
      names.push(`${name} [${result.shape}]`);
    };
    for (const width of [1, 3, 4, 7, 8, 9, 15, 16, 17]) {
      const x = inputValue(`x${width}`, [3, width]);
      const y = inputValue(`y${width}`, [3, width]);
      const square = inputValue(`square${width}`, [width, 5]);
      const ids = inputValue(`ids${width}`, [4]);
      inputs.push(x, y, square, ids);
      for (const [name, of] of Object.entries(functions))
        give(
          name,
          map([x, y], ([a, b]) => of(a!, b!)),
        );
      for (const axes of [[0], [1], [0, 1]])
        for (const kind of ["sum", "max"] as const) give(kind, reduce(kind, x, axes));
      give("product", matmul(x, square));
      give("transposed product", matmul(transpose(x, [1, 0]), y));
      give(
        "reversed",
        map([reverse(x, 1), y], ([a, b]) => a!.minus(b!)),
      );
      give("pad", pad(x, [1, 2], [0, 3], -1));
      give("concat", concat([x, y], 1));
      give("gather", gather(y, ids));
    }
    const data = inputs.map(({ shape }, i) =>
      shape.length === 1 ? Float32Array.of(2, 0, 1, 2) : numbers(shape[0]! * shape[1]!, i + 1),
    );
    expectReference(inputs, data, results, names, 3e-6);
  });

  it("keeps the memories of two runs of one program apart", () => {
    const x = inputValue("x", [9]);
    const program: Program = { inputs: [x], results: [map([x], ([a]) => a!.times(2))], updates: [] };
    const [first, second] = [0, 1].map(() => compileProgram(program, { target: nativeTarget }));
    first!.runInPlace([new Float32Array(9).fill(1)]);
    second!.runInPlace([new Float32Array(9).fill(5)]);
    expect([...first!.views[0]!]).toEqual(new Array(9).fill(2));
    expect([...second!.views[0]!]).toEqual(new Array(9).fill(10));
  });
});

describe("where there is no compiler", () => {
  it("says what is missing and what to do, and takes no other device instead", async () => {
    vi.stubEnv("CC", "no-such-compiler");
    vi.resetModules();
    const { nativeTarget: fresh }: typeof import("./instance.ts") = await import("./instance.ts");
    const x = inputValue("x", [2]);
    expect(() => compileProgram({ inputs: [x], results: [x], updates: [] }, { target: fresh })).toThrow(
      /device: device "native" needs Node and a C compiler .* no C compiler answers to "no-such-compiler"\. Install one/,
    );
    vi.unstubAllEnvs();
  });

  it("computes timesteps again without a change of bits", () => {
    const sizes = { batch: 512, timesteps: 5, features: 3, units: 5 };
    const choices = { ...simple, mask: true, initial: true, recurrentFactors: "each" } as const;
    const { program, data } = gradientCase(cells.LSTM!, sizes, choices, { reads: "all" });
    const atOnce = compileProgram(program, { target: nativeTarget, recompute: false }).run([...data]);
    expect(compileProgram(program, { target: nativeTarget, recompute: 2 }).run([...data])).toEqual(atOnce);
  });
});
