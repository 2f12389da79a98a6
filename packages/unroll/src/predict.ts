/**
 * `unroll/predict`: what a page needs that builds models and predicts, with weights that it sets itself. It is the first part of
 * `unroll/light`, which trains too, and that of `unroll`: either can follow by `await import(...)`, and adds to the models that are
 * there. Layers come one by one from `unroll/layers`.
 */
export type {
  Cell,
  CellChoices,
  CellDefinition,
  CellGraph,
  CellSymbols,
  Gate,
} from "./cells/define.ts";
export { defineCell } from "./cells/define.ts";
export * from "./core/index.ts";
export * as activations from "./equations/activations.ts";
export { defineLayer, type LayerType } from "./layers/contract.ts";
export { maskOf } from "./layers/eager.ts";
export { factory, type LayerFactory } from "./layers/factory.ts";
export * as fields from "./layers/fields.ts";
export { input } from "./layers/input-layer.ts";
export { type ApplyOptions, Layer } from "./layers/layer.ts";
export { resetNames } from "./layers/naming.ts";
export { recurrentLayer } from "./layers/recurrent.ts";
export type { Device } from "./layers/run.ts";
export { setSeed } from "./layers/seed.ts";
export { SymbolicTensor } from "./layers/symbolic.ts";
export { setThreads } from "./layers/threads.ts";
export type { ModelData } from "./model/data.ts";
export { type ModelOptions, model } from "./model/functional.ts";
export { type Intermediate, Model, type PredictOptions, type SummaryOptions } from "./model/model.ts";
export { Sequential, type SequentialOptions, sequential } from "./model/sequential.ts";
