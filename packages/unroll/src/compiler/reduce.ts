/** The kernel of the reduce operation: sums and maxima over any axes of an array with any strides. */
import { sizeOf } from "../core/shape.ts";
import type { ReduceOperation } from "../program/program.ts";
import { type FunctionBuilder, f32x4, type I32 } from "./assembler.ts";
import type { KernelFactory } from "./kernel.ts";
import { addressOf, type Layout } from "./layout.ts";
import {
  firstLanes,
  forEachIndex,
  forEachVector,
  joinAxes,
  loadVector,
  neutral,
  type Place,
  type Running,
  shifted,
  startRunning,
  storeVector,
} from "./loops.ts";

export const reduceKernel: KernelFactory<ReduceOperation> = (context, { kind, source, axes }, [result]) => {
  const from = context.read(source);
  const to = context.write(result!);
  return {
    name: `${kind} of ${source.shape.join("×")} to ${result!.shape.join("×")}`,
    flops: sizeOf(source.shape),
    emit: (module) => module.func({ name: `${kind}${result!.id}` }, (f) => emitReduce(f, kind, to, from, axes)),
  };
};

/** Vectors summed at once: enough to hide an addition's latency. */
const vectorsAtOnce = 4;
/** Elements along a row that are summed before they join the rest: rounding errors then grow with the number of parts. */
const partSize = 1024;

/** Emits `to = sum or maximum of from over axes`; `to` has size 1 along them. */
export function emitReduce(
  f: FunctionBuilder,
  kind: "sum" | "max",
  to: Layout,
  from: Layout,
  axes: readonly number[],
): void {
  const axesWhere = (chosen: (axis: number) => boolean) => {
    const list = from.shape.map((_, axis) => axis).filter(chosen);
    const pick = (numbers: readonly number[]): number[] => list.map((axis) => numbers[axis]!);
    return joinAxes(pick(from.shape), [pick(from.strides), pick(to.strides)]);
  };
  const across = axesWhere((axis) => axes.includes(axis));
  const kept = axesWhere((axis) => !axes.includes(axis));
  const starts = (strides: readonly (readonly number[])[]) => [
    { base: 0, offset: addressOf(from), strides: strides[0]! },
    { base: 0, offset: addressOf(to), strides: strides[1]! },
  ];

  const neighboursAreReduced = across.strides[0]!.at(-1) === 1 || kept.shape.length === 0;
  if (neighboursAreReduced) {
    // Lanes run along the last reduced axis and are joined at the end.
    const width = across.shape.pop() ?? 1;
    const stride = across.strides[0]!.pop() ?? 1;
    forEachIndex(f, kept.shape, starts(kept.strides), ([source, target]) => {
      const running = startRunning(f, kind);
      forEachIndex(f, across.shape, [{ ...source!, strides: across.strides[0]! }], ([row]) => {
        reduceAlong(f, kind, running, { ...row!, stride }, width);
      });
      storeVector(f, { ...target!, stride: 1 }, 0, 1, f32x4.splat(running.total()));
    });
    return;
  }

  // Lanes run along the last kept axis, a few vectors at once, down all reduced rows.
  const size = kept.shape.pop() ?? 1;
  const { lanes: vectorLanes } = f.machine;
  const [fromStride, toStride] = kept.strides.map((strides) => strides.pop() ?? 1) as [number, number]; // two arrays
  forEachIndex(f, kept.shape, starts(kept.strides), ([source, target]) => {
    const columns = (start: number, lanes: readonly number[], index: I32 | number): void => {
      const running = lanes.map(() => startRunning(f, kind));
      const at = (place: Place, vector: number): Place => shifted(place, start + vectorLanes * vector);
      forEachIndex(f, across.shape, [{ ...source!, strides: across.strides[0]! }], ([row]) => {
        for (const [i, sum] of running.entries()) {
          sum.add(loadVector(f, at({ ...row!, stride: fromStride }, i), index, lanes[i]!));
        }
      });
      for (const [i, sum] of running.entries()) {
        storeVector(f, at({ ...target!, stride: toStride }, i), index, lanes[i]!, sum.lanes());
      }
    };
    const block = vectorLanes * vectorsAtOnce;
    const whole = size - (size % block);
    if (whole > 0) {
      const index = f.i32("i");
      f.forLoop(index, 0, 4 * whole, 4 * block, () =>
        columns(0, new Array<number>(vectorsAtOnce).fill(vectorLanes), index),
      );
    }
    const rest = size - whole;
    if (rest > 0) {
      const lanes = Array.from({ length: Math.ceil(rest / vectorLanes) }, (_, i) =>
        Math.min(vectorLanes, rest - vectorLanes * i),
      );
      columns(whole, lanes, 0);
    }
  });
}

/** Adds `width` elements from a place on to a running sum or maximum. */
function reduceAlong(f: FunctionBuilder, kind: "sum" | "max", total: Running, start: Place, width: number): void {
  const add = (to: Running, place: Place, size: number): void =>
    forEachVector(f, size, (index, lanes) =>
      to.add(firstLanes(f, loadVector(f, place, index, lanes), lanes, neutral(kind))),
    );
  const { lanes: vectorLanes } = f.machine;
  const atOnce = vectorLanes * vectorsAtOnce;
  if (width < 2 * atOnce) {
    add(total, start, width);
    return;
  }
  const addPart = (place: Place, size: number): void => {
    const sums = Array.from({ length: vectorsAtOnce }, () => startRunning(f, kind));
    const whole = size - (size % atOnce);
    const index = f.i32("i");
    f.forLoop(index, 0, 4 * whole, 4 * atOnce, () => {
      for (const [i, sum] of sums.entries())
        sum.add(loadVector(f, shifted(place, vectorLanes * i), index, vectorLanes));
    });
    add(sums[0]!, shifted(place, whole), size - whole);
    for (const sum of sums) total.add(sum.lanes());
  };
  const parts = Math.floor(width / partSize);
  forEachIndex(f, [parts], [{ ...start, strides: [partSize * start.stride] }], ([part]) =>
    addPart({ ...part!, stride: start.stride }, partSize),
  );
  if (width > parts * partSize) addPart(shifted(start, parts * partSize), width - parts * partSize);
}
