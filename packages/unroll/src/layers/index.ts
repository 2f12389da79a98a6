/** The list of layers. Adding one: its file, and one line here. */
import type { LayerType } from "./contract.ts";
import { dense } from "./dense.ts";
import { factory } from "./factory.ts";
import { inputLayer } from "./input-layer.ts";

/** Makes layers: `layers.lstm({ units: 4, returnSequences: true })`. */
export const layers = {
  inputLayer: factory(inputLayer),
  dense: factory(dense),
} as const;

/** Every layer type by Keras's class name. */
export const layerTypes: ReadonlyMap<string, LayerType> = new Map(
  [inputLayer, dense].map((type) => [type.className, type as LayerType]),
);

export type { Call, ChildCall, LayerType, Result, Sizes, WeightSpec } from "./contract.ts";
export { defineLayer } from "./contract.ts";
export { maskOf } from "./eager.ts";
export { createInputLayer, type InputOptions, input, inputLayer, inputTensor } from "./input-layer.ts";
export { type ApplyOptions, type CommonOptions, Layer } from "./layer.ts";
export { automaticName, resetNames, snakeCase } from "./naming.ts";
export { setSeed } from "./seed.ts";
export { type LayerCall, recordCall, SymbolicTensor } from "./symbolic.ts";
