/** What the page and the worker tell each other about the quiz. */
import type { Misfit } from "./read-answer.ts";

/** Which questions: the same gives the same ones, everywhere. */
export interface QuizSpec {
  readonly seed: number;
  readonly count: number;
  /** 1 to 4; 0 rises by itself. */
  readonly level: number;
  /** Empty for all. */
  readonly kinds: readonly string[];
  /** Layers that models are drawn from; empty for all. */
  readonly layers: readonly string[];
}

export interface QuestionView {
  readonly number: number;
  readonly kind: string;
  readonly text: string;
  /** What is needed for the answer, line by line: a model, numbers, a summary, a solution. */
  readonly given: readonly string[];
  /** "a) ...", where one of several is right. */
  readonly choices: readonly string[];
  readonly hints: readonly string[];
}

/** What the library says to an answer of the quiz. */
export interface QuizCheck {
  readonly right: boolean;
  /** Why it can be no answer at all: then all else is empty, and it is no try. */
  readonly misfit: Misfit | undefined;
  /** What a wrong answer was taken for; empty where for nothing. */
  readonly slip: string;
  /** The layer at which it was made; empty where that is not known. */
  readonly where: string;
  /** The verdict and what led to the answer, in lines. */
  readonly text: string;
}

/** The right answer of a question and how it comes about. */
export interface QuizSolution {
  readonly answer: string;
  readonly solution: string;
}
