/**
 * The two models that a served file becomes: one that takes any number of independent rows, and one that takes rows of
 * streams and keeps their recurrent states for the next call. Both are built from the file's own configuration and have its weights.
 */
import { modelFromConfig } from "../formats/keras-model.ts";
import { modelToConfig } from "../formats/keras-model-write.ts";
import type { Layer } from "../layers/layer.ts";
import type { Model } from "../model/model.ts";

/** For independent rows: nothing is kept from call to call, whatever the file says. */
export function modelForRows(model: Model): Model {
  const declaresBatch = model.inputs.some(({ shape }) => shape[0] !== null);
  const isStateful = allLayers(model).some(({ config }) => config.stateful === true);
  return declaresBatch || isStateful ? rebuilt(model, null, false) : model;
}

/** For streams side by side: so many rows, states kept. */
export function modelForStreams(model: Model, rows: number): Model {
  return rebuilt(model, rows, true);
}

/** Why a model's answers cannot go on from call to call, or undefined. */
export function noStreamsReason(model: Model): string | undefined {
  const layers = allLayers(model);
  const backward = layers.find(({ config }) => config.goBackwards === true);
  if (backward !== undefined)
    return `${backward.name} reads from the last timestep to the first, and a stream has no last`;
  const keeps = layers.some(({ config }) => typeof config.stateful === "boolean");
  return keeps ? undefined : "no layer of it has a state";
}

/** Layers, the layers inside them, and those of models inside. */
function allLayers(layer: Layer | Model): readonly Layer[] {
  const inner: readonly Layer[] = "layers" in layer ? layer.layers : layer.children;
  return [layer, ...inner.flatMap(allLayers)];
}

function rebuilt(model: Model, batch: number | null, stateful: boolean): Model {
  const made = modelFromConfig(changed(modelToConfig(model), batch, stateful), { keepNames: true });
  made.setWeights(model.getWeights());
  return made;
}

/** Keras's configuration with another batch size and every `stateful` set, at any depth. */
function changed(value: unknown, batch: number | null, stateful: boolean): unknown {
  if (Array.isArray(value)) return value.map((entry) => changed(entry, batch, stateful));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (key === "stateful" && typeof inner === "boolean") return [key, stateful];
      const isShape =
        /^(batch_shape|batch_input_shape|build_input_shape|input_shape)$/.test(key) && Array.isArray(inner);
      if (isShape) return [key, withBatch(inner, batch)];
      return [key, changed(inner, batch, stateful)];
    }),
  );
}

/** One shape, or a list of them. */
function withBatch(shape: readonly unknown[], batch: number | null): unknown {
  if (shape.every(Array.isArray)) return shape.map((one) => withBatch(one as readonly unknown[], batch)); // an array each
  return [batch, ...shape.slice(1)];
}
