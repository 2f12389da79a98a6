/**
 * Quizzes: rows of questions from a seed, harder from question to question, each next one aimed at the slip before. The same
 * set gives the same questions everywhere, so that a teacher's link, a worksheet and its grading agree.
 */
import { Random } from "../../core/random.ts";
import type { SlipId } from "../answers/slip.ts";
import { backwardQuestion } from "./backward-questions.ts";
import { codeQuestion, faultyQuestion, slipQuestion } from "./choice-questions.ts";
import { countQuestion, questionForSlip } from "./count-questions.ts";
import { cellsOf, type ExerciseLayer, exerciseLayers, exerciseModel, type Level } from "./exercise-models.ts";
import { type Draft, type Question, type QuestionCheck, type QuestionKind, questionKinds } from "./question.ts";
import { orderQuestion, valueQuestion } from "./value-questions.ts";

/** Which questions a quiz has: the same options give the same ones. */
export interface QuizOptions {
  readonly seed: number;
  /** 1: one recurrent layer, to 4: convolution, Bidirectional and several layers; rises by itself when left out. */
  readonly level?: Level | undefined;
  /** Kinds of questions; by default all, the harder ones from a level on. */
  readonly kinds?: readonly QuestionKind[] | undefined;
  /** Layers that models are drawn from; all by default. */
  readonly layers?: readonly ExerciseLayer[] | undefined;
}

/** A row of questions; each `next` may depend on the answer before. */
export interface Quiz {
  /** The next question; after a wrong answer one in which the same slip can be made again, or one of the same kind. */
  next(before?: QuestionCheck): Question;
}

/** Questions of one level before the next. */
const QUESTIONS_PER_LEVEL = 3;
/** Models drawn in search of one that a question can be asked about. */
const MOST_TRIALS = 30;

/** From which level on a kind is asked when all are. */
const firstLevel: Readonly<Record<QuestionKind, Level>> = {
  params: 1,
  shape: 1,
  order: 1,
  total: 1,
  gate: 1,
  state: 2,
  faulty: 2,
  code: 2,
  slip: 3,
  backward: 3,
};

/**
 * Starts a quiz.
 *
 * @example const quiz = startQuiz({ seed: 7 }); const first = quiz.next(); quiz.next(first.check("120"))
 */
export function startQuiz({ seed, level, kinds, layers = exerciseLayers }: QuizOptions): Quiz {
  const random = new Random(seed);
  let number = 0;
  return {
    next(before) {
      number++;
      const at = level ?? (Math.min(4, 1 + Math.floor((number - 1) / QUESTIONS_PER_LEVEL)) as Level); // 1 to 4
      const allowed = kinds ?? questionKinds.filter((kind) => firstLevel[kind] <= at);
      const source: Source = { random, level: at, kinds: allowed, layers, name: `model_${number}` };
      const again = before === undefined || before.right ? undefined : before;
      const aimed = again?.slipId === undefined ? undefined : aimedDraft(source, again.slipId);
      const kind =
        again !== undefined && allowed.includes(again.kind) ? again.kind : allowed[random.below(allowed.length)]!;
      return { number, ...(aimed ?? draft(source, kind)) };
    },
  };
}

/** The questions of a quiz as a list: what a class is given, where no answer changes the next question. */
export function quizQuestions(options: QuizOptions & { readonly count: number }): Question[] {
  const quiz = startQuiz(options);
  return Array.from({ length: options.count }, () => quiz.next());
}

interface Source {
  readonly random: Random;
  readonly level: Level;
  readonly kinds: readonly QuestionKind[];
  readonly layers: readonly ExerciseLayer[];
  readonly name: string;
}

/** A model in which the slip gives another number; harder models after some trials. */
function aimedDraft({ random, level, kinds, layers, name }: Source, slip: SlipId): Draft | undefined {
  for (let trial = 0; trial < MOST_TRIALS; trial++) {
    const at = Math.max(level, trial > 10 ? 3 : 1) as Level; // 1 to 4
    const found = questionForSlip(exerciseModel(random, at, name, layers), slip, kinds);
    if (found !== undefined) return found;
  }
  return undefined;
}

function draft(source: Source, kind: QuestionKind): Draft {
  const { random, level, layers, name } = source;
  const net = () => exerciseModel(random, level, name, layers);
  switch (kind) {
    case "params":
    case "shape":
    case "total":
      return countQuestion(random, net(), kind);
    case "order":
      return orderQuestion(random, cellsOf(layers));
    case "gate":
    case "state":
      return valueQuestion(random, kind, level, cellsOf(layers));
    case "backward":
      return backwardQuestion(random, level);
    default: {
      const make = { faulty: faultyQuestion, code: codeQuestion, slip: slipQuestion }[kind];
      for (let trial = 0; trial < MOST_TRIALS; trial++) {
        const made = make(random, net());
        if (made !== undefined) return made;
      }
      return countQuestion(random, net(), "params");
    }
  }
}
