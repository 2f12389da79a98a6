/**
 * Small edits that may make a layer fit: an option of a layer before it, a layer in between, an option of its own, another
 * input shape. Each is tried by the layers' shape rules; none is taken for right here.
 */
import type { Shape } from "../../core/shape.ts";
import { layers } from "../../layers/index.ts";
import type { Layer } from "../../layers/layer.ts";
import { type Blueprint, type BlueprintSource, type Misfit, optionOf, withOption } from "./blueprint.ts";

/** One change of a model's code, as data; options are spelled as in this library. */
export type ModelEdit =
  | { readonly kind: "option"; readonly layer: string; readonly option: string; readonly value: unknown }
  | {
      readonly kind: "insert";
      /** The layer that reads the new one. */
      readonly before: string;
      readonly className: string;
      readonly options: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: "input"; readonly layer: string; readonly shape: Shape; readonly instead: Shape };

/** An edit with what it makes of the model; the lower the cost, the smaller the change. */
export interface Attempt {
  readonly edit: ModelEdit;
  readonly cost: number;
  readonly blueprint: Blueprint;
}

/** Edits that touch what the misfitting node reads, or the node itself. */
export function attemptsFor(blueprint: Blueprint, misfit: Misfit): Attempt[] {
  const { sources } = blueprint.nodes[misfit.at]!;
  return [
    ...sources.flatMap((source) => [
      ...sequenceAttempts(blueprint, source),
      ...insertAttempts(blueprint, misfit, source),
      ...inputAttempts(blueprint, source),
    ]),
    ...ownAttempts(blueprint, misfit),
  ];
}

/** `returnSequences` of the recurrent layers before, the nearest first. */
function sequenceAttempts(blueprint: Blueprint, source: BlueprintSource): Attempt[] {
  return ancestors(blueprint, source).flatMap((node, distance): Attempt[] => {
    const { layer } = blueprint.nodes[node]!;
    const value = optionOf(layer, "returnSequences");
    if (typeof value !== "boolean") return [];
    return optionAttempt(blueprint, node, "returnSequences", !value, (value ? 1.2 : 1) + 0.1 * distance);
  });
}

function insertAttempts(blueprint: Blueprint, { at, shapes }: Misfit, source: BlueprintSource): Attempt[] {
  const shape = shapes[source.node]![source.output]!;
  const known = shape.slice(1).every((size) => size !== null);
  const sizes = shape.slice(1) as number[]; // used only where all are known
  const insert = (layer: Layer, options: Readonly<Record<string, unknown>>, cost: number): Attempt => {
    const edit = {
      kind: "insert",
      before: blueprint.nodes[at]!.layer.name,
      className: layer.className,
      options,
    } as const;
    return { edit, cost, blueprint: inserted(blueprint, at, source, layer) };
  };
  const named = (base: string) => ({ name: freeName(blueprint, base) });
  if (shape.length === 2) {
    const timesteps = timestepsNear(blueprint, shapes, source);
    return [
      insert(layers.repeatVector({ n: timesteps, ...named("repeat_vector") }), { n: timesteps }, 2),
      ...(known
        ? [[sizes[0]!, 1] as const, [1, sizes[0]!] as const].map((targetShape, index) =>
            insert(layers.reshape({ targetShape, ...named("reshape") }), { targetShape }, 2.4 + 0.1 * index),
          )
        : []),
    ];
  }
  if (shape.length === 3) {
    return [
      ...(known ? [insert(layers.flatten(named("flatten")), {}, 2)] : []),
      insert(layers.globalAveragePooling1d(named("global_average_pooling1d")), {}, 2.1),
      insert(layers.globalMaxPooling1d(named("global_max_pooling1d")), {}, 2.2),
      insert(layers.permute({ dims: [2, 1], ...named("permute") }), { dims: [2, 1] }, 2.6),
    ];
  }
  if (shape.length !== 4 || !known) return [];
  const targetShape = [sizes[0]!, sizes[1]! * sizes[2]!];
  return [insert(layers.reshape({ targetShape, ...named("reshape") }), { targetShape }, 2.2)];
}

