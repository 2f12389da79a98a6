import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Cell } from "../cells/define.ts";
import { gru } from "../cells/gru.ts";
import { lstm } from "../cells/lstm.ts";
import { simpleRnn } from "../cells/simple-rnn.ts";
import { Random } from "../core/random.ts";
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
import type { Value } from "./program.ts";

function run(results: readonly Value[], ...given: readonly (readonly [Value, readonly number[]])[]): number[][] {
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
  readonly cell: "LSTM" | "GRU" | "SimpleRNN";
  readonly units: number;
  readonly activation: string;
  readonly recurrentActivation: string;
  readonly useBias: boolean;
  readonly resetAfter: boolean | null;
  readonly backwards: boolean;
  readonly returnSequences: boolean;
  readonly zeroOutputForMask: boolean;
  readonly weights: readonly Numbers[];
  readonly input: Numbers;
  readonly mask: Numbers | null;
  readonly initialState: readonly Numbers[] | null;
  readonly outputs: readonly Numbers[];
}
interface Numbers {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
const { cases } = JSON.parse(
  readFileSync(new URL("../../../../fixtures/equations/scans.json", import.meta.url), "utf8"),
) as { cases: ScanCase[] };
const cells: Readonly<Record<ScanCase["cell"], Cell>> = { LSTM: lstm, GRU: gru, SimpleRNN: simpleRnn };

describe("scans give Keras's float64 numbers", () => {
  test.each(cases)("$id", (layer) => {
    const graph = cells[layer.cell].graph({
      activation: activationNamed(layer.activation),
      recurrentActivation: activationNamed(layer.recurrentActivation),
      useBias: layer.useBias,
      options: layer.resetAfter === null ? {} : { resetAfter: layer.resetAfter },
    });
    const given: [Value, readonly number[]][] = [];
    const give = ({ shape, data }: Numbers): Value => {
      const value = inputValue("given", shape);
      given.push([value, data.map(Math.fround)]);
      return value;
    };
    const results = scan({
      cell: graph,
      units: layer.units,
      input: give(layer.input),
      arrays: layer.weights.map(give),
      initialStates: layer.initialState?.map(give),
      mask: layer.mask === null ? undefined : give(layer.mask),
      backwards: layer.backwards,
      returnSequences: layer.returnSequences,
      zeroOutputForMask: layer.zeroOutputForMask,
      inputFactors: [],
      recurrentFactors: [],
    });
    const found = run(results, ...given);
    expect(layer.outputs.length).toBeLessThanOrEqual(found.length);
    layer.outputs.forEach(({ data }, i) => {
      expect(found[i]).toHaveLength(data.length);
      data.forEach((expected, j) => {
        expect(Math.abs(found[i]![j]! - expected)).toBeLessThanOrEqual(1e-10 + 1e-9 * Math.abs(expected));
      });
    });
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
    // x1·W = 2·1 = 2, then 2·2 + 0.5·(2.5·2) ... with factors (2, 0) on x and 0.5 on h
    const [output] = run(
      results,
      [input, x],
      [factor, [2, 0]],
      [recurrent, [0.5]],
      ...arrays.map((array, i): [Value, number[]] => [array, weights[i]!]),
    );
    expect(output).toEqual([2.5, 4 + 2.5 + 0.5, 0 + 7 + 0.5]);
  });
});
