/** A value over time in one sentence: where it starts and ends, its lowest and its highest. */
import { stepWords } from "../words-step.ts";
import { short } from "./format.ts";

/** `timesteps[index]` is where `values[index]` is, from 0; `unit` counts from 0 too. */
export function seriesSentence(
  name: string,
  unit: number,
  values: readonly number[],
  timesteps: readonly number[],
): string {
  const low = values.reduce((one, other) => Math.min(one, other), Number.POSITIVE_INFINITY);
  const high = values.reduce((one, other) => Math.max(one, other), Number.NEGATIVE_INFINITY);
  const timestepOf = (value: number): number => timesteps[values.indexOf(value)]! + 1;
  return stepWords.series({
    name,
    unit: unit + 1,
    steps: values.length,
    first: short(values[0]!, 3),
    last: short(values.at(-1)!, 3),
    low: short(low, 3),
    lowAt: timestepOf(low),
    high: short(high, 3),
    highAt: timestepOf(high),
  });
}
