/**
 * Gives loose weights their layers: by Keras 3's paths, by legacy groups, by names, or as one list.
 * Pure; reads no numbers. Shapes are compared later, by the layers themselves.
 */
import type { KerasObject, LooseWeights, StoredLayer, StoredModel, StoredWeight, VariableGroup } from "./container.ts";
import { fileError, quoted } from "./failure.ts";
import { kerasObject, type LayerSlot, trainableFlags, walkLayers } from "./keras-paths.ts";

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
      const names = new Map(loose.groups.map(({ path, name }) => [path, name]));
      const filled = loose.groups.filter(({ weights }) => weights.length > 0);
      return [...groupBy(filled, ({ path }) => ownerOf(path))].map(([owner, members]) => ({
        path: namesOf(owner, names),
        order: "get_weights",
        weights: members.flatMap(({ weights }) => weights),
      }));
    }
    case "layers":
      return loose.groups.map(({ layer, weights }) => ({ path: [layer], order: "trainable-first", weights }));
    case "named":
      return [...groupBy(loose.weights, ({ path }) => path.split("/").slice(0, -1).join("/"))].map(
        ([owner, weights]) => ({
          path: owner === "" ? [] : owner.split("/"),
          order: "get_weights",
          weights,
        }),
      );
    case "list":
      return [{ path: [], order: "get_weights", weights: loose.weights }];
  }
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

/** `layers/a/layers/b/cell` belongs to `layers/a/layers/b`. */
function ownerOf(path: string): string {
  return /^(?:layers\/[^/]+\/?)+/.exec(path)?.[0].replace(/\/$/, "") ?? path;
}

/** `layers/a/layers/b` by the real names that the file keeps beside the keys, where it does. */
function namesOf(owner: string, realNames: ReadonlyMap<string, string | undefined>): string[] {
  const names: string[] = [];
  let path = "";
  for (const part of owner.split("/")) {
    path = path === "" ? part : `${path}/${part}`;
    if (part !== "layers") names.push(realNames.get(path) ?? part);
  }
  return names;
}

function fromTree(groups: readonly VariableGroup[], slots: readonly LayerSlot[]): Assignment {
  const byPath = new Map(groups.map((group) => [group.path, group]));
  const byOwner = groupBy(groups, ({ path }) => ownerOf(path));
  const used = new Set<VariableGroup>();
  const layers = slots.map((slot): StoredLayer => {
    let found = slot.groups.flatMap(({ path }) => byPath.get(path) ?? []);
    // A class whose inside we do not know: its variables are somewhere below its own path.
    if (found.length === 0 && slot.groups[0]) found = byOwner.get(ownerOf(slot.groups[0].path)) ?? [];
    for (const group of found) used.add(group);
    return layerOf(
      slot,
      found.flatMap(({ weights }) => weights),
    );
  });
  const ignored = groups
    .filter((group) => !used.has(group) && group.weights.length > 0)
    .map(({ path }) => `${quoted(path)}: no layer keeps its weights there`);
  return { layers, ignored };
}

function layerOf({ path, className }: LayerSlot, weights: readonly StoredWeight[]): StoredLayer {
  return { path, className, order: "get_weights", weights };
}

