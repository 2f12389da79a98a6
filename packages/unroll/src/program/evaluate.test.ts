import { describe, expect, test } from "vitest";
import { decode, difference, type FixtureTensor, readFixture } from "../../test/fixture-files.ts";
import { type Cell, defineCell } from "../cells/define.ts";
import { gru } from "../cells/gru.ts";
import { lstm } from "../cells/lstm.ts";
import { simpleRnn } from "../cells/simple-rnn.ts";
import { Random } from "../core/random.ts";
import { Variable } from "../core/variable.ts";
import { activationNamed, relu, softmax } from "../equations/activations.ts";
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
  random,
  reduce,
  resultsOf,
  reverse,
  scan,
  transpose,
  view,
  weightValue,
} from "./builder.ts";
import { evaluateProgram } from "./evaluate.ts";
import type { ScanStep } from "./evaluate-scan.ts";
import type { ScanBackStep } from "./evaluate-scan-gradient.ts";
import type { ScanOperation, Value } from "./program.ts";

function run(results: readonly Value[], ...given: readonly (readonly [Value, ArrayLike<number>])[]): number[][] {
  const program = { inputs: given.map(([value]) => value), results, updates: [] };
  return evaluateProgram(
    program,
    given.map(([, numbers]) => numbers),
  ).results.map((result) => [...result]);
}

