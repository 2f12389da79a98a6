/** Runs the program of a single call: the one place where layers meet an engine. */
import { compileProgram, type MemoryUse, type Recompute, type SplitRequest, splitProgram } from "../compiler/index.ts";
import type { Random } from "../core/random.ts";
import type { Tensor, TensorData } from "../core/tensor.ts";
import { evaluateProgram } from "../program/evaluate.ts";
import type { Program } from "../program/program.ts";
import { checkDevice, type Device, defaultDevice } from "./device.ts";

export type { Device };

/** A prepared program. */
export interface CompiledRun {
  /** What its memory holds; undefined where it has none of its own (the reference). */
  readonly memory?: MemoryUse;
  run(inputs: readonly TensorData[], random: Random): Tensor[];
  /** Gives back what it holds beside its own memory, if it is not to be run any more. */
  release?(): void;
}

/**
 * Makes a program ready to run on a device. What the reference runs is never cut into segments to be computed again.
 *
 * @throws UnrollError `option` for an unknown device, `unsupported` where the machine does not have it.
 */
export function prepare(
  program: Program,
  device: Device = defaultDevice(),
  { recompute = "auto" }: { readonly recompute?: Recompute } = {},
): CompiledRun {
  checkDevice(device);
  if (device === "reference") return { run: (inputs, random) => runReference(program, inputs, random) };
  return compileProgram(program, { target: device, recompute });
}

/**
 * Makes a program ready to run on several threads; undefined where one thread is better or the device has only one.
 *
 * @throws UnrollError `memory` when the parts do not fit.
 */
export function prepareSplit(request: SplitRequest, device: Device): (CompiledRun & { batch: number }) | undefined {
  return device === "wasm" ? splitProgram(request) : undefined;
}

function runReference(program: Program, inputs: readonly TensorData[], random: Random): Tensor[] {
  const evaluation = evaluateProgram(program, inputs, { random });
  const tensors = evaluation.results.map((data, index) => ({
    shape: [...program.results[index]!.shape],
    data: Float32Array.from(data),
  }));
  for (const { variable, value } of program.updates) variable.assign(evaluation.valueOf(value));
  return tensors;
}
