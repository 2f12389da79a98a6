/** Instances of a plan's WebAssembly in memory that all threads reach. */
import { UnrollError } from "../../core/errors.ts";
import { moduleOf, noMemory, type SharedInstance } from "../compile.ts";
import { memoryModule, type Plan } from "../plan.ts";

/**
 * So many instances, each in a shared memory of its own. The plan must have been made with `shared: true`.
 *
 * @throws UnrollError `memory` when there is not so much; `unsupported` where WebAssembly is not allowed.
 */
export function sharedMemories(plan: Plan, count: number): SharedInstance[] {
  const module = moduleOf(plan.module.toBytes());
  const { pages } = plan.memory;
  return Array.from({ length: count }, () => {
    try {
      const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
      const { exports } = new WebAssembly.Instance(module, { [memoryModule]: { memory } });
      const { run, prepare } = exports as Record<"run" | "prepare", () => void>; // what planProgram exports
      return { buffer: memory.buffer, run, prepare, code: { module, memory } };
    } catch (cause) {
      throw noMemory(plan, cause);
    }
  });
}

/**
 * What `make` makes, or undefined where there is no memory for it. What parts cannot have, the whole may: one thread has one copy
 * of the weights, and says what is wrong otherwise.
 */
export function unlessTooLarge<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof RangeError || (error instanceof UnrollError && error.code === "memory")) return undefined;
    throw error;
  }
}
