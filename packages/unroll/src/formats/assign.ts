/**
 * Gives loose weights their layers: by Keras 3's paths, by legacy groups, by names, or as one list.
 * Pure; reads no numbers. Shapes are compared later, by the layers themselves.
 */
import type { KerasObject, LooseWeights, StoredLayer, StoredModel, StoredWeight, VariableGroup } from "./container.ts";
import { fileError, quoted } from "./failure.ts";
import { kerasObject, type LayerSlot, trainableCount, walkLayers } from "./keras-paths.ts";

export interface Assignment {
  readonly layers: readonly StoredLayer[];
  /** What belongs to no layer, for the report. */
  readonly ignored: readonly string[];
}

/**
 * A weights-only file together with the architecture it was saved from (any JSON that `kerasObject` takes).
 *
 * @throws UnrollError `format` or `weights`
 */
export function withArchitecture(stored: StoredModel, architecture: unknown): StoredModel {
  const model = kerasObject(architecture, stored.file);
  const { layers, ignored } = assignWeights(stored.loose, model, stored.file);
  const report = {
    read: [
      ...stored.report.read.filter((line) => !line.startsWith(weightsOnly)),
      "weights, by the architecture that was given",
    ],
    ignored: [...stored.report.ignored, ...ignored],
  };
  return { ...stored, architecture: model, layers, report };
}

/** How the line of a report begins that asks for an architecture. */
export const weightsOnly = "weights only";

/** @throws UnrollError `weights` when two layers claim one weight or a name is ambiguous. */
export function assignWeights(loose: LooseWeights, architecture: KerasObject, where: string): Assignment {
  const slots = walkLayers(architecture, where);
  switch (loose.kind) {
    case "tree":
      return fromTree(loose.groups, slots);
    case "layers":
      return fromLayers(loose.groups, slots, where);
    case "named":
      return fromNames(loose.weights, slots, where);
    case "list":
      return { layers: [{ path: [], order: "get_weights", weights: loose.weights }], ignored: [] };
  }
}

/** Layers of a file without architecture: as the file groups them. */
export function unassignedLayers(loose: LooseWeights): StoredLayer[] {
  switch (loose.kind) {
    case "tree": {
      const owners = new Map<string, VariableGroup[]>();
      for (const group of loose.groups)
        if (group.weights.length > 0) owners.set(ownerOf(group), [...(owners.get(ownerOf(group)) ?? []), group]);
      return [...owners].map(([owner, members]) => ({
        path: namesOf(owner, loose.groups),
        order: "get_weights",
        weights: members.flatMap(({ weights }) => weights),
      }));
    }
    case "layers":
      return loose.groups.map(({ layer, weights }) => ({ path: [layer], order: "trainable-first", weights }));
    case "named": {
      const layers = new Map<string, StoredWeight[]>();
      for (const weight of loose.weights) {
        const owner = weight.path.split("/").slice(0, -1).join("/");
        layers.set(owner, [...(layers.get(owner) ?? []), weight]);
      }
      return [...layers].map(([owner, weights]) => ({
        path: owner === "" ? [] : owner.split("/"),
        order: "get_weights",
        weights,
      }));
    }
    case "list":
      return [{ path: [], order: "get_weights", weights: loose.weights }];
  }
}

/** `layers/a/layers/b/cell` belongs to `layers/a/layers/b`. */
function ownerOf({ path }: VariableGroup): string {
  return /^(?:layers\/[^/]+\/?)+/.exec(path)?.[0].replace(/\/$/, "") ?? path;
}

/** `layers/a/layers/b` by the real names that the file keeps beside the keys, where it does. */
function namesOf(owner: string, groups: readonly VariableGroup[]): string[] {
  const names: string[] = [];
  let path = "";
  for (const part of owner.split("/")) {
    path = path === "" ? part : `${path}/${part}`;
    if (part !== "layers") names.push(groups.find((group) => group.path === path)?.name ?? part);
  }
  return names;
}

function fromTree(groups: readonly VariableGroup[], slots: readonly LayerSlot[]): Assignment {
  const byPath = new Map(groups.map((group) => [group.path, group]));
  const used = new Set<VariableGroup>();
  const layers = slots.map((slot): StoredLayer => {
    let found = slot.groups.flatMap(({ path }) => byPath.get(path) ?? []);
    if (found.length === 0) {
      // A class whose inside we do not know: its variables are below its own path.
      const own = slot.groups[0]?.path
        .split("/")
        .slice(0, 2 * slot.path.length)
        .join("/");
      found = groups
        .filter(({ path }) => path === own || path.startsWith(`${own}/`))
        .filter(({ path }) => !path.includes("seed_generator"));
    }
    for (const group of found) used.add(group);
    return {
      path: slot.path,
      className: slot.className,
      order: "get_weights",
      weights: found.flatMap(({ weights }) => weights),
    };
  });
  const ignored = groups
    .filter((group) => !used.has(group) && group.weights.length > 0)
    .map(({ path }) => `${quoted(path)}: no layer keeps its weights there`);
  return { layers, ignored };
}

