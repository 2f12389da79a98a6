/**
 * Kernels that move elements without computing: pad and concat, and the adjoints that add elements back where views and
 * gathers took them. Views themselves need no kernel; where strides cannot say a view, the plan copies its source first.
 */
import { sizeOf } from "../core/shape.ts";
import type {
  ConcatOperation,
  GatherGradientOperation,
  GatherOperation,
  PadOperation,
  ViewGradientOperation,
} from "../program/program.ts";
import { type FunctionBuilder, f32, f32x4, type I32, i32 } from "./assembler.ts";
import { emitCopy, emitFill } from "./elementwise.ts";
import type { KernelFactory } from "./kernel.ts";
import { addressOf, type Layout } from "./layout.ts";
import { forEachIndex, forEachVector, joinAxes, loadVector, type Place, type Position, storeVector } from "./loops.ts";

/** The part of a layout that starts `before[axis]` entries in and has `shape`. */
function partOf(whole: Layout, before: readonly number[], shape: readonly number[]): Layout {
  const offset = before.reduce((sum, count, axis) => sum + count * whole.strides[axis]!, whole.offset);
  return { ...whole, shape, offset };
}

export const padKernel: KernelFactory<PadOperation> = (context, operation, [result]) => {
  const { source, before, after } = operation;
  const from = context.read(source);
  const to = context.write(result!);
  return {
    name: `pad ${source.shape.join("×")} to ${result!.shape.join("×")}`,
    flops: 0,
    emit: (module) =>
      module.func({ name: `pad${result!.id}` }, (f) => {
        // The border axis by axis: ahead and behind, over the part that earlier axes left.
        const start = result!.shape.map(() => 0);
        const size = [...result!.shape];
        for (const axis of size.keys()) {
          const border = (from: number, count: number): void => {
            if (count === 0) return;
            emitFill(f, partOf(to, start.with(axis, from), size.with(axis, count)), operation.value);
          };
          border(0, before[axis]!);
          border(result!.shape[axis]! - after[axis]!, after[axis]!);
          start[axis] = before[axis]!;
          size[axis] = source.shape[axis]!;
        }
        emitCopy(f, partOf(to, before, source.shape), from);
      }),
  };
};

export const concatKernel: KernelFactory<ConcatOperation> = (context, { sources, axis }, [result]) => {
  const from = sources.map((source) => context.read(source));
  const to = context.write(result!);
  return {
    name: `concat ${sources.length} to ${result!.shape.join("×")}`,
    flops: 0,
    emit: (module) =>
      module.func({ name: `concat${result!.id}` }, (f) => {
        let start = 0;
        for (const part of from) {
          emitCopy(
            f,
            partOf(
              to,
              to.shape.map((_, i) => (i === axis ? start : 0)),
              part.shape,
            ),
            part,
          );
          start += part.shape[axis]!;
        }
      }),
  };
};

export const viewGradientKernel: KernelFactory<ViewGradientOperation> = (context, operation, [result]) => {
  const { source, offset, strides } = operation;
  const from = context.read(source);
  const to = context.write(result!);
  const look: Layout = { ...to, shape: source.shape, strides, offset: to.offset + offset };
  return {
    name: `view gradient ${source.shape.join("×")} to ${result!.shape.join("×")}`,
    flops: sizeOf(source.shape),
    emit: (module) =>
      module.func({ name: `viewGradient${result!.id}` }, (f) => {
        emitFill(f, to, 0);
        emitAdd(f, look, from);
      }),
  };
};

