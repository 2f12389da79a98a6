/** The quiz of the page: the library's questions by seed, answers checked by the library, nothing asked or judged here. */
import type { Level } from "unroll/explain/quiz/exercise-models.ts";
import { exerciseLayers } from "unroll/explain/quiz/exercise-models.ts";
import { type Question, type QuestionCheck, type QuestionKind, questionKinds } from "unroll/explain/quiz/question.ts";
import { type Quiz, quizQuestions, startQuiz } from "unroll/explain/quiz/quiz.ts";
import { formatShape, UnrollError } from "./library.ts";
import type { QuestionView, QuizCheck, QuizSolution, QuizSpec } from "./protocol.ts";
import { type Misfit, readCountAnswer, readShapeAnswer, readValueAnswer } from "./read-answer.ts";

let questions: Question[] = [];
let practice: Quiz | undefined;
/** What the last answer meant: the next question of the practice is aimed at it. */
let last: QuestionCheck | undefined;

export function startSet({ seed, count, level, kinds, layers }: QuizSpec): QuestionView[] {
  const chosen = questionKinds.filter((kind) => kinds.includes(kind));
  const drawn = exerciseLayers.filter((layer) => layers.includes(layer));
  const options = {
    seed,
    ...(level >= 1 && level <= 4 ? { level: level as Level } : {}), // just checked
    ...(chosen.length > 0 ? { kinds: chosen } : {}),
    ...(drawn.length > 0 ? { layers: drawn } : {}),
  };
  practice = startQuiz(options);
  last = undefined;
  questions = quizQuestions({ ...options, count });
  // Practice goes on behind the questions that it has in common with the set.
  for (let number = 0; number < count; number++) practice.next();
  return questions.map(viewOf);
}

export function nextQuestion(): QuestionView {
  const next = practice?.next(last);
  if (next === undefined) throw missing("none");
  last = undefined;
  questions.push(next);
  return viewOf(next);
}

export function checkQuizAnswer(number: number, answer: string): QuizCheck {
  const question = questions.find((one) => one.number === number);
  if (question === undefined) throw missing(String(number));
  const read = readFor(question.kind, answer);
  if ("misfit" in read) return unfit(read.misfit);
  const check = question.check(read.text);
  if (read.isZero && !check.right) return unfit("zero");
  last = check;
  const { right, slip = "", where = "", text } = check;
  return { right, misfit: undefined, slip, where, text: text.trim() };
}

/** A count or shape as the library writes it; values and letters as they were written. */
function readFor(
  kind: QuestionKind,
  answer: string,
): { readonly text: string; readonly isZero: boolean } | { readonly misfit: Misfit } {
  if (["gate", "state", "backward"].includes(kind)) {
    const read = readValueAnswer(answer);
    return "misfit" in read ? read : { ...read, isZero: false };
  }
  if (!["params", "total", "shape"].includes(kind)) return { text: answer, isZero: false };
  const read = kind === "shape" ? readShapeAnswer(answer) : readCountAnswer(answer);
  if ("misfit" in read) return read;
  const { given } = read;
  return { text: typeof given === "number" ? String(given) : formatShape(given), isZero: given === 0 };
}

function unfit(misfit: Misfit): QuizCheck {
  return { right: false, misfit, slip: "", where: "", text: "" };
}

export function solutions(): QuizSolution[] {
  return questions.map(({ answer, solution }) => ({ answer, solution }));
}

function missing(received: string): UnrollError {
  return new UnrollError({ code: "usage", path: "quiz", expected: "the question must be one of the set", received });
}

function viewOf({ number, kind, text, given, choices, hints }: Question): QuestionView {
  return { number, kind, text, given, choices, hints };
}
