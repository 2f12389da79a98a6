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
  /** The timesteps of one segment only: the outer index says with which it begins. See `outerIndex`. */
  readonly isPart: boolean;
}

/** A node at every timestep and example; strides in bytes. */
export interface Home {
  readonly buffer: Buffer;
  readonly start: number;
  readonly timesteps: number;
  /** Timesteps that there is room for; where that is fewer than `timesteps`, each segment of so many takes the place of the one before. */
  readonly slots: number;
  /** Of a home with fewer slots: timesteps are counted from the last one. */
  readonly fromEnd: boolean;
  readonly timeStride: number;
  readonly batchStride: number;
  readonly blockStride: number;
  /** Several nodes may lie in one home, each at its offset: they share its streams. */
  readonly streams: Map<string, Stream>;
}

export function makeHome(
  buffer: Buffer,
  start: number,
  strides: Pick<Home, "timesteps" | "timeStride" | "batchStride" | "blockStride"> &
    Partial<Pick<Home, "slots" | "fromEnd">>,
): Home {
  return { slots: strides.timesteps, fromEnd: false, ...strides, buffer, start, streams: new Map() };
}

/**
 * A home for one segment at a time, timesteps one after the other as the loop takes them. With `fromEnd` that loop runs from the
 * scan's last timestep to its first: then it is the first segment that may be short, and it lies at the end.
 */
export function segmentHome(buffer: Buffer, start: number, strides: Omit<Home, "buffer" | "start" | "streams">): Home {
  const { timesteps, slots, fromEnd, timeStride } = strides;
  if (slots === timesteps || !fromEnd) return makeHome(buffer, start, { ...strides, fromEnd: false });
  return makeHome(buffer, start + (slots - 1) * timeStride, { ...strides, timeStride: -timeStride });
}

/** The home counted from the last timestep to the first. */
export function reversed(home: Home): Home {
  const { buffer, start, timesteps, timeStride, fromEnd } = home;
  if (isReused(home)) return makeHome(buffer, start, { ...home, fromEnd: !fromEnd });
  return makeHome(buffer, start + (timesteps - 1) * timeStride, { ...home, timeStride: -timeStride });
}

