export type { AnswerCheck, AnswerKind, Finding, NamedSlip } from "./answer.ts";
export { type AnswerCheckJson, answerToJson, type StepsJson } from "./answer-json.ts";
export { type AnswerTextOptions, answerToText } from "./answer-text.ts";
export type { Audit, AuditFinding } from "./audit.ts";
export { type Answer, type CheckOptions, checkAnswer } from "./check.ts";
export { checkValue, type ValueAnswer, type ValueCheck, type ValueFinding, valueToText } from "./check-value.ts";
export type { EarlierSize } from "./outline.ts";
export { type SlipId, slipTitles } from "./slip.ts";