describe("evaluateProgram", () => {
  const a = inputValue("a", [2, 3]);
  const six = [1, 2, 3, 4, 5, 6];

  test("broadcasts the operands of an elementwise equation", () => {
    const row = inputValue("row", [3]);
    const column = inputValue("column", [2, 1]);
    const sum = map([a, row, column], ([x, y, z]) => x!.plus(y!).times(z!));
    expect(run([sum], [a, six], [row, [10, 20, 30]], [column, [1, -1]])).toEqual([[11, 22, 33, -14, -25, -36]]);
  });

  test("row operators reduce over the last axis of the result", () => {
    const column = inputValue("column", [2, 1]);
    expect(run([map([a], ([x]) => x!.minus(x!.rowSum()))], [a, six])).toEqual([[-5, -4, -3, -11, -10, -9]]);
    expect(run([map([a, column], ([x, y]) => x!.plus(y!.rowSum()))], [a, six], [column, [1, 2]])).toEqual([
      [4, 5, 6, 10, 11, 12],
    ]);
    const [rows] = run([map([a], ([x]) => apply(softmax, x!))], [a, [0, 0, 0, 0, Math.log(2), 0]]);
    expect(rows!.map((p) => Number(p.toFixed(12)))).toEqual([
      0.333333333333, 0.333333333333, 0.333333333333, 0.25, 0.5, 0.25,
    ]);
  });

  test("multiplies matrices, each way round", () => {
    const b = inputValue("b", [3, 2]);
    const square = [
      [14, 32, 32, 77], // a · aᵀ
      [22, 28, 49, 64], // a · b
      [22, 28, 49, 64], // (bᵀ)ᵀ given as aᵀ's transposes
    ];
    const aT = transpose(a, [1, 0]);
    const bT = transpose(b, [1, 0]);
    const products = [
      matmul(a, a, { transposeB: true }),
      matmul(a, b),
      matmul(aT, bT, { transposeA: true, transposeB: true }),
    ];
    expect(run(products, [a, six], [b, six])).toEqual(square);
  });

  test("multiplies matrix by matrix along leading axes, or all by one", () => {
    const left = inputValue("left", [2, 1, 2]);
    const right = inputValue("right", [2, 2, 1]);
    const single = inputValue("single", [2, 1]);
    expect(run([matmul(left, right)], [left, [1, 2, 3, 4]], [right, [1, 1, 10, 10]])).toEqual([[3, 70]]);
    expect(run([matmul(left, single)], [left, [1, 2, 3, 4]], [single, [1, 10]])).toEqual([[21, 43]]);
  });

  test("views reverse, transpose, repeat and overlap", () => {
    expect(run([reverse(a, 1)], [a, six])).toEqual([[3, 2, 1, 6, 5, 4]]);
    expect(run([transpose(a, [1, 0])], [a, six])).toEqual([[1, 4, 2, 5, 3, 6]]);
    const row = inputValue("row", [3]);
    expect(run([broadcastTo(row, [2, 3])], [row, [7, 8, 9]])).toEqual([[7, 8, 9, 7, 8, 9]]);
    expect(run([view(row, [2, 2], [1, 1])], [row, [7, 8, 9]])).toEqual([[7, 8, 8, 9]]);
  });

  test("a view's adjoint adds up where the view looked more than once", () => {
    const windows = inputValue("windows", [2, 2]);
    const [gradient] = resultsOf({ op: "viewGradient", source: windows, offset: 0, strides: [1, 1] }, [[3]]);
    expect(run([gradient!], [windows, [1, 10, 100, 1000]])).toEqual([[1, 110, 1000]]);
  });

  test("pads, joins and reduces", () => {
    expect(run([pad(a, [0, 1], [1, 0], -1)], [a, six])).toEqual([[-1, 1, 2, 3, -1, 4, 5, 6, -1, -1, -1, -1]]);
    const b = inputValue("b", [2, 1]);
    expect(run([concat([a, b], 1)], [a, six], [b, [7, 8]])).toEqual([[1, 2, 3, 7, 4, 5, 6, 8]]);
    expect(run([reduce("sum", a, [0])], [a, six])).toEqual([[5, 7, 9]]);
    expect(run([reduce("max", a, [1])], [a, [-3, -1, -2, 4, 6, 5]])).toEqual([[-1, 6]]);
  });

  test("gathers rows at truncated ids kept within the table, and its adjoint adds them back", () => {
    const table = inputValue("table", [3, 2]);
    const ids = inputValue("ids", [4]);
    expect(run([gather(table, ids)], [table, six], [ids, [2, 0.9, -5, 9]])).toEqual([[5, 6, 1, 2, 1, 2, 5, 6]]);
    const source = inputValue("source", [4, 2]);
    const [gradient] = resultsOf({ op: "gatherGradient", source, ids }, [[3, 2]]);
    expect(run([gradient!], [source, [1, 2, 3, 4, 5, 6, 7, 8]], [ids, [2, 0, 0, 2]])).toEqual([[8, 10, 0, 0, 8, 10]]);
  });

  test("draws the same numbers for the same seed, and asks for a generator", () => {
    const program = { inputs: [], results: [random([4], "uniform"), random([2], "normal")], updates: [] };
    const first = evaluateProgram(program, [], { random: new Random(1) }).results;
    expect(evaluateProgram(program, [], { random: new Random(1) }).results).toEqual(first);
    expect(evaluateProgram(program, [], { random: new Random(2) }).results).not.toEqual(first);
    expect(() => evaluateProgram(program, [])).toThrow(/seeded/);
  });

  test("reads variables, or the numbers given for them, and leaves them as they are", () => {
    const variable = new Variable("moving_mean", [2], Float32Array.of(1, 2));
    const grown = map([weightValue(variable), filled([1], 10)], ([x, ten]) => x!.plus(ten!));
    const program = { inputs: [], results: [], updates: [{ variable, value: grown }] };
    expect([...evaluateProgram(program, []).valueOf(grown)]).toEqual([11, 12]);
    expect([...variable.data]).toEqual([1, 2]);
    const other = evaluateProgram(program, [], { variables: new Map([[variable, [0.1, 0.2]]]) });
    expect([...other.valueOf(grown)]).toEqual([10.1, 10.2]);
  });

  test("refuses an input of the wrong size", () => {
    expect(() => run([a], [a, [1, 2]])).toThrow(/needs 6 numbers, not 2/);
  });
});

