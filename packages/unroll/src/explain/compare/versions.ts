/**
 * One model under the rules of Keras 2.2, 2.12 and 3: the names, counts, activations and summary that the same code gives
 * where it leaves an option out, and the other rules that concern its layers.
 */

import { familyOf } from "../../layers/family.ts";
import { Layer } from "../../layers/layer.ts";
import { snakeCase } from "../../layers/naming.ts";
import type { Model } from "../../model/model.ts";
import { Sequential } from "../../model/sequential.ts";
import { summaryText } from "../../model/summary.ts";
import { summaryTable } from "../../model/summary-rows.ts";
import type { SummaryRow, SummaryTable } from "../../model/summary-table.ts";
import { countOf, countTree } from "../answers/count-tree.ts";
import { outlineOf } from "../answers/outline.ts";
import { type KerasRelease, kerasReleases, type VersionRule, versionRules } from "./version-rules.ts";

/** A layer as one Keras would make it. */
export interface VersionedLayer {
  /** The model's own name, and the name that this Keras gives where it was automatic. */
  readonly layer: string;
  readonly name: string;
  readonly className: string;
  readonly params: number | null;
  /** Options with another default in this Keras: `{ resetAfter: false }`; empty where the model's are kept. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** The model as one release of Keras has it. */
export interface VersionedModel {
  readonly release: KerasRelease;
  readonly name: string;
  readonly layers: readonly VersionedLayer[];
  readonly totalParams: number | null;
  /** As this Keras prints it. */
  readonly summary: string;
}

/** A rule that concerns the model. */
export interface ConcerningRule extends VersionRule {
  /** The layers that it concerns; empty for a rule about the whole model or its training. */
  readonly layers: readonly string[];
}

/** One model under several releases of Keras, and the rules that concern it. */
export interface VersionComparison {
  readonly model: string;
  readonly versions: readonly VersionedModel[];
  /** Rules that differ between the three and matter to this model. */
  readonly rules: readonly ConcerningRule[];
}

/**
 * What the same code gives under three Keras releases. Options at today's defaults are taken for left out; others are kept.
 *
 * @throws UnrollError `unbuilt` while the model does not know its input shape
 * @example compareVersions(model).versions.map(({ release, totalParams }) => [release, totalParams])
 */
export function compareVersions(model: Model): VersionComparison {
  const layers = model.layers.flatMap(familyOf);
  return {
    model: model.name,
    versions: kerasReleases.map((release) => underRelease(model, release)),
    rules: versionRules.flatMap(({ topic, rules, evidence, concerns }): ConcerningRule[] => {
      if (concerns === undefined) return [{ topic, rules, evidence, layers: [] }];
      const names = layers.filter(concerns).map(({ name }) => name);
      return names.length === 0 ? [] : [{ topic, rules, evidence, layers: names }];
    }),
  };
}

function underRelease(model: Model, release: KerasRelease): VersionedModel {
  const names = namesUnder(model, release);
  const layers = outlineOf(model).places.map(({ layer, sources }): VersionedLayer => {
    const changed = underRules(layer, release);
    return {
      layer: layer.name,
      name: names.get(layer.name) ?? layer.name,
      className: layer.className,
      params: countOf(countTree(changed.layer, sources)),
      options: changed.options,
    };
  });
  const name = names.get("") ?? model.name;
  const totalParams = layers.reduce<number | null>(
    (sum, { params }) => (sum === null || params === null ? null : sum + params),
    0,
  );
  return { release, name, layers, totalParams, summary: summaryUnder(model, release, layers, name, names) };
}

/** The layer with this Keras's defaults where the model has today's. */
function underRules(layer: Layer, release: KerasRelease): { layer: Layer; options: Record<string, unknown> } {
  const { config, className, type, name, trainable } = layer;
  const options: Record<string, unknown> = {};
  if (release === "2.2" && (className === "LSTM" || className === "GRU")) {
    if (config.recurrentActivation === "sigmoid") options.recurrentActivation = "hard_sigmoid_keras2";
    if (config.resetAfter === true) options.resetAfter = false;
  }
  const slope = release === "3" ? ["hard_sigmoid_keras2", "hard_sigmoid"] : ["hard_sigmoid", "hard_sigmoid_keras2"];
  for (const option of ["activation", "recurrentActivation"]) {
    if (config[option] === slope[0]) options[option] = slope[1];
  }
  let changes = options;
  const { layer: inner, backwardLayer } = config;
  if (inner instanceof Layer) {
    const wrapped = underRules(inner, release);
    const other = backwardLayer instanceof Layer ? { backwardLayer: underRules(backwardLayer, release).layer } : {};
    Object.assign(options, wrapped.options);
    changes = { layer: wrapped.layer, ...other };
  }
  if (Object.keys(options).length === 0) return { layer, options };
  return { layer: new Layer(type, { ...config, ...changes }, { name, trainable }), options };
}

/** Names by this Keras's counting, for those that look automatic; the model's own under "". */
function namesUnder(model: Model, release: KerasRelease): ReadonlyMap<string, string> {
  const start = release === "2.2" ? 1 : 0;
  const counts = new Map<string, number>();
  const next = (base: string, first: number): string => {
    const number = counts.get(base) ?? first;
    counts.set(base, number + 1);
    return number === 0 ? base : `${base}_${number}`;
  };
  const names = new Map<string, string>();
  const isAutomatic = (name: string, base: string): boolean => new RegExp(`^${base}(_\\d+)?$`).test(name);
  const visit = (layer: Layer): void => {
    const inner = layer.config.layer;
    if (inner instanceof Layer) visit(inner); // made first, so that it takes its number first
    const base = snakeCase(layer.className);
    if (layer.className === "InputLayer") {
      if (/^input(_layer)?(_\d+)?$/.test(layer.name))
        names.set(layer.name, release === "3" ? next("input_layer", 0) : next("input", 1));
    } else if (isAutomatic(layer.name, base)) names.set(layer.name, next(base, start));
  };
  const inputs = model instanceof Sequential ? [] : model.inputs.map(({ node }) => node.layer);
  for (const layer of new Set([...inputs, ...model.layers])) visit(layer);
  const family = model instanceof Sequential ? "sequential" : release === "3" ? "functional" : "model";
  if (/^(sequential|functional|model)(_\d+)?$/.test(model.name)) names.set("", next(family, start));
  return names;
}

function summaryUnder(
  model: Model,
  release: KerasRelease,
  layers: readonly VersionedLayer[],
  name: string,
  names: ReadonlyMap<string, string>,
): string {
  const style = release === "3" ? ("keras3" as const) : ("keras2" as const);
  const table = summaryTable(model, style);
  const counts = new Map(layers.map(({ layer, params }) => [layer, params]));
  let difference = 0;
  const rows = table.rows.map((row): SummaryRow => {
    const params = counts.get(row.name) ?? row.params;
    if (row.trainable) difference += (params ?? 0) - (row.params ?? 0);
    const connectedTo = row.connectedTo.map((one) => ({ ...one, layer: names.get(one.layer) ?? one.layer }));
    return { ...row, name: names.get(row.name) ?? row.name, params, connectedTo };
  });
  const changed: SummaryTable = { ...table, name, rows, trainableParams: table.trainableParams + difference };
  return summaryText(changed, { style, ...(release === "3" ? {} : { version: release === "2.2" ? "2.2.4" : "2.12" }) });
}
