import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Expr } from "../equations/expr.ts";
import { constant, row, select } from "../equations/expr.ts";
import {
  broadcastTo,
  concat,
  gather,
  inputValue,
  map,
  matmul,
  pad,
  reduce,
  reshape,
  resultsOf,
  reverse,
  slice,
  transpose,
  view,
} from "../program/builder.ts";
import type { Value } from "../program/program.ts";
import { compileProgram } from "./compile.ts";
import { describeProgram } from "./describe.ts";
import { expectReference, numbers, softmax } from "./testing.ts";

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
      describeProgram(compiled)
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

  it("sums and finds maxima along rows of any length, forwards and backwards", () => {
    for (const width of [16, 31, 32, 47, 48, 1023, 1024, 1025, 2048, 3000]) {
      const x = inputValue("x", [2, width]);
      const results = [x, reverse(x, 1), slice(x, 1, 0, width, 2)].flatMap((each) => [
        reduce("sum", each, [1]),
        reduce("max", each, [1]),
      ]);
      expectReference([x], results, undefined, 1e-4);
    }
  });

  it("loses little in a long sum", () => {
    const x = inputValue("x", [300000]);
    const data = numbers(300000).map(Math.abs);
    expectReference([x], [reduce("sum", x, [0])], [data], 1e-6);
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
      describeProgram(program(result)).kernels.map(({ name }) => name.split(" ")[0]!);
    const activated = map([dense()], ([a]) => a!.tanh());
    const normalised = map([dense()], ([a]) => softmax(a!));
    expect(names(activated)).toEqual(["product"]);
    expect(names(normalised)).toEqual(["product", "rows"]);
    expectReference([x, w, b], [activated, normalised], undefined, 1e-5);
  });
});
