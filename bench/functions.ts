/**
 * What one core does in WebAssembly here: the limit of multiply-adds, the functions of equations, elementwise maps, the
 * cost of a call that computes nearly nothing, and the least time that each workload can take with them. Run with
 * `npm run bench -- functions`.
 */
import { type FunctionBuilder, f32x4, type V128, v128 } from "../packages/unroll/src/compiler/assembler.ts";
import { compileProgram } from "../packages/unroll/src/compiler/index.ts";
import * as math from "../packages/unroll/src/compiler/vector-math.ts";
import type { Expr } from "../packages/unroll/src/equations/expr.ts";
import { inputValue, map, reduce } from "../packages/unroll/src/program/builder.ts";
import { floorsOf } from "./floors.ts";
import { exportOf, peakFlops, peakFunction } from "./machine.ts";
import { digits } from "./table.ts";

/** Median of several timings of `work`, in ns for one call. */
function nanoseconds(work: () => void, calls: number): number {
  const until = performance.now() + 150;
  while (performance.now() < until) work();
  const times = Array.from({ length: 9 }, () => {
    const start = performance.now();
    for (let i = 0; i < calls; i++) work();
    return ((performance.now() - start) * 1e6) / calls;
  });
  return times.sort((a, b) => a - b)[4]!;
}

/** Prints a line, and gives its number back. */
function line(name: string, value: number, unit: string): number {
  console.log(`${name.padEnd(44)} ${value.toFixed(value < 10 ? 2 : 1).padStart(8)} ${unit}`);
  return value;
}

function peak(): number {
  return line("multiply-add, the limit of one core", peakFlops / nanoseconds(peakFunction(), 20), "GFLOP/s");
}

/** Elements in a nanosecond, by name. */
function functions(): Readonly<Record<string, number>> {
  const count = 4096;
  const unary: Record<string, (f: FunctionBuilder, x: V128) => V128> = {
    copy: (_, x) => x,
    exp: (f, x) => math.exp(f, x),
    sigmoid: math.sigmoid,
    tanh: math.tanh,
    log: (f, x) => math.log(f, x),
    erf: math.erf,
    sin: math.sin,
    pow: (f, x) => math.pow(f, f32x4.add(x, f.splat(2)), x),
  };
  const rates: Record<string, number> = {};
  for (const [name, code] of Object.entries(unary)) {
    const run = exportOf((f) => {
      const i = f.i32();
      f.forLoop(i, 0, 4 * count, 16, () => f.do(v128.store(i, code(f, v128.load(i)), 4 * count)));
    });
    rates[name] = line(`${name}, elements in the first cache`, count / nanoseconds(run, 200), "per ns");
  }
  return rates;
}

function maps(): void {
  const cases: [string, number[], (x: Expr, y: Expr) => Expr][] = [
    ["x + y", [64, 64], (x, y) => x.plus(y)],
    ["tanh(x) · y", [64, 64], (x, y) => x.tanh().times(y)],
    ["softmax", [64, 64], (x) => x.minus(x.rowMax()).exp().over(x.minus(x.rowMax()).exp().rowSum())],
  ];
  for (const [name, shape, equation] of cases) {
    const x = inputValue("x", shape);
    const y = inputValue("y", shape);
    const result = map([x, y], ([a, b]) => equation(a!, b!));
    const compiled = compileProgram({ inputs: [x, y], results: [result], updates: [] });
    const size = shape.reduce((a, b) => a * b, 1);
    const data = new Float32Array(size).fill(0.5);
    line(
      `map ${name} of ${shape.join("×")}, with copies`,
      size / nanoseconds(() => compiled.run([data, data]), 500),
      "per ns",
    );
  }
  const x = inputValue("x", [4096, 64]);
  const data = new Float32Array(4096 * 64).fill(0.5);
  for (const axes of [[0], [1], [0, 1]]) {
    const sum = compileProgram({ inputs: [x], results: [reduce("sum", x, axes)], updates: [] });
    const copied = compileProgram({
      inputs: [x],
      results: [reduce("sum", inputValue("z", [1]), [0])].slice(1),
      updates: [],
    });
    const time = nanoseconds(() => sum.runInPlace([data]), 20) - nanoseconds(() => copied.runInPlace([data]), 20);
    line(`sum of 4096×64 over axes ${axes.join(", ")}, with input copy`, (4096 * 64) / time, "per ns");
  }
}

function overhead(): void {
  const x = inputValue("x", [1, 1]);
  const compiled = compileProgram({ inputs: [x], results: [map([x], ([a]) => a!.plus(1))], updates: [] });
  const inputs = [new Float32Array(1)];
  line(
    "a whole run of one addition",
    nanoseconds(() => compiled.run(inputs), 100000),
    "ns",
  );
}

/** The table of docs/performance.md. */
function floors(flops: number, { sigmoid, tanh }: Readonly<Record<string, number>>): void {
  console.log("\n| a prediction | sigmoids | tangents | products, ms | functions, ms | floor, ms |");
  console.log("| --- | ---: | ---: | ---: | ---: | ---: |");
  for (const floor of floorsOf({ flops, sigmoid: sigmoid!, tanh: tanh! })) {
    const calls = [floor.sigmoids, floor.tanhs].map((count) => count.toLocaleString("en-US"));
    const times = [floor.products, floor.functions, floor.products + floor.functions].map(digits);
    console.log(`| ${[floor.id, ...calls, ...times].join(" | ")} |`);
  }
}

const flops = peak();
const rates = functions();
maps();
overhead();
floors(flops, rates);
