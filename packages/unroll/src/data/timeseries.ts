/**
 * timeseriesDatasetFromArray after Keras 3: windows of an array of any rank, in batches. For forecasts with a lookback
 * and a horizon `windows` says the same more directly; this is for code that comes from Keras.
 */
import {
  checkOptionNames,
  Random,
  sizeOf,
  type Tensor,
  type TensorData,
  type TensorLike,
  tensor,
  UnrollError,
} from "../core/index.ts";
import { checkWhole } from "./checks.ts";

/** Options of `timeseriesDataset`; names and defaults are Keras's. */
export interface TimeseriesOptions {
  /** `[timesteps, …]` */
  readonly data: TensorLike;
  /** `[timesteps, …]`; the target of a window is that of its first timestep, as in Keras. */
  readonly targets?: TensorLike | null;
  /** Timesteps per window. */
  readonly sequenceLength: number;
  /** Timesteps from one window to the next, default 1. */
  readonly sequenceStride?: number;
  /** Timesteps from one row of a window to the next, default 1. */
  readonly samplingRate?: number;
  /** Windows per batch, default 128; null gives single windows without a batch axis. */
  readonly batchSize?: number | null;
  readonly shuffle?: boolean;
  /** For shuffle, default 0. The order is this library's, not TensorFlow's. */
  readonly seed?: number;
  /** First timestep used, default 0. */
  readonly startIndex?: number;
  /** Timestep before which to stop, default the end. */
  readonly endIndex?: number;
}

/** `x` is `[batch, sequenceLength, …]` or, with batchSize null, `[sequenceLength, …]`; `y` only where targets were given. */
export interface TimeseriesBatch {
  readonly x: Tensor;
  readonly y?: Tensor;
}

/** Batches, made one at a time while iterating; with shuffle, in a new order each time. */
export interface TimeseriesDataset extends Iterable<TimeseriesBatch> {
  /** Windows in all. */
  readonly count: number;
  /** Batches in one pass. */
  readonly batches: number;
}

/**
 * Windows of an array as Keras's `keras.utils.timeseries_dataset_from_array` makes them, but endIndex may equal the
 * number of timesteps. Too few timesteps give no batches, not an error.
 *
 * @throws UnrollError `option` for sizes and indices out of range, `data` when targets end before the last window.
 * @example for (const { x, y } of timeseriesDatasetFromArray({ data, targets, sequenceLength: 10 })) …
 */
export function timeseriesDatasetFromArray(options: TimeseriesOptions): TimeseriesDataset {
  checkOptionNames(PATH, options, OPTION_NAMES);
  const { sequenceLength, sequenceStride = 1, samplingRate = 1, batchSize = 128, shuffle = false, seed = 0 } = options;
  checkWhole(PATH, "sequenceLength", sequenceLength, 1);
  checkWhole(PATH, "sequenceStride", sequenceStride, 1);
  checkWhole(PATH, "samplingRate", samplingRate, 1);
  if (batchSize !== null) checkWhole(PATH, "batchSize", batchSize, 1);
  const data = tensor(options.data);
  const targets = options.targets === undefined || options.targets === null ? undefined : tensor(options.targets);
  const timesteps = data.shape[0] ?? 0;
  const { startIndex = 0, endIndex = timesteps } = options;
  checkIndices(startIndex, endIndex, timesteps);

  const reach = endIndex - startIndex - (sequenceLength - 1) * samplingRate;
  const starts = Math.max(0, Math.min(reach, targets?.shape[0] ?? reach));
  const count = Math.ceil(starts / sequenceStride);
  const lastTarget = startIndex + (count - 1) * sequenceStride;
  if (targets !== undefined && count > 0 && lastTarget >= targets.shape[0]!) {
    throw new UnrollError({
      code: "data",
      path: PATH,
      expected: `targets must reach to timestep ${lastTarget}, where the last window begins`,
      received: `${targets.shape[0]} targets`,
      hint: "targets are counted from the first timestep of data, not from startIndex.",
    });
  }
  const random = new Random(seed);
  const size = batchSize ?? 1;
  return {
    count,
    batches: Math.ceil(count / size),
    *[Symbol.iterator]() {
      const order = shuffle ? random.permutation(count) : undefined;
      for (let first = 0; first < count; first += size) {
        const places = Array.from({ length: Math.min(size, count - first) }, (_, i) => {
          const window = order === undefined ? first + i : order[first + i]!;
          return startIndex + window * sequenceStride;
        });
        const x = gather(data, places, sequenceLength, samplingRate);
        const y = targets && gather(targets, places, 1, 1);
        const lead = batchSize === null ? [] : [places.length];
        const batch = { x: { shape: [...lead, sequenceLength, ...data.shape.slice(1)], data: x } };
        yield y === undefined ? batch : { ...batch, y: { shape: [...lead, ...targets!.shape.slice(1)], data: y } };
      }
    },
  };
}

const PATH = "timeseriesDatasetFromArray";
const OPTION_NAMES: readonly (keyof TimeseriesOptions)[] = [
  "data",
  "targets",
  "sequenceLength",
  "sequenceStride",
  "samplingRate",
  "batchSize",
  "shuffle",
  "seed",
  "startIndex",
  "endIndex",
];

function checkIndices(startIndex: number, endIndex: number, timesteps: number): void {
  checkWhole(PATH, "startIndex", startIndex, 0);
  checkWhole(PATH, "endIndex", endIndex, 0);
  if (timesteps === 0 || (startIndex < endIndex && endIndex <= timesteps)) return;
  throw new UnrollError({
    code: "option",
    path: PATH,
    expected: `startIndex must be below endIndex, and endIndex at most ${timesteps}, the number of timesteps`,
    received: `startIndex = ${startIndex}, endIndex = ${endIndex}`,
  });
}

/** For every place, `length` rows that are `rate` apart. */
function gather({ shape, data }: Tensor, places: readonly number[], length: number, rate: number): TensorData {
  const row = sizeOf(shape.slice(1));
  const size = places.length * length * row;
  const out = data instanceof Int32Array ? new Int32Array(size) : new Float32Array(size);
  let at = 0;
  for (const place of places) {
    for (let step = 0; step < length; step++) {
      const from = (place + step * rate) * row;
      out.set(data.subarray(from, from + row), at);
      at += row;
    }
  }
  return out;
}
