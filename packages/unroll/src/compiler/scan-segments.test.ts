import v8 from "node:v8";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CellGraph } from "../cells/define.ts";
import { simpleRnn } from "../cells/simple-rnn.ts";
import { linear } from "../equations/activations.ts";
import { reduce } from "../program/builder.ts";
import { differentiate } from "../program/differentiate.ts";
import { evaluateProgram } from "../program/evaluate.ts";
import type { Program } from "../program/program.ts";
import { compileProgram } from "./compile.ts";
import type { Recompute } from "./plan.ts";
import {
  anyChoices,
  anySizes,
  type Choices,
  cells,
  type GradientCase,
  gradientCase,
  plain,
  type Reads,
  scanCase,
  simple,
} from "./scan-cases.ts";
import { lastLength, partLength, segmentCount, segmentLengths, shortSegment } from "./scan-segments.ts";

// Node 20 has fused multiply-add behind this flag.
v8.setFlagsFromString("--experimental-wasm-relaxed-simd");

/** The results of the second run in segments: what the first run left must not matter. */
function secondRun(program: Program, data: readonly Float32Array[], recompute: Recompute): Float32Array[] {
  const compiled = compileProgram(program, { recompute });
  compiled.run(data);
  return compiled.run(data).map((result) => result.data as Float32Array); // results are float32
}

/** Segments change no bit of what belongs to a timestep, and of sums over all timesteps not more than rounding. */
function expectSegments(
  { program, data, arrays }: GradientCase,
  segments: readonly number[],
  wholeParts = false,
): void {
  const atOnce = secondRun(program, data, false);
  const reference = evaluateProgram(program, data).results;
  const gradients = program.results.findIndex(({ operation }) => operation.op === "scan");
  for (const segment of segments) {
    for (const [i, actual] of secondRun(program, data, segment).entries()) {
      const isSum = i < gradients && i >= gradients - arrays;
      if (wholeParts || !isSum) expect(actual, `result ${i} in segments of ${segment}`).toEqual(atOnce[i]);
      for (const [j, want] of reference[i]!.entries()) {
        const close = Math.abs(actual[j]! - want) <= 1e-4 * Math.max(1, Math.abs(want));
        if (!close) expect.fail(`result ${i}, element ${j} in segments of ${segment}: ${actual[j]} instead of ${want}`);
      }
    }
  }
}

const lengths = [1, 2, 3, 7];
const everything: Choices = {
  ...simple,
  mask: true,
  initial: true,
  inputFactors: "each",
  recurrentFactors: "each",
};

