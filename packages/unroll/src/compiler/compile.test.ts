import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../core/random.ts";
import { sizeOf } from "../core/shape.ts";
import { Variable } from "../core/variable.ts";
import type { Expr } from "../equations/expr.ts";
import { constant, one, row, select } from "../equations/expr.ts";
import {
  broadcastTo,
  concat,
  filled,
  gather,
  inputValue,
  map,
  matmul,
  pad,
  random,
  reduce,
  reshape,
  resultsOf,
  reverse,
  slice,
  transpose,
  view,
  weightValue,
} from "../program/builder.ts";
import { evaluateProgram } from "../program/evaluate.ts";
import type { Program, Value } from "../program/program.ts";
import { compileProgram } from "./compile.ts";

/** Numbers that are all different, of both signs. */
function numbers(count: number, seed = 1): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: count }, () => random.uniform(-2, 2));
}

/** Compiles results over inputs, runs twice, and compares each run with the float64 reference. */
function expectReference(inputs: Value[], results: Value[], data?: Float32Array[], tolerance = 2e-6): void {
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

const softmax = (x: Expr): Expr => {
  const e = x.minus(x.rowMax()).exp();
  return e.over(e.rowSum());
};

/** Sizes where four lanes end in every way. */
const size = fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 17);
const shapeOf = (rank: number): fc.Arbitrary<number[]> => fc.array(size, { minLength: rank, maxLength: rank });
const anyShape = fc.integer({ min: 1, max: 4 }).chain(shapeOf);
const quickly = { numRuns: 60 };

describe("a compiled map", () => {
  it("computes elements of any shape", () => {
    fc.assert(
      fc.property(anyShape, (shape) => {
        const x = inputValue("x", shape);
        const y = inputValue("y", shape);
        expectReference([x, y], [map([x, y], ([a, b]) => a!.times(b!).plus(a!.tanh()))]);
      }),
      quickly,
    );
  });

  it("broadcasts operands as NumPy does", () => {
    fc.assert(
      fc.property(anyShape, fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), fc.nat(3), (shape, ones, drop) => {
        const x = inputValue("x", shape);
        const narrow = shape.map((n, axis) => (ones[axis] ? 1 : n)).slice(Math.min(drop, shape.length));
        const y = inputValue("y", narrow);
        expectReference([x, y], [map([y, x], ([a, b]) => a!.minus(b!.times(2)))]);
      }),
      quickly,
    );
  });

  it("computes a number without axes", () => {
    const x = inputValue("x", []);
    expectReference([x], [map([x], ([a]) => a!.plus(1))]);
  });

  it("reads views with any strides: transposed, reversed, cut, sliding", () => {
    fc.assert(
      fc.property(
        shapeOf(3),
        fc.shuffledSubarray([0, 1, 2], { minLength: 3, maxLength: 3 }),
        fc.nat(2),
        (shape, order, axis) => {
          const x = inputValue("x", shape);
          const turned = transpose(x, order);
          const y = inputValue("y", turned.shape as number[]);
          const backwards = reverse(turned, axis);
          const step = turned.shape[axis]! > 4 ? 2 : 1;
          const cut = slice(backwards, axis, 0, turned.shape[axis]!, step);
          const cutY = slice(y, axis, 0, turned.shape[axis]!, step);
          expectReference(
            [x, y],
            [
              map([turned, y], ([a, b]) => a!.minus(b!)),
              map([y, backwards], ([a, b]) => a!.minus(b!)),
              map([cut, cutY], ([a, b]) => a!.times(b!)),
            ],
          );
        },
      ),
      quickly,
    );
  });

  it("has softmax's passes over rows of any width", () => {
    fc.assert(
      fc.property(anyShape, (shape) => {
        const x = inputValue("x", shape);
        expectReference([x], [map([x], ([a]) => softmax(a!.times(3)))]);
      }),
      quickly,
    );
  });

  it("takes the exponentials of softmax once", () => {
    const x = inputValue("x", [2, 8]);
    const compiled = compileProgram({ inputs: [x], results: [map([x], ([a]) => softmax(a!))], updates: [] });
    // The exponent is put into place by a shift: one for each exponential that is written out.
    expect(
      compiled
        .describe()
        .wat("rows")
        .match(/i32x4\.shl/g),
    ).toHaveLength(1);
  });

  it("keeps softmax finite for large numbers", () => {
    const x = inputValue("x", [2, 5]);
    expectReference(
      [x],
      [map([x], ([a]) => softmax(a!))],
      [Float32Array.of(1e4, 1e4, 0, -1e4, 5, -3e38, 3e38, 0, 1, 2)],
    );
  });

  it("has row operators inside one another and on operands that broadcast", () => {
    fc.assert(
      fc.property(shapeOf(2), (shape) => {
        const x = inputValue("x", shape);
        const scale = inputValue("scale", [shape[0]!, 1]);
        const variance = (a: Expr): Expr => {
          const mean = a.rowSum().over(shape[1]!);
          return a.minus(mean).over(a.minus(mean).squared().rowSum().over(shape[1]!).plus(1e-3).sqrt());
        };
        expectReference([x, scale], [map([x, scale], ([a, s]) => variance(a!).times(s!))], undefined, 2e-5);
      }),
      quickly,
    );
  });

  it("finds sparsemax's threshold as Keras does", () => {
    fc.assert(
      fc.property(shapeOf(2), (shape) => {
        const x = inputValue("x", shape);
        expectReference([x], [map([x], ([a]) => a!.minus(row("rowSparsemaxThreshold", a!)).max(0))]);
      }),
      quickly,
    );
  });

  it("does not let what was not selected through", () => {
    const x = inputValue("x", [5]);
    expectReference(
      [x],
      [map([x], ([a]) => select(a!.greaterThan(0), a!.log(), constant(-1).over(a!.minus(a!)).max(3)))],
      [Float32Array.of(1, 2, 0.5, 4, 3)],
    );
  });
});

