export * from "./baselines.ts";
export * from "./batches.ts";
export {
  accuracyScore,
  type ClassificationOptions,
  type ClassScores,
  confusionMatrix,
  type Label,
  type Labels,
  predictedClasses,
  type ZeroDivision,
} from "./classification.ts";
export * from "./classification-report.ts";
export * from "./compare-forecasts.ts";
export { parseCsv } from "./csv.ts";
export { type CsvBatchOptions, readCsvBatches } from "./csv-batches.ts";
export type { CsvOptions } from "./csv-options.ts";
export type { CsvEncoding } from "./csv-text.ts";
export type { DateOrder, DecimalMark } from "./csv-values.ts";
export * from "./matrix.ts";
export * from "./min-max-scaler.ts";
export * from "./missing.ts";
export * from "./normalization.ts";
export * from "./period.ts";
export * from "./regression.ts";
export * from "./scalers.ts";
export * from "./sequences.ts";
export * from "./sort.ts";
export * from "./split.ts";
export * from "./standard-scaler.ts";
export * from "./table.ts";
export * from "./text-vectorization.ts";
export * from "./timeseries.ts";
export * from "./tokenizer.ts";
export * from "./windows.ts";
