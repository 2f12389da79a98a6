/**
 * Writing models: `.keras`, legacy `.h5`, `.weights.h5`, safetensors and npz. Bytes only; `writeFile` puts them on a disk.
 * The layouts are those of Keras 3.15, which opens all three HDF5 kinds (fixtures/check_written_files.py runs the proof).
 */

import { trainableFirst } from "./assign.ts";
import { type StorableModel, type StorableWeight, writtenKerasVersion } from "./container.ts";
import { fileError } from "./failure.ts";
import { attributeLimit, GroupBuilder, writeHdf5 } from "./hdf5/index.ts";
import { property } from "./json.ts";
import type { LayerSlot } from "./keras-paths.ts";
import { writeNpz } from "./npy.ts";
import { writeSafetensors } from "./safetensors.ts";
import { type FilledSlot, fillSlots } from "./storable.ts";
import { writeZip } from "./zip.ts";

/**
 * A `.keras` archive. `savedAt` is the only thing that differs between two writes of one model.
 *
 * @throws UnrollError `weights` when architecture and weights do not go together.
 */
export function writeKeras(model: StorableModel, savedAt: Date = new Date()): Uint8Array {
  const date = savedAt.toISOString().slice(0, 19).replace("T", "@");
  const metadata = { keras_version: model.kerasVersion ?? writtenKerasVersion, date_saved: date };
  return writeZip({
    "metadata.json": encode(metadata),
    "config.json": encode(model.architecture),
    "model.weights.h5": writeWeightsH5(model),
  });
}

/** Keras 3's weights-only file, and the weights inside `.keras`. @throws UnrollError `weights` */
export function writeWeightsH5(model: StorableModel): Uint8Array {
  const root = new GroupBuilder();
  const vars = (path: string, weights: readonly StorableWeight[], name?: string) => {
    const group = root.group(`${path}/vars`);
    if (name !== undefined) group.attributes.name = name;
    weights.forEach(({ shape, data }, i) => {
      group.dataset(String(i), { shape, data });
    });
  };
  const modelName = property(model.architecture.config, "name");
  vars("", [], typeof modelName === "string" ? modelName : "model");
  for (const { slot, weights } of fillSlots(model)) {
    const parts = slot.groups[0]!.path.split("/");
    slot.path.forEach((name, depth) => {
      vars(parts.slice(0, 2 * depth + 2).join("/"), [], name);
    });
    let at = 0;
    groupCounts(slot, weights.length).forEach((count, i) => {
      vars(slot.groups[i]!.path, weights.slice(at, at + count));
      at += count;
    });
  }
  if (model.optimizer && model.optimizer.length > 0) vars("optimizer", model.optimizer);
  return writeHdf5(root);
}

/** A legacy whole-model HDF5 file, as Keras 3 writes it and Keras 2 lays it out. @throws UnrollError `weights` */
export function writeH5(model: StorableModel): Uint8Array {
  const { class_name, config } = model.architecture;
  const root = new GroupBuilder();
  const version = model.kerasVersion ?? writtenKerasVersion;
  Object.assign(root.attributes, {
    keras_version: version,
    backend: "tensorflow",
    model_config: pythonJson({ class_name, config }),
  });
  if (model.training !== undefined) root.attributes.training_config = pythonJson(model.training);
  const group = root.group("model_weights");
  Object.assign(group.attributes, { keras_version: version, backend: "tensorflow" });
  const outermost = new Map<string, FilledSlot[]>();
  for (const filled of fillSlots(model)) {
    const name = filled.slot.path[0]!;
    outermost.set(name, [...(outermost.get(name) ?? []), filled]);
  }
  // Keras lists a Functional model's inputs among its layers, and a Sequential one's not.
  const isInput = (name: string) =>
    outermost.get(name)!.every(({ slot }) => slot.path.length === 1 && slot.className === "InputLayer");
  const names = [...outermost.keys()].filter((name) => isFunctional(model) || !isInput(name));
  setNames(group, "layer_names", names);
  for (const name of names) {
    const named = outermost.get(name)!.map(({ slot, weights }) => ({
      slot,
      weights: weights.map((weight) => ({ weight, name: fullName(slot, weight) })),
    }));
    addWeights(group.group(name), trainableFirst(named));
  }
  addWeights(group.group("top_level_model_weights"), []);
  if (model.optimizer && model.optimizer.length > 0) {
    addWeights(
      root.group("optimizer_weights"),
      model.optimizer.map((weight) => ({ weight, name: weight.name })),
    );
  }
  return writeHdf5(root);
}

/** All weights by `layer/weight`, and the architecture in the metadata, so that the file is a whole model for us. */
export function writeSafetensorsModel(model: StorableModel): Uint8Array {
  const metadata = {
    format: "keras",
    keras_version: model.kerasVersion ?? writtenKerasVersion,
    keras_config: pythonJson(model.architecture),
  };
  return writeSafetensors(byName(model), metadata);
}

/** All weights by `layer/weight`; the architecture is not in it. */
export function writeNpzModel(model: StorableModel): Uint8Array {
  return writeNpz(byName(model));
}

function byName(model: StorableModel): Record<string, StorableWeight> {
  return Object.fromEntries(
    fillSlots(model).flatMap(({ slot, weights }) => weights.map((weight) => [fullName(slot, weight), weight] as const)),
  );
}

function fullName(slot: LayerSlot, weight: StorableWeight): string {
  return [...slot.path, weight.name].join("/");
}

/** How many of a layer's weights go into each of its groups: as the config says, and the rest where it does not. */
function groupCounts(slot: LayerSlot, total: number): number[] {
  if (slot.groups.length === 1) return [total];
  const open = slot.groups.filter(({ count }) => count === undefined).length;
  const stated = slot.groups.reduce((sum, { count }) => sum + (count ?? 0), 0);
  const each = open === 0 ? 0 : (total - stated) / open;
  if (!Number.isInteger(each) || each < 0 || (open === 0 && stated !== total)) {
    throw fileError("weights", slot.path.join("/"), "the weights must be as many as the layer's parts keep", {
      received: `${total} weights for ${slot.groups.map(({ path }) => path).join(", ")}`,
    });
  }
  return slot.groups.map(({ count }) => count ?? each);
}

function isFunctional({ architecture }: StorableModel): boolean {
  return property(architecture.config, "input_layers") !== undefined;
}

function addWeights(
  group: GroupBuilder,
  weights: readonly { readonly weight: StorableWeight; readonly name: string }[],
): void {
  setNames(
    group,
    "weight_names",
    weights.map(({ name }) => name),
  );
  for (const { weight, name } of weights) group.dataset(name, { shape: weight.shape, data: weight.data });
}

/** A list too long for one attribute goes into name0, name1, ... as Keras splits it. */
function setNames(group: GroupBuilder, attribute: string, names: readonly string[]): void {
  const width = Math.max(1, ...names.map((name) => new TextEncoder().encode(name).length));
  const perPart = Math.max(1, Math.floor(attributeLimit / width));
  if (names.length <= perPart) {
    group.attributes[attribute] = names;
    return;
  }
  for (let i = 0; i * perPart < names.length; i++) {
    group.attributes[`${attribute}${i}`] = names.slice(i * perPart, (i + 1) * perPart);
  }
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(pythonJson(value));
}

/** JSON has one kind of numbers and Python two: these options Keras takes as floats only, 1.0 and not 1. */
function pythonJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(/(?<!\\)("(?:learning_rate|momentum)":-?\d+)(?=[,}])/g, "$1.0");
}