describe("compiled views", () => {
  it("lie as any look at the elements says", () => {
    fc.assert(
      fc.property(shapeOf(2), fc.integer({ min: 1, max: 4 }), (shape, width) => {
        const [rows, columns] = shape as [number, number];
        const x = inputValue("x", shape);
        const windows = Math.max(1, rows - width + 1);
        const span = Math.min(width, rows);
        expectReference(
          [x],
          [
            transpose(x, [1, 0]),
            reshape(transpose(x, [1, 0]), [rows * columns]),
            reshape(reverse(x, 0), [columns, rows]),
            view(x, [windows, span, columns], [columns, columns, 1]),
            view(x, [windows, span * columns], [columns, 1]),
            reshape(view(x, [windows, span, columns], [columns, columns, 1]), [windows * span, columns]),
            broadcastTo(reshape(x, [rows, 1, columns]), [2, rows, 3, columns]),
            slice(x, 1, 0, columns, 2),
            x,
          ],
        );
      }),
      quickly,
    );
  });

  it("give their gradient back where they looked, elements that appear many times too", () => {
    fc.assert(
      fc.property(shapeOf(2), fc.integer({ min: 1, max: 4 }), (shape, width) => {
        const [rows, columns] = shape as [number, number];
        const windows = Math.max(1, rows - width + 1);
        const span = Math.min(width, rows);
        const gradient = (lookShape: number[], strides: number[], offset: number): [Value, Value] => {
          const source = inputValue("g", lookShape);
          return [source, resultsOf({ op: "viewGradient", source, offset, strides }, [shape])[0]!];
        };
        const cases = [
          gradient([windows, span, columns], [columns, columns, 1], 0),
          gradient([columns, rows], [1, columns], 0),
          gradient([3, rows, 2, columns], [0, columns, 0, 1], 0),
          gradient([rows, columns], [-columns, -1], rows * columns - 1),
          gradient([rows, 3], [columns, 0], 0),
          gradient([1], [1], rows * columns - 1),
        ];
        expectReference(
          cases.map(([source]) => source),
          cases.map(([, result]) => result),
        );
      }),
      quickly,
    );
  });
});

