import { describe, expect, it } from "vitest";
import { apply, argument, constant, type Expr, product, select, unary } from "../equations/expr.ts";
import { f32x4, ModuleBuilder, supportsRelaxedSimd, type V128, v128 } from "./assembler.ts";
import { ExpressionEmitter } from "./emit-expr.ts";
import { wasmMachine } from "./machine.ts";
import { costOf } from "./terms.ts";
import { toWat } from "./wat.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const a = argument("a");
const b = argument("b");

/** Emits the roots over two operands; gives their values for four elements each, and the text of the function. */
function emit(roots: Expr[], { relaxed = false } = {}): { run(a: number[], b?: number[]): number[][]; text: string } {
  const module = new ModuleBuilder(wasmMachine(relaxed));
  module.useMemory({ pages: 1 });
  const fn = module.func({ name: "run", export: true }, (f) => {
    const emitter = new ExpressionEmitter(f, roots, (expr): V128 => v128.load(expr === a ? 0 : 16));
    for (const [i, root] of roots.entries()) f.do(v128.store(32 + 16 * i, emitter.value(root)));
  });
  const text = toWat(module, fn);
  return {
    text,
    run(first, second = []) {
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()));
      const memory = new Float32Array((exports.memory as WebAssembly.Memory).buffer);
      memory.set(first, 0);
      memory.set(second, 4);
      (exports.run as () => void)();
      return roots.map((_, i) => [...memory.subarray(8 + 4 * i, 12 + 4 * i)]);
    },
  };
}

