/**
 * The innermost part of every matrix product: a tile of rows × blocks of columns held in registers while one loop
 * runs over the inner axis. It knows neither layouts nor what becomes of the sums; product-panels.ts loops over tiles.
 */
import { type FunctionBuilder, f32x4, type I32, i32, type Local, type V128, v128 } from "./assembler.ts";

/** What a tile multiplies. Strides in bytes; those of `a` may be negative. */
export interface TileOperands {
  /** Address of the first row's first element. */
  readonly a: Local<"i32">;
  readonly aRowStride: number;
  readonly aInnerStride: number;
  /** Address of the first inner index's first block. */
  readonly b: Local<"i32">;
  readonly bBlockStride: number;
  readonly bInnerStride: number;
  /** Steps along the inner axis, at least 1. */
  readonly inner: number;
}

export interface TileSize {
  readonly rows: number;
  /** Blocks of columns, a vector each. */
  readonly blocks: number;
}

/**
 * Emits the tile: sums begin at `start` (0 where undefined) and are handed to `finish`, in the order of their multiply-adds.
 *
 * V8 has 15 vector registers on x64. When it unrolls a loop it moves all loads before all arithmetic, and a tile that nearly
 * fills the registers spills; such a tile is written as a while loop that V8 leaves alone, a small one as a do-while loop.
 */
export function emitTile(
  f: FunctionBuilder,
  { rows, blocks }: TileSize,
  operands: TileOperands,
  start: (row: number, block: number) => V128 | undefined,
  finish: (row: number, block: number, sum: V128) => void,
): void {
  const { inner, aRowStride, aInnerStride, bBlockStride, bInnerStride } = operands;
  const sums = grid(rows, blocks, (row, block) => f.let(start(row, block) ?? f32x4.const(0)));
  const load = (block: number, b: I32, k: number): V128 => v128.load(b, k * bInnerStride + block * bBlockStride);
  const unrolled = inner * rows * blocks <= 64 ? inner : 1;
  // Offsets in instructions are not negative: count them from the lowest address of a step.
  const lowest = Math.min(0, (rows - 1) * aRowStride) + Math.min(0, (unrolled - 1) * aInnerStride);
  const firstA = lowest === 0 ? operands.a : f.let(i32.add(operands.a, lowest));
  const spread = (row: number, a: I32, k: number): V128 =>
    v128.load32Splat(a, row * aRowStride + k * aInnerStride - lowest);
  const add = (row: number, block: number, value: V128, weight: V128): void =>
    f.set(sums[row]![block]!, f.madd(value, weight, sums[row]![block]!));
  const multiply = (a: I32, b: I32, k: number): void => {
    // The side with fewer vectors stays in registers, the other passes by.
    if (blocks <= rows) {
      const weights = range(blocks).map((block) => f.let(load(block, b, k)));
      for (const row of range(rows)) {
        const value = f.let(spread(row, a, k));
        for (const block of range(blocks)) add(row, block, value, weights[block]!);
      }
    } else {
      const values = range(rows).map((row) => f.let(spread(row, a, k)));
      for (const block of range(blocks)) {
        const weight = f.let(load(block, b, k));
        for (const row of range(rows)) add(row, block, values[row]!, weight);
      }
    }
  };
  if (unrolled === inner) {
    for (const k of range(inner)) multiply(firstA, operands.b, k);
  } else {
    const a = f.let(firstA);
    const b = f.let(operands.b);
    const end = f.let(i32.add(operands.b, inner * bInnerStride));
    const body = (): void => {
      multiply(a, b, 0);
      f.increase(a, aInnerStride);
      f.increase(b, bInnerStride);
    };
    if (f.machine.target === "wasm" && (rows * blocks >= 10 || rows === 1)) f.whileLoop(i32.ne(b, end), body);
    else f.doWhile(body, () => i32.ne(b, end));
  }
  for (const row of range(rows)) for (const block of range(blocks)) finish(row, block, sums[row]![block]!);
}

function grid<T>(rows: number, blocks: number, make: (row: number, block: number) => T): T[][] {
  return range(rows).map((row) => range(blocks).map((block) => make(row, block)));
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
