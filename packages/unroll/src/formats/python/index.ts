/** Keras models in Python code and notebooks: reading them without running anything, and the tables printed beside them. */
export type { Cell, CodeDocument, DocumentFormat } from "./document.ts";
export type { KerasVersion } from "./keras-session.ts";
export { defaultCountText, learnedText } from "./learned-options.ts";
export { readDocument } from "./notebook.ts";
export { readKerasCode } from "./read.ts";
export type { CodeModel, CodeReading, LearnedOption, NamedUnknown, ReadOptions } from "./reading.ts";
export type { Problem } from "./runtime.ts";
export type { SerializedObject, ShapeRules } from "./serialize.ts";
export { firstShown, type ParsedSummary, type PrintedShape, parseSummaries, type SummaryRow } from "./summary-text.ts";
