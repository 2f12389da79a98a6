export * from "./answers/index.ts";
export * from "./compare/index.ts";
export { explainLayerOf, explainModel } from "./explain.ts";
export { Explanation, type ExplanationFacts, type LayerExplanation } from "./explanation.ts";
export { openGradient } from "./open-gradient.ts";
export { type OpenedName, type OpenedNode, type OpenedValue, type OpenedWeight, openValue } from "./open-value.ts";
export { outputGradients } from "./output-gradients.ts";
export { type ExerciseLayer, exerciseLayers, type Level } from "./quiz/exercise-models.ts";
export { type GradedAnswer, type GradedLearner, gradeClass, gradeCsv } from "./quiz/grading.ts";
export { kindTitles, type Question, type QuestionCheck, type QuestionKind, questionKinds } from "./quiz/question.ts";
export { type Quiz, type QuizOptions, quizQuestions, startQuiz } from "./quiz/quiz.ts";
export {
  checkQuizAnswer,
  formatQuizSet,
  parseQuizSet,
  type QuestionData,
  type QuizSet,
  quizData,
} from "./quiz/quiz-set.ts";
export { type WorksheetOptions, worksheetHtml, worksheetMarkdown } from "./quiz/worksheet.ts";
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
export type { Lookup, WorkedNumber, WorkedRow, WorkedTable } from "./worked/book.ts";
export {
  type SolutionFacts,
  type SolveOptions,
  type WorkedResult,
  type WorkedSection,
  WorkedSolution,
} from "./worked/solution.ts";
export type { SolutionTextOptions } from "./worked/solution-text.ts";
export { solveModel } from "./worked/solve.ts";
