export type { InputSpec, ModelData } from "./data.ts";
export { type ModelOptions, model } from "./functional.ts";
export { type CallValues, Graph, type GraphOptions } from "./graph.ts";
export {
  type Intermediate,
  Model,
  type ModelProgram,
  type PredictOptions,
  type ProgramOptions,
  type SummaryOptions,
} from "./model.ts";
export { Sequential, type SequentialOptions, sequential } from "./sequential.ts";
export { type SummaryTextOptions, summaryText } from "./summary.ts";
export {
  type Connection,
  type SummaryJson,
  type SummaryRow,
  type SummaryTable,
  summaryJson,
} from "./summary-table.ts";
