/** A plan's module as native code: the machine that it must be written for, and an instance of it with its memory. */
import { UnrollError } from "../../core/errors.ts";
import type { Instance, Target } from "../compile.ts";
import { spareBytes } from "../memory.ts";
import type { Plan } from "../plan.ts";
import { toC } from "./emit-c.ts";
import { findToolchain, loadC, type Toolchain } from "./toolchain.ts";

/** Why native code cannot run here, or undefined. */
export function nativeRefusal(): string | undefined {
  const found = findToolchain();
  return "missing" in found ? found.missing : undefined;
}

/** Plans become C that the machine's compiler builds. Throws UnrollError `unsupported` where there is no compiler, or when it refuses. */
export const nativeTarget: Target = {
  machine(relaxed) {
    const { lanes, registers, fused } = toolchain();
    return { target: "c", lanes, registers, fused: relaxed && fused };
  },
  instantiate,
};

/** @throws UnrollError `unsupported` when the compiler refuses, `memory` when there is not so much. */
function instantiate({ module, memory }: Plan): Instance {
  const bytes = memory.lastingBytes + memory.temporaryBytes + spareBytes;
  const { allocate, run, prepare } = loadC(toC(module), toolchain());
  const buffer = allocate!(bytes as never) as ArrayBuffer | undefined; // as emitted
  if (buffer === undefined) {
    throw new UnrollError({
      code: "memory",
      path: "compile",
      expected: "the machine must have memory for the program",
      received: `bytes = ${bytes}`,
      hint: "Use a smaller batch or fewer timesteps.",
    });
  }
  return { buffer, run: () => run!(buffer as never), prepare: () => prepare!(buffer as never) };
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
