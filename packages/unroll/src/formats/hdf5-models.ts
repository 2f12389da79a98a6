/**
 * Models in HDF5: Keras 3's tree of variable groups (`.weights.h5`, and inside `.keras`) and the legacy layout of Keras 2.
 * Reading only; what a group of weights means is assign.ts's business.
 */

import { sizeOf } from "../core/index.ts";
import { assignWeights, unassignedLayers, weightsOnly } from "./assign.ts";
import type { LooseWeights, StoredModel, StoredWeight, VariableGroup } from "./container.ts";
import { type FileLimits, fileError, formatBytes, quoted } from "./failure.ts";
import { type Hdf5Dataset, type Hdf5Group, openHdf5 } from "./hdf5/index.ts";
import { parseJson } from "./json.ts";
import { kerasObject } from "./keras-paths.ts";
import { bytesOf } from "./numbers.ts";

/** Reads whatever Keras keeps in one HDF5 file. @throws UnrollError `format` when it is HDF5 but not Keras's. */
export function readHdf5Model(bytes: Uint8Array, file: string, limits: FileLimits): StoredModel {
  const root = openHdf5(bytes, file, limits);
  const legacy = root.get("model_weights");
  const config = root.attribute("model_config");
  if (legacy?.kind === "group" || config !== undefined || names(root, "layer_names") !== undefined) {
    return readLegacy(root, legacy?.kind === "group" ? legacy : root, file, limits);
  }
  const { groups, optimizer, ignored } = readTree([{ root, file }], file, limits);
  if (groups.length === 0) {
    throw fileError("format", file, "an HDF5 file must hold a Keras model or its weights", {
      received: `groups = ${root.names.slice(0, 6).map(quoted).join(", ") || "none"}`,
      hint: "Save it with model.save(...) or model.save_weights(...).",
    });
  }
  const loose: LooseWeights = { kind: "tree", groups };
  return {
    format: "weights.h5",
    file,
    layers: unassignedLayers(loose),
    optimizer,
    loose,
    report: { read: [`${weightsOnly}: a save_weights() file of Keras 3, the architecture is needed too`], ignored },
  };
}

export interface WeightTree {
  readonly groups: readonly VariableGroup[];
  readonly optimizer: readonly StoredWeight[];
  readonly ignored: readonly string[];
}

/** The variables below one path, from whichever files hold them. */
interface Collected {
  label?: string;
  readonly variables: Map<string, StoredWeight | undefined>;
}

/** Keras 3's tree: every group called `vars`, the optimizer's set apart. Several roots are shards of one tree. */
export function readTree(
  roots: readonly { readonly root: Hdf5Group; readonly file: string }[],
  file: string,
  limits: FileLimits,
): WeightTree {
  const collected = new Map<string, Collected>();
  const ignored: string[] = [];
  let objects = 0;
  const visit = (group: Hdf5Group, where: string, path: string, depth: number): void => {
    if (depth > 64) throw fileError("file", where, "groups may be nested 64 deep at most");
    for (const name of group.names) {
      if (++objects > limits.maxEntries)
        throw fileError("memory", where, `an HDF5 file may have ${limits.maxEntries} objects at most`);
      const child = group.get(name);
      if (child?.kind !== "group") {
        if (name !== "" && depth === 0) ignored.push(`${quoted(name)}: not a group of variables`);
      } else if (name === "vars") collect(collected, child, path, where);
      else visit(child, where, path === "" ? name : `${path}/${name}`, depth + 1);
    }
  };
  for (const { root, file: where } of roots) visit(root, where, "", 0);
  const groups: VariableGroup[] = [];
  let optimizer: readonly StoredWeight[] = [];
  for (const [path, one] of collected) {
    const weights = numbered(one, `${file}: ${one.label || path}`);
    if (path === "optimizer") optimizer = weights;
    else if (/(^|\/)(seed_generator|_?metrics|_?loss_tracker|optimizer)(\/|$)/.test(path)) {
      if (weights.length > 0) ignored.push(`${quoted(path)}: ${weights.length} variables that are no weights`);
    } else {
      groups.push({
        path: path.replaceAll("_layer_checkpoint_dependencies", "layers"),
        ...(one.label === undefined ? {} : { name: one.label }),
        weights,
      });
    }
  }
  groups.sort((a, b) => naturalOrder(a.path, b.path));
  checkTotal([...groups.flatMap(({ weights }) => weights), ...optimizer], file, limits);
  return { groups, optimizer, ignored };
}

function collect(collected: Map<string, Collected>, group: Hdf5Group, path: string, file: string): void {
  const known = collected.get(path);
  const one: Collected = known ?? { variables: new Map() };
  collected.set(path, one);
  const label = group.attribute("name");
  if (typeof label === "string") one.label ??= label;
  for (const name of group.names) {
    const object = group.get(name);
    one.variables.set(name, object?.kind === "dataset" ? storedWeight(object, file) : undefined);
  }
}

