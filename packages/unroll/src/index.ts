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
import "./model/summaries.ts";
import { modelMemory } from "./training/memory.ts";
import "./training/shared-step.ts";
import { trainingStatus } from "./training/status.ts";
import { traceGradients } from "./training/trace-gradients.ts";

// Beside what light.ts gives to a model. Files are read and written by code that is loaded when it is needed.
provideAbilities({
  explain: explainModel,
  trace: traceModel,
  verify: verifyModel,
  solve: solveModel,
  toBytes: async (model, format) => (await import("./formats/save.ts")).modelToBytes(model, format),
  save: async (model, path) => (await import("./formats/save.ts")).saveModel(model, path),
  memory: modelMemory,
  trainingStatus,
  predictAsync: async (model, x, options) => (await import("./model/predict-async.ts")).predictAsync(model, x, options),
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

export * from "./data/index.ts";
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
export { layers, layerTypes } from "./layers/index.ts";
export * from "./light.ts";
export { CSVLogger, ModelCheckpoint, type ModelCheckpointOptions, TensorBoard } from "./training/callback-files.ts";
export { lossesOf, lossOf, metricOf, metricValuesOf, type ScoredBatch, type ScoreOptions } from "./training/score.ts";
export type {
  BackStep,
  BackTrace,
  DifferenceCheck,
  GradientTrace,
  TraceGradientsOptions,
} from "./training/trace-gradients.ts";
export { traceGradients } from "./training/trace-gradients.ts";
