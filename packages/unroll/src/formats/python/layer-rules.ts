/** Counts and shapes by the library's own layers: what solving for unknown sizes and following tensors' shapes asks. */
import { Random } from "../../core/random.ts";
import { layerFromConfig } from "../keras-config.ts";
import { isShapeList, type ShapeRules } from "./serialize.ts";

/**
 * Builds the serialised layer for the given input, without taking memory for its arrays.
 *
 * Throws UnrollError: what `layerFromConfig` throws, and "shape" where the input does not fit.
 */
export const layerRules: ShapeRules = ({ class_name, config }, inputShape) => {
  const layer = layerFromConfig({ class_name, config });
  layer.build(isShapeList(inputShape) ? inputShape : [inputShape], new Random(0));
  return { params: layer.countParams(), outputShape: layer.outputShape };
};
