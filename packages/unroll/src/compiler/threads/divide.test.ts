import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { UnrollError } from "../../core/errors.ts";
import { Random } from "../../core/random.ts";
import { Variable } from "../../core/variable.ts";
import { inputValue, map, matmul, random, reduce, reshape, weightValue } from "../../program/builder.ts";
import type { Program } from "../../program/program.ts";
import { type DividedProgram, type DivideRequest, divideProgram } from "./divide.ts";
import { Helper } from "./helper.ts";

afterEach(() => vi.restoreAllMocks());

const parts = 2;

/**
 * Sums of x² · w and of x + noise over a part, and four times x + noise, which lies in memory where the noise was; the end adds
 * them up, changes w, and tells the sums.
 */
function request(w: Variable, more: Partial<DivideRequest> = {}): DivideRequest {
  const x = inputValue("x", [3, 4]);
  const factor = inputValue("factor", []);
  const total = (value: typeof x) => reshape(reduce("sum", value, [0, 1]), []);
  const noise = [random([3, 4], "uniform"), random([1, 4], "normal")];
  const noisy = map([x, ...noise], ([a, b, c]) => a!.plus(b!).plus(c!));
  const results = [
    total(map([x, weightValue(w), factor], ([a, b, c]) => a!.squared().times(b!).times(c!))),
    total(noisy),
    matmul(matmul(noisy, twice), twice),
  ];
  const given = [0, 1].map(() => results.map(({ shape }) => inputValue("result", shape)));
  const step = inputValue("step", []);
  const added = results.map((_, i) =>
    map(
      given.map((part) => part[i]!),
      ([a, b]) => a!.plus(b!),
    ),
  );
  return {
    parts,
    part: { inputs: [x, factor], results, updates: [] },
    cut: 1,
    end: {
      inputs: [...given.flat(), step],
      results: [added[0]!, added[1]!, total(added[2]!)],
      updates: [{ variable: w, value: map([weightValue(w), step], ([a, b]) => a!.plus(b!)) }],
    },
    randoms: [
      [6, 4],
      [1, 4],
    ],
    smallestPart: 0,
    ...more,
  };
}

/** Twice the identity. */
const twice = weightValue(
  new Variable(
    "twice",
    [4, 4],
    Float32Array.from({ length: 16 }, (_, i) => (i % 5 === 0 ? 2 : 0)),
  ),
);

const numbers = Float32Array.from({ length: 24 }, (_, i) => i / 8);

/** What the numbers of one thread's generator make of the sums. */
function expected(w: number, seed: number): number[] {
  const draws = new Random(seed);
  const noise = Array.from({ length: 24 }, () => draws.uniform());
  const shared = Array.from({ length: 4 }, () => draws.normal());
  const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
  const noisy = sum([...numbers].map((x, i) => x + noise[i]! + shared[i % 4]!));
  return [sum([...numbers].map((x) => 2 * w * x * x)), noisy, 4 * noisy];
}

/** A step of 1 with a factor of 2. */
function run(program: DividedProgram, seed: number): number[] {
  const inputs = { cut: [numbers], common: [Float32Array.of(2)], end: [Float32Array.of(1)] };
  return program.run(inputs, new Random(seed)).map(({ data }) => data[0]!);
}

