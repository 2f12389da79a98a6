/** Runs the program of a single call: the one place where layers meet an engine. */
import {
  compileProgram,
  type DividedProgram,
  type DivideRequest,
  type MemoryUse,
  type Recompute,
  type SplitRequest,
} from "../compiler/index.ts";
import { UnrollError } from "../core/errors.ts";
import type { Random } from "../core/random.ts";
import type { Tensor, TensorData } from "../core/tensor.ts";
import type { Program } from "../program/program.ts";
import { checkDevice, type Device, defaultDevice } from "./device.ts";
import { splitter } from "./threads.ts";

export type { Device };

/** A prepared program. */
export interface CompiledRun {
  /** What its memory holds; undefined where it has none of its own (the reference). */
  readonly memory?: MemoryUse;
  run(inputs: readonly TensorData[], random: Random): Tensor[];
  /** Gives back what it holds beside its own memory, if it is not to be run any more. */
  release?(): void;
}

type Prepare = (program: Program, recompute: Recompute) => CompiledRun;

/** How each device makes a program ready. The light entries of the library have the first alone. */
const engines: { [D in Device]?: Prepare } = {
  wasm: (program, recompute) => compileProgram(program, { recompute }),
};

/** Adds engines; layers/engines.ts calls it once. */
export function provideEngines(more: { readonly [D in Device]?: Prepare }): void {
  Object.assign(engines, more);
}

/**
 * Makes a program ready to run on a device. What the reference runs is never cut into segments to be computed again.
 *
 * @throws UnrollError `option` for an unknown device, `unsupported` where the machine or a light entry does not have it.
 */
export function prepare(
  program: Program,
  device: Device = defaultDevice(),
  { recompute = "auto" }: { readonly recompute?: Recompute } = {},
): CompiledRun {
  checkDevice(device);
  const engine = engines[device];
  if (engine !== undefined) return engine(program, recompute);
  throw new UnrollError({
    code: "unsupported",
    path: "device",
    expected: "the light entries of the library compute in WebAssembly SIMD alone",
    received: `device = ${device}`,
    hint: 'Leave the device out and let the page allow WebAssembly, or import "unroll" too, which has the other devices.',
  });
}

/**
 * Makes a program ready to run on several threads; undefined where one thread is better or must do it alone, as when the parts
 * do not fit into memory or the device has only one.
 *
 * @throws UnrollError `unsupported` where the machine does not have the device.
 */
export function prepareSplit(request: SplitRequest, device: Device): (CompiledRun & { batch: number }) | undefined {
  return splitter()?.split(request, device);
}

/**
 * The same for a program of which each thread runs a part and one takes what the parts give together.
 *
 * @throws UnrollError `unsupported` where the machine does not have the device.
 */
export function prepareDivided(request: DivideRequest, device: Device): DividedProgram | undefined {
  return splitter()?.divide(request, device);
}
