import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Cell, defineCell } from "../cells/define.ts";
import { gru } from "../cells/gru.ts";
import { lstm } from "../cells/lstm.ts";
import { simpleRnn } from "../cells/simple-rnn.ts";
import { Random } from "../core/random.ts";
import { sizeOf } from "../core/shape.ts";
import { Variable } from "../core/variable.ts";
import { activationNamed, softmax } from "../equations/activations.ts";
import { apply } from "../equations/expr.ts";
import {
  broadcastTo,
  concat,
  filled,
  gather,
  inputValue,
  map,
  matmul,
  pad,
  reduce,
  reshape,
  reverse,
  scan,
  slice,
  transpose,
  view,
  weightValue,
} from "./builder.ts";
import { differentiate } from "./differentiate.ts";
import { evaluateProgram } from "./evaluate.ts";
import type { Value } from "./program.ts";

/**
 * Compares the derived gradients of Σ result · weight, with a weight of its own for each element of each result, with central
 * differences. `fixed` are inputs that are not differentiated.
 */
function expectSameGradients(
  results: readonly Value[],
  wrt: readonly Value[],
  fixed: readonly (readonly [Value, readonly number[]])[] = [],
  seed = 3,
): void {
  const random = new Random(seed);
  const numbers = wrt.map(({ shape }) => Array.from({ length: sizeOf(shape) }, () => random.uniform(-1.5, 1.5)));
  const weights = results.map(({ shape }) => inputValue("weight", shape));
  const weightNumbers = results.map(({ shape }) => Array.from({ length: sizeOf(shape) }, () => random.uniform(-1, 1)));
  const totals = results.map((result, i) => {
    const weighted = map([result, weights[i]!], ([y, w]) => y!.times(w!));
    return reshape(
      reduce(
        "sum",
        weighted,
        weighted.shape.map((_, axis) => axis),
      ),
      [],
    );
  });
  const loss = map(totals, (terms) => terms.reduce((sum, term) => sum.plus(term)));
  const gradients = differentiate(loss, wrt);
  expect(gradients.map(({ shape }) => shape)).toEqual(wrt.map(({ shape }) => shape));

  const inputs = [...wrt, ...fixed.map(([value]) => value), ...weights];
  const evaluate = (outputs: readonly Value[], at: readonly (readonly number[])[]): readonly Float64Array[] =>
    evaluateProgram({ inputs, results: outputs, updates: [] }, [...at, ...fixed.map(([, n]) => n), ...weightNumbers])
      .results;
  const derived = evaluate(gradients, numbers);
  const step = 1e-5;
  numbers.forEach((given, i) => {
    given.forEach((_, j) => {
      const lossAt = (by: number): number =>
        evaluate(
          [loss],
          numbers.map((row, k) => (k === i ? row.map((n, l) => (l === j ? n + by : n)) : row)),
        )[0]![0]!;
      const measured = (lossAt(step) - lossAt(-step)) / (2 * step);
      expect(Math.abs(derived[i]![j]! - measured)).toBeLessThanOrEqual(1e-7 + 1e-6 * Math.abs(measured));
    });
  });
}

const size = fc.integer({ min: 1, max: 3 });
const property = <T>(arbitrary: fc.Arbitrary<T>, check: (drawn: T) => void): void =>
  fc.assert(fc.property(arbitrary, check), { numRuns: 12, seed: 1 });

