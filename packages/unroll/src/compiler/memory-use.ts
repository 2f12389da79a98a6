/** How much memory a program takes, by what lies in it. It plans the program as for a run, and takes none of that memory. */
import { sizeOf } from "../core/shape.ts";
import type { Variable } from "../core/variable.ts";
import type { Program } from "../program/program.ts";
import { supportsRelaxedSimd } from "./assembler.ts";
import { wasmMachine } from "./machine.ts";
import { largestMemory } from "./memory.ts";
import { type Plan, planProgram, type Recompute } from "./plan.ts";

/** All in bytes, but for the pages. */
export interface MemoryUse {
  /** Each variable of the program with its numbers' size. */
  readonly variables: ReadonlyMap<Variable, number>;
  /** What keeps its place from run to run beside the variables: their copies in the order of the kernels, constants, gaps. */
  readonly packed: number;
  /** What only matters during a run, in places that are used again and again: inputs, activations, gradients, scratch. */
  readonly workspace: number;
  /** What the workspace would take if nothing were used again. */
  readonly workspaceUnshared: number;
  /** WebAssembly pages of 64 KiB. */
  readonly pages: number;
  readonly bytes: number;
}

export function memoryUseOf({ weights, memory, buffers }: Plan): MemoryUse {
  const variables = new Map([...weights.keys()].map((variable) => [variable, 4 * sizeOf(variable.shape)]));
  const sum = (numbers: Iterable<number>): number => [...numbers].reduce((a, b) => a + b, 0);
  return {
    variables,
    packed: memory.lastingBytes - sum(variables.values()),
    workspace: memory.temporaryBytes,
    workspaceUnshared: sum(buffers.filter(({ lasting }) => !lasting).map(({ bytes }) => bytes)),
    pages: memory.pages,
    bytes: 65536 * memory.pages,
  };
}

/** What several programs, or copies of one, take together. */
export function memoryUseOfAll(uses: readonly MemoryUse[]): MemoryUse {
  const variables = new Map<Variable, number>();
  for (const use of uses) {
    for (const [variable, bytes] of use.variables) variables.set(variable, (variables.get(variable) ?? 0) + bytes);
  }
  const sum = (name: Exclude<keyof MemoryUse, "variables">): number => uses.reduce((all, use) => all + use[name], 0);
  return {
    variables,
    packed: sum("packed"),
    workspace: sum("workspace"),
    workspaceUnshared: sum("workspaceUnshared"),
    pages: sum("pages"),
    bytes: sum("bytes"),
  };
}

/**
 * The memory of a program that is not there yet.
 *
 * @throws UnrollError `memory` when it is more than 32-bit addresses reach
 */
export function measureProgram(program: Program, recompute: Recompute = "auto"): MemoryUse {
  const machine = wasmMachine(supportsRelaxedSimd());
  return memoryUseOf(planProgram(program, { keep: [], limit: largestMemory, machine, recompute }));
}
