/**
 * From architecture and weights to what a writer needs: every layer's weights beside its slot, checked and named.
 * Also turns what was read into what can be written, so that files convert without building a model.
 */
import { UnrollError } from "../core/index.ts";
import { trainableFirst } from "./assign.ts";
import type { StorableModel, StorableWeight, StoredLayer, StoredModel } from "./container.ts";
import { fileError } from "./failure.ts";
import { isObject, property } from "./json.ts";
import { type LayerSlot, walkLayers } from "./keras-paths.ts";
import { checkedCount } from "./numbers.ts";

/** A layer of the architecture with its weights in `get_weights()` order; names unique within the layer. */
export interface FilledSlot {
  readonly slot: LayerSlot;
  readonly weights: readonly StorableWeight[];
}

/** Pairs the architecture's layers with the model's weights. @throws UnrollError `weights` when they do not go together. */
export function fillSlots(model: StorableModel): FilledSlot[] {
  const given = new Map(model.layers.map((layer) => [layer.path.join("/"), layer.weights]));
  const filled = walkLayers(model.architecture, "model").map((slot) => {
    const name = slot.path.join("/");
    const weights = given.get(name) ?? [];
    given.delete(name);
    checkWeights(weights, name);
    return { slot, weights };
  });
  for (const [name, weights] of given) {
    if (weights.length === 0) continue;
    throw new UnrollError({
      code: "weights",
      path: name,
      expected: "every layer with weights must be in the architecture",
      hint: "Take architecture and weights from one model.",
    });
  }
  return filled;
}

function checkWeights(weights: readonly StorableWeight[], layer: string): void {
  const names = new Set<string>();
  for (const { name, shape, data } of weights) {
    if (names.has(name)) {
      throw new UnrollError({
        code: "weights",
        path: layer,
        expected: "weights need different names",
        received: `name = ${name}`,
      });
    }
    names.add(name);
    if (checkedCount(shape, `${layer}: ${name}`) !== data.length) {
      throw new UnrollError({
        code: "weights",
        path: layer,
        expected: `shape [${shape.join(", ")}] of ${name} needs ${checkedCount(shape, layer)} numbers`,
        received: `${data.length} numbers`,
      });
    }
  }
}

/**
 * What was read, ready to be written in another format; weights that the file only numbers get Keras's names.
 *
 * @throws UnrollError `weights` when the file has no architecture or its weights could not be given to layers.
 */
export function toStorable(stored: StoredModel): StorableModel {
  const { architecture, file } = stored;
  if (architecture === undefined) {
    throw fileError("weights", file, "writing a model needs its architecture", {
      hint: "Give it with withArchitecture(stored, json).",
    });
  }
  const slots = walkLayers(architecture, file);
  const byPath = new Map(slots.map((slot) => [slot.path.join("/"), slot]));
  const layers = stored.layers.flatMap((layer) => {
    const exact = byPath.get(layer.path.join("/"));
    if (exact) return cut(layer, [exact], [layer.weights.length]);
    const inside = slots.filter(({ path }) => layer.path.every((name, i) => name === path[i]));
    return splitByCount(layer, inside, file);
  });
  return {
    architecture,
    layers,
    optimizer: stored.optimizer.map((weight, i) => ({
      name: stored.format === "h5" ? weight.path.replace(/:0$/, "") : `optimizer/variable_${i}`,
      shape: weight.shape,
      data: weight.read(),
    })),
    ...(stored.format === "h5" ? { training: stored.training } : {}),
    ...(stored.kerasVersion === undefined ? {} : { kerasVersion: stored.kerasVersion }),
  };
}

/** A list over several layers is cut by the counts that the configs state. */
function splitByCount(layer: StoredLayer, slots: readonly LayerSlot[], file: string) {
  const counts = slots.map((slot) =>
    slot.groups.map(({ count }) => count ?? Number.NaN).reduce((sum, count) => sum + count, 0),
  );
  if (counts.reduce((sum, count) => sum + count, 0) !== layer.weights.length) {
    throw fileError(
      "weights",
      layer.path.length === 0 ? file : `${file}: ${layer.path.join("/")}`,
      "the weights must be those of the architecture",
      {
        received: `${layer.weights.length} weights for layers ${slots.map(({ path }) => path.join("/")).join(", ")}`,
      },
    );
  }
  return cut(layer, slots, counts);
}

