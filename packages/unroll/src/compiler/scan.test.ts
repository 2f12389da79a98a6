import v8 from "node:v8";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Cell, type CellChoices, type CellGraph, defineCell } from "../cells/define.ts";
import { gru } from "../cells/gru.ts";
import { lstm } from "../cells/lstm.ts";
import { simpleRnn } from "../cells/simple-rnn.ts";
import { Random } from "../core/random.ts";
import { sizeOf } from "../core/shape.ts";
import { Variable } from "../core/variable.ts";
import { relu, sigmoid, softmax, sparsemax, tanh } from "../equations/activations.ts";
import { inputValue, scan, weightValue } from "../program/builder.ts";
import { evaluateProgram } from "../program/evaluate.ts";
import type { Program, ScanOperation, Value } from "../program/program.ts";
import { supportsRelaxedSimd } from "./assembler.ts";
import { compileProgram } from "./compile.ts";

// Node 20 has fused multiply-add behind this flag; without it both runs below round twice.
v8.setFlagsFromString("--experimental-wasm-relaxed-simd");

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

const plain: CellChoices = { activation: tanh, recurrentActivation: sigmoid, useBias: true, options: {} };
const cells: Record<string, CellGraph> = {
  SimpleRNN: simpleRnn.graph(plain),
  LSTM: lstm.graph(plain),
  GRU: gru.graph(plain),
  "GRU, reset before": gru.graph({ ...plain, options: { resetAfter: false } }),
  "LSTM without bias": lstm.graph({ ...plain, useBias: false }),
  "peephole LSTM": peephole.graph(plain),
  "minimal gated unit": minimalGatedUnit.graph(plain),
  odd: odd.graph(plain),
};

interface Sizes {
  readonly batch: number;
  readonly timesteps: number;
  readonly features: number;
  readonly units: number;
}

interface Choices {
  readonly mask: boolean;
  readonly initial: boolean;
  readonly backwards: boolean;
  readonly returnSequences: boolean;
  readonly zeroOutputForMask: boolean;
  readonly inputFactors: "none" | "one" | "each";
  readonly recurrentFactors: "none" | "one" | "each";
}

const simple: Choices = {
  mask: false,
  initial: false,
  backwards: false,
  returnSequences: true,
  zeroOutputForMask: false,
  inputFactors: "none",
  recurrentFactors: "none",
};

/** A scan whose data are all inputs (or variables), with random numbers for them. */
function program(
  cell: CellGraph,
  { batch, timesteps, features, units }: Sizes,
  choices: Choices,
  seed = 1,
): { program: Program; data: Float32Array[] } {
  const random = new Random(seed);
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
    return weightValue(new Variable(name, shape, numbers));
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
  return { program: { inputs, results: scan(operation), updates: [] }, data };
}

/** Compares every result with the float64 reference, in two runs of the same module. */
function expectReference(cell: CellGraph, sizes: Sizes, choices = simple, tolerance = 5e-6): void {
  for (const relaxed of supportsRelaxedSimd() ? [true, false] : [false]) {
    const { program: made, data } = program(cell, sizes, choices);
    const compiled = compileProgram(made, { relaxed });
    const expected = evaluateProgram(made, data).results;
    for (let run = 0; run < 2; run++) {
      const results = compiled.run(data);
      for (const [i, { data: actual }] of results.entries()) {
        for (const [j, want] of expected[i]!.entries()) {
          if (Math.abs(actual[j]! - want) <= tolerance * Math.max(1, Math.abs(want))) continue;
          expect.fail(`run ${run}, result ${i}, element ${j}: ${actual[j]} instead of ${want}`);
        }
      }
    }
  }
}

const batches = [1, 2, 5, 32, 33];
const unitCounts = [1, 3, 4, 5, 17, 30];

describe("a compiled scan", () => {
  for (const [name, cell] of Object.entries(cells)) {
    it(`gives the numbers of the reference for a ${name} of any size`, () => {
      for (const batch of batches) {
        for (const [i, units] of unitCounts.entries()) {
          const timesteps = [1, 2, 7][(batch + i) % 3]!;
          const features = [1, 3, 4, 9][(batch + 3 * i) % 4]!;
          expectReference(cell, { batch, timesteps, features, units });
        }
      }
    });
  }

  it("gives the numbers of the reference with any mask, direction, states and factors", () => {
    const how = fc.constantFrom("none" as const, "one" as const, "each" as const);
    const choices = fc.record<Choices>({
      mask: fc.boolean(),
      initial: fc.boolean(),
      backwards: fc.boolean(),
      returnSequences: fc.boolean(),
      zeroOutputForMask: fc.boolean(),
      inputFactors: how,
      recurrentFactors: how,
    });
    const sizes = fc.record<Sizes>({
      batch: fc.constantFrom(1, 2, 3, 4, 7, 33),
      timesteps: fc.constantFrom(1, 2, 7),
      features: fc.constantFrom(1, 3, 4, 9),
      units: fc.constantFrom(1, 3, 4, 5, 17),
    });
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(cells)), sizes, choices, (cell, size, chosen) =>
        expectReference(cell, size, chosen),
      ),
      { numRuns: 150 },
    );
  });

  it("runs cells whose activation needs the whole row", () => {
    for (const activation of [softmax, sparsemax, relu]) {
      for (const make of [simpleRnn, lstm, gru] as Cell[]) {
        for (const units of [1, 3, 8, 17]) {
          const cell = make.graph({ ...plain, activation, recurrentActivation: softmax });
          expectReference(cell, { batch: 5, timesteps: 3, features: 4, units });
        }
      }
    }
  });

  it("holds sizes where the inner axis and the rows are cut into parts", () => {
    expectReference(lstm.graph(plain), { batch: 3, timesteps: 2, features: 900, units: 20 }, simple, 2e-5);
    expectReference(gru.graph(plain), { batch: 210, timesteps: 2, features: 5, units: 12 });
    expectReference(simpleRnn.graph(plain), { batch: 6, timesteps: 1, features: 2, units: 1030 }, simple, 2e-5);
  });
});
