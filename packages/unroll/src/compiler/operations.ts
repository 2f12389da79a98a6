/**
 * Which kernel serves which operation. Inputs, weights, constants, random numbers and views have none: the plan lays them out.
 * That of a scan's gradient comes from scan-gradient.ts, which what trains imports: a page that only predicts goes without.
 */
import type { Operation } from "../program/program.ts";
import type { Task } from "./fuse.ts";
import type { Kernel, KernelFactory, PlanContext } from "./kernel.ts";
import { mapKernel } from "./map.ts";
import { concatKernel, gatherGradientKernel, gatherKernel, padKernel, viewGradientKernel } from "./move.ts";
import { productKernel } from "./product.ts";
import { reduceKernel } from "./reduce.ts";
import { scanKernel } from "./scan.ts";

type Factories = { readonly [O in Operation as O["op"]]?: KernelFactory<O> };

const factories: Factories = {
  viewGradient: viewGradientKernel,
  pad: padKernel,
  concat: concatKernel,
  reduce: reduceKernel,
  gather: gatherKernel,
  gatherGradient: gatherGradientKernel,
  scan: scanKernel,
};

/** Adds kernels for operations that have none yet. */
export function provideKernels(more: Factories): void {
  Object.assign(factories, more);
}

export function makeKernel(context: PlanContext, { operation, results, epilogue, bodies }: Task): Kernel {
  if (operation.op === "product") return productKernel(context, operation, epilogue, results[0]!);
  if (operation.op === "map") return mapKernel(context, operation, results, bodies);
  const factory = factories[operation.op] as KernelFactory | undefined; // keyed by the operation's own kind
  if (factory === undefined) throw new Error(`compiler: no kernel for ${operation.op}`);
  return factory(context, operation, results);
}
