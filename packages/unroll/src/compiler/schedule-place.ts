/**
 * Where the rows of a node lie while a stage runs: streams that an outer index (a timestep) selects and rows and blocks
 * walk along. It says where, never what.
 */
import type { I32 } from "./assembler.ts";

/** Rows of blocks, a vector each; strides in bytes, also negative. */
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