function isReused({ slots, timesteps }: Home): boolean {
  return slots < timesteps;
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
export function evenness(home: Home, batch: number): 1 | -1 | 0 {
  const { timesteps, batchStride } = home;
  const timeStride = strideOf(home);
  if (timesteps === 1 || timeStride === batch * batchStride) return 1;
  return batch === 1 ? 0 : timeStride === -batch * batchStride ? -1 : 0;
}

/** From one timestep to the next of the same segment. */
function strideOf({ timeStride, fromEnd }: Home): number {
  return fromEnd ? -timeStride : timeStride;
}

/** The home as a stream for a walk; the same stream each time, so that nodes of one home share pointers. */
export function streamOf(home: Home, { along, isPart }: Pick<Walk, "along" | "isPart">): Stream {
  const key = isPart ? `${along} of a part` : along;
  const known = home.streams.get(key);
  if (known !== undefined) return known;
  const made: Stream = {
    at: isPart ? partAddress(home, along) : wholeAddress(home, along),
    rowStride: along === "batch" ? strideOf(home) : home.batchStride,
    blockStride: home.blockStride,
  };
  home.streams.set(key, made);
  return made;
}

/** The home as the time loop walks through it. */
export function timeStreamOf(home: Home): Stream {
  return streamOf(home, { along: "time", isPart: false });
}

function wholeAddress(home: Home, along: Walk["along"]): Stream["at"] {
  if (along === "time") return (outer) => timestepAddress(home, outer);
  const outerStride = along === "batch" ? home.batchStride : 0;
  // Examples run forwards in every timestep, so flat rows run forwards too.
  const start = home.start + (along === "flatBackwards" ? (home.timesteps - 1) * home.timeStride : 0);
  return (outer) => plus(home.buffer.address + start, outer, outerStride);
}

function partAddress(home: Home, along: Walk["along"]): Stream["at"] {
  if (along !== "batch") return (outer) => timestepAddress(home, outer);
  return (outer) => {
    const address = timestepAddress(home, i32.remU(outer, home.timesteps));
    return home.batchStride === 0
      ? address
      : i32.add(address, i32.mul(i32.divU(outer, home.timesteps), home.batchStride));
  };
}

/** The first row of a timestep. */
function timestepAddress(home: Home, timestep: I32): I32 {
  const { buffer, start, timesteps, slots, timeStride, fromEnd } = home;
  if (!isReused(home)) return plus(buffer.address + start, timestep, timeStride);
  return plus(
    buffer.address + start,
    i32.remU(fromEnd ? i32.sub(timesteps - 1, timestep) : timestep, slots),
    timeStride,
  );
}

function plus(address: number, count: I32, stride: number): I32 {
  return stride === 0 ? i32.const(address) : i32.add(i32.mul(count, stride), address);
}

/** The outer index with which a walk through a part takes its `index`th round, where the part begins with timestep `first`. */
export function outerIndex(
  { along }: Walk,
  index: I32 | undefined,
  first: I32,
  length: number,
  timesteps: number,
): I32 {
  if (along === "flat") return first;
  if (along === "flatBackwards") return i32.add(first, length - 1);
  if (index === undefined) return first;
  return i32.add(first, along === "time" ? index : i32.mul(index, timesteps));
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
  /** Both as homes, where more than two timesteps are kept. */
  readonly sequence: { readonly previous: Home; readonly next: Home } | undefined;
  /** Where the initial state belongs. */
  readonly initial: Place;
  /** Where it lies before and after a whole segment, if segments take one another's place; and what it was before each of them. */
  readonly segment?: { readonly before: Place; readonly after: Place; readonly starts?: Place };
}

export interface StateSize {
  readonly timesteps: number;
  readonly batch: number;
  /** Bytes of a row and from block to block. */
  readonly row: number;
  readonly block: number;
}

/** A state in `timesteps` + 1 slots one after the other, the first for the initial state. */
export function sequenceState(buffer: Buffer, { timesteps, batch, row, block }: StateSize): StateHome {
  const strides = { timesteps, timeStride: batch * row, batchStride: row, blockStride: block };
  const sequence = { previous: makeHome(buffer, 0, strides), next: makeHome(buffer, batch * row, strides) };
  const previous = timeStreamOf(sequence.previous);
  return { previous, next: timeStreamOf(sequence.next), sequence, initial: { stream: previous, offset: 0 } };
}

/** A state in `slots` + 1 slots for the timesteps of a segment, the first for the state before it. See `segmentHome`. */
export function segmentState(
  buffer: Buffer,
  { timesteps, batch, row, block }: StateSize,
  { slots, fromEnd }: Pick<Home, "slots" | "fromEnd">,
): StateHome {
  const slot = batch * row;
  const strides = { timesteps, slots, fromEnd, timeStride: slot, batchStride: row, blockStride: block };
  const sequence = { previous: segmentHome(buffer, 0, strides), next: segmentHome(buffer, slot, strides) };
  const previous = timeStreamOf(sequence.previous);
  const fixed = (start: number): Place => ({
    stream: { at: () => i32.const(buffer.address + start), rowStride: row, blockStride: block },
    offset: 0,
  });
  return {
    previous,
    next: timeStreamOf(sequence.next),
    sequence,
    initial: { stream: previous, offset: 0 },
    segment: { before: fixed(0), after: fixed(slots * slot) },
  };
}

/** A state in two slots that change places at every step. */
export function alternatingState(buffer: Buffer, { batch, row, block }: Omit<StateSize, "timesteps">): StateHome {
  const slotAt = (index: I32): I32 => i32.add(i32.mul(i32.and(index, 1), batch * row), buffer.address);
  const rows = { rowStride: row, blockStride: block };
  const previous: Stream = { ...rows, at: slotAt };
  const next: Stream = { ...rows, at: (timestep) => slotAt(i32.add(timestep, 1)) };
  return { previous, next, sequence: undefined, initial: { stream: previous, offset: 0 } };
}
