/** Scans for the tests of the compiler: the three cells and some of a user's own, with random numbers for all operands. */
import fc from "fast-check";
import { type CellChoices, type CellGraph, defineCell } from "../cells/define.ts";
import { gru } from "../cells/gru.ts";
import { lstm } from "../cells/lstm.ts";
import { simpleRnn } from "../cells/simple-rnn.ts";
import { Random } from "../core/random.ts";
import { sizeOf } from "../core/shape.ts";
import { Variable } from "../core/variable.ts";
import { sigmoid, tanh } from "../equations/activations.ts";
import { inputValue, map, reduce, scan, weightValue } from "../program/builder.ts";
import { differentiate } from "../program/differentiate.ts";
import type { Program, ScanOperation, Value } from "../program/program.ts";
import "./scan-gradient.ts";

const peephole = defineCell({
  kind: "PeepholeLSTM",
  gates: ["i", "f", "c", "o"],
  state: ["h", "c"],
  equations({ x, state, gate, act, vector }) {
    const i = act.recurrent(gate.i(x, state.h).plus(vector("p_i").times(state.c)));
    const f = act.recurrent(gate.f(x, state.h).plus(vector("p_f").times(state.c)));
    const c = f.times(state.c).plus(i.times(act.main(gate.c(x, state.h))));
    const o = act.recurrent(gate.o(x, state.h).plus(vector("p_o").times(c)));
    return { c, h: o.times(act.main(c)) };
  },
});

const minimalGatedUnit = defineCell({
  kind: "MinimalGatedUnit",
  gates: ["f", "h"],
  state: ["h"],
  equations({ x, state, gate, act, one }) {
    const f = act.recurrent(gate.f(x, state.h));
    const hHat = act.main(gate.h(x, f.times(state.h)));
    return { h: one.minus(f).times(state.h).plus(f.times(hHat)) };
  },
});

/** Products of hoisted and of fresh values, one matrix used twice, a gate without an input, a state that only delays another. */
const odd = defineCell({
  kind: "Odd",
  gates: ["a", "b"],
  state: ["h", "before"],
  equations({ x, state, gate, act }) {
    const first = act.main(gate.a.input(x));
    const mixed = gate.a.recurrent(first).plus(gate.a.recurrent(state.h));
    const fresh = act.recurrent(gate.b.recurrent(act.main(mixed)).plus(state.before));
    return { h: fresh.times(first).minus(gate.b.input(x)), before: state.h };
  },
});

/** tanh and sigmoid, with bias. */
export const plain: CellChoices = { activation: tanh, recurrentActivation: sigmoid, useBias: true, options: {} };
export const cells: Record<string, CellGraph> = {
  SimpleRNN: simpleRnn.graph(plain),
  LSTM: lstm.graph(plain),
  GRU: gru.graph(plain),
  "GRU, reset before": gru.graph({ ...plain, options: { resetAfter: false } }),
  "LSTM without bias": lstm.graph({ ...plain, useBias: false }),
  "peephole LSTM": peephole.graph(plain),
  "minimal gated unit": minimalGatedUnit.graph(plain),
  odd: odd.graph(plain),
};

export interface Sizes {
  readonly batch: number;
  readonly timesteps: number;
  readonly features: number;
  readonly units: number;
}

export interface Choices {
  readonly mask: boolean;
  readonly initial: boolean;
  readonly backwards: boolean;
  readonly returnSequences: boolean;
  readonly zeroOutputForMask: boolean;
  readonly inputFactors: "none" | "one" | "each";
  readonly recurrentFactors: "none" | "one" | "each";
}

/** Nothing special, all outputs. */
export const simple: Choices = {
  mask: false,
  initial: false,
  backwards: false,
  returnSequences: true,
  zeroOutputForMask: false,
  inputFactors: "none",
  recurrentFactors: "none",
};

/** A scan and the values that it reads. */
export interface ScanCase {
  readonly operation: Omit<ScanOperation, "op">;
  readonly results: readonly Value[];
  readonly inputs: readonly Value[];
  /** Numbers for the inputs. */
  readonly data: readonly Float32Array[];
}

