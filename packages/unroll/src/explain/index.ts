export * from "./answers/index.ts";
export * from "./compare/index.ts";
export { explainLayerOf, explainModel } from "./explain.ts";
export { Explanation, type ExplanationFacts, type LayerExplanation } from "./explanation.ts";
export * from "./repairs/index.ts";
export { traceModel } from "./run-trace.ts";
export {
  type LayerTrace,
  Trace,
  type TraceArray,
  type TraceFacts,
  type TraceInput,
  type TraceOptions,
  type TraceRun,
  type TraceStep,
} from "./trace.ts";
export {
  type Difference,
  type LayerCheck,
  type NotFinite,
  type Place,
  type PredictionCheck,
  Verification,
  type VerificationFacts,
  type VerifyOptions,
} from "./verification.ts";
export { verifyModel } from "./verify.ts";
