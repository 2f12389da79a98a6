import { describe, expect, it } from "vitest";
import { type FunctionBuilder, i32, ModuleBuilder, type V128, v128 } from "./assembler.ts";
import * as math from "./vector-math.ts";

const { POSITIVE_INFINITY: inf, NEGATIVE_INFINITY: minusInf, NaN: nan } = Number;

/** Runs a function of vectors over arrays, four numbers at a time. */
function vectorised(code: (f: FunctionBuilder, x: V128, y: V128) => V128): (x: number[], y?: number[]) => Float32Array {
  const module = new ModuleBuilder();
  module.useMemory({ pages: 64 });
  const third = (64 * 65536) / 4;
  module.func({ name: "run", parameters: { end: "i32" }, export: true }, (f, { end }) => {
    const i = f.i32("i");
    f.forLoop(i, i32.const(0), end, 16, () =>
      f.do(v128.store(i, code(f, v128.load(i), v128.load(i, third)), 2 * third)),
    );
  });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()));
  const memory = new Float32Array((exports.memory as WebAssembly.Memory).buffer);
  return (x, y = []) => {
    memory.set(x);
    memory.set(y, third / 4);
    (exports.run as (end: number) => void)(16 * Math.ceil(x.length / 4));
    return memory.slice(third / 2, third / 2 + x.length);
  };
}

function sweep(low: number, high: number, count = 20001): number[] {
  return Array.from({ length: count }, (_, i) => Math.fround(low + ((high - low) * i) / (count - 1)));
}

/** The largest error in units of the last place of the exact result. */
function worstUlp(actual: Float32Array, exact: number[], floor = 1.17549435e-38): number {
  let worst = 0;
  for (const [i, want] of exact.entries()) {
    const unit = 2 ** (Math.floor(Math.log2(Math.max(Math.abs(want), floor))) - 23);
    const error = Math.abs(actual[i]! - want) / unit;
    if (!(error <= worst)) worst = error;
  }
  return worst;
}

describe("exp", () => {
  const exp = vectorised((f, x) => math.exp(f, x));
  it("is within 2 units in the last place wherever the result is a normal number", () => {
    for (const [low, high] of [
      [-87.3, 88.37],
      [-1, 1],
      [-1e-3, 1e-3],
    ] as const) {
      const x = sweep(low, high);
      expect(worstUlp(exp(x), x.map(Math.exp))).toBeLessThan(2);
    }
  });
  it("goes on to the largest float32 and then overflows", () => {
    const x = sweep(88.37, 88.7228);
    expect(worstUlp(exp(x), x.map(Math.exp))).toBeLessThan(40);
    expect([...exp([88.73, 100, 1e30, inf])]).toEqual([inf, inf, inf, inf]);
  });
  it("underflows to zero and keeps what is not a number", () => {
    expect([...exp([-104, -1e30, minusInf, nan, 0, -0])]).toEqual([0, 0, 0, nan, 1, 1]);
  });
  it("gives exp(-x) with negate", () => {
    const negated = vectorised((f, x) => math.exp(f, x, true));
    const x = sweep(-88.3, 87.3);
    expect(
      worstUlp(
        negated(x),
        x.map((v) => Math.exp(-v)),
      ),
    ).toBeLessThan(2);
    expect([...negated([inf, minusInf, nan, 100, -100])]).toEqual([0, inf, nan, 0, inf]);
  });
});

describe("log", () => {
  const log = vectorised((f, x) => math.log(f, x));
  it("is within 2 units in the last place over the whole range", () => {
    for (const [low, high] of [
      [-87, 88.7],
      [-0.5, 0.5],
      [-1e-3, 1e-3],
    ] as const) {
      const x = sweep(low, high).map((v) => Math.fround(Math.exp(v)));
      expect(worstUlp(log(x), x.map(Math.log))).toBeLessThan(2);
    }
  });
  it("knows subnormal numbers, zero, infinity and what has no logarithm", () => {
    const x = [1e-40, 1e-45];
    expect(
      worstUlp(
        log(x),
        x.map((v) => Math.log(Math.fround(v))),
      ),
    ).toBeLessThan(2);
    expect([...log([0, -0, 1, inf, -1, minusInf, nan, -1e-40])]).toEqual([
      minusInf,
      minusInf,
      0,
      inf,
      nan,
      nan,
      nan,
      nan,
    ]);
  });
});

describe("tanh", () => {
  const tanh = vectorised((f, x) => math.tanh(f, x));
  it("is within 5 units in the last place and never beyond 1", () => {
    for (const [low, high] of [
      [-9, 9],
      [-1, 1],
      [-1e-2, 1e-2],
      [-1e-6, 1e-6],
    ] as const) {
      const x = sweep(low, high);
      const y = tanh(x);
      expect(worstUlp(y, x.map(Math.tanh))).toBeLessThan(5);
      expect(Math.max(...y.map(Math.abs))).toBeLessThanOrEqual(1);
    }
  });
  it("reaches its limits and keeps what is not a number", () => {
    expect([...tanh([20, -20, inf, minusInf, nan, 0])]).toEqual([1, -1, 1, -1, nan, 0]);
  });
});

