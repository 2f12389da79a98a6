/**
 * Grading of a class's answers: a table with a header, then a row for each learner. Programs write such tables in many ways, so
 * delimiter, order of columns and missing ends of rows are found out; what cannot be meant is told with its row.
 */
import { dsvFormat } from "d3-dsv";
import { UnrollError } from "../../core/errors.ts";
import { plural } from "../lines.ts";
import type { Question } from "./question.ts";

/** One answer of a learner. */
export interface GradedAnswer {
  /** Of the question, from 1. */
  readonly number: number;
  readonly asked: string;
  /** As written; "" for none. */
  readonly given: string;
  readonly right: boolean;
  readonly expected: string;
  /** The most plausible slip in words, or that the answer is missing or cannot be read; "" where it is right. */
  readonly slip: string;
}

/** What one learner of a class has right and wrong. */
export interface GradedLearner {
  readonly name: string;
  readonly answers: readonly GradedAnswer[];
}

/**
 * Grades the answers of a class: a CSV with a header, then one row for each learner, a name and one answer a question. Columns
 * that are headed by the questions' numbers may stand in any order, among others. What cannot be read is wrong, what is missing
 * too; learners of one name are told apart by their rows.
 *
 * @throws UnrollError `data` for columns that do not fit the questions, no rows, and a first line that is a learner's
 */
export function gradeClass(text: string, questions: readonly Question[]): GradedLearner[] {
  const [header = [], ...rows] = readRows(text, questions.length);
  if (isLearner(header, questions)) {
    throw new UnrollError({
      code: "data",
      path: "row 1",
      expected: "the first row must be a header",
      received: header.join(","),
      hint: `This one looks like a learner's answers. Put ${["name", ...questions.map(({ number }) => number)].slice(0, 4).join(",")}${questions.length > 3 ? ",..." : ""} above it.`,
    });
  }
  const filled = rows.map((cells, at) => ({ cells, row: at + 2 })).filter(({ cells }) => !isEmpty(cells));
  if (filled.length === 0) {
    throw new UnrollError({
      code: "data",
      path: "",
      expected: "there is nothing to grade",
      received: header.length === 0 ? "an empty file" : "a header alone",
      hint: "Below the header goes a row for each learner: a name, then an answer a question.",
    });
  }
  for (const { cells, row } of filled) if (cells.some((cell) => cell.includes("\n"))) throw openQuote(row);
  const { name, answers } = columnsOf(header, questions);
  const seen = new Set<string>();
  return filled.map(({ cells, row }) => {
    if (cells.length > header.length && !isEmpty(cells.slice(header.length))) {
      throw new UnrollError({
        code: "data",
        path: `row ${row}`,
        expected: `a row must have no more cells than the header, ${header.length}`,
        received: `${cells.length} cells`,
        hint: 'An answer with a comma in it goes in quotes: "(None, 4)".',
      });
    }
    const written = cells[name]?.trim() ?? "";
    const learner = written === "" ? `row ${row}` : seen.has(written) ? `${written} (row ${row})` : written;
    seen.add(written);
    return {
      name: learner,
      answers: questions.map((question, index) => graded(question, cells[answers[index]!] ?? "")),
    };
  });
}

/** The grades of a class as CSV: a row for each answer with right or wrong, the right answer and the slip. Throws as `gradeClass` does. */
export function gradeCsv(text: string, questions: readonly Question[]): string {
  const rows = gradeClass(text, questions).flatMap(({ name, answers }) =>
    answers.map(({ number, asked, given, right, expected, slip }) => [
      name,
      String(number),
      asked,
      given,
      right ? "yes" : "no",
      expected,
      slip,
    ]),
  );
  const header = ["learner", "question", "asked", "answer", "right", "expected", "slip"];
  return `${dsvFormat(",").formatRows([header, ...rows].map((row) => row.map(safeCell)))}\n`;
}

