/** Layers with those inside them: how a learner names one, also inside a wrapper. */
import type { Layer } from "../../layers/layer.ts";
import type { Model } from "../../model/model.ts";

/** A layer with those inside it. */
export function familyOf(layer: Layer): Layer[] {
  return [layer, ...layer.children.flatMap(familyOf)];
}

/**
 * A layer of the model by name or place, or one inside a wrapper by name.
 *
 * @throws UnrollError `unknown-name`
 */
export function layerIn(model: Model, wanted: string | number): Layer {
  if (typeof wanted === "number" || model.layers.some(({ name }) => name === wanted)) return model.getLayer(wanted);
  return model.layers.flatMap(familyOf).find(({ name }) => name === wanted) ?? model.getLayer(wanted);
}
