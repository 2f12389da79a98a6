/** Loops with a count known at emission, as kernels use them. */
import type { FunctionBuilder, Local } from "./assembler.ts";

/** Runs the body `count` times; it is given the index, or undefined where it runs once and the index is 0. */
export function emitCounted(f: FunctionBuilder, count: number, body: (index: Local<"i32"> | undefined) => void): void {
  if (count <= 0) return;
  if (count === 1) {
    body(undefined);
    return;
  }
  const index = f.i32("index");
  f.forLoop(index, 0, count, 1, () => body(index));
}