/** `vars/0`, `vars/1` ... in the order of their numbers, which must be without gap. */
function numbered({ variables }: Collected, where: string): StoredWeight[] {
  const names = [...variables.keys()].sort(naturalOrder);
  return names.map((name, i) => {
    const weight = variables.get(name);
    if (name !== String(i) || weight === undefined) {
      throw fileError("weights", where, `variables must be numbered from 0 without gap; number ${i} is missing`, {
        received: `vars = ${names.slice(0, 8).join(", ")}`,
        hint: "The file is incomplete; save the weights again.",
      });
    }
    return weight;
  });
}

function readLegacy(root: Hdf5Group, weights: Hdf5Group, file: string, limits: FileLimits): StoredModel {
  const layerNames = names(weights, "layer_names");
  if (layerNames === undefined) {
    throw fileError("file", file, "the weights must come with a list of layer names", {
      hint: "Files of Keras 1 are not read: load and save them once with Keras 2.",
    });
  }
  const groups = layerNames.map((layer) => {
    const group = weights.get(layer);
    if (group?.kind !== "group")
      throw fileError("file", `${file}: ${layer}`, "a layer that is listed must have a group of weights");
    return { layer, weights: namedWeights(group, file, layer) };
  });
  const optimizerGroup = root.get("optimizer_weights");
  const optimizer = optimizerGroup?.kind === "group" ? namedWeights(optimizerGroup, file, "optimizer_weights") : [];
  checkTotal([...groups.flatMap((group) => group.weights), ...optimizer], file, limits);
  const loose: LooseWeights = { kind: "layers", groups };
  const version = root.attribute("keras_version") ?? weights.attribute("keras_version");
  const shared = {
    format: "h5" as const,
    file,
    ...(typeof version === "string" ? { kerasVersion: version } : {}),
    optimizer,
    loose,
  };
  const config = root.attribute("model_config");
  if (typeof config !== "string") {
    return {
      ...shared,
      layers: unassignedLayers(loose),
      report: {
        read: [`${weightsOnly}: the file has no model_config, the architecture is needed too`],
        ignored: [],
      },
    };
  }
  const architecture = kerasObject(parseJson(config, `${file}: model_config`, limits), file);
  const training = root.attribute("training_config");
  const { layers, ignored } = assignWeights(loose, architecture, file);
  const top = weights.get("top_level_model_weights");
  const topWeights = top?.kind === "group" ? namedWeights(top, file, "top_level_model_weights") : [];
  return {
    ...shared,
    architecture,
    ...(typeof training === "string" ? { training: parseJson(training, `${file}: training_config`, limits) } : {}),
    layers,
    report: {
      read: ["architecture", `weights of ${groups.filter((group) => group.weights.length > 0).length} layers`],
      ignored: [...ignored, ...topWeights.map(({ path }) => `${quoted(path)}: belongs to no layer`)],
    },
  };
}

/** The data sets that a group's `weight_names` lists, in that order. */
function namedWeights(group: Hdf5Group, file: string, layer: string): StoredWeight[] {
  const listed = names(group, "weight_names");
  if (listed === undefined) {
    throw fileError("file", `${file}: ${layer}`, "a layer must list the names of its weights", {
      hint: "Files of Keras 1 are not read: load and save them once with Keras 2.",
    });
  }
  return listed.map((name) => {
    const object = group.get(name);
    if (object?.kind !== "dataset")
      throw fileError("weights", `${file}: ${layer}`, "every weight that is listed must be there", {
        received: `name = ${quoted(name)}`,
      });
    return storedWeight(object, file, name);
  });
}

/** A list of names; one that outgrew an attribute is split into name0, name1, ... An empty list may come as numbers. */
function names(group: Hdf5Group, attribute: string): readonly string[] | undefined {
  const whole = group.attribute(attribute);
  if (whole !== undefined) return typeof whole === "string" ? [whole] : isTexts(whole) ? whole : [];
  const parts: string[] = [];
  for (let i = 0; ; i++) {
    const part = group.attribute(`${attribute}${i}`);
    if (part === undefined) return i === 0 ? undefined : parts;
    if (isTexts(part)) parts.push(...part);
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value);
}

/** Many names may point to one data set, so the sum is judged, not the file's size. @throws UnrollError `memory` */
function checkTotal(weights: readonly StoredWeight[], file: string, limits: FileLimits): void {
  const total = weights.reduce((sum, { shape, dtype }) => sum + sizeOf(shape) * bytesOf(dtype), 0);
  if (total > limits.maxUnpackedBytes) {
    throw fileError("memory", file, `weights may take ${formatBytes(limits.maxUnpackedBytes)} at most`, {
      received: formatBytes(total),
      hint: "Raise limits.maxUnpackedBytes if you trust this file.",
    });
  }
}

function storedWeight(dataset: Hdf5Dataset, file: string, path = dataset.path): StoredWeight {
  if (dataset.dtype === undefined)
    throw fileError("unsupported", `${file}: ${dataset.path}`, "weights must be numbers", {
      received: `a data set of something else, of shape [${dataset.shape.join(", ")}]`,
      hint: "Save the weights again with model.save(...) or model.save_weights(...).",
    });
  return { path, shape: dataset.shape, dtype: dataset.dtype, read: () => dataset.read() };
}

const collator = new Intl.Collator("en", { numeric: true });

/** `lstm` before `lstm_1` before `lstm_10`. */
function naturalOrder(a: string, b: string): number {
  return collator.compare(a, b);
}