describe("compiled moves", () => {
  it("pad with any number", () => {
    fc.assert(
      fc.property(shapeOf(3), fc.array(fc.nat(3), { minLength: 6, maxLength: 6 }), (shape, counts) => {
        const x = inputValue("x", shape);
        expectReference(
          [x],
          [pad(x, counts.slice(0, 3), counts.slice(3), -7), pad(transpose(x, [2, 0, 1]), [0, 1, 0], [2, 0, 1])],
        );
      }),
      quickly,
    );
  });

  it("join along any axis", () => {
    fc.assert(
      fc.property(shapeOf(3), fc.nat(2), fc.array(size, { minLength: 1, maxLength: 3 }), (shape, axis, sizes) => {
        const parts = sizes.map((n, i) => inputValue(`x${i}`, shape.with(axis, n)));
        expectReference(parts, [
          concat(parts, axis),
          concat([...parts, ...parts.map((part) => reverse(part, axis))], axis),
        ]);
      }),
      quickly,
    );
  });

  it("gather rows by ids, truncated and kept within the table", () => {
    fc.assert(
      fc.property(
        size,
        size,
        fc.array(fc.double({ min: -3, max: 20, noNaN: true }), { minLength: 1, maxLength: 9 }),
        (rows, width, ids) => {
          const table = inputValue("table", [rows, width]);
          const which = inputValue("ids", [ids.length]);
          const turned = inputValue("turned", [width, rows]);
          const source = inputValue("source", [ids.length, width]);
          const gradient = resultsOf({ op: "gatherGradient", source, ids: which }, [[rows, width]]);
          expectReference(
            [table, which, turned, source],
            [gather(table, which), gather(transpose(turned, [1, 0]), which), ...gradient],
            [numbers(rows * width), Float32Array.from(ids), numbers(rows * width, 2), numbers(ids.length * width, 3)],
          );
        },
      ),
      quickly,
    );
  });

  it("take ids in several axes and as whole numbers", () => {
    const table = inputValue("table", [5, 3]);
    const ids = inputValue("ids", [2, 4]);
    const compiled = compileProgram({ inputs: [table, ids], results: [gather(table, ids)], updates: [] });
    const [rows] = compiled.run([numbers(15), Int32Array.of(0, 4, 2, 1, 3, 3, 0, 9)]);
    expect(rows!.shape).toEqual([2, 4, 3]);
    expect([...rows!.data.subarray(3, 6)]).toEqual([...numbers(15).subarray(12, 15)]);
  });
});

describe("a compiled reduction", () => {
  it("sums and finds maxima over any axes, of views too", () => {
    fc.assert(
      fc.property(anyShape, fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), (shape, chosen) => {
        const x = inputValue("x", shape);
        const axes = shape.map((_, axis) => axis).filter((axis) => chosen[axis]);
        const turned = transpose(
          x,
          shape.map((_, axis) => shape.length - 1 - axis),
        );
        const wide = broadcastTo(x, [3, ...shape]);
        expectReference(
          [x],
          [
            reduce("sum", x, axes),
            reduce("max", x, axes),
            reduce("sum", turned, axes),
            reduce("max", reverse(x, 0), axes),
            reduce("sum", wide, [0]),
          ],
          undefined,
          // Up to 20,000 numbers of both signs cancel in a sum; its error goes by their magnitudes, not by what is left.
          1e-3,
        );
      }),
      quickly,
    );
  });

  it("finds that nothing is a number where one element is not", () => {
    const x = inputValue("x", [3, 2]);
    expectReference([x], [reduce("max", x, [0]), reduce("sum", x, [1])], [Float32Array.of(1, 2, Number.NaN, 3, 4, 5)]);
  });

  it("sums rows wider than one block of vectors", () => {
    const x = inputValue("x", [6, 37]);
    expectReference([x], [reduce("sum", x, [0]), reduce("sum", x, [1]), reduce("sum", x, [0, 1])], undefined, 1e-5);
  });
});