/** The rows of a table whose cells are divided by what divides its first row. */
function readRows(text: string, questions: number): string[][] {
  const plain = text.replace(/^\uFEFF/, "").replace(/^\s*\n/, "");
  const tables = [",", ";", "\t"].map((delimiter) => dsvFormat(delimiter).parseRows(plain));
  const cellsOf = (table: string[][]): number => table[0]?.length ?? 0;
  const fitting = tables.find((table) => cellsOf(table) === questions + 1);
  return fitting ?? tables.reduce((most, table) => (cellsOf(table) > cellsOf(most) ? table : most));
}

/** Where a quote is not closed, everything behind it would be one answer. */
function openQuote(row: number): UnrollError {
  return new UnrollError({
    code: "data",
    path: `row ${row}`,
    expected: "an answer must be in one line",
    received: "a line break inside quotes",
    hint: "Close the quote, or write a quote inside quotes twice.",
  });
}

function isEmpty(cells: readonly string[]): boolean {
  return cells.every((cell) => cell.trim() === "");
}

const nameHeads = /^(first |last |full )?(name|learner|student|pupil|id|e-?mail)s?$/i;

/** Where names and the answer to each question stand. */
function columnsOf(
  header: readonly string[],
  questions: readonly Question[],
): { name: number; answers: readonly number[] } {
  const asked = questions.map(({ number }) => number);
  const heads = header.map((cell) => {
    const number = Number(/^(?:q|question)?\s*(\d+)$/i.exec(cell.trim())?.[1]);
    return asked.includes(number) ? number : undefined;
  });
  const isNumbered = heads.some((number) => number !== undefined);
  if (!isNumbered && header.length === questions.length + 1) {
    return { name: 0, answers: questions.map((_, index) => index + 1) };
  }
  const missing = asked.filter((number) => !heads.includes(number));
  const twice = heads.find((number, index) => number !== undefined && heads.indexOf(number) < index);
  if (missing.length > 0 || twice !== undefined) {
    throw new UnrollError({
      code: "data",
      path: "row 1",
      expected: `the header must have a name and a column for each of ${plural(questions.length, "question")}`,
      received:
        twice !== undefined
          ? `two columns ${twice}`
          : isNumbered
            ? `no column ${missing.slice(0, 5).join(", ")}`
            : `${plural(header.length - 1, "column")} behind the name`,
      hint: "Is it the set that the class was given? Seed, count, kinds and layers must be the same.",
    });
  }
  const named = header.findIndex((cell) => nameHeads.test(cell.trim()));
  const other = heads.indexOf(undefined);
  return { name: named === -1 ? other : named, answers: asked.map((number) => heads.indexOf(number)) };
}

/** Whether a first row holds answers. A header has other words, or counts its questions: 1,2,3 or a,b,c. */
function isLearner([name = "", ...cells]: readonly string[], questions: readonly Question[]): boolean {
  if (nameHeads.test(name.trim())) return false;
  const counts = (cell: string, index: number): boolean =>
    [String(index + 1), String.fromCharCode(97 + index)].includes(cell.trim().toLowerCase());
  if (cells.every(counts)) return false;
  return cells.some((cell, index) => {
    const question = questions[index];
    return question !== undefined && !counts(cell, index) && isAnswer(question, cell.trim());
  });
}

function isAnswer(question: Question, given: string): boolean {
  if (given === "") return false;
  try {
    question.check(given);
    return true;
  } catch (error) {
    if (!(error instanceof UnrollError)) throw error;
    return false;
  }
}

function graded(question: Question, text: string): GradedAnswer {
  const { number, text: asked, answer: expected } = question;
  const given = text.trim();
  const one = { number, asked, given, expected };
  if (given === "") return { ...one, right: false, slip: "no answer" };
  try {
    const { right, slip } = question.check(given);
    return { ...one, right, slip: right ? "" : (slip ?? "no known slip") };
  } catch (error) {
    if (!(error instanceof UnrollError)) throw error;
    return { ...one, right: false, slip: `cannot be read: ${error.expected}` };
  }
}

/** A text that a spreadsheet would take for a formula gets an apostrophe in front; a number does not. */
function safeCell(text: string): string {
  return /^[=+@\t\r-]/.test(text) && !/^-\d*\.?\d+$/.test(text) ? `'${text}` : text;
}
