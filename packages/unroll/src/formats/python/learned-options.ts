/** What printed rows tell of options that the code does not write, as data and in words. infer.ts finds it out. */
import { listedLayers } from "./infer.ts";
import { KerasLayer, type KerasModel, type ModelSnapshot } from "./keras-graph.ts";
import type { LearnedOption } from "./reading.ts";

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

/** "gru has reset_after=False: its printed count of 36 tells it, the code does not." */
export function learnedText({ row, option, value, params }: LearnedOption): string {
  const shown = params.toLocaleString("en-US");
  return `${row} has ${option}=${value ? "True" : "False"}: its printed count of ${shown} tells it, the code does not.`;
}