describe("differentiate agrees with central differences", () => {
  test("for elementwise equations that broadcast", () => {
    property(fc.tuple(size, size, size), ([n, t, f]) => {
      const a = inputValue("a", [n, t, f]);
      const b = inputValue("b", [f]);
      const c = inputValue("c", [n, 1, f]);
      expectSameGradients([map([a, b, c], ([x, y, z]) => x!.times(y!).plus(z!.tanh().times(x!)))], [a, b, c]);
    });
  });

  test("for row operators, also over an operand that repeats along the row", () => {
    property(fc.tuple(size, size), ([n, f]) => {
      const a = inputValue("a", [n, f]);
      const b = inputValue("b", [n, 1]);
      expectSameGradients([map([a, b], ([x, y]) => apply(softmax, x!).times(y!.rowSum()))], [a, b]);
      expectSameGradients([map([a, b], ([x, y]) => x!.times(y!).rowSum())], [a, b]);
    });
  });

  test("for matrix products, each way round", () => {
    property(fc.tuple(size, size, size, fc.boolean(), fc.boolean()), ([m, k, n, transposeA, transposeB]) => {
      const a = inputValue("a", transposeA ? [k, m] : [m, k]);
      const b = inputValue("b", transposeB ? [n, k] : [k, n]);
      expectSameGradients([matmul(a, b, { transposeA, transposeB })], [a, b]);
    });
  });

  test("for matrix products along leading axes, matrix by matrix or all by one", () => {
    const shapes = fc.tuple(size, size, size, size, fc.boolean(), fc.boolean(), fc.boolean());
    property(shapes, ([batch, m, k, n, transposeA, transposeB, shared]) => {
      const a = inputValue("a", [batch, 2, ...(transposeA ? [k, m] : [m, k])]);
      const b = inputValue("b", [...(shared ? [] : [batch, 2]), ...(transposeB ? [n, k] : [k, n])]);
      expectSameGradients([matmul(a, b, { transposeA, transposeB })], [a, b]);
    });
  });

  test("for views: reshape, transpose, reverse, slice, repeat, overlap", () => {
    property(fc.tuple(size, size, size), ([n, t, f]) => {
      const a = inputValue("a", [n, t, f]);
      expectSameGradients([reshape(a, [n, t * f])], [a]);
      expectSameGradients([transpose(a, [2, 0, 1])], [a]);
      expectSameGradients([transpose(reverse(a, 1), [1, 0, 2])], [a]);
      expectSameGradients([slice(a, 1, t - 1, t)], [a]);
      expectSameGradients([slice(pad(a, [0, 1, 0], [0, 2, 0]), 1, 0, t + 3, 2)], [a]);
      expectSameGradients([broadcastTo(reshape(a, [n, 1, t * f]), [2, n, 3, t * f])], [a]);
      expectSameGradients([view(a, [n * t * f, 2], [1, 0])], [a]);
      if (t > 1) expectSameGradients([view(a, [n, t - 1, 2 * f], [t * f, f, 1])], [a]);
    });
  });

  test("a view that only reorders needs no adding up", () => {
    const a = inputValue("a", [2, 3, 4]);
    for (const look of [
      reshape(a, [6, 4]),
      transpose(a, [1, 2, 0]),
      reverse(a, 1),
      transpose(reverse(a, 2), [2, 0, 1]),
    ]) {
      expect(differentiate(look, [a])[0]!.operation.op).not.toBe("viewGradient");
    }
    expect(differentiate(slice(a, 1, 0, 2), [a])[0]!.operation.op).toBe("viewGradient");
  });

  test("for pads, joins and reductions", () => {
    property(fc.tuple(size, size, size), ([n, t, f]) => {
      const a = inputValue("a", [n, t, f]);
      const b = inputValue("b", [n, 2, f]);
      expectSameGradients([pad(a, [0, 1, 2], [1, 0, 1], 5)], [a]);
      expectSameGradients([concat([a, b, a], 1)], [a, b]);
      expectSameGradients([reduce("sum", a, [1])], [a]);
      expectSameGradients([reduce("max", a, [0, 2])], [a]);
    });
  });

  test("for gathered rows, some of them twice", () => {
    const table = inputValue("table", [4, 2]);
    const ids = inputValue("ids", [2, 3]);
    expectSameGradients([gather(table, ids)], [table], [[ids, [3, 1, 1, 0, 9, 1]]]);
  });

  test("for a value that is used several times", () => {
    const a = inputValue("a", [2, 2]);
    expectSameGradients(
      [
        matmul(
          a,
          map([a], ([x]) => x!.exp()),
        ),
        a,
      ],
      [a],
    );
  });
});

describe("without work", () => {
  test("a value that the loss does not need has the gradient 0", () => {
    const a = inputValue("a", [2]);
    const b = inputValue("b", [3]);
    expect(differentiate(a, [b])[0]).toMatchObject({ shape: [3], operation: { op: "constant", value: 0 } });
  });

  test("only what leads to the wanted values is differentiated", () => {
    const a = inputValue("a", [2, 2]);
    const b = inputValue("b", [2, 2]);
    const [gradient] = differentiate(matmul(a, b), [b]);
    expect(gradient!.operation).toMatchObject({ op: "product", a, transposeA: true });
  });

  test("two values of one variable share a gradient", () => {
    const variable = new Variable("kernel", [1], Float32Array.of(3));
    const loss = map([weightValue(variable), weightValue(variable)], ([x, y]) => x!.times(y!));
    const [gradient] = differentiate(loss, [weightValue(variable)]);
    expect([...evaluateProgram({ inputs: [], results: [gradient!], updates: [] }, []).results[0]!]).toEqual([6]);
  });

  test("elements that tie for a maximum share its gradient", () => {
    const a = filled([4], 2);
    const [gradient] = differentiate(reduce("max", a, [0]), [a]);
    const { results } = evaluateProgram({ inputs: [], results: [gradient!], updates: [] }, []);
    expect([...results[0]!]).toEqual([0.25, 0.25, 0.25, 0.25]);
  });
});

