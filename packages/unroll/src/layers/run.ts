/** Runs the program of a single call: the one place where layers meet an engine. */
import { UnrollError } from "../core/errors.ts";
import type { Random } from "../core/random.ts";
import type { Tensor, TensorData } from "../core/tensor.ts";
import type { Program } from "../program/program.ts";

/** A prepared program. */
export interface CompiledRun {
  run(inputs: readonly TensorData[], random: Random): Tensor[];
}

/** Prepares a program on the engine. */
export function prepare(_program: Program): CompiledRun {
  throw new UnrollError({ code: "unsupported", path: "run", expected: "no engine is linked in this build" });
}
