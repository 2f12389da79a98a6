/** What printed rows tell of options that the code does not write, as data and in words. infer.ts finds it out. */

import { KerasLayer, type KerasModel, type ModelSnapshot } from "./keras-graph.ts";
import type { LearnedOption } from "./reading.ts";
import { listedLayers } from "./table-rows.ts";

/** Options of a model's layers, and of those that they wrap, that are not what Keras takes by itself. */
export function learnedOptions(model: KerasModel, snapshot: ModelSnapshot | undefined): LearnedOption[] {
  const layers = listedLayers(model, snapshot).flatMap((part) =>
    part.kind === "layer" ? [part, part.config.get("layer")] : [],
  );
  return layers.flatMap((layer): LearnedOption[] => {
    if (!(layer instanceof KerasLayer) || layer.learnedFrom === undefined) return [];
    return [{ ...layer.learnedFrom, option: "reset_after", value: layer.learned.get("reset_after") === true }];
  });
}

/**
 * "gru has reset_after=False: its printed count of 36 tells it, the code does not. TensorFlow 2's default, reset_after=True,
 * gives 42."
 */
export function learnedText({ row, option, value, params, otherwise }: LearnedOption): string {
  const told = `${row} has ${option}=${value ? "True" : "False"}: its printed count of ${count(params)} tells it, the code does not.`;
  return value || otherwise === undefined ? told : `${told} ${defaultText(option)}, gives ${count(otherwise)}.`;
}

/** What is true of a count that has TensorFlow 2's default where the printed table has the option's old one. */
export function defaultCountText({ option, row }: LearnedOption, given: number): string {
  return `${count(given)} is what ${defaultText(option)}, gives. The printed table has ${option}=False for ${row}: was it printed by an older Keras, or is it wrong?`;
}

function defaultText(option: string): string {
  return `TensorFlow 2's default, ${option}=True`;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
