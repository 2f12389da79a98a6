import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { modelFromConfig } from "../keras-model.ts";
import { readKerasCode } from "./read.ts";
import type { Json } from "./serialize.ts";

interface KerasLayerRecord {
  readonly class: string;
  readonly name: string;
  readonly shape: unknown;
  readonly params: number;
  readonly inbound: unknown;
}

interface Case {
  readonly name: string;
  readonly code: string;
  readonly models: readonly { class: string; name: string; params: number; layers: readonly KerasLayerRecord[] }[];
}

// Written by fixtures/snippets/make_snippets.py, which runs the same code in real Keras.
const file = new URL("../../../../../fixtures/snippets/snippets.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(file, "utf8")) as { cases: readonly Case[] };

/** Where each use of a layer takes its tensors from: lists of [layer, node, tensor]. */
function histories(value: Json | undefined): Json[] {
  if (Array.isArray(value)) return value.flatMap(histories);
  if (typeof value !== "object" || value === null) return [];
  if (value.class_name === "__keras_tensor__") return [(value.config as { [key: string]: Json }).keras_history!];
  return Object.values(value).flatMap(histories);
}

function listed(config: { [key: string]: Json }): { [key: string]: Json }[] {
  return (config.config as { [key: string]: Json }).layers as { [key: string]: Json }[];
}

describe("code that real Keras ran", () => {
  it.each(cases)("$name gives the layers, names and connections that Keras gives", ({ code, models }) => {
    const reading = readKerasCode(code);
    expect(reading.problems).toEqual([]);
    expect(reading.unknowns).toEqual([]);
    const found = reading.models.map(({ config, name }) => ({
      class: config.class_name,
      name,
      layers: listed(config).map((layer) => ({
        class: layer.class_name,
        name: (layer.config as { name: string }).name,
        inbound: ((layer.inbound_nodes ?? []) as Json[]).map((node) => histories(node)),
      })),
    }));
    expect(found).toEqual(
      models.map((model) => ({
        class: model.class,
        name: model.name,
        layers: model.layers.map((layer) => ({ class: layer.class, name: layer.name, inbound: layer.inbound })),
      })),
    );
  });

  it.each(cases)("$name builds to the shapes and counts that Keras has", ({ code, models }) => {
    const built = readKerasCode(code).models.map(({ config }) => modelFromConfig(config));
    expect(built.map((model) => model.countParams())).toEqual(models.map((model) => model.params));
    built.forEach((model, i) => {
      const expected = models[i]!.layers.filter((layer) => layer.class !== "InputLayer");
      const layers = model.layers.filter((layer) => layer.className !== "InputLayer");
      expect(layers.map((layer) => layer.countParams())).toEqual(expected.map((layer) => layer.params));
      expect(layers.map((layer) => layer.outputShape)).toEqual(expected.map((layer) => layer.shape));
    });
  });
});