describe("emitted expressions", () => {
  it("give what the operators say, in the order of their operands", () => {
    const first = [1, -2, 0.5, 9];
    const second = [4, 3, -0.5, 9];
    const cases: [Expr, (x: number, y: number) => number][] = [
      [a.plus(b), (x, y) => x + y],
      [a.minus(b), (x, y) => x - y],
      [a.times(b), (x, y) => x * y],
      [a.over(b), (x, y) => x / y],
      [a.over(4), (x) => x / 4],
      [a.over(3), (x) => x / 3],
      [a.max(b), (x, y) => Math.max(x, y)],
      [a.min(b), (x, y) => Math.min(x, y)],
      [a.max(0.75), (x) => Math.max(x, 0.75)],
      [a.clip(-1, 1), (x) => Math.min(1, Math.max(-1, x))],
      [a.lessThan(b), (x, y) => Number(x < y)],
      [a.atMost(b), (x, y) => Number(x <= y)],
      [a.greaterThan(b), (x, y) => Number(x > y)],
      [a.equals(b), (x, y) => Number(x === y)],
      [select(a.lessThan(b), a, b.times(2)), (x, y) => (x < y ? x : 2 * y)],
      [select(a.plus(2), a, b), (x, y) => (x + 2 !== 0 ? x : y)],
      [a.times(b).plus(a), (x, y) => x * y + x],
      [a.plus(a.times(b)), (x, y) => x * y + x],
      [a.minus(a.times(b)), (x, y) => x - x * y],
      [a.times(b).minus(a), (x, y) => x * y - x],
      [a.negated(), (x) => -x],
      [a.abs(), Math.abs],
      [b.abs().sqrt(), (_, y) => Math.sqrt(Math.abs(y))],
      [a.floor(), Math.floor],
      [a.ceil(), Math.ceil],
      [a.sign(), Math.sign],
      [a.squared(), (x) => x * x],
      [a.power(3), (x) => x ** 3],
      [a.power(7), (x) => x ** 7],
      [a.power(-2), (x) => x ** -2],
      [a.abs().power(0.5), (x) => Math.abs(x) ** 0.5],
      [a.abs().power(1.7), (x) => Math.abs(x) ** 1.7],
      [a.abs().power(b), (x, y) => Math.abs(x) ** y],
      [a.tanh(), Math.tanh],
      [a.sigmoid(), (x) => 1 / (1 + Math.exp(-x))],
      [a.exp(), Math.exp],
      [a.negated().exp(), (x) => Math.exp(-x)],
      [a.abs().log(), (x) => Math.log(Math.abs(x))],
      [unary("sin", a), Math.sin],
      [unary("cos", a), Math.cos],
    ];
    for (const relaxed of supportsRelaxedSimd() ? [true, false] : [false]) {
      const results = emit(
        cases.map(([expr]) => expr),
        { relaxed },
      ).run(first, second);
      for (const [i, [expr, want]] of cases.entries()) {
        for (let lane = 0; lane < 4; lane++) {
          const exact = want(first[lane]!, second[lane]!);
          expect(Math.abs(results[i]![lane]! - exact), `case ${i} (${expr.node.op}), lane ${lane}`).toBeLessThanOrEqual(
            1e-6 * Math.abs(exact),
          );
        }
      }
    }
  });

  it("do not let the side that was not chosen leak, whatever it is", () => {
    const [chosen] = emit([select(a.greaterThan(0), a, b)]).run([1, -1, 2, -2], [nan, 5, inf, -inf]);
    expect(chosen).toEqual([1, 5, 2, -inf]);
    const [safe] = emit([select(a.greaterThan(0), a.log(), 0)]).run([1, -1, 0, -2]);
    expect(safe).toEqual([0, 0, 0, 0]);
  });

  it("take not-a-number as a condition that is not 0", () => {
    expect(emit([select(a, 1, 2)]).run([nan, 0, -0, 3])[0]).toEqual([1, 2, 2, 1]);
  });

  it("pass on what is not a number through maximum and minimum, as NumPy", () => {
    const roots = [a.max(b), a.min(b), a.max(0), a.min(0)];
    const [max, min, relu, negative] = emit(roots).run([nan, 1, -1, nan], [1, nan, 2, nan]);
    expect(max).toEqual([nan, nan, 2, nan]);
    expect(min).toEqual([nan, nan, -1, nan]);
    expect(relu).toEqual([nan, 1, 0, nan]);
    expect(negative).toEqual([nan, 0, -1, nan]);
    // A constant as the first operand must not change that.
    expect(emit([constant(0).max(a)]).run([nan, -3, 4, 0])[0]).toEqual([nan, 0, 4, 0]);
  });

  it("compare false with what is not a number", () => {
    expect(emit([a.lessThan(b), a.equals(b), a.atMost(b)]).run([nan, 1, nan, 2], [1, nan, nan, 2])).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 1],
      [0, 0, 0, 1],
    ]);
  });

  it("enter named functions through their body", () => {
    const swish = { name: "swish", symbol: "swish", latex: "", body: (x: Expr) => x.times(x.sigmoid()) };
    const [result] = emit([apply(swish, a.times(2))]).run([0, 1, -1, 50]);
    for (const [i, x] of [0, 2, -2, 100].entries()) expect(result![i]).toBeCloseTo(x / (1 + Math.exp(-x)), 6);
  });

  it("compute equal parts once, also when they were written twice", () => {
    const { text, run } = emit([a.times(3).tanh().plus(a.times(3).tanh().times(b)), a.times(3).tanh()]);
    expect(text.match(/f32x4\.div/g)).toHaveLength(1);
    expect(text.match(/v128\.load /g)).toHaveLength(2);
    expect(run([0, 0, 0, 0], [1, 1, 1, 1])).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
  });

  it("fold what is known beforehand, and load constants at entry only", () => {
    const { text } = emit([a.times(b.minus(b).times(0).plus(2).minus(1)), a.plus(argument("c").times(0.5))]);
    expect(text.indexOf("v128.const")).toBeLessThan(text.indexOf("v128.load"));
    const folded = emit([
      a
        .times(select(constant(1), 2, nan))
        .plus(0)
        .over(1),
    ]);
    expect(folded.text.match(/f32x4\.\w+/g)).toEqual(["f32x4.mul"]);
  });

  it("join a product used once with the sum it goes into, and keep one used twice", () => {
    const shared = a.times(b);
    expect(emit([a.times(b).plus(1)], { relaxed: true }).text).toContain("relaxed_madd");
    expect(emit([a.minus(a.times(b))], { relaxed: true }).text).toContain("relaxed_nmadd");
    expect(emit([shared.plus(1), shared], { relaxed: true }).text).not.toContain("relaxed");
  });

  it("take values that the caller has computed", () => {
    const module = new ModuleBuilder(wasmMachine(false));
    module.useMemory({ pages: 1 });
    const wx = product(a, "W", { array: "kernel", block: 0, row: 0 });
    const root = wx.plus(b).tanh();
    module.func({ name: "run", export: true }, (f) => {
      const accumulator = f.let(f32x4.const(0.5));
      const emitter = new ExpressionEmitter(f, [root], () => f32x4.const(1));
      emitter.define(wx, accumulator);
      f.do(v128.store(0, emitter.value(root)));
    });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()));
    (exports.run as () => void)();
    expect(new Float32Array((exports.memory as WebAssembly.Memory).buffer)[3]).toBeCloseTo(Math.tanh(1.5), 6);
  });
});

describe("the cost of an expression", () => {
  it("counts equal parts once and leaves not at all", () => {
    expect(costOf([a.times(b).plus(a.times(b)).tanh(), a.times(b)])).toEqual({ operations: 3, transcendental: 1 });
  });
});
