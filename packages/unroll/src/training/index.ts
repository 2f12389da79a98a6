/** Training: what it offers to the outside, also to pages. */

export type { BatchIterable, BatchLike } from "./batch-iterables.ts";
export {
  type Callback,
  type CallbackState,
  EarlyStopping,
  type EarlyStoppingOptions,
  type FitControl,
  LearningRateScheduler,
  type Logs,
  ReduceLROnPlateau,
  type ReduceLROnPlateauOptions,
  TerminateOnNaN,
} from "./callbacks.ts";
export type { CheckpointOptions } from "./checkpoint.ts";
export {
  type CompileOptions,
  compiledOf,
  compileModel,
  isCompiled,
  type MetricsOption,
  type PerOutput,
} from "./compile.ts";
export type { ClassWeight } from "./data.ts";
export {
  type EvaluateOptions,
  evaluate,
  evaluateBatches,
  type OnBatchOptions,
  testOnBatch,
  trainOnBatch,
} from "./evaluate.ts";
export { fit } from "./fit.ts";
export type { ExampleView } from "./fit-data.ts";
export type { FitOptions, FitResult, Progress, StopReason, ValidationData } from "./fit-options.ts";
export { type GradientOptions, gradients } from "./gradients.ts";
export { type Loss, type LossLike, type LossRule, losses, makeLoss } from "./losses.ts";
export type { MemoryOptions, ModelMemory, ProgramMemory } from "./memory.ts";
export { type ArrayMetricRule, type Metric, type MetricRule, makeMetric } from "./metric-rule.ts";
export { type MetricLike, metrics } from "./metrics.ts";
export type { NotANumber } from "./not-a-number.ts";
export { type Optimizer, type OptimizerLike, OptimizerState, optimizerConfig, optimizers } from "./optimizer.ts";
export { type Schedule, schedules } from "./schedules.ts";
