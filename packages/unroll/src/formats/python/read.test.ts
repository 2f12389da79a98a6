import "../../model/summaries.ts";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { resetNames } from "../../layers/naming.ts";
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
  readonly models: readonly {
    class: string;
    name: string;
    params: number;
    layers: readonly KerasLayerRecord[] | null;
    summary: string;
  }[];
}

// Written by fixtures/snippets/make_snippets.py, which runs the same code in real Keras.
const cases = ["snippets.json", "more_snippets.json"].flatMap((name) => {
  const file = new URL(`../../../../../fixtures/snippets/${name}`, import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { cases: readonly Case[] }).cases;
});

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

/** Not those with operations that are no layers, or classes of the code's own. */
const plain = cases.filter(({ models }) => models.every(({ layers }) => layers !== null));

/** Each model of which the layers are listed. */
const layerLists = cases.flatMap(({ name, code, models }) =>
  models.flatMap(({ layers }, place) =>
    layers === null ? [] : [{ name: `${name}, model ${place + 1}`, code, place, layers }],
  ),
);

/** A table without the ends of its lines. Of a model that was trained without totals: they have the optimizer's numbers in them. */
function textOf(summary: string, isTrained: boolean): string {
  const text = summary.trimEnd().replaceAll(/ +$/gm, "");
  return isTrained ? text.slice(0, text.indexOf(" Total params")) : text;
}

describe("code that real Keras ran", () => {
  it.each(plain)("$name gives the layers, names and connections that Keras gives", ({ code, models }) => {
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
        layers: model.layers!.map((layer) => ({ class: layer.class, name: layer.name, inbound: layer.inbound })),
      })),
    );
  });

  it.each(cases)("$name prints what Keras prints", ({ code, models }) => {
    resetNames();
    const texts = readKerasCode(code).models.map(({ config }) => modelFromConfig(config).summary({ print: false }));
    const trained = models.map(({ summary }) => summary.includes("Optimizer params"));
    expect(texts.map((text, i) => textOf(text, trained[i]!))).toEqual(
      models.map(({ summary }, i) => textOf(summary, trained[i]!)),
    );
  });

  it.each(cases)("$name builds to the counts that Keras has", ({ code, models }) => {
    const built = readKerasCode(code).models.map(({ config }) => modelFromConfig(config));
    expect(built.map((model) => model.countParams())).toEqual(models.map((model) => model.params));
  });

  it.each(layerLists)("$name builds to Keras's shapes and counts of each layer", ({ code, place, layers }) => {
    const { config } = readKerasCode(code).models[place]!;
    const found = modelFromConfig(config).layers.filter((layer) => layer.className !== "InputLayer");
    const expected = layers.filter((layer) => layer.class !== "InputLayer");
    expect(expected.length).toBeGreaterThan(0);
    expect(found.map((layer) => layer.countParams())).toEqual(expected.map((layer) => layer.params));
    expect(found.map((layer) => layer.outputShape)).toEqual(expected.map((layer) => layer.shape));
  });
});
