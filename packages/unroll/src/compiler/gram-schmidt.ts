/**
 * The inner loops of Gram and Schmidt's method as a small module of their own, in float64. A layer's first weights are drawn once,
 * which is too short for V8 to compile such loops, and its interpreter makes an object of every float64 number. The same in plain
 * JavaScript is in layers/orthogonal.ts.
 */
import { f64, i32, ModuleBuilder } from "./assembler.ts";
import { wasmMachine } from "./machine.ts";

/** A vector, and rows that it is made orthogonal to. */
export interface Orthogonalizer {
  /** `[length]` */
  readonly vector: Float64Array;
  /** `[length]` each; rows that are not yet in use are zeros. */
  readonly rows: readonly Float64Array[];
  /** Takes away what `vector` has along each of the first `count` rows, which are orthonormal. */
  remove(count: number): void;
}

const pageBytes = 2 ** 16;

/** For up to `count` rows of `length` numbers; undefined where WebAssembly is not allowed. */
export function wasmOrthogonalizer(count: number, length: number): Orthogonalizer | undefined {
  const rowBytes = 8 * length;
  // Four rows at a time: where fewer are left, the ones behind them are zeros.
  const pages = Math.ceil((rowBytes * (1 + 4 * Math.ceil(count / 4))) / pageBytes);
  try {
    const module = new WebAssembly.Module(moduleFor(rowBytes, pages).toBytes());
    const exports = new WebAssembly.Instance(module).exports as unknown as Exports; // written below
    const rowAt = (index: number): Float64Array => new Float64Array(exports.memory.buffer, index * rowBytes, length);
    return {
      vector: rowAt(0),
      rows: Array.from({ length: count }, (_, index) => rowAt(1 + index)),
      remove: (used) => exports.remove(rowBytes * (1 + used)),
    };
  } catch {
    return undefined;
  }
}

interface Exports {
  readonly memory: WebAssembly.Memory;
  /** @param end where the rows in use end */
  remove(end: number): void;
}

/** The vector lies at 0, the rows behind it. */
function moduleFor(rowBytes: number, pages: number): ModuleBuilder {
  const module = new ModuleBuilder(wasmMachine(false));
  module.useMemory({ pages });
  module.func({ name: "remove", parameters: { end: "i32" }, export: true }, (f, { end }) => {
    const row = f.i32("row");
    const at = f.i32("at");
    const along = [0, 1, 2, 3].map((i) => f.local("f64", `along${i}`));
    const entryOf = (i: number) => f64.load(i32.add(row, at), i * rowBytes);
    f.forLoop(row, rowBytes, end, 4 * rowBytes, () => {
      for (const sum of along) f.set(sum, f64.const(0));
      f.forLoop(at, 0, rowBytes, 8, () => {
        const entry = f.let(f64.load(at), "entry");
        for (const [i, sum] of along.entries()) f.set(sum, f64.add(sum, f64.mul(entryOf(i), entry)));
      });
      f.forLoop(at, 0, rowBytes, 8, () => {
        const parts = along.map((sum, i) => f64.mul(sum, entryOf(i)));
        f.do(
          f64.store(
            at,
            f64.sub(
              f64.load(at),
              parts.reduce((sum, part) => f64.add(sum, part)),
            ),
          ),
        );
      });
    });
  });
  return module;
}