function fromLayers(groups: LegacyGroups, slots: readonly LayerSlot[], where: string): Assignment {
  const outermost = groupBy(slots, ({ path }) => path[0]!);
  const strange = groups.filter(({ layer, weights }) => weights.length > 0 && !outermost.has(layer));
  const ordered = strange.length > 0 ? byOrder(groups, outermost) : undefined;
  const byName = ordered ?? new Map(groups.map((group) => [group.layer, group.weights]));
  const ignored =
    ordered === undefined
      ? strange.map(({ layer }) => `${quoted(layer)}: the architecture has no layer of this name`)
      : ["the layers' names in the file, which are others: weights were given by the order of the layers, as in Keras"];
  const layers = [...outermost].flatMap(([name, inner]): StoredLayer[] => {
    const weights = byName.get(name) ?? [];
    if (inner.length === 1 && inner[0]!.path.length === 1) {
      const flags = trainableFlags(inner[0]!, weights.length);
      const moved = flags.some((flag, i) => flag && flags[i - 1] === false);
      return [{ ...layerOf(inner[0]!, weights), order: moved ? "trainable-first" : "get_weights" }];
    }
    return splitByName(weights, inner) ?? [{ path: [name], order: "trainable-first", weights }];
  });
  if (ordered === undefined && strange.length > 0 && strange.length === filled(groups).length) {
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

type LegacyGroups = readonly { readonly layer: string; readonly weights: readonly StoredWeight[] }[];

function filled(groups: LegacyGroups): LegacyGroups {
  return groups.filter(({ weights }) => weights.length > 0);
}

/**
 * What Keras does with a file of weights: the layers that have weights, in order, whatever they are called (`lstm_5` in the
 * notebook that saved them). Undefined when the two lists are not equally long, or where it is not known who has weights.
 */
function byOrder(
  groups: LegacyGroups,
  outermost: ReadonlyMap<string, readonly LayerSlot[]>,
): Map<string, readonly StoredWeight[]> | undefined {
  const counts = new Map(
    [...outermost].map(([name, inner]) => [name, inner.flatMap(({ groups: own }) => own.map(({ count }) => count))]),
  );
  const all = [...counts.values()].flat();
  if (all.includes(undefined)) return undefined;
  const layers = [...outermost.keys()].filter((name) => counts.get(name)!.some((count) => count !== 0));
  const given = filled(groups);
  if (given.length !== layers.length) return undefined;
  return new Map(layers.map((name, i) => [name, given[i]!.weights]));
}

/** A nested model's weights by the layer names inside their names; undefined when the names do not tell. */
function splitByName(weights: readonly StoredWeight[], slots: readonly LayerSlot[]): StoredLayer[] | undefined {
  const byLastName = groupBy(slots, ({ path }) => path.at(-1)!);
  const owned = new Map<LayerSlot, StoredWeight[]>();
  for (const weight of weights) {
    const owners = ownersOf(weight, byLastName);
    if (owners.length !== 1) return undefined;
    owned.set(owners[0]!, [...(owned.get(owners[0]!) ?? []), weight]);
  }
  return slots.map((slot) => layerOf(slot, owned.get(slot) ?? []));
}

function fromNames(weights: readonly StoredWeight[], slots: readonly LayerSlot[], where: string): Assignment {
  const byLastName = groupBy(slots, ({ path }) => path.at(-1)!);
  const owned = new Map(slots.map((slot) => [slot, [] as StoredWeight[]]));
  const ignored: string[] = [];
  for (const weight of weights) {
    const owners = ownersOf(weight, byLastName);
    if (owners.length > 1) {
      throw fileError("weights", where, "a weight's name must tell its layer", {
        received: `name = ${quoted(weight.path)}, layers = ${owners.map(({ path }) => path.join("/")).join(", ")}`,
      });
    }
    if (owners[0]) owned.get(owners[0])!.push(weight);
    else ignored.push(`${quoted(weight.path)}: the architecture has no layer of this name`);
  }
  return { layers: slots.map((slot) => layerOf(slot, owned.get(slot)!)), ignored };
}

/**
 * The layers that a weight's name fits best. TensorFlow.js and Keras 2 leave out the names of nested models,
 * so the innermost names that match decide.
 */
function ownersOf({ path }: StoredWeight, byLastName: ReadonlyMap<string, readonly LayerSlot[]>): LayerSlot[] {
  const parts = path.split("/").slice(0, -1);
  const candidates = [...new Set(parts)].flatMap((part) => byLastName.get(part) ?? []);
  const depths = candidates.map((slot) => matchingDepth(slot.path, parts));
  const depth = Math.max(0, ...depths);
  const deepest = candidates.filter((_, i) => depths[i] === depth);
  const whole = deepest.filter((slot) => slot.path.length === depth);
  return whole.length > 0 ? whole : deepest;
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
  const flagged = layers.flatMap(({ slot, weights }) => {
    const flags = trainableFlags(slot, weights.length);
    return weights.map((weight, i) => ({ weight, trainable: flags[i] }));
  });
  return [...flagged.filter((one) => one.trainable), ...flagged.filter((one) => !one.trainable)].map(
    ({ weight }) => weight,
  );
}
