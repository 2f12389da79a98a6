/** Which slips give a layer's wrong count: each alone, slips before the layer carried to it, then two together. */
import { deriveSize } from "../../equations/derive.ts";
import { constant } from "../../equations/expr.ts";
import { type Candidate, type Finding, namedSlip, toFindings } from "./answer.ts";
import { carriedSlips } from "./carried.ts";
import { type CountVariant, countVariants } from "./count-slips.ts";
import { countOf, deriveTree } from "./count-tree.ts";
import type { Outline, Place } from "./outline.ts";

/** A count with a slip, and the layer at which the slip was made. */
export interface PlacedVariant extends CountVariant {
  readonly layer: string;
}

/** Counts of a layer that a slip in it, or in the shapes before it, gives. */
export function layerVariants(place: Place, outline: Outline): PlacedVariant[] {
  const own = countVariants(place, outline).map((variant) => ({ ...variant, layer: place.layer.name }));
  const carried = carriedSlips(outline).flatMap(({ origin, variant, counts }): PlacedVariant[] => {
    const result = counts.get(place);
    const count = result === undefined ? null : countOf(result);
    if (result === undefined || count === null || count === place.parameters) return [];
    return [{ ...variant, result, count, layer: origin.layer.name, plausibility: variant.plausibility * 0.95 }];
  });
  return [...own, ...carried];
}

/** Ways to `given` as the count of a layer. */
export function findCountSlips(place: Place, outline: Outline, given: number): Finding[] {
  const variants = layerVariants(place, outline);
  const singles = variants.filter(({ count }) => count === given).map((variant) => candidateOf([variant]));
  const others = otherCounts(place, outline, given);
  if (singles.length + others.length > 0) return toFindings([...singles, ...others]);
  const pairs = variants.flatMap((first) =>
    countVariants({ ...place, count: first.result }, outline)
      .filter(({ id, count }) => id !== first.id && count === given)
      .map((second) => candidateOf([first, { ...second, layer: place.layer.name }])),
  );
  return toFindings(pairs, 6);
}

/** The last of the variants has all the slips in it. */
function candidateOf(variants: readonly PlacedVariant[]): Candidate {
  return {
    slips: variants.map(({ id, layer, detail }) => namedSlip(id, layer, detail)),
    plausibility: variants.reduce((product, one) => product * one.plausibility, variants.length > 1 ? 0.6 : 1),
    derive: () => deriveTree(variants.at(-1)!.result),
  };
}

/** The right count of something else. */
function otherCounts(place: Place, { places, name }: Outline, given: number): Candidate[] {
  const same = places.filter(({ index, parameters }) => index !== place.index && given > 0 && parameters === given);
  const total = places.reduce((sum, { parameters }) => sum + (parameters ?? 0), 0);
  return [
    ...same.map((other): Candidate => {
      const detail = `${given} is the count of ${other.layer.name}.`;
      return {
        slips: [namedSlip("another-layer", other.layer.name, detail)],
        plausibility: 0.55,
        derive: () => deriveTree(other.count),
      };
    }),
    ...(total === given && places.length > 1
      ? [
          {
            slips: [namedSlip("another-layer", name, `${given} is the total of the model.`)],
            plausibility: 0.55,
            derive: () => deriveSize("total parameters", constant(given)),
          },
        ]
      : []),
  ];
}
