import { describe, expect, it } from "vitest";
import { Random } from "../core/random.ts";
import { sizeOf } from "../core/shape.ts";
import { Variable } from "../core/variable.ts";
import { inputValue, map, matmul, reduce, transpose, weightValue } from "../program/builder.ts";
import { evaluateProgram } from "../program/evaluate.ts";
import type { Program, Value } from "../program/program.ts";
import { compileProgram } from "./compile.ts";
import { describeProgram } from "./describe.ts";

const random = new Random(3);
const numbers = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.uniform(-1, 1));
const variable = (name: string, ...shape: number[]): Variable => new Variable(name, shape, numbers(sizeOf(shape)));

/** Runs three steps on the engine and on the reference; results and variables must agree after each. */
function expectSameSteps(program: Program, keep: Value[] = []): string[] {
  const compiled = compileProgram(program, { keep });
  for (let step = 0; step < 3; step++) {
    const inputs = program.inputs.map(({ shape }) => numbers(sizeOf(shape)));
    const expected = evaluateProgram(program, inputs);
    const updates = program.updates.map(({ variable: changed, value }) => [changed, expected.valueOf(value)] as const);
    const results = compiled.run(inputs);
    const compare = (actual: ArrayLike<number>, want: ArrayLike<number>): void => {
      for (let i = 0; i < want.length; i++) expect(actual[i]).toBeCloseTo(want[i]!, 5);
    };
    results.forEach(({ data }, i) => {
      compare(data, expected.results[i]!);
    });
    for (const [changed, want] of updates) compare(changed.data, want);
  }
  return describeProgram(compiled).kernels.map(({ name }) => name);
}

/** Two layers trained by momentum and by Adam's slots, with the first layer's gradient taken through the second's weight. */
function training(): { program: Program; old: Value; step: Value } {
  const [first, second] = [variable("first", 4, 5), variable("second", 5, 3)];
  const [speed, mean, square] = [variable("speed", 4, 5), variable("mean", 5, 3), variable("square", 5, 3)];
  const x = inputValue("x", [6, 4]);
  const w1 = weightValue(first);
  const w2 = weightValue(second);
  const hidden = map([matmul(x, w1)], ([a]) => a!.tanh());
  const output = matmul(hidden, w2);
  const g2 = matmul(hidden, output, { transposeA: true });
  const back = matmul(output, w2, { transposeB: true });
  const g1 = matmul(
    x,
    map([back, hidden], ([b, h]) => b!.times(h!)),
    { transposeA: true },
  );
  const newSpeed = map([weightValue(speed), g1], ([v, g]) => v!.times(0.9).minus(g!.times(0.01)));
  const newMean = map([weightValue(mean), g2], ([m, g]) => m!.times(0.9).plus(g!.times(0.1)));
  const newSquare = map([weightValue(square), g2], ([s, g]) => s!.times(0.99).plus(g!.squared().times(0.01)));
  const step = map([newMean, newSquare], ([m, s]) => m!.over(s!.abs().sqrt().plus(0.1)));
  const updates = [
    { variable: second, value: map([w2, step], ([w, d]) => w!.minus(d!.times(0.01))) },
    { variable: mean, value: newMean },
    { variable: square, value: newSquare },
    { variable: speed, value: newSpeed },
    { variable: first, value: map([w1, newSpeed], ([w, v]) => w!.plus(v!)) },
  ];
  return { program: { inputs: [x], results: [reduce("sum", output, [0, 1])], updates }, old: w2, step };
}

describe("updates at the end of a run", () => {
  it("take a weight and its slots in one loop and write over the old numbers", () => {
    const names = expectSameSteps(training().program);
    expect(names.slice(-2)).toEqual(["map 5×3, 3 results", "map 4×5, 2 results"]);
    expect(names.some((name) => name.startsWith("update"))).toBe(false);
  });

  it("keep the old numbers for whoever asked for them", () => {
    const { program, old } = training();
    const names = expectSameSteps({ ...program, results: [...program.results, old, transpose(old, [1, 0])] });
    expect(names).toContain("update second");
    expect(names).not.toContain("update first");
  });

  it("keep values that are asked for out of the joined loop", () => {
    const { program, step } = training();
    expectSameSteps(program, [program.updates[1]!.value]);
    expectSameSteps(program, [step]);
  });

  it("do not write over numbers that are read in another order", () => {
    const square = variable("square", 4, 4);
    const w = weightValue(square);
    const turned = map([w, transpose(w, [1, 0])], ([a, b]) => a!.times(0.5).minus(b!));
    expect(expectSameSteps({ inputs: [], results: [], updates: [{ variable: square, value: turned }] })).toContain(
      "update square",
    );
  });

  it("do not write over numbers that another update still reads", () => {
    const [a, b] = [variable("a", 3), variable("b", 2, 3)];
    const updates = [
      { variable: a, value: map([weightValue(a)], ([v]) => v!.times(2)) },
      { variable: b, value: map([weightValue(b), weightValue(a)], ([v, w]) => v!.plus(w!)) },
    ];
    expectSameSteps({ inputs: [], results: [], updates });
    expectSameSteps({ inputs: [], results: [], updates: [...updates].reverse() });
  });

  it("give a variable its number on each run, also where it follows from weights alone", () => {
    const [source, target] = [variable("source", 3), variable("target", 3)];
    const old = weightValue(target);
    const value = map([weightValue(source)], ([v]) => v!.times(3));
    const program = { inputs: [], results: [map([old], ([v]) => v!.plus(1))], updates: [{ variable: target, value }] };
    expectSameSteps(program);
    const compiled = compileProgram(program);
    target.assign([7, 8, 9]);
    expect([...compiled.run([])[0]!.data]).toEqual([8, 9, 10]);
    expect(target.data[0]).toBeCloseTo(3 * source.data[0]!, 5);
  });

  it("wait for a number that broadcasts over the joined loop", () => {
    const [rate, speed, weight] = [variable("rate", 1), variable("speed", 2, 3), variable("weight", 2, 3)];
    const v = weightValue(speed);
    const newRate = map([weightValue(rate)], ([r]) => r!.times(0.5));
    const updates = [
      { variable: speed, value: map([v], ([a]) => a!.times(0.9)) },
      { variable: weight, value: map([weightValue(weight), v, newRate], ([w, a, r]) => w!.minus(a!.times(r!))) },
      { variable: rate, value: newRate },
    ];
    expect(expectSameSteps({ inputs: [], results: [], updates })).toContain("map 2×3, 2 results");
  });

  it("broadcast a number that an update computes for another", () => {
    const [rate, weight] = [variable("rate", 1), variable("weight", 2, 3)];
    const newRate = map([weightValue(rate)], ([r]) => r!.times(0.5));
    const updates = [
      { variable: weight, value: map([weightValue(weight), newRate], ([w, r]) => w!.minus(r!)) },
      { variable: rate, value: newRate },
    ];
    expectSameSteps({ inputs: [], results: [], updates });
  });
});
