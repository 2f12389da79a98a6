/** Slips in output shapes, carried to the layers behind: what those read then, and what they count. Found once for a model. */

import type { Sizes } from "../../layers/index.ts";
import { shapeOf } from "../../layers/sizes.ts";
import { type CountTree, countOf, countTree } from "./count-tree.ts";
import { inputLetters } from "./letters.ts";
import { carryForward, type Outline, outputsFor, type Place } from "./outline.ts";
import { consequentialVariants } from "./shape-slips.ts";
import type { Variant } from "./slip.ts";

/** A slip in the output shape of `origin` and the layers that it changes. */
export interface CarriedSlip {
  readonly origin: Place;
  readonly variant: Variant<Sizes>;
  readonly counts: ReadonlyMap<Place, CountTree>;
  readonly outputs: ReadonlyMap<Place, Sizes>;
  /** What it adds to the model's total. */
  readonly difference: number;
}

const found = new WeakMap<Outline, readonly CarriedSlip[]>();

/** Every slip in a shape that changes what layers behind it read. */
export function carriedSlips(outline: Outline): readonly CarriedSlip[] {
  const known = found.get(outline);
  if (known !== undefined) return known;
  const slips = outline.places.flatMap((origin) =>
    consequentialVariants(origin).map((variant): CarriedSlip => {
      const changed = carryForward(outline, origin, shapeOf(variant.result));
      const counts = new Map([...changed].map(([place, sources]) => [place, countTree(place.layer, sources)]));
      const outputs = [...changed].flatMap(([place, sources]): [Place, Sizes][] => {
        const sizes = outputsFor(place.layer, inputLetters(sources))?.[0];
        return sizes === undefined ? [] : [[place, sizes]];
      });
      const differences = [...counts].map(([place, tree]) => (countOf(tree) ?? 0) - (place.parameters ?? 0));
      return {
        origin,
        variant,
        counts,
        outputs: new Map(outputs),
        difference: differences.reduce((sum, one) => sum + one, 0),
      };
    }),
  );
  found.set(outline, slips);
  return slips;
}
