/**
 * A program as a GPU runs it: plain data, made without a GPU. All memory is one buffer, planned as WebAssembly's is; a run is a flat
 * list of shader calls with fixed addresses.
 */
import { sizeOf } from "../../core/shape.ts";
import type { Variable } from "../../core/variable.ts";
import type { Program } from "../../program/program.ts";
import { addressOf, type Layout } from "../layout.ts";
import { Planner } from "../planner.ts";
import { gpuKernels } from "./kernels.ts";
import type { Dispatch } from "./wgsl.ts";
import { finite } from "./wgsl-math.ts";

/** Where row-major numbers lie in the buffer, in bytes. */
export interface Span {
  readonly address: number;
  readonly bytes: number;
}

export interface GpuPlan {
  readonly bytes: number;
  /** What follows each change of the weights, and what is done in every run. */
  readonly prepare: readonly Dispatch[];
  readonly run: readonly Dispatch[];
  /** Single numbers, written once. */
  readonly constants: readonly { readonly address: number; readonly value: number }[];
  /** One for each of the program's inputs; undefined where nothing reads it. */
  readonly inputs: readonly (Span | undefined)[];
  /** One for each of `variables`. */
  readonly weights: readonly Span[];
  /** What comes back after a run: the program's results, then its variables' new numbers. */
  readonly reads: readonly Span[];
}

/**
 * Plans a program whose operations gpuRefusal lets pass.
 *
 * @throws UnrollError `memory` when it needs more than `limit` bytes
 */
export function planForGpu(
  program: Program,
  limit: number,
): { readonly plan: GpuPlan; readonly variables: readonly Variable[] } {
  const planner = new Planner(program, gpuKernels, { keep: [], segmentOf: ({ timesteps }) => timesteps });
  const { kernels, memory, inputs, results, weights, constants } = planner.layOut(limit);
  const dispatches = (prepared: boolean): Dispatch[] =>
    kernels.filter((planned) => planned.prepared === prepared).flatMap(({ kernel }) => kernel.emit());
  const updated = program.updates.map(({ variable }) => weights.get(variable)!);
  return {
    plan: {
      bytes: memory.lastingBytes + memory.temporaryBytes,
      prepare: dispatches(true),
      run: dispatches(false),
      constants: constants.map(({ layout, value }) => ({ address: addressOf(layout), value: finite(value) })),
      inputs: inputs.map((layout) => layout && spanOf(layout)),
      weights: [...weights.values()].map(spanOf),
      reads: [...results, ...updated].map(spanOf),
    },
    variables: [...weights.keys()],
  };
}

function spanOf(layout: Layout): Span {
  return { address: addressOf(layout), bytes: 4 * sizeOf(layout.shape) };
}
