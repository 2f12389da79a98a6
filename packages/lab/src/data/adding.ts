/**
 * The adding problem (Hochreiter and Schmidhuber, 1997): sequences of numbers, two of them marked; what is asked for is the
 * sum of those two. Made from a seed by the library's own generator.
 */
import { Random } from "unroll/core/random.ts";

const sequences = 600;

export interface AddingProblem {
  /** One sum for each sequence. */
  readonly series: readonly number[];
  /** Values in [0, 1), and 1 beside the two that are marked, one in each half; else 0. */
  readonly inputs: readonly { readonly name: string; readonly values: readonly number[] }[];
}

/** @param timesteps of a sequence, at least 2 */
export function addingProblem(seed: number, timesteps: number): AddingProblem {
  const random = new Random(seed);
  const values: number[] = [];
  const marks: number[] = [];
  const series: number[] = [];
  const half = timesteps >> 1;
  for (let sequence = 0; sequence < sequences; sequence++) {
    const start = values.length;
    for (let t = 0; t < timesteps; t++) values.push(random.uniform());
    const [first, second] = [
      Math.floor(random.uniform(0, half)),
      half + Math.floor(random.uniform(0, timesteps - half)),
    ];
    for (let t = 0; t < timesteps; t++) marks.push(t === first || t === second ? 1 : 0);
    series.push(values[start + first]! + values[start + second]!);
  }
  return {
    series,
    inputs: [
      { name: "value", values },
      { name: "mark", values: marks },
    ],
  };
}
