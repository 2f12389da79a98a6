/**
 * How the timesteps of a scan are cut. Segments are processed together: with fewer timesteps than the sequence has, what a step
 * leaves for the way back is kept for one segment only, and computed again from the states at its start. Parts are what weight
 * gradients are summed up in. This file knows lengths, no memory and no code.
 */

/** Timesteps × examples of a part: so many left-hand rows stay in the second-level cache while all columns are multiplied with them. */
export const rowsOfPart = 512;

interface Sequence {
  readonly batch: number;
  readonly timesteps: number;
}

/** Timesteps of a part, all nearly equal. A product with more examples is cut further, within the timestep. */
export function partLength({ batch, timesteps }: Sequence): number {
  return Math.ceil(timesteps / Math.max(1, Math.min(timesteps, Math.round((timesteps * batch) / rowsOfPart))));
}

/** What a step of an LSTM or GRU leaves for the way back, beside the states that a segment begins with: about so many times as much. */
const stepBesideStart = 9;

/**
 * The length of segments that keeps memory small: what is kept of each segment's start and what is kept within one segment are then
 * of a size. It is a whole number of parts, so that no bit changes. Shorter ones take more memory, longer ones more memory and more
 * time, for they leave the caches.
 */
export function shortSegment(sequence: Sequence): number {
  const part = partLength(sequence);
  const parts = Math.round(Math.sqrt(sequence.timesteps / stepBesideStart) / part);
  return Math.min(sequence.timesteps, part * Math.max(1, parts));
}

interface Cut {
  readonly timesteps: number;
  readonly segment: number;
}

export function segmentCount({ timesteps, segment }: Cut): number {
  return Math.ceil(timesteps / segment);
}

/** Timesteps of the last segment. */
export function lastLength({ timesteps, segment }: Cut): number {
  return timesteps - (segmentCount({ timesteps, segment }) - 1) * segment;
}

/** The different lengths of segments. */
export function segmentLengths(cut: Cut): number[] {
  return [...new Set([cut.segment, lastLength(cut)])];
}
