/** The quiz of the page: the library's questions by seed, answers checked by the library, nothing asked or judged here. */
import type { Level } from "unroll/explain/answers/exercise-models.ts";
import { type Question, type QuestionKind, type Quiz, quizQuestions, startQuiz } from "unroll/explain/answers/quiz.ts";
import type { SlipId } from "unroll/explain/answers/slip.ts";
import { checkView, derivationsOf, readAnswer } from "./answers.ts";
import { formatShape, UnrollError } from "./library.ts";
import type { QuestionView, QuizCheck, QuizSolution, QuizSpec } from "./protocol.ts";

const knownKinds: readonly QuestionKind[] = ["params", "shape", "total"];

let questions: Question[] = [];
let practice: Quiz | undefined;

export function startSet({ seed, count, level, kinds }: QuizSpec): QuestionView[] {
  const chosen = knownKinds.filter((kind) => kinds.includes(kind));
  const options = {
    seed,
    ...(level >= 1 && level <= 4 ? { level: level as Level } : {}), // just checked
    ...(chosen.length > 0 ? { kinds: chosen } : {}),
  };
  practice = startQuiz(options);
  questions = quizQuestions({ ...options, count });
  // Practice goes on behind the questions that it has in common with the set.
  for (let number = 0; number < count; number++) practice.next();
  return questions.map(viewOf);
}

export function nextQuestion(slip: string): QuestionView {
  const next = practice?.next(slip === "" ? undefined : (slip as SlipId)); // a name that the library gave
  if (next === undefined) throw missing("none");
  questions.push(next);
  return viewOf(next);
}

export function checkQuizAnswer(number: number, answer: string): QuizCheck {
  const check = questionOf(number).check(readAnswer(answer));
  return { ...checkView(check), slip: check.findings[0]?.slips[0]?.id ?? "" };
}

export function solutions(): QuizSolution[] {
  return questions.map(({ answer, check }) => ({
    answer: typeof answer === "number" ? answer.toLocaleString("en-US") : formatShape(answer),
    derivations: derivationsOf(check(answer).derivation!), // counts and shapes have one
  }));
}

function questionOf(number: number): Question {
  const question = questions.find((one) => one.number === number);
  if (question === undefined) throw missing(String(number));
  return question;
}

function missing(received: string): UnrollError {
  return new UnrollError({ code: "usage", path: "quiz", expected: "the question must be one of the set", received });
}

function viewOf({ number, kind, text, model, hints }: Question): QuestionView {
  return { number, kind, text, model, hints };
}
