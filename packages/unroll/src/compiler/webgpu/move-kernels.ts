/** Kernels on the GPU that move elements, and reductions over axes: an invocation for each element of the result. */
import type { ConcatOperation, GatherOperation, PadOperation, ReduceOperation } from "../../program/program.ts";
import type { Layout } from "../layout.ts";
import type { GpuKernelFactory } from "./kernels.ts";
import { copyShaders } from "./map-kernels.ts";
import { addressesAt, element, layoutAddresses, shapeShader, startOf, times } from "./wgsl.ts";
import { number } from "./wgsl-math.ts";

/** The part of a layout that starts `before[axis]` entries in and has `shape`. */
function partOf(whole: Layout, before: readonly number[], shape: readonly number[]): Layout {
  const offset = before.reduce((sum, count, axis) => sum + count * whole.strides[axis]!, whole.offset);
  return { ...whole, shape, offset };
}

export const padKernel: GpuKernelFactory<PadOperation> = (context, operation, [result]) => {
  const from = context.read(operation.source);
  const to = context.write(result!);
  return {
    name: `pad ${operation.source.shape.join("×")} to ${result!.shape.join("×")}`,
    emit: () => [
      ...shapeShader(to.shape, (lines, index) => {
        const [address] = layoutAddresses(lines, index, to.shape, [to]) as [string]; // one layout
        lines.add(`${element(address)} = ${number(operation.value)};`);
      }),
      ...copyShaders(partOf(to, operation.before, from.shape), from),
    ],
  };
};

export const concatKernel: GpuKernelFactory<ConcatOperation> = (context, { sources, axis }, [result]) => {
  const from = sources.map((source) => context.read(source));
  const to = context.write(result!);
  return {
    name: `concat ${sources.length} to ${result!.shape.join("×")}`,
    emit: () => {
      let start = 0;
      return from.flatMap((part) => {
        const before = to.shape.map((_, i) => (i === axis ? start : 0));
        start += part.shape[axis]!;
        return copyShaders(partOf(to, before, part.shape), part);
      });
    },
  };
};

export const reduceKernel: GpuKernelFactory<ReduceOperation> = (context, { kind, source, axes }, [result]) => {
  const from = context.read(source);
  const to = context.write(result!);
  return {
    name: `${kind} ${source.shape.join("×")} over ${axes.join(", ")}`,
    emit: () =>
      shapeShader(to.shape, (lines, index) => {
        const outside = {
          start: startOf(from),
          strides: from.strides.map((stride, i) => (axes.includes(i) ? 0 : stride)),
        };
        const whole = { start: startOf(to), strides: to.strides };
        const [address, start] = addressesAt(lines, index, to.shape, [whole, outside]) as [string, string]; // two arrays
        const first = lines.let(start, "first");
        const total = lines.name("total");
        lines.add(`var ${total} = ${number(kind === "sum" ? 0 : Number.NEGATIVE_INFINITY)};`);
        const within = (rest: readonly number[], at: string): void => {
          const [axis, ...others] = rest;
          if (axis === undefined) {
            lines.add(kind === "sum" ? `${total} += ${element(at)};` : `${total} = max(${total}, ${element(at)});`);
            return;
          }
          lines.loop(from.shape[axis]!, (k) => within(others, `${at} + ${times(k, from.strides[axis]!)}`));
        };
        within(axes, first);
        lines.add(`${element(address)} = ${total};`);
      }),
  };
};

export const gatherKernel: GpuKernelFactory<GatherOperation> = (context, { table, ids }, [result]) => {
  const [rows] = table.shape as [number, number]; // a gather's table has two axes
  const from = context.read(table);
  const which = context.read(ids);
  const to = context.write(result!);
  return {
    name: `gather from ${table.shape.join("×")} to ${result!.shape.join("×")}`,
    emit: () =>
      shapeShader(to.shape, (lines, index) => {
        const arrays = [
          { start: startOf(to), strides: to.strides },
          { start: startOf(which), strides: [...which.strides, 0] },
          { start: startOf(from), strides: [...which.strides.map(() => 0), from.strides[1]!] },
        ];
        const [address, id, column] = addressesAt(lines, index, to.shape, arrays) as [string, string, string]; // three arrays
        const row = lines.let(`clamp(i32(${element(id)}), 0, ${rows - 1})`, "row");
        lines.add(`${element(address)} = ${element(`${column} + ${times(row, from.strides[0]!)}`)};`);
      }),
  };
};
