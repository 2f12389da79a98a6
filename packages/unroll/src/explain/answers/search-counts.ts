/** Which slips give a layer's wrong count: each alone, slips before the layer carried to it, then two together. */
import { deriveSize } from "../../equations/derive.ts";
import { constant } from "../../equations/expr.ts";
import { shapeOf } from "../../layers/sizes.ts";
import { type Candidate, type Finding, namedSlip, toFindings } from "./answer.ts";
import { countVariants } from "./count-slips.ts";
import { type CountTree, countOf, countTree, deriveTree } from "./count-tree.ts";
import { carryForward, type Outline, type Place } from "./outline.ts";
import { shapeVariants } from "./shape-slips.ts";
import { isCarried, type Variant } from "./slip.ts";

/** A count with a slip, and the layer at which the slip was made. */
export interface PlacedVariant extends Variant<CountTree> {
  readonly layer: string;
}

/** Counts of a layer that a slip in it, or in the shapes before it, gives. */
export function layerVariants(place: Place, outline: Outline): PlacedVariant[] {
  const own = countVariants(place, outline).map((variant) => ({ ...variant, layer: place.layer.name }));
  return [...own, ...carriedVariants(place, outline)];
}

/** Slips in output shapes before the layer change what it reads. */
function carriedVariants(place: Place, outline: Outline): PlacedVariant[] {
  const right = countOf(place.count);
  return outline.places.slice(0, place.index).flatMap((before) =>
    shapeVariants(before, outline)
      .filter(isCarried)
      .flatMap((variant): PlacedVariant[] => {
        const sources = carryForward(outline, before, shapeOf(variant.result)).get(place);
        if (sources === undefined) return [];
        const result = countTree(place.layer, sources);
        const count = countOf(result);
        if (count === null || count === right) return [];
        return [{ ...variant, result, layer: before.layer.name, plausibility: variant.plausibility * 0.95 }];
      }),
  );
}

/** Ways to `given` as the count of a layer. */
export function findCountSlips(place: Place, outline: Outline, given: number): Finding[] {
  const variants = layerVariants(place, outline);
  const singles = variants.filter(({ result }) => countOf(result) === given).map((variant) => candidateOf([variant]));
  const others = otherCounts(place, outline, given);
  if (singles.length + others.length > 0) return toFindings([...singles, ...others]);
  const pairs = variants.flatMap((first) =>
    countVariants({ ...place, count: first.result }, outline)
      .filter(({ id, result }) => id !== first.id && countOf(result) === given)
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
  const same = places.filter(({ index, count }) => index !== place.index && given > 0 && countOf(count) === given);
  const total = places.reduce((sum, { count }) => sum + (countOf(count) ?? 0), 0);
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
