/** What kernels are written for: the vectors and registers that the emitted code will find. It knows no instruction. */

export interface Machine {
  readonly target: "wasm" | "c";
  /** Float32 numbers in a vector. The vector instructions work on so many, whatever WebAssembly's names for them say. */
  readonly lanes: 4 | 8 | 16;
  /** Vector registers that a tile may count on. */
  readonly registers: 16 | 32;
  /** Multiply and add can be one instruction that rounds once. */
  readonly fused: boolean;
}

/** WebAssembly's 128 bits; `fused` where the engine takes relaxed SIMD. */
export function wasmMachine(fused: boolean): Machine {
  return { target: "wasm", lanes: 4, registers: 16, fused };
}

/** Bytes of a vector. */
export function vectorBytes({ lanes }: Machine): number {
  return 4 * lanes;
}
