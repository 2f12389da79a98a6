/**
 * Where an evaluation can go on from an earlier one of the same program: a step of a scan whose weights, mask, first states and
 * inputs up to there are bit for bit those of before gives what it gave before.
 */
import type { ScanStep } from "./evaluate-scan.ts";
import type { ScanOperation, Value } from "./program.ts";

/** An evaluation whose steps were kept. */
export interface Earlier {
  /** The numbers of any value that the program computes. */
  valueOf(value: Value): Float64Array;
  /** Steps of a scan, by example and in order of processing. */
  stepsOf(scan: ScanOperation): readonly (readonly ScanStep[])[];
}

/** The first steps of each example, in order of processing, that are those of the earlier evaluation; none where a weight differs. */
export function stepsOfBefore(
  scan: ScanOperation,
  numbersOf: (value: Value) => Float64Array,
  earlier: Earlier,
): readonly (readonly ScanStep[])[] {
  const { input, mask, arrays, initialStates = [], inputFactors, recurrentFactors } = scan;
  const overTime = mask === undefined ? [] : [mask];
  const whole = [...arrays, ...initialStates, ...inputFactors, ...recurrentFactors, ...overTime];
  if (!whole.every((value) => isSame(numbersOf(value), earlier.valueOf(value)))) return [];
  const [, timesteps, features] = input.shape as [number, number, number];
  const [now, before] = [numbersOf(input), earlier.valueOf(input)];
  return earlier.stepsOf(scan).map((steps) => {
    const changed = steps.findIndex(({ batchIndex, timestep }) => {
      const start = (batchIndex * timesteps + timestep) * features;
      return !isSame(now.subarray(start, start + features), before.subarray(start, start + features));
    });
    return changed === -1 ? steps : steps.slice(0, changed);
  });
}

/** The same bits, but for those of NaN, which all count as one. */
function isSame(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}
