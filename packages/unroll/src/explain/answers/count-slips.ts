/** Every slip in a count that is known, and the wrong counts that they give for a layer. */
import { attentionCounts } from "./attention-slips.ts";
import { type CountTree, countOf } from "./count-tree.ts";
import type { CountSlip } from "./count-variant.ts";
import type { Outline, Place } from "./outline.ts";
import {
  featuresMultiplied,
  offByOne,
  sizeAsOne,
  staleFeatures,
  staleUnits,
  swapped,
  timestepsAsFeatures,
} from "./size-slips.ts";
import type { Variant } from "./slip.ts";
import {
  anotherCell,
  biasForgotten,
  biasOnce,
  biasPerInput,
  bracketsLost,
  doubleDirection,
  notTrained,
  oneArray,
  oneBiasForAll,
  oneDirection,
  partForgotten,
  secondBiasRow,
  timesTimesteps,
  twoBiases,
  wrongGates,
} from "./term-slips.ts";

/** Every count of a layer that one slip gives and that differs from the right one, the most plausible first. */
export function countVariants(place: Place, outline: Outline): CountVariant[] {
  const right = countOf(place.count);
  return countSlips
    .flatMap((slip) => slip(place, outline))
    .flatMap((variant): CountVariant[] => {
      const count = countOf(variant.result);
      return count === null || count === right ? [] : [{ ...variant, count }];
    })
    .sort((a, b) => b.plausibility - a.plausibility);
}

/** A slip in a count, and the number that it gives. */
export interface CountVariant extends Variant<CountTree> {
  readonly count: number;
}

const countSlips: readonly CountSlip[] = [
  secondBiasRow,
  twoBiases,
  timestepsAsFeatures,
  swapped,
  wrongGates,
  anotherCell,
  biasForgotten,
  biasPerInput,
  biasOnce,
  oneBiasForAll,
  partForgotten,
  bracketsLost,
  timesTimesteps,
  staleFeatures,
  staleUnits,
  featuresMultiplied,
  sizeAsOne,
  oneDirection,
  doubleDirection,
  attentionCounts,
  notTrained,
  oneArray,
  offByOne,
];