/** An LSTM whose gates look at the cell state through diagonal weights (Gers and Schmidhuber, 2000). */
const peepholeLstm = defineCell({
  kind: "PeepholeLSTM",
  gates: ["i", "f", "c", "o"],
  state: ["h", "c"],
  equations({ x, state, gate, act, vector }) {
    const i = act.recurrent(gate.i(x, state.h).plus(vector("p_i").times(state.c)));
    const f = act.recurrent(gate.f(x, state.h).plus(vector("p_f").times(state.c)));
    const c = f.times(state.c).plus(i.times(act.main(gate.c(x, state.h))));
    const o = act.recurrent(gate.o(x, state.h).plus(vector("p_o").times(c)));
    return { i, f, o, c, h: o.times(act.main(c)) };
  },
});

describe("backpropagation through time agrees with central differences", () => {
  const scans = fc.record({
    cell: fc.constantFrom<[Cell, Record<string, unknown>]>(
      [simpleRnn, {}],
      [lstm, {}],
      [gru, { resetAfter: true }],
      [gru, { resetAfter: false }],
      [peepholeLstm, {}],
    ),
    activation: fc.constantFrom("tanh", "softsign", "softmax", "elu"),
    recurrentActivation: fc.constantFrom("sigmoid", "tanh"),
    useBias: fc.boolean(),
    batch: fc.integer({ min: 1, max: 2 }),
    timesteps: fc.integer({ min: 1, max: 4 }),
    features: size,
    units: size,
    backwards: fc.boolean(),
    returnSequences: fc.boolean(),
    zeroOutputForMask: fc.boolean(),
    masked: fc.boolean(),
    initialStates: fc.boolean(),
    inputFactors: fc.constantFrom("none", "one", "each"),
    recurrentFactors: fc.constantFrom("none", "one", "each"),
    /** Which results the loss reads. */
    read: fc.constantFrom("output", "states", "both"),
    seed: fc.integer(),
  });

  test("for every kind of scan", () => {
    fc.assert(
      fc.property(scans, (drawn) => {
        const { batch, timesteps, features, units, seed } = drawn;
        const [cell, options] = drawn.cell;
        const graph = cell.graph({
          activation: activationNamed(drawn.activation),
          recurrentActivation: activationNamed(drawn.recurrentActivation),
          useBias: drawn.useBias,
          options,
        });
        const random = new Random(seed);
        const fixed: [Value, number[]][] = [];
        const fix = (shape: readonly number[], draw: () => number): Value => {
          const value = inputValue("fixed", shape);
          fixed.push([value, Array.from({ length: sizeOf(shape) }, draw)]);
          return value;
        };
        const factorsOf = (kind: string, width: number): Value[] =>
          Array.from({ length: kind === "none" ? 0 : kind === "one" ? 1 : cell.gates.length }, () =>
            fix([batch, width], () => random.below(3)),
          );
        const input = inputValue("x", [batch, timesteps, features]);
        const arrays = graph.arrays.map(({ rows, blocks, name }) => {
          const columns = blocks.length * units;
          const count = rows === "features" ? features : rows === "units" ? units : rows;
          return inputValue(name, count === 1 && typeof rows === "number" ? [columns] : [count, columns]);
        });
        const initialStates = drawn.initialStates
          ? graph.states.map(({ name }) => inputValue(name, [batch, units]))
          : undefined;
        const results = scan({
          cell: graph,
          units,
          input,
          arrays,
          initialStates,
          mask: drawn.masked ? fix([batch, timesteps], () => random.below(2)) : undefined,
          backwards: drawn.backwards,
          returnSequences: drawn.returnSequences,
          zeroOutputForMask: drawn.zeroOutputForMask,
          inputFactors: factorsOf(drawn.inputFactors, features),
          recurrentFactors: factorsOf(drawn.recurrentFactors, units),
        });
        const read =
          drawn.read === "output" ? results.slice(0, 1) : drawn.read === "states" ? results.slice(1) : results;
        expectSameGradients(read, [input, ...arrays, ...(initialStates ?? [])], fixed, seed);
      }),
      { numRuns: 60, seed: 7 },
    );
  });
});
