/**
 * GFLOP/s of single product tiles, rows × blocks of four columns, in the loop form that product-tile.ts gives each: the table
 * behind `tilesFor`. A new V8 that unrolls or spills differently shows here first. `node bench/run.mjs product-tiles`
 */
import { i32, ModuleBuilder, supportsRelaxedSimd, v128 } from "../packages/unroll/src/compiler/assembler.ts";
import { emitCounted } from "../packages/unroll/src/compiler/product-loops.ts";
import { emitTile } from "../packages/unroll/src/compiler/product-tile.ts";

/** Best of many short runs over 16 panels and about 60 rows. */
function speedOf(rows: number, blocks: number, inner: number): number {
  const panels = 16;
  const tiles = Math.max(1, Math.floor(60 / rows));
  const aRowStride = 4 * inner + 64;
  const bStart = 1024 + tiles * rows * aRowStride;
  const sumsStart = bStart + panels * inner * blocks * 16;
  const rowBytes = 16 * blocks;
  const module = new ModuleBuilder();
  module.func({ name: "run", export: true }, (f) => {
    const b = f.let(i32.const(bStart), "b");
    emitCounted(f, panels, () => {
      const a = f.let(i32.const(1024), "a");
      const sums = f.let(i32.const(sumsStart), "sums");
      emitCounted(f, tiles, () => {
        emitTile(
          f,
          { rows, blocks },
          { a, aRowStride, aInnerStride: 4, b, bBlockStride: 16, bInnerStride: rowBytes, inner },
          () => undefined,
          (row, block, sum) => f.do(v128.store(sums, sum, row * rowBytes + 16 * block)),
        );
        f.increase(a, rows * aRowStride);
        f.increase(sums, rows * rowBytes);
      });
      f.increase(b, inner * rowBytes);
    });
  });
  module.useMemory({ pages: 1 + Math.ceil((sumsStart + tiles * rows * rowBytes) / 65536) });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()));
  const run = exports.run as () => void;
  const flops = 8 * rows * tiles * blocks * panels * inner;
  const repeats = Math.ceil(5e7 / flops);
  for (const start = performance.now(); performance.now() - start < 150; ) run();
  let best = 0;
  for (let i = 0; i < 25; i++) {
    const start = performance.now();
    for (let j = 0; j < repeats; j++) run();
    best = Math.max(best, (flops * repeats) / (performance.now() - start) / 1e6);
  }
  return best;
}

const inners = [5, 30, 256, 1024];
console.log(`GFLOP/s${supportsRelaxedSimd() ? "" : " without fused multiply-add"}; inner axis of ${inners.join(", ")}`);
for (const [rows, blocks] of [
  [1, 8],
  [2, 4],
  [3, 3],
  [4, 2],
  [5, 2],
  [6, 2],
  [6, 1],
] as const) {
  const speeds = inners.map((inner) => speedOf(rows, blocks, inner).toFixed(1).padStart(6));
  console.log(`${rows}×${blocks} ${speeds.join(" ")}`);
}