describe("a compiled product", () => {
  const flag = fc.boolean();
  it("multiplies matrices of any size, transposed or not, one for each or one for all", () => {
    fc.assert(
      fc.property(
        fc.tuple(size, size, size),
        fc.tuple(flag, flag, flag),
        fc.array(size, { maxLength: 2 }),
        (sizes, flags, leading) => {
          const [rows, inner, columns] = sizes;
          const [transposeA, transposeB, single] = flags;
          const a = inputValue("a", [...leading, ...(transposeA ? [inner, rows] : [rows, inner])]);
          const matrix = transposeB ? [columns, inner] : [inner, columns];
          const b = inputValue("b", single ? matrix : [...leading, ...matrix]);
          const product = matmul(a, b, { transposeA, transposeB });
          const bias = inputValue("bias", [columns]);
          const full = inputValue("full", product.shape as number[]);
          expectReference(
            [a, b, bias, full],
            [
              product,
              map([bias, matmul(a, b, { transposeA, transposeB })], ([c, p]) => c!.minus(p!).tanh()),
              map([matmul(a, b, { transposeA, transposeB }), full], ([p, g]) => p!.times(g!)),
            ],
            undefined,
            1e-5,
          );
        },
      ),
      quickly,
    );
  });

  it("multiplies views as they lie", () => {
    const x = inputValue("x", [7, 5]);
    const windows = view(x, [5, 15], [5, 1]);
    const w = inputValue("w", [15, 6]);
    expectReference([x, w], [matmul(windows, reverse(w, 1)), matmul(reverse(windows, 0), w)], undefined, 1e-5);
  });

  it("ends in the maps that only it feeds: bias, activation, and the bias ahead of a softmax", () => {
    const x = inputValue("x", [3, 5]);
    const w = inputValue("w", [5, 6]);
    const b = inputValue("b", [6]);
    const dense = (): Value => map([matmul(x, w), b], ([p, c]) => p!.plus(c!));
    const program = (result: Value) => compileProgram({ inputs: [x, w, b], results: [result], updates: [] });
    const names = (result: Value): string[] =>
      program(result)
        .describe()
        .kernels.map(({ name }) => name.split(" ")[0]!);
    const activated = map([dense()], ([a]) => a!.tanh());
    const normalised = map([dense()], ([a]) => softmax(a!));
    expect(names(activated)).toEqual(["product"]);
    expect(names(normalised)).toEqual(["product", "rows"]);
    expectReference([x, w, b], [activated, normalised], undefined, 1e-5);
  });
});

