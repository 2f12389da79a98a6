/** The option kind for a layer inside a layer. Apart from fields.ts because it knows the class Layer. */
import { badOption } from "../core/errors.ts";
import type { Field } from "./fields.ts";
import { Layer } from "./layer.ts";

/** A layer that must be given. */
/* @__NO_SIDE_EFFECTS__ */
export function layerField(doc: string): Field<Layer, Layer> & { readonly required: true } {
  return { kind: "layer", doc, required: true, check: checkLayer };
}

/* @__NO_SIDE_EFFECTS__ */
export function optionalLayer(doc: string): Field<Layer | null, Layer | null> {
  return {
    kind: "layer",
    doc,
    default: null,
    check: (value, where, option) => (value === null ? null : checkLayer(value, where, option)),
  };
}

export function checkLayer(value: unknown, where: string, option: string): Layer {
  if (value instanceof Layer) return value;
  throw badOption(where, option, "a layer", value, "For instance layers.lstm({ units: 4 }).");
}
