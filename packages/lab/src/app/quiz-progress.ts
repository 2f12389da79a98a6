/** How far a learner has come with a set of questions: kept on this device, taken away as CSV. */
import { quizWords } from "../words-quiz.ts";
import type { QuestionView } from "../worker/protocol.ts";
import type { Table } from "./csv.ts";
import { keep, readKept } from "./device.ts";

const words = quizWords.progressTable;

export interface QuestionProgress {
  /** The last answer. */
  readonly answer: string;
  readonly right: boolean;
  /** Answers given so far. */
  readonly attempts: number;
  readonly hints: number;
  /** True when the solution was shown before the right answer. */
  readonly shown: boolean;
  /** What the first wrong answer was taken for; empty where nothing. */
  readonly slip: string;
}

/** By number of question. */
export type QuizProgress = Readonly<Record<number, QuestionProgress>>;

export const untouched: QuestionProgress = { answer: "", right: false, attempts: 0, hints: 0, shown: false, slip: "" };

const place = "unroll-quiz";
/** Sets that are kept; the oldest go first. */
const mostSets = 30;

/** The progress with the set of that name; empty for what is not kept or not readable. */
export function readProgress(set: string): QuizProgress {
  return readAll().find(([name]) => name === set)?.[1] ?? {};
}

export function keepProgress(set: string, progress: QuizProgress): void {
  const others = readAll().filter(([name]) => name !== set);
  const kept = Object.keys(progress).length === 0 ? others : [...others, [set, progress]];
  keep(place, JSON.stringify(kept.slice(-mostSets)));
}

function readAll(): (readonly [string, QuizProgress])[] {
  try {
    const list: unknown = JSON.parse(readKept(place) ?? "[]");
    return Array.isArray(list) ? list.filter(isEntry) : [];
  } catch {
    return [];
  }
}

function isEntry(value: unknown): value is readonly [string, QuizProgress] {
  if (!Array.isArray(value) || typeof value[0] !== "string" || typeof value[1] !== "object") return false;
  return Object.values((value[1] ?? {}) as Record<string, unknown>).every((one) => {
    const { answer, attempts, hints, slip } = (one ?? {}) as Partial<QuestionProgress>; // asked field by field
    return (
      typeof answer === "string" &&
      typeof attempts === "number" &&
      typeof hints === "number" &&
      typeof slip === "string"
    );
  });
}

export function progressTable(title: string, questions: readonly QuestionView[], progress: QuizProgress): Table {
  return {
    title,
    columns: words.columns,
    rows: questions.map(({ number, kind, text }) => {
      const { answer, right, attempts, hints, shown, slip } = progress[number] ?? untouched;
      return [
        number,
        kind,
        text,
        answer,
        attempts === 0 ? "" : words.said(right),
        attempts,
        hints,
        words.said(shown),
        slip,
      ];
    }),
  };
}
