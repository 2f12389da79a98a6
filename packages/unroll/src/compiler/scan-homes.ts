/**
 * Homes: where a node of a scan lies for every timestep and example. The same home is walked through in several ways, by the
 * time loop and by the regions around it.
 */
import { type I32, i32 } from "./assembler.ts";
import type { PlanContext } from "./kernel.ts";
import type { Buffer, Layout } from "./layout.ts";
import type { Machine } from "./machine.ts";
import type { Place, Stream } from "./schedule-place.ts";

/** How a region walks through timesteps and examples: the outer loop, and the rows of its stages. */
export interface Walk {
  readonly outer: number;
  readonly rows: number;
  /** Which axis the outer loop runs along; flat = rows are timesteps × examples, flatBackwards = from the last timestep on. */
  readonly along: "time" | "batch" | "flat" | "flatBackwards";
}

/** A node at every timestep and example; strides in bytes. */
export interface Home {
  readonly buffer: Buffer;
  readonly start: number;
  readonly timesteps: number;
  readonly timeStride: number;
  readonly batchStride: number;
  readonly blockStride: number;
  /** Several nodes may lie in one home, each at its offset: they share its streams. */
  readonly streams: Map<Walk["along"], Stream>;
}

export function makeHome(
  buffer: Buffer,
  start: number,
  strides: Pick<Home, "timesteps" | "timeStride" | "batchStride" | "blockStride">,
): Home {
  return { ...strides, buffer, start, streams: new Map() };
}

/** The home counted from the last timestep to the first. */
export function reversed(home: Home): Home {
  const { buffer, start, timesteps, timeStride } = home;
  return makeHome(buffer, start + (timesteps - 1) * timeStride, { ...home, timeStride: -timeStride });
}

/** A plan's layout `[batch, ...]` as a home, `timeStride` elements from one timestep to the next. */
export function layoutHome(
  { buffer, offset, shape, strides }: Layout,
  timesteps: number,
  timeStride: number,
  blockStride: number,
): Home {
  return makeHome(buffer, 4 * offset, {
    timesteps,
    timeStride: 4 * timeStride,
    // A view gives an axis of one entry the stride 0, which would mean that all rows of a flat walk are one.
    batchStride: 4 * (shape[0] === 1 && strides[0] === 0 ? timesteps * timeStride : strides[0]!),
    blockStride,
  });
}

/** Whether rows follow one another evenly over all timesteps and examples: 1 forwards, -1 backwards, 0 not. */
export function evenness({ timesteps, timeStride, batchStride }: Home, batch: number): 1 | -1 | 0 {
  if (timesteps === 1 || timeStride === batch * batchStride) return 1;
  return batch === 1 ? 0 : timeStride === -batch * batchStride ? -1 : 0;
}

/** The home as a stream for a walk; the same stream each time, so that nodes of one home share pointers. */
export function streamOf(home: Home, along: Walk["along"]): Stream {
  const known = home.streams.get(along);
  if (known !== undefined) return known;
  const isFlat = along === "flat" || along === "flatBackwards";
  const outerStride = isFlat ? 0 : along === "time" ? home.timeStride : home.batchStride;
  // Examples run forwards in every timestep, so flat rows run forwards too.
  const start = home.start + (along === "flatBackwards" ? (home.timesteps - 1) * home.timeStride : 0);
  const made: Stream = {
    at: (outer) => {
      const first = home.buffer.address + start;
      return outerStride === 0 ? i32.const(first) : i32.add(i32.mul(outer, outerStride), first);
    },
    rowStride: along === "batch" ? home.timeStride : home.batchStride,
    blockStride: home.blockStride,
  };
  home.streams.set(along, made);
  return made;
}

/** Bytes of a row of `width` elements with room for whole blocks; not a multiple of 1 KiB, for rows would evict one another. */
export function rowBytes(width: number, { lanes }: Machine): number {
  const bytes = 4 * lanes * Math.ceil(width / lanes);
  return bytes % 1024 === 0 ? bytes + 64 : bytes;
}

/** The layout, or that of a copy, with neighbours along the last axis side by side. */
export function withUnitStride(context: PlanContext, value: Parameters<PlanContext["read"]>[0]): Layout {
  const layout = context.read(value);
  return layout.strides.at(-1) === 1 || layout.shape.at(-1) === 1 ? layout : context.readContiguous(value);
}

/** A state's rows: before each step and after it. */
export interface StateHome {
  readonly previous: Stream;
  readonly next: Stream;
  /** Both as homes, where all timesteps are kept. */
  readonly sequence: { readonly previous: Home; readonly next: Home } | undefined;
  /** Where the initial state belongs. */
  readonly initial: Place;
}

/** A state in `timesteps` + 1 slots one after the other, the first for the initial state. */
export function sequenceState(
  buffer: Buffer,
  {
    timesteps,
    batch,
    row,
    block,
  }: { readonly timesteps: number; readonly batch: number; readonly row: number; readonly block: number },
): StateHome {
  const strides = { timesteps, timeStride: batch * row, batchStride: row, blockStride: block };
  const sequence = { previous: makeHome(buffer, 0, strides), next: makeHome(buffer, batch * row, strides) };
  const previous = streamOf(sequence.previous, "time");
  return { previous, next: streamOf(sequence.next, "time"), sequence, initial: { stream: previous, offset: 0 } };
}

/** A state in two slots that change places at every step. */
export function alternatingState(
  buffer: Buffer,
  { batch, row, block }: { readonly batch: number; readonly row: number; readonly block: number },
): StateHome {
  const slotAt = (index: I32): I32 => i32.add(i32.mul(i32.and(index, 1), batch * row), buffer.address);
  const rows = { rowStride: row, blockStride: block };
  const previous: Stream = { ...rows, at: slotAt };
  const next: Stream = { ...rows, at: (timestep) => slotAt(i32.add(timestep, 1)) };
  return { previous, next, sequence: undefined, initial: { stream: previous, offset: 0 } };
}