function fromLayers(
  groups: readonly { readonly layer: string; readonly weights: readonly StoredWeight[] }[],
  slots: readonly LayerSlot[],
  where: string,
): Assignment {
  const byName = new Map(groups.map((group) => [group.layer, group.weights]));
  const outermost = [...new Set(slots.map(({ path }) => path[0]!))];
  const ignored = groups
    .filter(({ layer, weights }) => weights.length > 0 && !outermost.includes(layer))
    .map(({ layer }) => `${quoted(layer)}: the architecture has no layer of this name`);
  const layers = outermost.flatMap((name): StoredLayer[] => {
    const weights = byName.get(name) ?? [];
    const inner = slots.filter(({ path }) => path[0] === name);
    if (inner.length === 1 && inner[0]!.path.length === 1) {
      return [{ path: [name], className: inner[0]!.className, order: "get_weights", weights }];
    }
    const split = splitByName(weights, inner, name);
    return split ?? [{ path: [name], order: "trainable-first", weights }];
  });
  if (
    groups.length > 0 &&
    ignored.length === groups.filter(({ weights }) => weights.length > 0).length &&
    ignored.length > 0
  ) {
    throw fileError("weights", where, "the weights must belong to the layers of this architecture", {
      received: `layers in the file = ${groups
        .slice(0, 8)
        .map(({ layer }) => layer)
        .join(", ")}`,
      hint: "Give the architecture that these weights were saved from.",
    });
  }
  return { layers, ignored };
}

/** A nested model's weights by the layer names inside their names; undefined when the names do not tell. */
function splitByName(
  weights: readonly StoredWeight[],
  slots: readonly LayerSlot[],
  outer: string,
): StoredLayer[] | undefined {
  const split = new Map(slots.map((slot) => [slot, [] as StoredWeight[]]));
  for (const weight of weights) {
    const parts = weight.path.split("/").slice(0, -1);
    const owners = slots.filter(({ path }) =>
      path.slice(path[0] === outer ? 1 : 0).every((name) => parts.includes(name)),
    );
    if (owners.length !== 1) return undefined;
    split.get(owners[0]!)!.push(weight);
  }
  return slots.map((slot) => ({
    path: slot.path,
    className: slot.className,
    order: "get_weights",
    weights: split.get(slot)!,
  }));
}

function fromNames(weights: readonly StoredWeight[], slots: readonly LayerSlot[], where: string): Assignment {
  const owned = new Map(slots.map((slot) => [slot, [] as StoredWeight[]]));
  const ignored: string[] = [];
  for (const weight of weights) {
    const parts = weight.path.split("/").slice(0, -1);
    // TensorFlow.js and Keras 2 leave out the names of nested models, so the innermost names that match decide.
    const depths = slots.map(({ path }) => matchingDepth(path, parts));
    const depth = Math.max(0, ...depths);
    const deepest = depth === 0 ? [] : slots.filter((_, i) => depths[i] === depth);
    const whole = deepest.filter(({ path }) => path.length === depth);
    const nearest = whole.length > 0 ? whole : deepest;
    if (nearest.length > 1) {
      throw fileError("weights", where, "a weight's name must tell its layer", {
        received: `name = ${quoted(weight.path)}, layers = ${nearest.map(({ path }) => path.join("/")).join(", ")}`,
      });
    }
    if (nearest[0]) owned.get(nearest[0])!.push(weight);
    else ignored.push(`${quoted(weight.path)}: the architecture has no layer of this name`);
  }
  const layers = slots.map(
    (slot): StoredLayer => ({
      path: slot.path,
      className: slot.className,
      order: "get_weights",
      weights: owned.get(slot)!,
    }),
  );
  return { layers, ignored };
}

/** How many of the innermost names of a path occur in order among the parts of a weight's name; 0 when its own does not. */
function matchingDepth(path: readonly string[], parts: readonly string[]): number {
  let depth = 0;
  for (let at = parts.length - 1; at >= 0 && depth < path.length; at--) if (parts[at] === path.at(-1 - depth)) depth++;
  return depth;
}

/**
 * Legacy order of a nested model: trainable weights of all its layers, then the others.
 * `layers` are slots with their weights in `get_weights()` order.
 */
export function trainableFirst<Weight>(
  layers: readonly { readonly slot: LayerSlot; readonly weights: readonly Weight[] }[],
): Weight[] {
  return [
    ...layers.flatMap(({ slot, weights }) => weights.slice(0, trainableCount(slot, weights.length))),
    ...layers.flatMap(({ slot, weights }) => weights.slice(trainableCount(slot, weights.length))),
  ];
}
