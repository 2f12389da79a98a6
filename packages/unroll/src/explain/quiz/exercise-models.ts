/**
 * Models to practise on, drawn from a seed: recurrent layers alone, stacked, after convolution and pooling, inside
 * Bidirectional, by level. The same seed gives the same models.
 */
import type { Random } from "../../core/random.ts";
import { input, layers } from "../../layers/index.ts";
import type { Layer } from "../../layers/layer.ts";
import type { Model } from "../../model/model.ts";
import { sequential } from "../../model/sequential.ts";

/** 1: one recurrent layer; 2: several; 3: convolution, pooling, Bidirectional; 4: all of it, longer. */
export type Level = 1 | 2 | 3 | 4;

/** Layers that a model may be drawn from; Dense always ends it. */
export const exerciseLayers = ["simpleRNN", "lstm", "gru", "conv1d", "bidirectional"] as const;
/** A kind of layer that exercises are drawn from. */
export type ExerciseLayer = (typeof exerciseLayers)[number];
export type CellName = (typeof cells)[number];

/** The cells among layers; all where there are none. */
export function cellsOf(allowed: readonly ExerciseLayer[]): readonly CellName[] {
  const chosen = cells.filter((cell) => allowed.includes(cell));
  return chosen.length > 0 ? chosen : cells;
}

type Options = { readonly units: number; readonly returnSequences?: boolean; readonly name: string };
/** Makes a recurrent layer. */
export const makers: Readonly<Record<(typeof cells)[number], (options: Options) => Layer>> = layers;
const cells = ["simpleRNN", "lstm", "gru"] as const;

/** A sequential model of layers that fit together, ending in Dense. Sizes stay small enough to count by hand. */
export function exerciseModel(
  random: Random,
  level: Level,
  name = "exercise",
  allowed: readonly ExerciseLayer[] = exerciseLayers,
): Model {
  const names = namer();
  const timesteps = 10 + random.below(50);
  const features = 2 + random.below(level === 1 ? 8 : 20);
  const list: Layer[] = [];
  if (level >= 3 && allowed.includes("conv1d"))
    list.push(...convolutionBlocks(random, names, 1 + random.below(level - 2), timesteps));
  const depth = level === 1 ? 1 : 1 + random.below(level + 1);
  for (let index = 0; index < depth; index++) {
    const options = { units: 2 + random.below(level === 1 ? 8 : 30), returnSequences: index < depth - 1 };
    const bothWays = level >= 3 && random.below(3) === 0 && allowed.includes("bidirectional");
    list.push(recurrent(random, names, options, bothWays, cellsOf(allowed)));
    if (level >= 2 && random.below(4) === 0) list.push(layers.dropout({ rate: 0.1, name: names("dropout") }));
  }
  if (level >= 2 && random.below(2) === 0)
    list.push(layers.dense({ units: 5 + random.below(20), name: names("dense") }));
  list.push(layers.dense({ units: 1, name: names("dense") }));
  return sequential({ name, layers: [input({ shape: [timesteps, features], name: "series" }), ...list] });
}

function recurrent(
  random: Random,
  names: (kind: string) => string,
  options: { readonly units: number; readonly returnSequences: boolean },
  bothWays: boolean,
  from: readonly CellName[],
): Layer {
  const kind = from[random.below(from.length)]!;
  const resetAfter = kind === "gru" && random.below(3) === 0 ? { resetAfter: false } : {};
  const name = names({ simpleRNN: "simple_rnn", lstm: "lstm", gru: "gru" }[kind]);
  const layer = makers[kind]({ ...options, ...resetAfter, name });
  return bothWays ? layers.bidirectional({ layer, name: names("bidirectional") }) : layer;
}

function convolutionBlocks(random: Random, names: (kind: string) => string, count: number, timesteps: number): Layer[] {
  const blocks: Layer[] = [];
  let left = timesteps;
  for (let index = 0; index < count && left > 8; index++) {
    const kernelSize = 2 + random.below(3);
    const padding = random.below(3) === 0 ? ("same" as const) : ("valid" as const);
    blocks.push(layers.conv1d({ filters: 2 + random.below(15), kernelSize, padding, name: names("conv1d") }));
    left = padding === "same" ? left : left - kernelSize + 1;
    const poolSize = 2 + random.below(2);
    if (left < 2 * poolSize) break;
    blocks.push(layers.maxPooling1d({ poolSize, name: names("max_pooling1d") }));
    left = Math.floor((left - poolSize) / poolSize) + 1;
  }
  return blocks;
}

/** lstm, lstm_1, ... as Keras counts them. */
function namer(): (kind: string) => string {
  const used = new Map<string, number>();
  return (kind) => {
    const times = used.get(kind) ?? 0;
    used.set(kind, times + 1);
    return times === 0 ? kind : `${kind}_${times}`;
  };
}
