/** What layers/ offers to those above it: every layer by name and by class, and how calls, names and seeds work. */
import { spelled } from "../core/spelling.ts";
import type { LayerType } from "./contract.ts";
import "./engines.ts";
import * as factories from "./factories.ts";

/** Every layer type by Keras's class name. */
export const layerTypes: ReadonlyMap<string, LayerType> = new Map(
  Object.values(factories).map(({ type }) => [type.className, type as LayerType]), // whatever its options are
);

/**
 * Makes layers: `layers.lstm({ units: 4, returnSequences: true })`.
 *
 * @throws UnrollError `unknown-name` for a name in Keras's spelling, such as `layers.LSTM`
 */
export const layers: typeof factories = spelled("layers", factories);

export type { Call, ChildCall, LayerType, Result, Sizes, WeightSpec } from "./contract.ts";
export { defineLayer } from "./contract.ts";
export { maskOf } from "./eager.ts";
export { factory, type LayerFactory } from "./factory.ts";
export * as fields from "./fields.ts";
export { createInputLayer, type InputOptions, input, inputLayer, inputTensor } from "./input-layer.ts";
export { type ApplyOptions, type CommonOptions, Layer } from "./layer.ts";
export { automaticName, resetNames, snakeCase } from "./naming.ts";
export { recurrentLayer } from "./recurrent.ts";
export { setSeed } from "./seed.ts";
export { type LayerCall, recordCall, SymbolicTensor } from "./symbolic.ts";
export { setThreads } from "./threads.ts";