/** Options of the layer itself: padding, a window that is too long, a shape that does not hold as many values, the axis of a join. */
function ownAttempts(blueprint: Blueprint, { at, shapes }: Misfit): Attempt[] {
  const { layer, sources } = blueprint.nodes[at]!;
  const [first] = sources.map(({ node, output }) => shapes[node]![output]!);
  const timesteps = first?.length === 3 ? first[1] : undefined;
  const set = (option: string, value: unknown, cost: number): Attempt[] =>
    optionOf(layer, option) === undefined ? [] : optionAttempt(blueprint, at, option, value, cost);
  const shorter = (option: string): Attempt[] => {
    const window = optionOf(layer, option);
    const size = Array.isArray(window) ? window[0] : window;
    if (typeof size !== "number" || typeof timesteps !== "number" || size <= timesteps) return [];
    return set(option, Array.isArray(window) ? [timesteps] : timesteps, 1.5);
  };
  const target = optionOf(layer, "targetShape");
  return [
    ...(optionOf(layer, "padding") === "valid" ? set("padding", "same", 1.3) : []),
    ...shorter("kernelSize"),
    ...shorter("poolSize"),
    ...(Array.isArray(target) ? set("targetShape", [-1, ...target.slice(1)], 1.4) : []),
    ...(Array.isArray(target) && target.length > 1 ? set("targetShape", [...target.slice(0, -1), -1], 1.5) : []),
    ...(layer.className === "Concatenate" ? [1, -1].flatMap((axis) => set("axis", axis, 1.3)) : []),
  ];
}

/** Other shapes of the input: one axis more or less, axes exchanged. */
function inputAttempts(blueprint: Blueprint, source: BlueprintSource): Attempt[] {
  const node = ancestors(blueprint, source).at(-1) ?? source.node;
  const { layer, shape } = blueprint.nodes[node]!;
  if (shape === undefined) return [];
  const [batch, ...rest] = shape as [null, ...(number | null)[]];
  const others: { shape: Shape; cost: number }[] = [
    ...(rest.length > 1 && rest[0] === null ? [{ shape: rest, cost: 1.2 }] : []),
    { shape: [batch, ...rest, 1], cost: 1.6 },
    ...(rest.length > 1 ? [{ shape: [batch, ...rest.slice(1)], cost: 1.7 }] : []),
    ...(rest.at(-1) === 1 ? [{ shape: [batch, ...rest.slice(0, -1)], cost: 1.6 }] : []),
    ...(rest.length === 1 ? [{ shape: [batch, 1, ...rest], cost: 1.8 }] : []),
    ...(rest.length === 2 ? [{ shape: [batch, rest[1]!, rest[0]!], cost: 2 }] : []),
  ];
  return others.map((other) => ({
    edit: { kind: "input", layer: layer.name, shape: other.shape, instead: shape },
    cost: other.cost,
    blueprint: replaced(blueprint, node, { ...blueprint.nodes[node]!, shape: other.shape }),
  }));
}

function optionAttempt(blueprint: Blueprint, at: number, option: string, value: unknown, cost: number): Attempt[] {
  const node = blueprint.nodes[at]!;
  const layer = withOption(node.layer, option, value);
  if (layer === undefined) return [];
  const edit = { kind: "option", layer: node.layer.name, option, value } as const;
  return [{ edit, cost, blueprint: replaced(blueprint, at, { ...node, layer }) }];
}

/** The node that is read and those before it, along first inputs. */
function ancestors({ nodes }: Blueprint, source: BlueprintSource): number[] {
  const found: number[] = [];
  for (let node: number | undefined = source.node; node !== undefined; node = nodes[node]!.sources[0]?.node)
    found.push(node);
  return found;
}

/** The number of steps that a sequence before had; 1 where there was none. */
function timestepsNear(blueprint: Blueprint, shapes: Misfit["shapes"], source: BlueprintSource): number {
  for (const node of ancestors(blueprint, source)) {
    const shape = shapes[node]![0]!;
    if (shape.length === 3 && typeof shape[1] === "number") return shape[1];
  }
  return 1;
}

function replaced(blueprint: Blueprint, at: number, node: Blueprint["nodes"][number]): Blueprint {
  return { nodes: blueprint.nodes.map((one, index) => (index === at ? node : one)) };
}

/** A new node between `source` and the node that reads it. */
function inserted({ nodes }: Blueprint, at: number, source: BlueprintSource, layer: Layer): Blueprint {
  const later = (one: BlueprintSource): BlueprintSource => (one.node >= at ? { ...one, node: one.node + 1 } : one);
  const isRead = (one: BlueprintSource): boolean => one.node === source.node && one.output === source.output;
  const reader = nodes[at]!;
  return {
    nodes: [
      ...nodes.slice(0, at),
      { layer, sources: [source] },
      { ...reader, sources: reader.sources.map((one) => (isRead(one) ? { node: at, output: 0 } : one)) },
      ...nodes.slice(at + 1).map((node) => ({ ...node, sources: node.sources.map(later) })),
    ],
  };
}

function freeName({ nodes }: Blueprint, base: string): string {
  const taken = new Set(nodes.map(({ layer }) => layer.name));
  for (let number = 0; ; number++) {
    const name = number === 0 ? base : `${base}_${number}`;
    if (!taken.has(name)) return name;
  }
}
