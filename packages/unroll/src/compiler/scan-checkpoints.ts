/**
 * A scan that runs segment by segment: the states with which each segment began are kept, so that the way back can compute a
 * segment again. It is the same function that runs forwards and again, hence the same bits.
 */
import { type FunctionBuilder, type I32, i32, type ModuleBuilder, type WasmFunction } from "./assembler.ts";
import type { Buffer } from "./layout.ts";
import { emitCounted } from "./product-loops.ts";
import type { StateHome, StateSize } from "./scan-homes.ts";
import type { ScanSize } from "./scan-memory.ts";
import { emitRows, type ScanRegions } from "./scan-regions.ts";
import { lastLength, segmentCount } from "./scan-segments.ts";
import type { Place } from "./schedule-place.ts";

/** The state with its value before each segment, by the segment's number, in a buffer `[segments][batch][row]`. */
export function withStarts(state: StateHome, buffer: Buffer, { batch, row, block }: StateSize): StateHome {
  const at = (number: I32): I32 => i32.add(i32.mul(number, batch * row), buffer.address);
  const starts: Place = { stream: { at, rowStride: row, blockStride: block }, offset: 0 };
  return { ...state, initial: starts, segment: { ...state.segment!, starts } };
}

/** Functions that run a segment from the states it began with. */
export interface SegmentFunctions {
  /** Any but the last, given its number. */
  readonly whole: WasmFunction;
  readonly last: WasmFunction;
}

/** Emits what runs all segments, and the functions that run one; there are none where one segment is all. */
export function emitSegments(
  module: ModuleBuilder,
  name: string,
  size: ScanSize,
  states: readonly StateHome[],
  run: ReturnType<ScanRegions["emit"]>,
): { readonly runAll: (f: FunctionBuilder) => void; readonly functions: SegmentFunctions | undefined } {
  const { batch, timesteps, units, segment } = size;
  const count = segmentCount(size);
  if (count === 1) return { runAll: (f) => run(f, i32.const(0), timesteps), functions: undefined };
  const kept = states.flatMap(({ segment: ends }) =>
    ends?.starts === undefined ? [] : [{ ...ends, starts: ends.starts }],
  );
  const copy = (f: FunctionBuilder, from: Place, to: Place, number: I32): void =>
    emitRows(f, { rows: batch, width: units }, ([state]) => state!, [from], to, number);
  const runFromStart = (f: FunctionBuilder, number: I32, length: number): void => {
    for (const { starts, before } of kept) copy(f, starts, before, number);
    run(f, f.let(i32.mul(number, segment), "first"), length);
  };
  const whole = module.func({ name: `${name} segment`, parameters: { number: "i32" } }, (f, { number }) =>
    runFromStart(f, number, segment),
  );
  const last = module.func({ name: `${name} last segment` }, (f) =>
    runFromStart(f, i32.const(count - 1), lastLength(size)),
  );
  const runAll = (f: FunctionBuilder): void => {
    emitCounted(f, count - 1, (index) => {
      const number = index ?? i32.const(0);
      f.call(whole, number);
      for (const { starts, after } of kept) copy(f, after, starts, i32.add(number, 1));
    });
    f.call(last);
  };
  return { runAll, functions: { whole, last } };
}