interface ScanCase {
  readonly id: string;
  readonly layers: readonly { readonly class_name: string; readonly config: RecurrentConfig }[];
  readonly weights: readonly (readonly FixtureTensor[])[];
  readonly calls: readonly {
    readonly inputs: readonly FixtureTensor[];
    readonly mask?: readonly FixtureTensor[];
    readonly initial_state?: readonly FixtureTensor[];
    readonly outputs64: readonly FixtureTensor[];
  }[];
}
interface RecurrentConfig {
  readonly units: number;
  readonly activation: string;
  readonly recurrent_activation?: string;
  readonly use_bias: boolean;
  readonly reset_after?: boolean;
  readonly go_backwards: boolean;
  readonly return_sequences: boolean;
  readonly zero_output_for_mask: boolean;
}
const cells: Readonly<Record<string, Cell>> = { LSTM: lstm, GRU: gru, SimpleRNN: simpleRnn };
const cases = readFixture<{ cases: readonly ScanCase[] }>("keras/layers.json.gz").cases.filter(
  ({ layers, calls }) => layers.length === 1 && calls.length === 1 && layers[0]!.class_name in cells,
);

describe("scans give Keras's float64 numbers", () => {
  test.each(cases)("$id", ({ layers, weights, calls }) => {
    const { class_name: className, config } = layers[0]!;
    const call = calls[0]!;
    const graph = cells[className]!.graph({
      activation: activationNamed(config.activation),
      recurrentActivation: activationNamed(config.recurrent_activation ?? "linear"),
      useBias: config.use_bias,
      options: config.reset_after === undefined ? {} : { resetAfter: config.reset_after },
    });
    const given: [Value, ArrayLike<number>][] = [];
    const give = (tensor: FixtureTensor): Value => {
      const value = inputValue("given", tensor.shape);
      given.push([value, decode(tensor).data]);
      return value;
    };
    const results = scan({
      cell: graph,
      units: config.units,
      input: give(call.inputs[0]!),
      arrays: weights[0]!.map(give),
      initialStates: call.initial_state?.map(give),
      mask: call.mask?.map(give)[0],
      backwards: config.go_backwards,
      returnSequences: config.return_sequences,
      zeroOutputForMask: config.zero_output_for_mask,
      inputFactors: [],
      recurrentFactors: [],
    });
    const found = run(results, ...given);
    // Keras keeps leaky_relu's slope and gelu's √2 in float32.
    const tolerance = /leaky_relu|gelu/.test(config.activation)
      ? { rtol: 1e-6, atol: 1e-7 }
      : { rtol: 1e-9, atol: 1e-10 };
    expect(call.outputs64.length).toBeLessThanOrEqual(found.length);
    call.outputs64.forEach((tensor, i) => {
      const output = { shape: results[i]!.shape, data: Float64Array.from(found[i]!) };
      expect(difference(output, decode(tensor), tolerance)).toBeUndefined();
    });
  });

  test("in hundreds of cases, masks and initial states among them", () => {
    expect(cases.length).toBeGreaterThan(200);
    expect(cases.filter(({ calls }) => calls[0]!.mask !== undefined).length).toBeGreaterThan(20);
    expect(cases.filter(({ calls }) => calls[0]!.initial_state !== undefined).length).toBeGreaterThan(20);
  });
});

