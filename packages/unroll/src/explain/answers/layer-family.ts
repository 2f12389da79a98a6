/** How a learner names a layer, also one inside a wrapper. */
import { familyOf } from "../../layers/family.ts";
import type { Layer } from "../../layers/layer.ts";
import type { Model } from "../../model/model.ts";

/**
 * A layer of the model by name or place, or one inside a wrapper by name.
 *
 * @throws UnrollError `unknown-name`
 */
export function layerIn(model: Model, wanted: string | number): Layer {
  if (typeof wanted === "number" || model.layers.some(({ name }) => name === wanted)) return model.getLayer(wanted);
  return model.layers.flatMap(familyOf).find(({ name }) => name === wanted) ?? model.getLayer(wanted);
}
