/**
 * `unroll quiz`: exercises in the terminal, as worksheets, or as data; and the grading of a class's answers. Questions come
 * from a seed, so a class gets the same ones.
 */
import { createInterface } from "node:readline/promises";
import { UnrollError } from "../core/errors.ts";
import { answerToText } from "../explain/answers/answer-text.ts";
import type { Level } from "../explain/answers/exercise-models.ts";
import { type Question, quizQuestions, startQuiz } from "../explain/answers/quiz.ts";
import type { SlipId } from "../explain/answers/slip.ts";
import { gradeCsv, readAnswer, worksheetHtml, worksheetMarkdown } from "../explain/answers/worksheet.ts";
import { plural } from "../explain/lines.ts";
import type { Command, FlagValues, Terminal } from "./command.ts";
import { readFileBytes } from "./open-models.ts";
import { printJson } from "./print.ts";

export const quiz: Command = {
  name: "quiz",
  doc: "exercises: counts, shapes and totals, by seed",
  positionals: [],
  flags: {
    seed: { kind: "number", value: "N", doc: "same seed, same questions; by default 1" },
    level: { kind: "number", value: "1-4", doc: "how hard; rises by itself by default" },
    count: { kind: "number", value: "N", doc: "how many questions; by default 10" },
    format: { kind: "string", choices: ["terminal", "markdown", "html"], doc: "a worksheet instead of a dialogue" },
    answers: { kind: "boolean", doc: "worksheet with the answers behind the questions" },
    grade: { kind: "string", value: "CSV", doc: "grade a class: name, then an answer a question" },
  },
  examples: [
    "unroll quiz --seed 7",
    "unroll quiz --seed 7 --format html --answers",
    "unroll quiz --seed 7 --count 5 --grade class.csv",
  ],
  async run({ flags, terminal }) {
    const options = { seed: whole(flags.seed, "--seed", 0, 2 ** 32 - 1) ?? 1, level: levelOf(flags) };
    const count = whole(flags.count, "--count", 1, 500) ?? 10;
    const questions = (): Question[] => quizQuestions({ ...options, count });
    if (typeof flags.grade === "string") {
      terminal.out(gradeCsv(new TextDecoder().decode(await readFileBytes(flags.grade)), questions()));
      return 0;
    }
    const sheet = { title: `Count by hand, seed ${options.seed}`, answers: flags.answers === true };
    if (flags.json === true) {
      const data = questions().map(({ check: _, answer, ...one }) => ({
        ...one,
        ...(sheet.answers ? { answer } : {}),
      }));
      printJson(terminal, { ...options, questions: data });
    } else if (flags.format === "markdown") terminal.out(worksheetMarkdown(questions(), sheet));
    else if (flags.format === "html") terminal.out(worksheetHtml(questions(), sheet));
    else await ask(options, count, terminal);
    return 0;
  },
};

/** One question after the other; `?` gives a hint, an empty line the answer. */
async function ask(
  options: { seed: number; level: Level | undefined },
  count: number,
  terminal: Terminal,
): Promise<void> {
  const lines = createInterface({ input: process.stdin, terminal: false })[Symbol.asyncIterator]();
  const quiz = startQuiz(options);
  let slip: SlipId | undefined;
  let right = 0;
  let asked = 0;
  terminal.out("Answer with a number or a shape; ? for a hint, an empty line for the answer, end with Ctrl-D.\n");
  while (asked < count) {
    const question = quiz.next(slip);
    terminal.out(`\n${question.number}. ${question.text}\n\n  ${question.model.join("\n  ")}\n\n> `);
    const given = await answerTo(question, lines, terminal);
    if (given === undefined) break;
    asked++;
    const check = question.check(given);
    if (check.right) right++;
    slip = check.findings[0]?.slips[0]?.id;
    terminal.out(`\n${answerToText(check, { width: terminal.columns })}`);
  }
  terminal.out(`\n${right} of ${plural(asked, "question")} right.\n`);
}

/** Undefined at the end of the input. An empty line counts as no number. */
async function answerTo(
  question: Question,
  lines: AsyncIterator<string>,
  terminal: Terminal,
): Promise<ReturnType<typeof readAnswer> | undefined> {
  let hints = 0;
  for (;;) {
    const { value, done } = await lines.next();
    if (done === true) return undefined;
    const line = String(value).trim();
    if (line === "") return typeof question.answer === "number" ? -1 : [];
    if (line === "?") {
      terminal.out(`  ${question.hints[hints] ?? "There are no more hints."}\n> `);
      hints++;
      continue;
    }
    try {
      return readAnswer(line, "answer");
    } catch (error) {
      if (!(error instanceof UnrollError)) throw error;
      terminal.out(`  ${error.message}\n> `);
    }
  }
}

function levelOf({ level }: FlagValues): Level | undefined {
  return whole(level, "--level", 1, 4) as Level | undefined; // just checked
}

function whole(value: FlagValues[string], flag: string, least: number, most: number): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new UnrollError({
    code: "usage",
    path: "unroll quiz",
    expected: `${flag} must be a whole number from ${least} to ${most}`,
    received: String(value),
  });
}