describe("a divided program", () => {
  it("adds up what the parts give, draws as one thread does, and takes up what the end has changed", () => {
    const w = new Variable("w", [], Float32Array.of(3));
    const program = divideProgram(request(w))!;
    expect(program.threads).toBe(2);
    for (const now of [3, 4, 5]) {
      const found = run(program, 7);
      for (const [i, value] of expected(now, 7).entries()) expect(found[i]).toBeCloseTo(value, 3);
    }
    expect(w.data[0]).toBe(6);
    w.assign([10]);
    expect(run(program, 7)[0]).toBeCloseTo(expected(10, 7)[0]!, 3);
    program.release();
  });

  it("gives the same bits whoever runs a part", async () => {
    const [w, other] = [0, 1].map(() => new Variable("w", [], Float32Array.of(3)));
    const helped = divideProgram(request(w!))!;
    const alone = divideProgram(request(other!))!;
    const results: number[][] = [];
    for (const end = Date.now() + 20_000; helped.helped === 0 && Date.now() < end; await pause(1)) {
      results.push(run(helped, results.length));
    }
    expect(helped.helped).toBeGreaterThan(0);
    vi.spyOn(Helper.prototype, "takeBack").mockReturnValue(true);
    vi.spyOn(Helper.prototype, "offer").mockImplementation(() => {});
    expect(results.map((_, seed) => run(alone, seed))).toEqual(results);
    helped.release();
    alone.release();
  });

  it("runs a part again that threw in a worker, with the same random numbers", () => {
    const [w, other] = [0, 1].map(() => new Variable("w", [], Float32Array.of(3)));
    const [failing, whole] = [w, other].map((variable) => divideProgram(request(variable!))!);
    vi.spyOn(Helper.prototype, "takeBack").mockReturnValue(false);
    vi.spyOn(Helper.prototype, "finish").mockReturnValue(false);
    const found = [1, 2].map((seed) => run(failing!, seed));
    vi.restoreAllMocks();
    expect([1, 2].map((seed) => run(whole!, seed))).toEqual(found);
    for (const program of [failing!, whole!]) program.release();
  });

  it("changes nothing and does not run any more when a worker has died in the middle of a part", () => {
    const w = new Variable("w", [], Float32Array.of(3));
    const program = divideProgram(request(w))!;
    vi.spyOn(Helper.prototype, "takeBack").mockReturnValue(false);
    vi.spyOn(Helper.prototype, "finish").mockImplementation(() => {
      throw new UnrollError({ code: "aborted", path: "threads", expected: "no answer" });
    });
    expect(() => run(program, 1)).toThrow("no answer");
    vi.restoreAllMocks();
    expect(() => run(program, 1)).toThrow("no answer");
    expect(w.data[0]).toBe(3);
    program.release();
  });

  it("is refused where it does not pay or random numbers do not go with the examples", () => {
    const w = new Variable("w", [], Float32Array.of(3));
    expect(divideProgram(request(w, { smallestPart: undefined }))).toBeUndefined();
    expect(divideProgram(request(w, { randoms: [[6, 4]] }))).toBeUndefined();
    expect(
      divideProgram(
        request(w, {
          randoms: [
            [5, 4],
            [1, 4],
          ],
        }),
      ),
    ).toBeUndefined();
    vi.spyOn(WebAssembly, "Memory").mockImplementation(function refuse() {
      throw new RangeError("WebAssembly.Memory(): could not allocate memory");
    });
    expect(divideProgram(request(w))).toBeUndefined();
  });

  it("needs more work the more numbers go to and fro", () => {
    /** Two products with a matrix that does not change; the result is what is exchanged. */
    const program = (columns: number): Program => {
      const x = inputValue("x", [64, 64]);
      const wide = matmul(x, weightValue(new Variable("m", [64, 4096], new Float32Array(64 * 4096))));
      const sums = reshape(reduce("sum", wide, [0]), [4096]);
      const kept = map([sums], ([a]) => a!.times(2));
      const taken = reshape(kept, [4096]);
      return { inputs: [x], results: columns > 0 ? Array.from({ length: columns }, () => taken) : [], updates: [] };
    };
    const ends = (part: Program): Program => {
      const inputs = [0, 1].flatMap(() => part.results.map(({ shape }, i) => inputValue(`r${i}`, shape)));
      return { inputs, results: [map([inputs[0]!], ([a]) => a!.plus(1))], updates: [] };
    };
    const divided = [1, 200].map((columns) => {
      const part = program(columns);
      return divideProgram({ parts, part, cut: 1, end: ends(part), randoms: [] });
    });
    expect(divided.map((one) => one?.threads)).toEqual([2, undefined]);
    divided[0]!.release();
  });
});
