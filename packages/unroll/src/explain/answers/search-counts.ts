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
  const pairs = pairsFor(place, outline, variants).flatMap(({ first, at, count }) =>
    count === given
      ? [candidateOf([first, { ...secondsOf(first, place, outline)[at]!, layer: place.layer.name }])]
      : [],
  );
  return toFindings(pairs, 6);
}

/** Two slips together: which of the second ones, and what they give. */
interface Pair {
  readonly first: PlacedVariant;
  readonly at: number;
  readonly count: number;
}

const known = new WeakMap<Outline, Map<Place, readonly Pair[]>>();

/** All pairs that leave something of a layer, worked out once: the next wrong answer asks for them again. */
function pairsFor(place: Place, outline: Outline, variants: readonly PlacedVariant[]): readonly Pair[] {
  const places = known.get(outline) ?? new Map<Place, readonly Pair[]>();
  known.set(outline, places);
  const pairs =
    places.get(place) ??
    variants.flatMap((first) =>
      secondsOf(first, place, outline).flatMap(({ id, count }, at) =>
        id === first.id || count <= 0 ? [] : [{ first, at, count }],
      ),
    );
  places.set(place, pairs);
  return pairs;
}

/** Slips put into what the first one made. */
function secondsOf(first: PlacedVariant, place: Place, outline: Outline): readonly CountVariant[] {
  return countVariants({ ...place, count: first.result }, outline);
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
