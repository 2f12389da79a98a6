/** Instances of a plan in memory that all threads reach, and what another thread needs to call functions in them. */
import { memoryBytes, moduleOf, noMemory } from "../compile.ts";
import { type Instance, nativeCode } from "../native/instance.ts";
import { memoryModule, type Plan } from "../plan.ts";

/** Where a function is, for any thread of the process: it can be sent to a worker. */
export type SharedCode =
  | { readonly module: WebAssembly.Module; readonly memory: WebAssembly.Memory }
  | { readonly file: string; readonly address: number };

export interface SharedInstance extends Instance {
  readonly code: SharedCode;
  /** A function that the module exports, in this memory, for this thread. */
  functionOf(name: string): () => void;
}

/**
 * Instances of a plan, each in a memory of its own. The plan must have been made with `shared: true`.
 *
 * @throws UnrollError `memory` when there is not so much; `unsupported` where no code may be built.
 */
export function sharedInstances(plan: Plan, count: number): SharedInstance[] {
  return plan.module.machine.target === "c" ? nativeInstances(plan, count) : wasmInstances(plan, count);
}

function nativeInstances(plan: Plan, count: number): SharedInstance[] {
  const code = nativeCode(plan.module);
  return Array.from({ length: count }, () => {
    const instance = code.instance(memoryBytes(plan));
    return { ...instance, code: { file: instance.file, address: instance.address } };
  });
}

function wasmInstances(plan: Plan, count: number): SharedInstance[] {
  const module = moduleOf(plan.module.toBytes());
  const { pages } = plan.memory;
  return Array.from({ length: count }, () => {
    try {
      const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
      const { exports } = new WebAssembly.Instance(module, { [memoryModule]: { memory } });
      const functionOf = (name: string): (() => void) => exports[name] as () => void; // what planProgram exports
      return {
        buffer: memory.buffer,
        run: functionOf("run"),
        prepare: functionOf("prepare"),
        code: { module, memory },
        functionOf,
      };
    } catch (cause) {
      throw noMemory(plan, cause);
    }
  });
}