/** A list's parts for the slots, each part in `get_weights()` order. */
function cut(layer: StoredLayer, slots: readonly LayerSlot[], counts: readonly number[]) {
  // The order of the list as positions: written as positions first, then looked up.
  let next = 0;
  const positions = slots.map((slot, i) => ({ slot, weights: Array.from({ length: counts[i]! }, () => next++) }));
  const listed =
    layer.order === "get_weights" ? positions.flatMap(({ weights }) => weights) : trainableFirst(positions);
  const placeOf = new Map(listed.map((position, place) => [position, place]));
  return positions.map(({ slot, weights }) => ({
    path: slot.path,
    weights: named(
      weights.map((position) => layer.weights[placeOf.get(position)!]!),
      slot,
    ),
  }));
}

function named(weights: StoredLayer["weights"], slot: LayerSlot): StorableWeight[] {
  const names = weightNames(slot, weights.length);
  return weights.map((weight, i) => ({ name: names[i]!, shape: weight.shape, data: weight.read() }));
}

/** Keras's names for a layer's weights, as in `layer.weights[i].path` behind the layer's own name; `weight_0` where we know none. */
export function weightNames({ className, config }: Pick<LayerSlot, "className" | "config">, count: number): string[] {
  const fallback = Array.from({ length: count }, (_, i) => `weight_${i}`);
  if (className === "Bidirectional" && count % 2 === 0) {
    const layer = property(config, "layer");
    const backward = property(config, "backward_layer") ?? layer;
    return [layer, backward].flatMap((half, i) => {
      const name = property(property(half, "config"), "name");
      const inner = innerNames(half, count / 2);
      return inner.map(
        (weight) => `${typeof name === "string" && name !== "" ? unlike(name, i) : halves[i]}/${weight}`,
      );
    });
  }
  const layer = property(config, "layer");
  if (isObject(layer)) return innerNames(layer, count);
  if (!Object.hasOwn(knownNames, className)) return fallback;
  const names = knownNames[className]!;
  const present = names.filter((name) => isPresent(name, config));
  return present.length === count ? present : fallback;
}

const halves = ["forward", "backward"] as const;

/** An old file may give both halves one name. */
function unlike(name: string, half: number): string {
  return name.startsWith(halves[half === 0 ? 1 : 0])
    ? halves[half]!
    : name.startsWith(halves[half]!)
      ? name
      : `${halves[half]}_${name}`;
}

function innerNames(object: unknown, count: number): string[] {
  const className = property(object, "class_name");
  return weightNames(
    { className: typeof className === "string" ? className : "", config: property(object, "config") },
    count,
  );
}

const kernels = ["kernel", "recurrent_kernel", "bias"];
const knownNames: Readonly<Record<string, readonly string[]>> = {
  Dense: ["kernel", "bias"],
  Conv1D: ["kernel", "bias"],
  Conv2D: ["kernel", "bias"],
  Conv3D: ["kernel", "bias"],
  Conv1DTranspose: ["kernel", "bias"],
  Conv2DTranspose: ["kernel", "bias"],
  Conv3DTranspose: ["kernel", "bias"],
  DepthwiseConv1D: ["kernel", "bias"],
  DepthwiseConv2D: ["kernel", "bias"],
  SeparableConv2D: ["depthwise_kernel", "pointwise_kernel", "bias"],
  SeparableConv1D: ["depthwise_kernel", "pointwise_kernel", "bias"],
  SimpleRNN: kernels,
  LSTM: kernels,
  GRU: kernels,
  ConvLSTM1D: kernels,
  ConvLSTM2D: kernels,
  ConvLSTM3D: kernels,
  Embedding: ["embeddings"],
  BatchNormalization: ["gamma", "beta", "moving_mean", "moving_variance"],
  LayerNormalization: ["gamma", "beta"],
  PReLU: ["alpha"],
  Normalization: ["mean", "variance", "count"],
};
const switches: Readonly<Record<string, string>> = { bias: "use_bias", gamma: "scale", beta: "center" };

function isPresent(name: string, config: unknown): boolean {
  const option = switches[name];
  return option === undefined || property(config, option) !== false;
}
