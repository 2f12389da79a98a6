/** Which slips give a wrong output shape: each alone, slips before the layer carried to it, then two together. */
import { type Shape, sameShape } from "../../core/shape.ts";
import { deriveShape } from "../../equations/derive.ts";
import type { Sizes } from "../../layers/index.ts";
import { shapeOf } from "../../layers/sizes.ts";
import { type Candidate, type Finding, namedSlip, toFindings } from "./answer.ts";
import { carriedSlips } from "./carried.ts";
import type { Outline, Place } from "./outline.ts";
import { shapeVariants } from "./shape-slips.ts";
import type { Variant } from "./slip.ts";

interface PlacedVariant extends Variant<Sizes> {
  readonly layer: string;
}

/** Ways to `given` as the output shape of a layer; without a None in front it may be meant for one example. */
export function findShapeSlips(place: Place, outline: Outline, given: Shape): Finding[] {
  const forms = formsOf(given);
  const gives = ({ result }: Variant<Sizes>): boolean => forms.some((form) => sameShape(shapeOf(result), form));
  const variants = [
    ...shapeVariants(place, outline).map((variant) => ({ ...variant, layer: place.layer.name })),
    ...carriedVariants(place, outline),
  ];
  const singles = variants.filter(gives).map((variant) => candidateOf([variant], given));
  const others = otherShapes(place, outline, forms);
  if (singles.length > 0) return toFindings([...singles, ...others]);
  const pairs = variants.flatMap((first) =>
    shapeVariants({ ...place, outputs: [first.result] }, outline)
      .filter((second) => second.id !== first.id && gives(second))
      .map((second) => candidateOf([first, { ...second, layer: place.layer.name }], given)),
  );
  return toFindings([...pairs, ...others], 6);
}

/** The shape as it stands, and with the batch in front where it has no None. */
export function formsOf(given: Shape): Shape[] {
  return given.includes(null) ? [given] : [given, [null, ...given]];
}

function carriedVariants(place: Place, outline: Outline): PlacedVariant[] {
  return carriedSlips(outline).flatMap(({ origin, variant, outputs }): PlacedVariant[] => {
    const sizes = outputs.get(place);
    if (sizes === undefined || sameShape(shapeOf(sizes), shapeOf(place.outputs[0]!))) return [];
    return [{ ...variant, result: sizes, layer: origin.layer.name, plausibility: variant.plausibility * 0.95 }];
  });
}

function candidateOf(variants: readonly PlacedVariant[], given: Shape): Candidate {
  const { result } = variants.at(-1)!; // has all the slips in it
  const sizes = result.length === given.length ? result : result.slice(1);
  return {
    slips: variants.map(({ id, layer, detail }) => namedSlip(id, layer, detail)),
    plausibility: variants.reduce((product, one) => product * one.plausibility, variants.length > 1 ? 0.6 : 1),
    derive: () => deriveShape("output shape", sizes),
  };
}

/** The right shape of another layer. */
function otherShapes(place: Place, { places }: Outline, forms: readonly Shape[]): Candidate[] {
  const others = places.filter(
    ({ index, outputs }) => index !== place.index && forms.some((form) => sameShape(shapeOf(outputs[0]!), form)),
  );
  return others.slice(0, 1).map((other) => ({
    slips: [namedSlip("another-layer", other.layer.name, `That is the output shape of ${other.layer.name}.`)],
    plausibility: 0.4,
    derive: () => deriveShape("output shape", other.outputs[0]!),
  }));
}
