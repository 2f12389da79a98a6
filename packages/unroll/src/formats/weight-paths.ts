/** Names for a model's arrays that are unique over all layers: what exports call them. */
import type { Variable } from "../core/variable.ts";
import type { Layer } from "../layers/layer.ts";

/** `lstm/kernel`, `bidirectional/forward_lstm/kernel`, and `gru/state_0` for the states that a stateful layer has had. */
export function namesOfWeights(model: Layer & { readonly layers: readonly Layer[] }): Map<Variable, string> {
  const names = new Map<Variable, string>();
  const visit = (layer: Layer, path: readonly string[]): void => {
    for (const { variable } of layer.ownArrays) names.set(variable, [...path, variable.name].join("/"));
    for (const child of layer.children) visit(child, [...path, child.name]);
    // A layer lists the states of the layers inside too: the longest path, visited first, stays.
    for (const state of layer.states) if (!names.has(state)) names.set(state, [...path, state.name].join("/"));
  };
  for (const layer of model.layers) visit(layer, [layer.name]);
  return names;
}
