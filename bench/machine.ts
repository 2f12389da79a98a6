/** The limits of one core, as WebAssembly sees them: multiply-adds that never leave the registers, and copies of a large array. */
import { type FunctionBuilder, ModuleBuilder, v128 } from "../packages/unroll/src/compiler/assembler.ts";

/** Multiply-adds in one call of `peakFunction`'s result, as floating-point operations. */
export const peakFlops = 800_000;

/** A function of ten independent chains of 128-bit multiply-adds; fused where the engine can. */
export function peakFunction(): () => void {
  const chains = 10;
  const rounds = peakFlops / (8 * chains);
  return exportOf((f) => {
    const sums = Array.from({ length: chains }, () => f.let(v128.load(0)));
    const factor = f.let(v128.load(16));
    const i = f.i32();
    f.forLoop(i, 0, rounds, 1, () => {
      for (const sum of sums) f.set(sum, f.madd(sum, factor, factor));
    });
    for (const sum of sums) f.do(v128.store(32, sum));
  });
}

/** A module of one function without arguments. */
export function exportOf(write: (f: FunctionBuilder) => void): () => void {
  const module = new ModuleBuilder();
  module.useMemory({ pages: 16 });
  module.func({ name: "run", export: true }, write);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()));
  return exports.run as () => void;
}

/** Numbers in each of the arrays that are copied: more than caches hold. */
const copied = 16 * 2 ** 20;

/** Measures both limits: the best of some tries, for other work on the machine only takes away. Takes about 100 ms. */
export class MachineLimits {
  readonly #peak = peakFunction();
  readonly #from = new Float32Array(copied).fill(1);
  readonly #to = new Float32Array(copied).fill(2);

  measure(): { gigaflops: number; gigabytes: number } {
    const calls = 20;
    const run = (): void => {
      for (let i = 0; i < calls; i++) this.#peak();
    };
    return {
      gigaflops: (calls * peakFlops) / bestOf(8, run) / 1e6,
      gigabytes: (8 * copied) / bestOf(3, () => this.#to.set(this.#from)) / 1e6,
    };
  }
}

/** The best time of several, in ms. */
function bestOf(tries: number, work: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < tries; i++) {
    const start = performance.now();
    work();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}