describe("a scan's steps", () => {
  const graph = simpleRnn.graph({
    activation: activationNamed("linear"),
    recurrentActivation: activationNamed("linear"),
    useBias: true,
    options: {},
  });
  const input = inputValue("x", [1, 3, 2]);
  const mask = inputValue("mask", [1, 3]);
  const arrays = [[2, 1], [1, 1], [1]].map((shape) => inputValue("w", shape));
  const common = {
    cell: graph,
    units: 1,
    input,
    arrays,
    initialStates: undefined,
    backwards: false,
    returnSequences: true,
    zeroOutputForMask: false,
    recurrentFactors: [],
  };
  // W = (1, 10), U = 2, b = 0.5
  const weights = [[1, 10], [2], [0.5]];
  const x = [1, 1, 2, 0, 0, 3];

  test("tell every value by name, and say which were masked", () => {
    const program = {
      inputs: [input, mask, ...arrays],
      results: scan({ ...common, mask, inputFactors: [] }),
      updates: [],
    };
    const steps: ScanStep[] = [];
    evaluateProgram(program, [x, [1, 0, 1], ...weights], { onStep: (_, step) => steps.push(step) });
    // h1 = 11.5; h2 would be 2 + 23 + 0.5 = 25.5 but is masked; h3 = 30 + 23 + 0.5 = 53.5
    expect(steps.map(({ values }) => values.get("h")![0])).toEqual([11.5, 25.5, 53.5]);
    expect(steps.map(({ statesAfter }) => statesAfter[0]![0])).toEqual([11.5, 11.5, 53.5]);
    expect(steps.map(({ output }) => output[0])).toEqual([11.5, 11.5, 53.5]);
    expect(steps.map(({ masked, timestep }) => [masked, timestep])).toEqual([
      [false, 0],
      [true, 1],
      [false, 2],
    ]);
  });

  test("multiply the input and the recurrent vector by the dropout factors of the example", () => {
    const factor = inputValue("factor", [1, 2]);
    const recurrent = inputValue("recurrent", [1, 1]);
    const results = scan({ ...common, mask: undefined, inputFactors: [factor], recurrentFactors: [recurrent] });
    // 2·1 + 0.5, then 2·2 + 0.5·2·2.5 + 0.5, then 0 + 0.5·2·7 + 0.5
    const [output] = run(
      results,
      [input, x],
      [factor, [2, 0]],
      [recurrent, [0.5]],
      ...arrays.map((array, i): [Value, number[]] => [array, weights[i]!]),
    );
    expect(output).toEqual([2.5, 4 + 2.5 + 0.5, 0 + 7 + 0.5]);
  });

  test("take a factor of its own for each gate where there are several", () => {
    const graph = defineCell({
      kind: "Difference",
      gates: ["a", "b"],
      state: ["h"],
      equations: ({ x, state, gate }) => ({ h: gate.a(x, state.h).minus(gate.b(x, state.h)) }),
    }).graph({ activation: relu, recurrentActivation: relu, useBias: false, options: {} });
    const values = [
      [1, 1, 1],
      [1, 1],
      [1, 2],
      [1, 2],
      [1, 1],
      [1, 1],
      [1, 1],
      [1, 1],
    ].map((shape) => inputValue("v", shape));
    const [only, start, kernel, recurrentKernel, ...factors] = values as [Value, Value, Value, Value, ...Value[]];
    const [output] = run(
      scan({
        ...common,
        cell: graph,
        input: only,
        arrays: [kernel, recurrentKernel],
        initialStates: [start],
        mask: undefined,
        inputFactors: factors.slice(0, 2),
        recurrentFactors: factors.slice(2),
      }),
      // x = 1, h = 10, W = (1, 100), U = (2, 200); factors 2 and 3 on x, 4 and 5 on h
      ...[[1], [10], [1, 100], [2, 200], [2], [3], [4], [5]].map((numbers, i): [Value, number[]] => [
        values[i]!,
        numbers,
      ]),
    );
    expect(output).toEqual([2 * 1 + 40 * 2 - (3 * 100 + 50 * 200)]);
  });

  test("tell on the way back what reaches each value, and pass masked steps by", () => {
    const results = scan({ ...common, mask, inputFactors: [] });
    const ones = filled([1, 3, 1], 1);
    const [gradient] = resultsOf(
      {
        op: "scanGradient",
        scan: results[0]!.operation as ScanOperation, // `scan` made it
        outputs: [ones, undefined],
      },
      [input.shape],
    );
    const steps: ScanBackStep[] = [];
    const program = { inputs: [input, mask, ...arrays], results: [gradient!], updates: [] };
    evaluateProgram(program, [x, [1, 0, 1], ...weights], { onBackStep: (_, step) => steps.push(step) });
    // h3 gets 1; h1 gets its own 1, the masked step's 1, and U = 2 times what h3 got.
    expect(steps.map(({ timestep, masked }) => [timestep, masked])).toEqual([
      [2, false],
      [1, true],
      [0, false],
    ]);
    expect(steps.map(({ gradients }) => gradients.get("h")?.[0])).toEqual([1, undefined, 4]);
    expect(steps.map(({ states }) => states[0]![0])).toEqual([2, 2, 8]);
  });
});
