/**
 * The plan of a program for WebAssembly or C: the planner's layout with the kernels of compiler/, and the module that they make.
 * compile.ts brings it to life. What kernels need is said in kernel.ts.
 */
import type { Variable } from "../core/variable.ts";
import type { Program, Value } from "../program/program.ts";
import { ModuleBuilder, type WasmFunction } from "./assembler.ts";
import { emitCopy } from "./elementwise.ts";
import type { Kernel, MemoryContext } from "./kernel.ts";
import { type Machine, vectorBytes } from "./machine.ts";
import { makeKernel } from "./operations.ts";
import { type KernelMaker, type LaidOut, Planner } from "./planner.ts";
import { shortSegment } from "./scan-segments.ts";

export interface PlanOptions {
  /** Values whose numbers can be read after a run, beside the results. */
  readonly keep: readonly Value[];
  /** Bytes that the plan may take. */
  readonly limit: number;
  readonly machine: Machine;
  /** See CompileOptions; left out = "auto". */
  readonly recompute?: Recompute;
  /** Variables whose numbers are others in every run: nothing is prepared of them. What the program itself updates is meant anyway. */
  readonly changing?: ReadonlySet<Variable>;
  /** Whether the module works in memory that it is given, as "memory" of `memoryModule`, and that threads share. */
  readonly shared?: boolean;
}

/**
 * Timesteps of the segments in which scans run: false = all at once, "auto" = all at once where that takes up to `usualMemory`,
 * else segments of the length that keeps memory small.
 */
export type Recompute = "auto" | false | number;

/** Bytes of a plan that need no saving. */
export const usualMemory = 512 * 2 ** 20;

/** Segments must save so much of a plan's memory to be worth their time. */
const worthwhile = 0.75;

/** From where a module imports shared memory. */
export const memoryModule = "unroll";

export interface Plan extends LaidOut<Kernel> {
  readonly module: ModuleBuilder;
}

/** Plans a program and emits its module, which exports `run` and `prepare`. */
export function planProgram(program: Program, options: PlanOptions): Plan {
  const { keep, limit, machine, changing, recompute = "auto" } = options;
  const maker = kernelMaker(machine);
  const planned = (segmentOf: MemoryContext["segmentOf"]): Planner<Kernel> =>
    new Planner(program, maker, { keep, changing, segmentOf });
  const finish = (planner: Planner<Kernel>): Plan => {
    const laidOut = planner.layOut(limit);
    return { ...laidOut, module: emitModule(laidOut, options) };
  };
  const whole = planned(({ timesteps }) => timesteps);
  if (recompute === false) return finish(whole);
  if (recompute !== "auto") return finish(planned(({ timesteps }) => Math.min(timesteps, recompute)));
  if (whole.bytes <= Math.min(usualMemory, limit)) return finish(whole);
  const cut = planned(shortSegment);
  return finish(cut.bytes <= worthwhile * whole.bytes || whole.bytes > limit ? cut : whole);
}

/** The kernels of compiler/. */
function kernelMaker(machine: Machine): KernelMaker<Kernel> {
  return {
    vectorBytes: vectorBytes(machine),
    kernel: (context, task) => makeKernel({ ...context, machine }, task),
    copy: (name, id, target, source) => ({
      name,
      flops: 0,
      emit: (module) => module.func({ name: id }, (f) => emitCopy(f, target, source)),
    }),
  };
}

function emitModule({ kernels, constants, memory }: LaidOut<Kernel>, options: PlanOptions): ModuleBuilder {
  const { machine } = options;
  const module = new ModuleBuilder(machine);
  const run: WasmFunction[] = [];
  const prepare: WasmFunction[] = [];
  for (const { kernel, prepared } of kernels) {
    if (kernel.emitPrepare !== undefined) prepare.push(kernel.emitPrepare(module));
    (prepared ? prepare : run).push(kernel.emit(module));
  }
  const sequence = (name: string, functions: readonly WasmFunction[]): void => {
    module.func({ name, export: true }, (f) => {
      for (const each of functions) f.call(each);
    });
  };
  sequence("prepare", prepare);
  sequence("run", run);
  for (const { layout, value } of constants) {
    module.data(layout.buffer.address, new Uint8Array(new Float32Array(machine.lanes).fill(value).buffer));
  }
  const { pages } = memory;
  const shared = { shared: true, from: [memoryModule, "memory"] } as const;
  module.useMemory({ pages, maximumPages: pages, ...(options.shared === true && shared) });
  return module;
}
