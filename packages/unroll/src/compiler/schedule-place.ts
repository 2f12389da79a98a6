/**
 * Where the rows of a node lie while a stage runs: streams that an outer index (a timestep) selects and rows and blocks
 * walk along. It says where, never what.
 */
import { type I32, i32 } from "./assembler.ts";
import type { Buffer } from "./layout.ts";

/** Rows of blocks of four float32; strides in bytes, also negative. */
export interface Stream {
  /** Address of the first row's first block at an outer index. Only during emission. */
  at(outer: I32): I32;
  readonly rowStride: number;
  /** 0 = one number, the same for the whole row. */
  readonly blockStride: number;
}

/** A node's part of a stream. */
export interface Place {
  readonly stream: Stream;
  readonly offset: number;
}

export interface Strides {
  readonly outerStride: number;
  readonly rowStride: number;
  readonly blockStride: number;
}

/** `outerStride` bytes from one outer index to the next, from `start` in the buffer on. */
export function stream(buffer: Buffer, start: number, { outerStride, rowStride, blockStride }: Strides): Stream {
  return {
    at: (outer) =>
      outerStride === 0
        ? i32.const(buffer.address + start)
        : i32.add(i32.mul(outer, outerStride), buffer.address + start),
    rowStride,
    blockStride,
  };
}

export function place(buffer: Buffer, start: number, strides: Strides): Place {
  return { stream: stream(buffer, start, strides), offset: 0 };
}
