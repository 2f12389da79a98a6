/** Scans of many examples side by side, and of their first steps alone, against the plain loop over examples and timesteps. */
import { describe, expect, test } from "vitest";
import type { Cell } from "../cells/define.ts";
import { gru } from "../cells/gru.ts";
import { lstm } from "../cells/lstm.ts";
import { simpleRnn } from "../cells/simple-rnn.ts";
import { Random } from "../core/random.ts";
import { sizeOf } from "../core/shape.ts";
import { activationNamed, softmax } from "../equations/activations.ts";
import { inputValue, map, matmul, reduce, reshape, scan } from "./builder.ts";
import { differentiate } from "./differentiate.ts";
import { type EvaluateOptions, evaluateProgram } from "./evaluate.ts";
import type { KeptStates } from "./evaluate-scan-gradient.ts";
import { canGoTogether } from "./evaluate-scan-together.ts";
import { neededSteps } from "./needed-steps.ts";
import type { ScanOperation, Value } from "./program.ts";

const [batch, timesteps, features, units] = [3, 5, 2, 6];

interface Case {
  readonly cell: Cell;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly mask?: boolean;
  readonly states?: boolean;
  readonly factors?: boolean;
  readonly more?: Partial<ScanOperation>;
}

/** A scan of random numbers, and what it is given. */
function drawn({ cell, options = {}, mask, states, factors, more = {} }: Case) {
  const graph = cell.graph({
    activation: activationNamed("tanh"),
    recurrentActivation: activationNamed("sigmoid"),
    useBias: true,
    options,
  });
  const random = new Random(5);
  const given: [Value, Float64Array][] = [];
  const draw = (shape: readonly number[], number = (): number => random.normal()): Value => {
    const value = inputValue("given", shape);
    given.push([value, Float64Array.from({ length: sizeOf(shape) }, number)]);
    return value;
  };
  const sizes = { features, units };
  const arrays = graph.arrays.map(({ rows, blocks }) => {
    const width = blocks.length * units;
    return draw(typeof rows === "number" ? (rows === 1 ? [width] : [rows, width]) : [sizes[rows], width]);
  });
  const results = scan({
    cell: graph,
    units,
    input: draw([batch, timesteps, features]),
    arrays,
    initialStates: states === true ? graph.states.map(() => draw([batch, units])) : undefined,
    mask: mask === true ? draw([batch, timesteps], () => random.below(2)) : undefined,
    backwards: false,
    returnSequences: true,
    zeroOutputForMask: false,
    inputFactors: factors === true ? [draw([batch, features])] : [],
    recurrentFactors: factors === true ? graph.gates.map(() => draw([batch, units])) : [],
    ...more,
  });
  const run = (values: readonly Value[], evaluate: EvaluateOptions = {}) =>
    evaluateProgram(
      { inputs: given.map(([value]) => value), results: values, updates: [] },
      given.map(([, numbers]) => numbers),
      evaluate,
    ).results;
  return { results, run, draw };
}

describe("examples side by side", () => {
  test.each<[string, Case]>([
    ["an LSTM", { cell: lstm }],
    ["a GRU with reset_after", { cell: gru, options: { resetAfter: true } }],
    ["a GRU without", { cell: gru, options: { resetAfter: false } }],
    ["backwards, the last output alone", { cell: lstm, more: { backwards: true, returnSequences: false } }],
    ["initial states", { cell: lstm, states: true }],
    ["a mask", { cell: gru, options: { resetAfter: true }, mask: true, states: true }],
    ["a mask that writes zeros", { cell: simpleRnn, mask: true, more: { zeroOutputForMask: true, backwards: true } }],
    ["dropout factors of each example", { cell: lstm, factors: true }],
  ])("give the same bits: %s", (_, drawing) => {
    const { results, run } = drawn(drawing);
    expect(canGoTogether(results[0]!.operation as ScanOperation)).toBe(true);
    expect(run(results, { together: true })).toEqual(run(results));
  });

  test("are not taken where an equation looks at a whole row", () => {
    const graph = simpleRnn.graph({ activation: softmax, recurrentActivation: softmax, useBias: true, options: {} });
    const { results, run } = drawn({ cell: simpleRnn, more: { cell: graph } });
    expect(canGoTogether(results[0]!.operation as ScanOperation)).toBe(false);
    expect(run(results, { together: true })).toEqual(run(results));
  });
});

describe("the first steps alone", () => {
  test("are right through scans and whatever keeps the timesteps apart, and the others are not worked out", () => {
    const { results, run, draw } = drawn({ cell: lstm });
    const dense = map([matmul(results[0]!, draw([units, 2]))], ([x]) => x!.tanh());
    const [second] = scan({
      ...(results[0]!.operation as ScanOperation),
      input: dense,
      mask: undefined,
    });
    const wanted = new Map([[second!, 2]]);
    const { ofScans, ofValues } = neededSteps([second!], wanted);
    expect([...ofScans.values()]).toEqual([2, 2]);
    expect([ofValues.get(dense), ofValues.get(results[0]!)]).toEqual([2, 2]);
    const [all] = run([second!]);
    for (const together of [false, true]) {
      const [some] = run([second!], { wanted, together });
      for (let example = 0; example < batch; example++) {
        const from = example * timesteps * units;
        expect(some!.slice(from, from + 2 * units)).toEqual(all!.slice(from, from + 2 * units));
        expect(some!.slice(from + 2 * units, from + timesteps * units).every((value) => value === 0)).toBe(true);
      }
    }
  });

  test("need all of what is read backwards, of what gives its last state, and of what mixes the timesteps", () => {
    const stepsOf = (value: Value): number[] => [...neededSteps([value], new Map([[value, 1]])).ofScans.values()];
    const { results } = drawn({ cell: lstm });
    const again = (change: Partial<ScanOperation>): Value => {
      const { op: _, ...first } = results[0]!.operation as ScanOperation;
      return scan({ ...first, arrays: first.arrays, input: results[0]!, ...change })[0]!;
    };
    expect(stepsOf(again({}))).toEqual([1, 1]);
    expect(stepsOf(again({ backwards: true }))).toEqual([1]);
    expect(stepsOf(again({ returnSequences: false }))).toEqual([]);
    expect(stepsOf(again({ initialStates: results.slice(1) }))).toEqual([1]);
    expect(stepsOf(map([results[0]!, reduce("sum", results[0]!, [1])], ([x, all]) => x!.over(all!)))).toEqual([]);
  });
});

describe("a way back from kept states", () => {
  test("gives the same bits, and tells scans apart that differ in one thing they read", () => {
    const { results, run, draw } = drawn({ cell: lstm, states: true, mask: true });
    const first = results[0]!.operation as ScanOperation;
    const others: Partial<ScanOperation>[] = [
      {},
      { backwards: true },
      { mask: undefined },
      { initialStates: undefined },
      { input: draw([batch, timesteps, features]) },
      { arrays: [draw([features, 4 * units]), ...first.arrays.slice(1)] },
    ];
    const keptStates: KeptStates = new Map();
    for (const change of others) {
      const [sequence] = scan({ ...first, ...change });
      const loss = reduce(
        "sum",
        map([sequence!], ([h]) => h!.squared()),
        [0, 1, 2],
      );
      const gradients = differentiate(reshape(loss, []), [first.arrays[1]!]);
      const plain = run(gradients);
      expect(run(gradients, { keptStates })).toEqual(plain);
      expect(run(gradients, { keptStates })).toEqual(plain);
    }
    expect(keptStates.size).toBe(others.length);
  });
});
