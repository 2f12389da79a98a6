/** Unroll: recurrent neural networks you can check by hand. Everything that is public is here. */
import { explainModel } from "./explain/explain.ts";
import { callBlueprint, repairHint, shapeTrouble } from "./explain/repairs/index.ts";
import { traceModel } from "./explain/run-trace.ts";
import { verifyModel } from "./explain/verify.ts";
import { solveModel } from "./explain/worked/solve.ts";
import type { LoadOptions } from "./formats/load.ts";
import type { ModelSource } from "./formats/open.ts";
import { provideMisfitHint } from "./layers/misfit.ts";
import { type Abilities, provideAbilities } from "./model/abilities.ts";
import type { Model } from "./model/model.ts";
import { compileModel } from "./training/compile.ts";
import { evaluate, evaluateBatches, testOnBatch, trainOnBatch } from "./training/evaluate.ts";
import { fit } from "./training/fit.ts";
import { gradients } from "./training/gradients.ts";
import { modelMemory } from "./training/memory.ts";
import { traceGradients } from "./training/trace-gradients.ts";

// Files are read and written by code that is loaded when it is needed, so that building and predicting starts at once.
provideAbilities({
  explain: explainModel,
  trace: traceModel,
  verify: verifyModel,
  solve: solveModel,
  toBytes: async (model, format) => (await import("./formats/save.ts")).modelToBytes(model, format),
  save: async (model, path) => (await import("./formats/save.ts")).saveModel(model, path),
  compile: compileModel,
  fit,
  evaluate,
  evaluateBatches,
  testOnBatch,
  trainOnBatch,
  gradients,
  memory: modelMemory,
  traceGradients,
} satisfies Partial<Abilities>);

provideMisfitHint((layer, inputs) => repairHint(shapeTrouble(callBlueprint(layer, inputs))?.repairs ?? []));

/**
 * Loads a model with its weights: `.keras`, HDF5, TensorFlow.js, safetensors, `model.to_json()`, or Python code and notebooks
 * that build one model. The format is found by content.
 *
 * @throws UnrollError `format`, `file`, `weights`, `unsupported`, `unknown-name`, `option`, `shape`, `memory`
 * @example const net = await loadModel("model.keras")
 */
export async function loadModel(source: ModelSource, options?: LoadOptions): Promise<Model> {
  return (await import("./formats/load.ts")).loadModel(source, options);
}

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
export * from "./data/index.ts";
export * as activations from "./equations/activations.ts";
export type { Derivation, DerivationLetter, ShapeDerivation } from "./equations/derive.ts";
export * as equations from "./equations/expr.ts";
export { toLatex, toMathML, toSentence, toSpeech, toText } from "./equations/render.ts";
export * from "./explain/index.ts";
export type { FileReport } from "./formats/container.ts";
export { type KerasReadOptions, layerFromConfig, layerToConfig } from "./formats/keras-config.ts";
export { modelFromConfig } from "./formats/keras-model.ts";
export { modelToConfig } from "./formats/keras-model-write.ts";
export type { LoadOptions } from "./formats/load.ts";
export type { ModelSource } from "./formats/open.ts";
export type { WritableFormat } from "./formats/save.ts";
export {
  type ApplyOptions,
  defineLayer,
  factory,
  fields,
  input,
  Layer,
  type LayerFactory,
  type LayerType,
  layers,
  layerTypes,
  maskOf,
  recurrentLayer,
  resetNames,
  SymbolicTensor,
  setSeed,
  setThreads,
} from "./layers/index.ts";
export type { Device } from "./layers/run.ts";
export type { ModelData } from "./model/data.ts";
export { type ModelOptions, model } from "./model/functional.ts";
export { type Intermediate, Model, type PredictOptions, type SummaryOptions } from "./model/model.ts";
export { Sequential, type SequentialOptions, sequential } from "./model/sequential.ts";
export * from "./training/index.ts";