/** Emits `target += source`, where elements of the target may appear many times. */
function emitAdd(f: FunctionBuilder, target: Layout, source: Layout): void {
  const joined = joinAxes(target.shape, [target.strides, source.strides]);
  // The axis whose elements lie side by side goes inside, so that two lanes never meet in one element.
  const order = joined.shape.map((_, axis) => axis);
  const beside = joined.strides[0]!.lastIndexOf(1);
  if (beside >= 0) order.push(...order.splice(beside, 1));
  const pick = (numbers: readonly number[]): number[] => order.map((axis) => numbers[axis]!);
  const shape = pick(joined.shape);
  const [to, from] = joined.strides.map(pick) as [number[], number[]]; // two arrays
  const starts = (toStrides: number[], fromStrides: number[]) => [
    { base: 0, offset: addressOf(target), strides: toStrides },
    { base: 0, offset: addressOf(source), strides: fromStrides },
  ];
  if (beside < 0) {
    forEachIndex(f, shape, starts(to, from), ([sum, part]) => {
      const added = f32.add(f32.load(sum!.base, sum!.offset), f32.load(part!.base, part!.offset));
      f.do(f32.store(sum!.base, added, sum!.offset));
    });
    return;
  }
  const size = shape.pop()!;
  const stride = from.pop()!;
  to.pop();
  forEachIndex(f, shape, starts(to, from), ([sum, part]) =>
    addRow(f, { ...sum!, stride: 1 }, { ...part!, stride }, size),
  );
}

function addRow(f: FunctionBuilder, to: Place, from: Place, size: number): void {
  forEachVector(f, size, (index, lanes) =>
    storeVector(f, to, index, lanes, f32x4.add(loadVector(f, to, index, lanes), loadVector(f, from, index, lanes))),
  );
}

export const gatherKernel: KernelFactory<GatherOperation> = (context, { table, ids }, [result]) => {
  const [rows, width] = table.shape as [number, number];
  const from = context.read(table);
  const which = context.read(ids);
  const to = context.write(result!);
  return {
    name: `gather ${sizeOf(ids.shape)} rows of ${rows}×${width}`,
    flops: 0,
    emit: (module) =>
      module.func({ name: `gather${result!.id}` }, (f) =>
        forEachId(f, which, to, from, rows, (position, row) =>
          forEachVector(f, width, (index, lanes) =>
            storeVector(f, position, index, lanes, loadVector(f, row, index, lanes)),
          ),
        ),
      ),
  };
};

export const gatherGradientKernel: KernelFactory<GatherGradientOperation> = (context, { source, ids }, [result]) => {
  const [rows, width] = result!.shape as [number, number];
  const from = context.read(source);
  const which = context.read(ids);
  const to = context.write(result!);
  return {
    name: `gather gradient ${sizeOf(ids.shape)} rows of ${rows}×${width}`,
    flops: sizeOf(source.shape),
    emit: (module) =>
      module.func({ name: `gatherGradient${result!.id}` }, (f) => {
        emitFill(f, to, 0);
        forEachId(f, which, from, to, rows, (position, row) => addRow(f, row, position, width));
      }),
  };
};

/** Runs `body` for each id, with the row of `values` `[...ids, width]` at the id's position and the table's row of that id. */
function forEachId(
  f: FunctionBuilder,
  ids: Layout,
  values: Layout,
  table: Layout,
  rows: number,
  body: (position: Place, row: Place) => void,
): void {
  const joined = joinAxes(ids.shape, [ids.strides, values.strides.slice(0, -1)]);
  const starts = [ids, values].map((layout, i) => ({
    base: 0,
    offset: addressOf(layout),
    strides: joined.strides[i]!,
  }));
  const [rowStride, stride] = table.strides as [number, number]; // a table has two axes
  forEachIndex(f, joined.shape, starts, ([id, value]) => {
    const row = f.let(rowNumber(id!, rows), "row");
    const at = f.let(i32.add(i32.mul(row, 4 * rowStride), addressOf(table)), "rowAddress");
    body({ ...value!, stride: values.strides.at(-1)! }, { base: at, offset: 0, stride });
  });
}

/** The id truncated to a whole number and kept within the table. */
function rowNumber({ base, offset }: Position, rows: number): I32 {
  const id = f32.max(f32.min(f32.load(base, offset), rows - 1), 0);
  return i32.truncSatF32(id);
}
