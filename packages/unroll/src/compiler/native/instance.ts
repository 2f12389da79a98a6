/** A plan's module as native code: the machine that it must be written for, and an instance of it with its memory. */
import { UnrollError } from "../../core/errors.ts";
import type { ModuleBuilder } from "../assembler.ts";
import type { Machine } from "../machine.ts";
import { toC } from "./emit-c.ts";
import { findToolchain, loadC, type Toolchain } from "./toolchain.ts";

/** A module brought to life: its memory, and the functions that it exports. */
export interface Instance {
  readonly buffer: ArrayBufferLike;
  readonly run: () => void;
  readonly prepare: () => void;
}

/** Why native code cannot run here, or undefined. */
export function nativeRefusal(): string | undefined {
  const found = findToolchain();
  return "missing" in found ? found.missing : undefined;
}

/** @throws UnrollError `unsupported` where there is no compiler. */
export function nativeMachine(): Machine {
  const { lanes, registers, fused } = toolchain();
  return { target: "c", lanes, registers, fused };
}

/** An instance in memory of the process, which its other threads can run too: they load `file` and call with `address`. */
export interface NativeInstance extends Instance {
  readonly file: string;
  readonly address: number;
  /** A function that the module exports, in this memory. */
  functionOf(name: string): () => void;
}

/** Native code in this thread. */
export interface NativeCode {
  /** Throws UnrollError `memory` when there is not so much. */
  instance(bytes: number): NativeInstance;
}

/** @throws UnrollError `unsupported` when the compiler refuses. */
export function nativeCode(module: ModuleBuilder): NativeCode {
  const { file, exports } = loadC(toC(module), toolchain());
  return {
    instance(bytes) {
      const buffer = exports.allocate!(bytes as never) as ArrayBuffer | undefined; // as emitted
      if (buffer === undefined) throw noMemoryFor(bytes);
      const address = exports.addressOf!(buffer as never) as number; // as emitted
      const functionOf = (name: string) => (): void => void exports[name]!(address as never);
      return { buffer, file, address, functionOf, run: functionOf("run"), prepare: functionOf("prepare") };
    },
  };
}

function noMemoryFor(bytes: number): UnrollError {
  return new UnrollError({
    code: "memory",
    path: "compile",
    expected: "the machine must have memory for the program",
    received: `bytes = ${bytes}`,
    hint: "Use a smaller batch or fewer timesteps.",
  });
}

function toolchain(): Toolchain {
  const found = findToolchain();
  if (!("missing" in found)) return found;
  throw new UnrollError({
    code: "unsupported",
    path: "device",
    expected: 'device "native" needs Node and a C compiler on this machine',
    received: `device = native, ${found.missing}`,
    hint: "Install one (Debian: apt-get install gcc), name it in CC, or leave the device out to run in WebAssembly.",
  });
}
