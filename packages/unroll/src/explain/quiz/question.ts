/**
 * What a question of a quiz is: plain text and functions, whatever it asks. The makers are beside this file, one file for
 * each family of kinds; quiz.ts strings questions together.
 */
import { UnrollError } from "../../core/errors.ts";
import type { Shape } from "../../core/shape.ts";
import type { SlipId } from "../answers/slip.ts";

/** Kinds of questions, from the easiest on. */
export const questionKinds = [
  "params",
  "shape",
  "order",
  "total",
  "gate",
  "state",
  "faulty",
  "code",
  "slip",
  "backward",
] as const;
/** What a question can be about. */
export type QuestionKind = (typeof questionKinds)[number];

/** What each kind asks, in a few words. */
export const kindTitles: Readonly<Record<QuestionKind, string>> = {
  params: "the parameters of a layer",
  shape: "the output shape of a layer",
  order: "which gate a block of columns is",
  total: "the parameters of a model",
  gate: "the value of a gate",
  state: "the next hidden or cell state",
  faulty: "which layer's count is wrong",
  code: "which code gives a summary",
  slip: "the slip in a worked solution",
  backward: "one step of backpropagation",
};

/** A question of the quiz, with its hints, answer and solution. */
export interface Question {
  /** From 1. */
  readonly number: number;
  readonly kind: QuestionKind;
  /** What is asked, a sentence or two. */
  readonly text: string;
  /** What is needed for the answer, line by line: a model, numbers, a summary, a solution. */
  readonly given: readonly string[];
  /** For kinds where one of several is right: each with its letter in front. */
  readonly choices: readonly string[];
  /** In order: letters, then the formula, then the numbers put in. */
  readonly hints: readonly string[];
  /** The right answer as one would write it: "132", "(None, 30, 4)", "0.717", "b". */
  readonly answer: string;
  /** How the right answer comes about. */
  readonly solution: string;
  /**
   * What an answer means.
   *
   * @throws UnrollError `data` for a text that is no answer to this kind of question
   */
  check(given: string): QuestionCheck;
}

/** What an answer to a question means. */
export interface QuestionCheck {
  readonly kind: QuestionKind;
  readonly right: boolean;
  /** The most plausible slip behind a wrong answer, in words; undefined where none is known. */
  readonly slip: string | undefined;
  /** Its stable name, where it is one of the slips that `checkAnswer` knows. */
  readonly slipId: SlipId | undefined;
  /** The layer at which that slip was made, the model's name where it is in the total; only where it is known. */
  readonly where?: string | undefined;
  /** The verdict and what led to the answer, in lines of 80 characters. */
  readonly text: string;
}

/** A question before it has its number. */
export type Draft = Omit<Question, "number">;

/** A value as it is checked where so many decimals are asked for: "0.6" claims 0.600. Throws UnrollError `data` for no number. */
export function toDecimals(given: string, decimals: number): string {
  const written = given.trim().replaceAll("−", "-").replace(",", ".");
  readAnswer(written, "answer");
  const parts = /^([-+]?\d*)(?:\.(\d*))?$/.exec(written);
  return parts === null ? written : `${parts[1]}.${(parts[2] ?? "").padEnd(decimals, "0")}`;
}

/** `1,320`, `(None, 30, 4)`. Throws UnrollError `data`. */
export function readAnswer(text: string, where: string): number | Shape {
  const plain = text.trim().replaceAll("−", "-");
  if (/^[([]/.test(plain)) {
    const sizes = plain
      .slice(1, -1)
      .split(",")
      .map((size) => size.trim());
    const shape = sizes
      .filter((size) => size !== "")
      .map((size) => (/^(none|null|\?)$/i.test(size) ? null : Number(size)));
    if (shape.every((size) => size === null || (Number.isInteger(size) && size >= 0))) return shape;
  }
  const number = Number(plain.replaceAll(/[,_ ]/g, ""));
  if (plain !== "" && Number.isFinite(number)) return number;
  throw new UnrollError({
    code: "data",
    path: where,
    expected: "an answer must be a number or a shape such as (None, 30, 4)",
    received: `answer = ${text}`,
  });
}

/** The letter of a choice. Throws UnrollError `data` for another text. */
export function readChoice(text: string, choices: readonly string[]): string {
  const letter = text.trim().toLowerCase().replace(/\)$/, "");
  if (choices.some((choice) => choice.startsWith(`${letter}) `))) return letter;
  throw new UnrollError({
    code: "data",
    path: "answer",
    expected: `an answer must be one of the letters a to ${letterOf(choices.length - 1)}`,
    received: `answer = ${text}`,
  });
}

/** 0 → a */
export function letterOf(index: number): string {
  return String.fromCharCode(97 + index);
}

/** What is right among what else could be thought, and what thinking so means. */
export interface Option {
  readonly text: string;
  readonly right: boolean;
  /** What one has overlooked who takes it, a whole sentence. */
  readonly why?: string;
}

/** The parts of a question that is answered by a letter. */
export function choiceOf(
  kind: QuestionKind,
  options: readonly Option[],
  solution: string,
): Pick<Draft, "kind" | "choices" | "answer" | "solution" | "check"> {
  const answer = letterOf(options.findIndex(({ right }) => right));
  const choices = options.map(({ text }, index) => `${letterOf(index)}) ${text}`);
  return {
    kind,
    choices,
    answer,
    solution,
    check(given) {
      const letter = readChoice(given, choices);
      const right = letter === answer;
      const why = options[letter.charCodeAt(0) - 97]?.why;
      const verdict = right ? `${letter} is right.` : `${letter} is not right, it is ${answer}.`;
      const text = `${[verdict, ...(right || why === undefined ? [] : [why]), "", solution].join("\n")}\n`;
      return { kind, right, slip: right ? undefined : why?.replace(/\.$/, ""), slipId: undefined, text };
    },
  };
}
