import { describe, expect, it, vi } from "vitest";
import { Random } from "../core/random.ts";
import { Variable } from "../core/variable.ts";
import { one } from "../equations/expr.ts";
import { filled, inputValue, map, random, reduce, weightValue } from "../program/builder.ts";
import { evaluateProgram } from "../program/evaluate.ts";
import type { Program, Value } from "../program/program.ts";
import { compileProgram } from "./compile.ts";
import { describeProgram } from "./describe.ts";
import { expectReference, numbers, softmax } from "./testing.ts";

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
    const { memory } = describeProgram(compiled);
    expect(memory.temporary).toBeLessThan(8 * 256);
  });

  it("joins maps that only one other map reads, and keeps those that are asked for", () => {
    const x = inputValue("x", [4]);
    const inner = map([x], ([a]) => a!.plus(1));
    const outer = map([inner], ([a]) => a!.times(a!));
    const joined = compileProgram({ inputs: [x], results: [outer], updates: [] });
    expect(describeProgram(joined).kernels).toHaveLength(1);
    const kept = compileProgram({ inputs: [x], results: [outer], updates: [] }, { keep: [inner] });
    expect(describeProgram(kept).kernels).toHaveLength(2);
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
    expect(describeProgram(compiled).kernels.map(({ when }) => when)).toEqual(["prepare", "prepare", "run"]);
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
      /compile: the program must fit into 4 GiB\. Received: bytes = 8\d{10} \(74\.5 GiB\), of which .* takes 37\.3 GiB\. Use a smaller batch or fewer timesteps\.$/,
    );
    const y = inputValue("y", [1000]);
    expect(() =>
      compileProgram({ inputs: [y], results: [map([y], ([a]) => a!.plus(one))], updates: [] }, { limit: 5000 }),
    ).toThrow(/4\.88 KiB.*, or raise the limit\.$/);
  });

  it("says so where a page's policy forbids WebAssembly", () => {
    const module = vi.spyOn(WebAssembly, "Module").mockImplementation(() => {
      throw new WebAssembly.CompileError("Wasm code generation disallowed by embedder");
    });
    const x = inputValue("x", [1]);
    expect(() => compileProgram({ inputs: [x], results: [x], updates: [] }, { relaxed: false })).toThrow(
      /^compile: this place must allow WebAssembly\. .*wasm-unsafe-eval/,
    );
    module.mockRestore();
  });

  it("describes its kernels as a table", () => {
    const x = inputValue("x", [2, 3]);
    const text = describeProgram(
      compileProgram({ inputs: [x], results: [map([x], ([a]) => softmax(a!))], updates: [] }),
    );
    expect(text.kernels[0]).toMatchObject({ name: "rows 2×3", when: "run", flops: 6 * 3 });
    expect(text.kernels[0]!.reads).toEqual(["input x [2, 3] @0+24"]);
    expect(String(text)).toContain("input x [2, 3] @");
    expect(text.wat("rows")).toContain("(func $rows");
  });
});
