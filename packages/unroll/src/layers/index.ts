/** The list of layers. Adding one: its file, and one line in `types`. */
import { gru } from "../cells/gru.ts";
import { lstm } from "../cells/lstm.ts";
import { simpleRnn } from "../cells/simple-rnn.ts";
import { bidirectional } from "./bidirectional.ts";
import type { LayerType } from "./contract.ts";
import { dense } from "./dense.ts";
import { factory, type LayerFactory } from "./factory.ts";
import type { Fields } from "./fields.ts";
import { inputLayer } from "./input-layer.ts";
import { forgetFields, gateFields, recurrentLayer, resetFields } from "./recurrent.ts";

const types = {
  inputLayer,
  dense,
  simpleRNN: recurrentLayer(simpleRnn, {}),
  lstm: recurrentLayer(lstm, { ...gateFields, ...forgetFields }),
  gru: recurrentLayer(gru, { ...gateFields, ...resetFields }),
  bidirectional,
};

type FieldsOf<T> = T extends LayerType<infer F> ? F : never;

/** Makes layers: `layers.lstm({ units: 4, returnSequences: true })`. */
export const layers = Object.fromEntries(
  Object.entries(types).map(([name, type]) => [name, factory(type as LayerType<Fields>)]),
) as unknown as { readonly [K in keyof typeof types]: LayerFactory<FieldsOf<(typeof types)[K]>> }; // one factory for each type

/** Every layer type by Keras's class name. */
export const layerTypes: ReadonlyMap<string, LayerType> = new Map(
  Object.values(types).map((type) => [type.className, type as LayerType]),
);

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
