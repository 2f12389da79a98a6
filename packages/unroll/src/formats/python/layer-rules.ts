/** Counts and shapes by the library's own layers: what solving for unknown sizes and following tensors' shapes asks. */
import { Random } from "../../core/random.ts";
import { sizeOf } from "../../core/shape.ts";
import { layerTypes } from "../../layers/index.ts";
import { layerFromConfig } from "../keras-config.ts";
import { adaptConfig } from "../keras-drift.ts";
import { isShapeList, type ShapeRules } from "./serialize.ts";

/** True for the classes of Keras that the library has, under any of their names. */
export function canBuild(className: string): boolean {
  return layerTypes.has(adaptConfig(className, {}, undefined).className);
}

/**
 * Builds the serialised layer for the given input, without taking memory for its arrays.
 *
 * Throws UnrollError: what `layerFromConfig` throws, and "shape" where the input does not fit.
 */
export const layerRules: ShapeRules = ({ module, class_name, config }, inputShape) => {
  const layer = layerFromConfig({ module: module ?? null, class_name, config });
  layer.build(isShapeList(inputShape) ? inputShape : [inputShape], new Random(0));
  const fixedParams = layer.variables.reduce((sum, one) => sum + (one.trainable ? 0 : sizeOf(one.shape)), 0);
  return { params: layer.countParams(), fixedParams, outputShape: layer.outputShape };
};
