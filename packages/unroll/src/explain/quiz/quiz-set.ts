/**
 * A teacher's set: seed, number of questions, kinds and layers as one short text that goes into a link. Whoever has the text
 * has the questions, so the data for a page holds no answers and answers are checked by the set and the question's number.
 */
import { didYouMean, UnrollError } from "../../core/errors.ts";
import { type ExerciseLayer, exerciseLayers, type Level } from "./exercise-models.ts";
import { type Question, type QuestionCheck, type QuestionKind, questionKinds } from "./question.ts";
import { quizQuestions } from "./quiz.ts";

/** A set of questions as a file keeps it. */
export interface QuizSet {
  readonly seed: number;
  readonly count: number;
  readonly level?: Level | undefined;
  readonly kinds?: readonly QuestionKind[] | undefined;
  readonly layers?: readonly ExerciseLayer[] | undefined;
}

/** A question as plain data: what a page shows or a worker sends. */
export type QuestionData = Omit<Question, "check" | "answer" | "solution">;

/** Most questions of a set. */
export const mostQuestions = 500;
const largestSeed = 2 ** 32 - 1;

/** `seed=7&count=10&level=2&kinds=params,gate&layers=lstm,gru`; what is left to choose is left out. */
export function formatQuizSet({ seed, count, level, kinds, layers }: QuizSet): string {
  return [
    `seed=${seed}`,
    `count=${count}`,
    ...(level === undefined ? [] : [`level=${level}`]),
    ...(kinds === undefined ? [] : [`kinds=${kinds.join(",")}`]),
    ...(layers === undefined ? [] : [`layers=${layers.join(",")}`]),
  ].join("&");
}

/**
 * Reads a set; a seed of 1 and ten questions where it does not say.
 *
 * @throws UnrollError `data` for a name or number that it cannot have
 */
export function parseQuizSet(text: string): QuizSet {
  const fields = new URLSearchParams(text.replace(/^[?#]/, ""));
  const known = ["seed", "count", "level", "kinds", "layers"];
  for (const name of fields.keys()) if (!known.includes(name)) throw badName("a part of a set", name, known);
  const list = <Name extends string>(name: string, names: readonly Name[]): readonly Name[] | undefined =>
    fields.has(name) ? parseNames(fields.get(name)!, name, names) : undefined;
  const level = fields.has("level") ? whole(fields.get("level")!, "level", 1, 4) : undefined;
  return {
    seed: whole(fields.get("seed") ?? "1", "seed", 0, largestSeed),
    count: whole(fields.get("count") ?? "10", "count", 1, mostQuestions),
    ...(level === undefined ? {} : { level: level as Level }), // just checked
    ...present("kinds", list("kinds", questionKinds)),
    ...present("layers", list("layers", exerciseLayers)),
  };
}

/** Names divided by commas. Throws UnrollError `data` with the nearest name. */
export function parseNames<Name extends string>(text: string, what: string, names: readonly Name[]): readonly Name[] {
  const given = text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  for (const name of given) if (!(names as readonly string[]).includes(name)) throw badName(what, name, names);
  if (given.length === 0) throw badName(what, text, names);
  return [...new Set(given)] as Name[]; // each was found among them
}

/** The questions of a set as data, without answers. */
export function quizData(set: QuizSet): readonly QuestionData[] {
  return quizQuestions(set).map(({ check: _check, answer: _answer, solution: _solution, ...data }) => data);
}

/**
 * What an answer to a question of the set means; `number` from 1.
 *
 * @throws UnrollError `data` for a question that the set does not have, or a text that is no answer
 */
export function checkQuizAnswer(set: QuizSet, number: number, given: string): QuestionCheck {
  const question = quizQuestions(set)[number - 1];
  if (question !== undefined) return question.check(given);
  throw new UnrollError({
    code: "data",
    path: "quiz",
    expected: `a question's number must be from 1 to ${set.count}`,
    received: `number = ${number}`,
  });
}

function present<Key extends string, T>(key: Key, value: T | undefined): { [K in Key]?: T } {
  return (value === undefined ? {} : { [key]: value }) as { [K in Key]?: T }; // the one key
}

function whole(text: string, name: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UnrollError({
    code: "data",
    path: "quiz",
    expected: `${name} must be a whole number from ${least} to ${most}`,
    received: `${name} = ${text}`,
  });
}

function badName(what: string, name: string, names: readonly string[]): UnrollError {
  return new UnrollError({
    code: "data",
    path: "quiz",
    expected: `${what} must be one of ${names.join(", ")}`,
    received: name === "" ? "nothing" : name,
    hint: didYouMean(name, names),
  });
}