/** A scan with arrays as weights (or as inputs) and everything else as inputs, with random numbers. */
export function scanCase(
  cell: CellGraph,
  { batch, timesteps, features, units }: Sizes,
  choices: Choices = simple,
  arraysAre: "weights" | "inputs" = "weights",
): ScanCase {
  const random = new Random(1);
  const inputs: Value[] = [];
  const data: Float32Array[] = [];
  const input = (name: string, shape: number[], draw = () => random.uniform(-1, 1)): Value => {
    const value = inputValue(name, shape);
    inputs.push(value);
    data.push(Float32Array.from({ length: sizeOf(shape) }, draw));
    return value;
  };
  const factors = (how: Choices["inputFactors"], width: number): Value[] =>
    Array.from({ length: { none: 0, one: 1, each: cell.gates.length }[how] }, (_, i) =>
      input(`factor ${i}`, [batch, width], () => (random.uniform() < 0.3 ? 0 : 1.25)),
    );
  const arrays = cell.arrays.map(({ name, rows, blocks }) => {
    const count = { features, units, 1: 1, 2: 2 }[rows];
    const shape = rows === 1 ? [blocks.length * units] : [count, blocks.length * units];
    const scale = 1 / Math.sqrt(Math.max(4, count));
    const numbers = Float32Array.from({ length: sizeOf(shape) }, () => random.uniform(-scale, scale));
    if (arraysAre === "weights") return weightValue(new Variable(name, shape, numbers));
    const value = inputValue(name, shape);
    inputs.push(value);
    data.push(numbers);
    return value;
  });
  const operation: Omit<ScanOperation, "op"> = {
    cell,
    units,
    input: input("x", [batch, timesteps, features]),
    arrays,
    initialStates: choices.initial ? cell.states.map(({ name }) => input(name, [batch, units])) : undefined,
    mask: choices.mask ? input("mask", [batch, timesteps], () => (random.uniform() < 0.4 ? 0 : 1)) : undefined,
    backwards: choices.backwards,
    returnSequences: choices.returnSequences,
    zeroOutputForMask: choices.mask && choices.zeroOutputForMask,
    inputFactors: factors(choices.inputFactors, features),
    recurrentFactors: factors(choices.recurrentFactors, units),
  };
  return { operation, results: scan(operation), inputs, data };
}

/** Which results a loss reads: only the output, or final states too, or these alone. */
export type Reads = "output" | "all" | "states";

export interface GradientCase {
  readonly program: Program;
  readonly data: readonly Float32Array[];
  /** How many of the program's results are gradients of arrays: the last ones before the scan's own results. */
  readonly arrays: number;
}

/**
 * The gradients of a random weighted sum of a scan's results: of initial states, of x and of all arrays, or of some of these; and
 * the scan's results beside them.
 */
export function gradientCase(
  cell: CellGraph,
  sizes: Sizes,
  choices: Choices = simple,
  { reads = "output", wrt: only }: { reads?: Reads; wrt?: "input" | "arrays" } = {},
): GradientCase {
  const { operation, results, inputs: given, data: givenData } = scanCase(cell, sizes, choices);
  const random = new Random(9);
  const inputs = [...given];
  const data = [...givenData];
  let loss: Value | undefined;
  for (const [i, result] of results.entries()) {
    if ((reads === "output" && i > 0) || (reads === "states" && i === 0)) continue;
    const weights = inputValue(`weights ${i}`, result.shape);
    inputs.push(weights);
    data.push(Float32Array.from({ length: sizeOf(result.shape) }, () => random.uniform(-1, 1)));
    const term = map([result, weights], ([r, w]) => r!.times(w!));
    const total = reduce("sum", term, [...term.shape.keys()]);
    loss = loss === undefined ? total : map([loss, total], ([a, b]) => a!.plus(b!));
  }
  const arrays = only === "input" ? [] : operation.arrays;
  const others =
    only === "arrays" ? [] : [...(only === "input" ? [] : (operation.initialStates ?? [])), operation.input];
  const gradients = differentiate(loss!, [...others, ...arrays]);
  const used = reads === "output" ? results.slice(0, 1) : results;
  return { program: { inputs, results: [...gradients, ...used], updates: [] }, data, arrays: arrays.length };
}

/** Batches and units around the edges of tiles, each with some timesteps and features. */
export function everySize(): Sizes[] {
  return [1, 2, 5, 32, 33].flatMap((batch) =>
    [1, 3, 4, 5, 17, 30].map((units, i) => ({
      batch,
      timesteps: [1, 2, 7][(batch + i) % 3]!,
      features: [1, 3, 4, 9][(batch + 3 * i) % 4]!,
      units,
    })),
  );
}

const anyFactors = fc.constantFrom("none" as const, "one" as const, "each" as const);

/** Every choice that a scan has, at random. */
export const anyChoices: fc.Arbitrary<Choices> = fc.record<Choices>({
  mask: fc.boolean(),
  initial: fc.boolean(),
  backwards: fc.boolean(),
  returnSequences: fc.boolean(),
  zeroOutputForMask: fc.boolean(),
  inputFactors: anyFactors,
  recurrentFactors: anyFactors,
});

export const anySizes: fc.Arbitrary<Sizes> = fc.record<Sizes>({
  batch: fc.constantFrom(1, 2, 3, 4, 7, 33),
  timesteps: fc.constantFrom(1, 2, 7),
  features: fc.constantFrom(1, 3, 4, 9),
  units: fc.constantFrom(1, 3, 4, 5, 17),
});