describe("sigmoid", () => {
  const sigmoid = vectorised((f, x) => math.sigmoid(f, x));
  it("has a relative error of 2.5e-7, and what the last digit of its argument changes, for small results too", () => {
    const x = [...sweep(-87, 20), ...sweep(-4, 4), ...sweep(-1e-3, 1e-3)];
    for (const [i, y] of sigmoid(x).entries()) {
      const exact = 1 / (1 + Math.exp(-x[i]!));
      const bound = 2.5e-7 + Math.abs(x[i]!) * 2 ** -23;
      expect(Math.abs(y / exact - 1), `sigmoid(${x[i]}) = ${y}`).toBeLessThan(bound);
    }
  });
  it("reaches its limits and keeps what is not a number", () => {
    expect([...sigmoid([100, -100, inf, minusInf, nan, 0])]).toEqual([1, 0, 1, 0, nan, 0.5]);
  });
});

/** erf by its Taylor series, or by the continued fraction of erfc. */
function erfExact(x: number): number {
  const a = Math.abs(x);
  if (a < 3) {
    let term = a;
    let sum = a;
    for (let n = 1; n < 120; n++) {
      term *= (-a * a) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let k = 60; k >= 1; k--) fraction = k / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction));
}

describe("erf", () => {
  const erf = vectorised((f, x) => math.erf(f, x));
  it("is within 7 units in the last place and never beyond 1", () => {
    for (const [low, high] of [
      [-6, 6],
      [-1, 1],
      [-1e-3, 1e-3],
    ] as const) {
      const x = sweep(low, high);
      const y = erf(x);
      expect(worstUlp(y, x.map(erfExact))).toBeLessThan(7);
      expect(Math.max(...y.map(Math.abs))).toBeLessThanOrEqual(1);
    }
  });
  it("reaches its limits and keeps what is not a number", () => {
    expect([...erf([10, -10, inf, minusInf, nan, 0])]).toEqual([1, -1, 1, -1, nan, 0]);
  });
});

describe("sin and cos", () => {
  const sin = vectorised((f, x) => math.sin(f, x));
  const cos = vectorised((f, x) => math.cos(f, x));
  it("are within 2 units in the last place for arguments up to a million", () => {
    for (const [low, high] of [
      [-10, 10],
      [-1e-3, 1e-3],
      [-5000, 5000],
      [9.9e5, 1e6],
    ] as const) {
      const x = sweep(low, high);
      // Next to a zero the argument itself is not known better than float32 says, so an absolute floor holds there.
      expect(worstUlp(sin(x), x.map(Math.sin), 1e-6)).toBeLessThan(2);
      expect(worstUlp(cos(x), x.map(Math.cos), 1e-6)).toBeLessThan(2);
    }
  });
  it("have no value at infinity", () => {
    expect([...sin([inf, nan, 0])]).toEqual([nan, nan, 0]);
    expect([...cos([minusInf, nan, 0])]).toEqual([nan, nan, 1]);
  });
});

describe("sign", () => {
  it("is -1, 0, 1 or not a number", () => {
    const sign = vectorised((f, x) => math.sign(f, x));
    expect([...sign([-3, 0, 1e-40, nan, inf, minusInf])]).toEqual([-1, 0, 1, nan, 1, -1]);
  });
});

describe("pow", () => {
  const pow = vectorised(math.pow);
  it("is within 2 units in the last place", () => {
    const x: number[] = [];
    const y: number[] = [];
    for (const base of sweep(-5, 5, 101).map((v) => Math.fround(10 ** v))) {
      for (const power of sweep(-7.5, 7.5, 101)) {
        x.push(base);
        y.push(power);
      }
    }
    const exact = x.map((base, i) => base ** y[i]!);
    const inRange = exact.map((v) => v < 3.4e38 && v > 1.2e-38);
    const keep = <T>(values: ArrayLike<T>): T[] => Array.from(values).filter((_, i) => inRange[i]);
    expect(worstUlp(Float32Array.from(keep(pow(x, y))), keep(exact))).toBeLessThan(2);
  });
  it("has Math.pow's special cases", () => {
    const values = [0, -0, 1, -1, 2, -2, 0.5, -0.5, 3, -3, 1e30, 1e-30, inf, minusInf, nan];
    const pairs = values.flatMap((x) => values.map((y) => [x, y] as const));
    // Where NumPy and Math.pow differ (1 and -1 to the infinite, 1 to what is not a number) NumPy is followed or nothing is promised.
    const promised = pairs.filter(([x, y]) => !(Math.abs(x) === 1 && !Number.isFinite(y)));
    const result = pow(
      promised.map(([x]) => x),
      promised.map(([, y]) => y),
    );
    for (const [i, [x, y]] of promised.entries()) {
      const exact = Math.fround(Math.fround(x) ** y) + 0;
      const actual = result[i]! + 0;
      if (Number.isFinite(exact) && exact !== 0) expect(actual / exact, `${x} ** ${y}`).toBeCloseTo(1, 6);
      else expect(actual, `${x} ** ${y}`).toBe(exact);
    }
  });
});