describe("a scan in segments", () => {
  for (const [name, cell] of Object.entries(cells)) {
    it(`gives a ${name} the same gradients in segments of any length`, () => {
      for (const [batch, returnSequences] of [
        [1, true],
        [1, false],
        [5, true],
        [5, false],
      ] as const) {
        const sizes = { batch, timesteps: 11, features: 3, units: 5 };
        const choices = batch === 1 ? simple : everything;
        expectSegments(gradientCase(cell, sizes, { ...choices, returnSequences }, { reads: "all" }), lengths);
      }
    });

    it(`gives a ${name} the same bits in segments of whole parts`, () => {
      const make = (batch: number, timesteps: number, choices: Choices): GradientCase =>
        gradientCase(cell, { batch, timesteps, features: 2, units: 3 }, choices, { reads: "all" });
      // So many examples that each timestep is a part, or is even cut further.
      expectSegments(make(512, 5, everything), [1, 2, 3], true);
      expectSegments(make(800, 4, simple), [3], true);
      expect(partLength({ batch: 128, timesteps: 26 })).toBe(4);
      expectSegments(make(128, 26, simple), [4, 16], true);
    });
  }

  it("carries gradients of states from segment to segment, also where products outside of the loop read them", () => {
    const linearCell = simpleRnn.graph({ ...plain, activation: linear });
    for (const wrt of [undefined, "input"] as const) {
      const sizes = { batch: 2, timesteps: 5, features: 3, units: 4 };
      expectSegments(gradientCase(linearCell, sizes, { ...simple, returnSequences: false }, { wrt }), [2, 3]);
    }
  });

  it("serves two gradients of one scan", () => {
    const { operation, results, inputs, data } = scanCase(
      cells.GRU as CellGraph,
      { batch: 2, timesteps: 5, features: 3, units: 4 },
      simple,
    );
    const loss = reduce("sum", results[0]!, [0, 1, 2]);
    const gradients = [operation.input, ...operation.arrays].flatMap((value) => differentiate(loss, [value]));
    const program: Program = { inputs, results: [...gradients, results[0]!], updates: [] };
    expectSegments({ program, data, arrays: operation.arrays.length }, [2]);
  });

  it("gives the same numbers with any mask, direction, states and factors", () => {
    const reads = fc.constantFrom<Reads>("output", "all", "states");
    const wrt = fc.constantFrom(undefined, "input" as const, "arrays" as const);
    const timesteps = fc.integer({ min: 2, max: 12 });
    const segment = fc.integer({ min: 1, max: 11 });
    const names = fc.constantFrom(...Object.keys(cells));
    fc.assert(
      fc.property(
        names,
        anySizes,
        timesteps,
        segment,
        anyChoices,
        reads,
        wrt,
        (name, sizes, T, S, chosen, read, only) =>
          expectSegments(gradientCase(cells[name]!, { ...sizes, timesteps: T }, chosen, { reads: read, wrt: only }), [
            S,
          ]),
      ),
      { numRuns: 40 },
    );
  });

  it("predicts the same bits", () => {
    for (const cell of Object.values(cells)) {
      for (const choices of [simple, everything, { ...everything, backwards: true, returnSequences: false }]) {
        const { inputs, results, data } = scanCase(cell, { batch: 3, timesteps: 11, features: 3, units: 5 }, choices);
        const program: Program = { inputs, results, updates: [] };
        const atOnce = secondRun(program, data, false);
        for (const segment of lengths) expect(secondRun(program, data, segment)).toEqual(atOnce);
      }
    }
  });

  it("keeps of each timestep only what leaves the scan, and of each segment its first states", () => {
    const batch = 32;
    const units = 16;
    const features = 4;
    const bytesOf = (timesteps: number, recompute: Recompute, returnSequences: boolean): number => {
      const { program } = gradientCase(
        cells.LSTM as CellGraph,
        { batch, timesteps, features, units },
        {
          ...simple,
          returnSequences,
        },
      );
      return compileProgram(program, { recompute }).memory.workspace;
    };
    const row = 4 * batch;
    for (const returnSequences of [true, false]) {
      const grown = (recompute: Recompute) =>
        (bytesOf(4096, recompute, returnSequences) - bytesOf(2048, recompute, returnSequences)) / 2048 / row;
      // x and its gradient, which is wanted here; of a sequence the output and its gradient (the weights of the loss, and their
      // product with the output); 13 numbers a unit at once.
      const outside = 2 * features + (returnSequences ? 4 * units : 0);
      const starts = ((returnSequences ? 1 : 2) * units) / 64;
      expect(grown(64)).toBeLessThanOrEqual(outside + starts + 0.5);
      expect(grown(false)).toBeGreaterThan(outside + 8 * units);
    }
  });

  it("is used of its own accord only where it saves much", () => {
    const sizes = { batch: 32, features: 8, units: 64 };
    const long = gradientCase(cells.LSTM as CellGraph, { ...sizes, timesteps: 8000 }, simple).program;
    const automatic = compileProgram(long).memory.bytes;
    expect(automatic).toBeLessThan(0.6 * compileProgram(long, { recompute: false }).memory.bytes);
    const short = gradientCase(cells.LSTM as CellGraph, { ...sizes, timesteps: 800 }, simple).program;
    expect(compileProgram(short).memory.bytes).toBe(compileProgram(short, { recompute: false }).memory.bytes);
  });
});

describe("the lengths of segments", () => {
  it("are near a third of the timesteps' square root and whole numbers of parts", () => {
    for (const [batch, timesteps] of [
      [32, 10000],
      [32, 100000],
      [1, 100000],
      [7, 1234],
      [600, 50],
    ] as const) {
      const part = partLength({ batch, timesteps });
      const segment = shortSegment({ batch, timesteps });
      expect(segment % part).toBe(0);
      expect(Math.abs(segment - Math.sqrt(timesteps) / 3)).toBeLessThanOrEqual(Math.max(part / 2, part - 1));
      expect((segmentCount({ timesteps, segment }) - 1) * segment + lastLength({ timesteps, segment })).toBe(timesteps);
    }
    expect(shortSegment({ batch: 2, timesteps: 5 })).toBe(5);
    expect(segmentLengths({ timesteps: 10, segment: 5 })).toEqual([5]);
    expect(segmentLengths({ timesteps: 11, segment: 5 })).toEqual([5, 1]);
  });
});
