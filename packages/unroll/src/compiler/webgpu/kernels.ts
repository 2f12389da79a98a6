/** What a GPU's kernel is to the plan, and which one serves which operation. */
import type { Operation } from "../../program/program.ts";
import type { Task } from "../fuse.ts";
import type { MemoryContext } from "../kernel.ts";
import type { KernelMaker } from "../planner.ts";
import { copyKernel, mapKernel } from "./map-kernels.ts";
import { concatKernel, gatherKernel, padKernel, reduceKernel } from "./move-kernels.ts";
import { productKernel } from "./product-kernel.ts";
import { scanKernel } from "./scan-kernel.ts";
import type { Dispatch } from "./wgsl.ts";

/** A planned kernel. */
export interface GpuKernel {
  /** For people: "product 32×4 · 4×12". */
  readonly name: string;
  /** The calls of shaders, one after the other; addresses are final. */
  emit(): readonly Dispatch[];
}

/** Makes the kernel of an operation; `results` are the operation's values, by their `result` number. */
export type GpuKernelFactory<O extends Operation> = (
  context: MemoryContext,
  operation: O,
  results: Task["results"],
) => GpuKernel;

/** Small buffers start at a multiple of 16 bytes, as WebGPU's own vectors do. */
export const gpuKernels: KernelMaker<GpuKernel> = {
  vectorBytes: 16,
  kernel: (context, task) => makeKernel(context, task),
  copy: (name, _id, target, source) => copyKernel(name, target, source),
};

function makeKernel(context: MemoryContext, { operation, results, epilogue, bodies }: Task): GpuKernel {
  switch (operation.op) {
    case "map":
      return mapKernel(context, operation, results, bodies);
    case "product":
      return productKernel(context, operation, epilogue, results[0]!);
    case "pad":
      return padKernel(context, operation, results);
    case "concat":
      return concatKernel(context, operation, results);
    case "reduce":
      return reduceKernel(context, operation, results);
    case "gather":
      return gatherKernel(context, operation, results);
    case "scan":
      return scanKernel(context, operation, results);
    default:
      // refusal.ts has refused everything else.
      throw new Error(`compiler: no GPU kernel for ${operation.op}`);
  }
}
