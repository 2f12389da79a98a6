/** A model as a learner reads it: a line a layer with the options that a count or a shape can need, or a printed summary. */
import { formatShape } from "../../core/shape.ts";
import { shapeOf } from "../../layers/sizes.ts";
import type { Outline, Place } from "../answers/outline.ts";
import { count } from "../lines.ts";

const shownOptions = [
  "units",
  "filters",
  "kernelSize",
  "poolSize",
  "padding",
  "strides",
  "returnSequences",
  "resetAfter",
  "useBias",
  "rate",
  "mergeMode",
];

/** One line a layer, as in Keras's code, without counts and shapes. */
export function modelLines({ inputs, places }: Outline): string[] {
  const first = inputs.map(({ name, shape }) => `${name}: Input ${formatShape(shape)}`);
  return [...first, ...places.map(({ layer }) => `${layer.name}: ${layerText(layer)}`)];
}

/** Layer, output shape and parameters; `changed` puts another count in place of a layer's. */
export function summaryLines({ places }: Outline, changed: ReadonlyMap<Place, number> = new Map()): string[] {
  const rows = places.map((place) => [
    `${place.layer.name} (${place.layer.className})`,
    formatShape(shapeOf(place.outputs[0]!)),
    count(changed.get(place) ?? place.parameters ?? 0),
  ]);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map(([name, shape, params]) => `${name!.padEnd(widths[0]!)}  ${shape!.padEnd(widths[1]!)}  ${params}`);
}

export function layerText({ className, config, type }: Place["layer"]): string {
  const inner = config.layer as Place["layer"] | undefined; // wrappers have the layer inside under this name
  const options = shownOptions.flatMap((name) => {
    const value = config[name];
    const unchanged =
      JSON.stringify(value) ===
      JSON.stringify((type.fields as Readonly<Record<string, { default?: unknown }>>)[name]?.default);
    return value === undefined || unchanged ? [] : [`${snakeCase(name)}=${shownValue(value)}`];
  });
  return `${className}(${[...(inner === undefined ? [] : [layerText(inner)]), ...options].join(", ")})`;
}

function shownValue(value: unknown): string {
  if (typeof value === "boolean") return value ? "True" : "False";
  return Array.isArray(value) ? value.join(", ") : String(value);
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
