/**
 * Keras's JSON as a blueprint: layers and wiring without building them, so that a model whose layers do not fit together can be
 * told about; and its edits in Keras's spelling. Models that fit are made by keras-model.ts.
 */
import { UnrollError } from "../core/errors.ts";
import type { Shape } from "../core/shape.ts";
import { type Blueprint, type BlueprintNode, stackBlueprint } from "../explain/repairs/blueprint.ts";
import type { Spelling } from "../explain/repairs/repair-text.ts";
import { type ShapeTrouble, shapeTrouble } from "../explain/repairs/repairs.ts";
import { createInputLayer } from "../layers/index.ts";
import type { Layer } from "../layers/layer.ts";
import { type KerasObject, type KerasReadOptions, layerFromConfig, snakeCaseKey } from "./keras-config.ts";
import { readCall } from "./keras-nodes.ts";
import { isKeras2, isKerasObject, isRecord } from "./keras-objects.ts";

/** Why the layers of a model do not fit together; undefined where they do, or where its form is not understood. */
export function troubleOfConfig(config: unknown, options: KerasReadOptions = {}): ShapeTrouble | undefined {
  try {
    const blueprint = blueprintFromConfig(config, options);
    return blueprint === undefined ? undefined : shapeTrouble(blueprint);
  } catch (error) {
    if (error instanceof UnrollError) return undefined; // its own error has been told
    throw error;
  }
}

/** `return_sequences=True`, `RepeatVector(n=30)` */
export const kerasSpelling: Spelling = {
  option: (name, value) => `${snakeCaseKey(name)}=${pythonValue(value)}`,
  layer: (className, options) => `${className}(${options.join(", ")})`,
};

function blueprintFromConfig(object: unknown, options: KerasReadOptions): Blueprint | undefined {
  if (!isKerasObject(object)) return undefined;
  const { layers: list } = object.config;
  if (!Array.isArray(list) || !list.every(isKerasObject)) return undefined;
  return object.class_name === "Sequential" ? stackFrom(list, options) : graphFrom(object, list, options);
}

function stackFrom(list: readonly KerasObject[], options: KerasReadOptions): Blueprint | undefined {
  const given = list.map(({ config }) => config.batch_shape ?? config.batch_input_shape).find(isShapeLike);
  if (given === undefined) return undefined;
  const layers = list
    .filter(({ class_name: name }) => name !== "InputLayer")
    .map((one) => layerFromConfig(one, options));
  return stackBlueprint(given, inputLayer(given, nameOf(list.find(isInput)) ?? "input"), layers);
}

/** Each layer at its first call: what is shared is told once. */
function graphFrom(
  object: KerasObject,
  list: readonly KerasObject[],
  options: KerasReadOptions,
): Blueprint | undefined {
  const waiting = list.flatMap((one) => {
    const name = nameOf(one);
    const nodes: unknown = isRecord(one) ? one.inbound_nodes : undefined;
    return name === undefined || !Array.isArray(nodes) ? [] : [{ name, object: one, first: nodes[0] as unknown }];
  });
  if (waiting.length < list.length) return undefined;
  const nodes: BlueprintNode[] = [];
  const places = new Map<string, number>();
  for (let before = -1; nodes.length > before && nodes.length < waiting.length; ) {
    before = nodes.length;
    for (const { name, object: one, first } of waiting) {
      if (places.has(name)) continue;
      const node = isInput(one) ? inputNode(one, name) : callNode(one, first, object, places, options);
      if (node === undefined) continue;
      places.set(name, nodes.length);
      nodes.push(node);
    }
  }
  return nodes.length === waiting.length ? { nodes } : undefined;
}

function inputNode({ config }: KerasObject, name: string): BlueprintNode | undefined {
  const shape = config.batch_shape ?? config.batch_input_shape;
  return isShapeLike(shape) ? { layer: inputLayer(shape, name), sources: [], shape } : undefined;
}

/** Undefined until what it reads is there. */
function callNode(
  object: KerasObject,
  call: unknown,
  model: KerasObject,
  places: ReadonlyMap<string, number>,
  options: KerasReadOptions,
): BlueprintNode | undefined {
  const layer = layerFromConfig(object, options);
  const takesStates = layer.stateSizes().length > 0;
  const { inputs } = readCall(call, takesStates, isKeras2(model, options), layer.name);
  const sources = inputs.map(({ layer: from, output }) => ({ node: places.get(from), output }));
  if (sources.some(({ node }) => node === undefined)) return undefined;
  return { layer, sources: sources as readonly { node: number; output: number }[] }; // as just asked
}

function inputLayer(batchShape: Shape, name: string): Layer {
  return createInputLayer({ batchShape }, name);
}

function isInput({ class_name: name }: KerasObject): boolean {
  return name === "InputLayer";
}

function nameOf(object: KerasObject | undefined): string | undefined {
  const name = object?.name ?? object?.config.name;
  return typeof name === "string" ? name : undefined;
}

function isShapeLike(value: unknown): value is Shape {
  return Array.isArray(value) && value.every((size) => size === null || typeof size === "number");
}

function pythonValue(value: unknown): string {
  if (typeof value === "boolean") return value ? "True" : "False";
  if (value === null) return "None";
  if (Array.isArray(value)) return value.length === 1 ? `(${value[0]},)` : `(${value.map(pythonValue).join(", ")})`;
  return JSON.stringify(value);
}
