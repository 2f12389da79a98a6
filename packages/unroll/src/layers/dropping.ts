/** Random factors of dropout layers: 0 with a probability of `rate`, else 1 / (1 − rate), so that the mean stays. */
import { select } from "../equations/expr.ts";
import { filled, map, random } from "../program/builder.ts";
import type { Value } from "../program/program.ts";

/** Fresh factors on each run. A rate of 1 gives zeros. */
export function keepFactors(shape: readonly number[], rate: number): Value {
  if (rate >= 1) return filled(shape, 0);
  return map([random(shape, "uniform")], ([u]) => select(u!.lessThan(rate), 0, 1 / (1 - rate)));
}