describe("a compiled program", () => {
  it("fills constants and random numbers, drawn as the reference draws them", () => {
    const x = inputValue("x", [2, 3]);
    const noise = random([2, 3], "uniform");
    const normal = random([5], "normal");
    const program: Program = {
      inputs: [x],
      results: [
        map([x, noise], ([a, n]) => a!.times(n!)),
        normal,
        filled([2, 2], 0.25),
        map([filled([1], 3), x], ([c, a]) => a!.over(c!)),
      ],
      updates: [],
    };
    const given = [numbers(6)];
    const expected = evaluateProgram(program, given, { random: new Random(7) }).results;
    const actual = compileProgram(program).run(given, new Random(7));
    for (const [i, { data }] of actual.entries()) {
      for (const [j, want] of expected[i]!.entries()) expect(data[j]).toBeCloseTo(want, 6);
    }
  });

  it("uses memory again when a value is no longer needed, and never before", () => {
    const x = inputValue("x", [64]);
    const chain: Value[] = [x];
    // Reductions in between keep the maps from becoming one.
    for (let i = 0; i < 12; i++) {
      const last = chain.at(-1)!;
      chain.push(
        map([last, reduce("max", last, [0]), chain[Math.max(0, i - 3)]!], ([a, m, b]) =>
          a!.plus(b!).over(m!.abs().plus(1)),
        ),
      );
    }
    expectReference([x], [chain.at(-1)!, reduce("sum", chain[3]!, [0])], undefined, 1e-4);
    const compiled = compileProgram({ inputs: [x], results: [chain.at(-1)!], updates: [] });
    const { memory } = compiled.describe();
    expect(memory.temporary).toBeLessThan(8 * 256);
  });

  it("joins maps that only one other map reads, and keeps those that are asked for", () => {
    const x = inputValue("x", [4]);
    const inner = map([x], ([a]) => a!.plus(1));
    const outer = map([inner], ([a]) => a!.times(a!));
    const joined = compileProgram({ inputs: [x], results: [outer], updates: [] });
    expect(joined.describe().kernels).toHaveLength(1);
    const kept = compileProgram({ inputs: [x], results: [outer], updates: [] }, { keep: [inner] });
    expect(kept.describe().kernels).toHaveLength(2);
    kept.run([Float32Array.of(1, 2, 3, 4)]);
    expect([...kept.read(inner).data]).toEqual([2, 3, 4, 5]);
    expectReference([x], [outer]);
    expectReference([x], [outer, inner]);
  });

  it("does not join maps whose rows differ", () => {
    const narrow = inputValue("narrow", [3, 1]);
    const wide = inputValue("wide", [3, 5]);
    const sums = map([narrow], ([a]) => a!.rowSum());
    expectReference([narrow, wide], [map([sums, wide], ([s, w]) => s!.times(w!))]);
  });

  it("takes up a variable's new numbers and prepares what follows from weights alone", () => {
    const x = inputValue("x", [3]);
    const variable = new Variable("kernel", [3], Float32Array.of(1, 2, 3));
    const doubled = reduce(
      "sum",
      map([weightValue(variable), weightValue(variable)], ([w, v]) => w!.plus(v!)),
      [],
    );
    const compiled = compileProgram({
      inputs: [x],
      results: [map([x, doubled], ([a, w]) => a!.times(w!))],
      updates: [],
    });
    expect(compiled.describe().kernels.map(({ when }) => when)).toEqual(["prepare", "prepare", "run"]);
    expect([...compiled.run([Float32Array.of(1, 1, 1)])[0]!.data]).toEqual([2, 4, 6]);
    variable.assign([10, 20, 30]);
    expect([...compiled.run([Float32Array.of(1, 1, 2)])[0]!.data]).toEqual([20, 40, 120]);
  });

  it("updates variables after the run, in this plan and in others", () => {
    const moving = new Variable("moving_mean", [2], Float32Array.of(1, 2), false);
    const x = inputValue("x", [2]);
    const old = weightValue(moving);
    const train: Program = {
      inputs: [x],
      results: [map([x, old], ([a, m]) => a!.minus(m!)), old],
      updates: [{ variable: moving, value: map([old, x], ([m, a]) => m!.plus(a!)) }],
    };
    const trained = compileProgram(train);
    const predicted = compileProgram({ inputs: [x], results: [map([x, old], ([a, m]) => a!.times(m!))], updates: [] });
    const given = [Float32Array.of(10, 10)];
    expect([...predicted.run(given)[0]!.data]).toEqual([10, 20]);
    const [difference, before] = trained.run(given);
    expect([...difference!.data]).toEqual([9, 8]);
    expect([...before!.data]).toEqual([1, 2]);
    expect([...predicted.run(given)[0]!.data]).toEqual([110, 120]);
    expect([...trained.run(given)[1]!.data]).toEqual([11, 12]);
    trained.run(given);
    expect([...moving.data]).toEqual([31, 32]);
    moving.assign([0, 0]);
    expect([...trained.run(given)[0]!.data]).toEqual([10, 10]);
    expect([...moving.data]).toEqual([10, 10]);
  });

  it("swaps two variables without losing either", () => {
    const first = new Variable("first", [2], Float32Array.of(1, 2));
    const second = new Variable("second", [2], Float32Array.of(3, 4));
    const updates = [
      { variable: first, value: weightValue(second) },
      { variable: second, value: weightValue(first) },
    ];
    compileProgram({ inputs: [], results: [], updates }).run([]);
    expect([...first.data, ...second.data]).toEqual([3, 4, 1, 2]);
  });

  it("says how much memory it would take, before taking it", () => {
    const x = inputValue("x", [100000, 100000]);
    expect(() => compileProgram({ inputs: [x], results: [map([x], ([a]) => a!.plus(one))], updates: [] })).toThrow(
      /compile: the program must fit into 4 GiB\. Received: bytes = 8\d{10} \(74\.5 GiB\), of which .* takes 37\.3 GiB\./,
    );
    const y = inputValue("y", [1000]);
    expect(() =>
      compileProgram({ inputs: [y], results: [map([y], ([a]) => a!.plus(one))], updates: [] }, { limit: 5000 }),
    ).toThrow(/4\.88 KiB/);
  });

  it("describes its kernels as a table", () => {
    const x = inputValue("x", [2, 3]);
    const text = compileProgram({ inputs: [x], results: [map([x], ([a]) => softmax(a!))], updates: [] }).describe();
    expect(text.kernels[0]).toMatchObject({ name: "rows 2×3", when: "run", flops: 6 * 3 });
    expect(String(text)).toContain("input x @");
    expect(text.wat("rows")).toContain("(func $rows");
  });
});
