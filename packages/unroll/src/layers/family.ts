/** A layer with those inside it, as wrappers, stacks of cells and models hold them. */
import type { Layer } from "./layer.ts";

/** The layer first, then each one inside it with its own. */
export function familyOf(layer: Layer): Layer[] {
  return [layer, ...layer.children.flatMap(familyOf)];
}
