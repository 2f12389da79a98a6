/**
 * `unroll quiz`: exercises in the terminal, as worksheets, or as data; and the grading of a class's answers. Questions come
 * from a set (a seed, kinds, layers), so a class gets the same ones.
 */
import { createInterface } from "node:readline/promises";
import { UnrollError } from "../core/errors.ts";
import { plural, wrapText } from "../explain/lines.ts";
import { exerciseLayers } from "../explain/quiz/exercise-models.ts";
import { gradeClass, gradeCsv } from "../explain/quiz/grading.ts";
import { type Question, type QuestionCheck, questionKinds } from "../explain/quiz/question.ts";
import { quizQuestions, startQuiz } from "../explain/quiz/quiz.ts";
import { formatQuizSet, mostQuestions, parseNames, parseQuizSet, type QuizSet } from "../explain/quiz/quiz-set.ts";
import { worksheetHtml, worksheetMarkdown } from "../explain/quiz/worksheet.ts";
import { copyOf, inFile } from "../formats/failure.ts";
import { readFileBytes } from "../formats/read-bytes.ts";
import type { Command, FlagValues, Terminal } from "./command.ts";
import { printJson } from "./print.ts";

export const quiz: Command = {
  name: "quiz",
  doc: "exercises by seed: counts, shapes, gates, gradients, slips",
  positionals: [],
  flags: {
    seed: { kind: "number", value: "N", doc: "same seed, same questions; by default 1" },
    level: { kind: "number", value: "1-4", doc: "how hard; rises by itself by default" },
    count: { kind: "number", value: "N", doc: "how many questions; by default 10" },
    kinds: { kind: "string", value: "A,B", doc: `of ${questionKinds.slice(0, 5).join(", ")} …` },
    layers: { kind: "string", value: "A,B", doc: "of simpleRNN, lstm, gru, conv1d …" },
    set: { kind: "string", value: "TEXT", doc: "all of this as the text of a link" },
    from: { kind: "string", value: "FILE", doc: "read the answers from a file, one a line" },
    format: { kind: "string", choices: ["terminal", "markdown", "html"], doc: "a worksheet" },
    answers: { kind: "boolean", doc: "worksheet with the answers behind the questions" },
    grade: { kind: "string", value: "CSV", doc: "grade a class: name, then an answer a question" },
  },
  examples: [
    "unroll quiz --seed 7",
    "unroll quiz --seed 7 --kinds gate,backward --layers lstm",
    "unroll quiz --seed 7 --format html --answers",
    "unroll quiz --seed 7 --count 5 --grade class.csv",
  ],
  async run({ flags, terminal }) {
    const set = setOf(flags);
    const text = formatQuizSet(set);
    if (typeof flags.grade === "string") {
      await grade(flags.grade, set, flags.json === true, terminal);
      return 0;
    }
    const sheet = { title: `Recurrent networks by hand (${text})`, answers: flags.answers === true };
    if (typeof flags.from === "string") return await answerFromFile(flags.from, set, flags.json === true, terminal);
    if (flags.json === true) {
      const data = quizQuestions(set).map(({ check: _, answer, solution, ...one }) => ({
        ...one,
        ...(sheet.answers ? { answer, solution } : {}),
      }));
      printJson(terminal, { set: text, questions: data });
    } else if (flags.format === "markdown") terminal.out(worksheetMarkdown(quizQuestions(set), sheet));
    else if (flags.format === "html") terminal.out(worksheetHtml(quizQuestions(set), sheet));
    else await ask(set, terminal);
    return 0;
  },
};

/** One question after the other; `?` gives a hint, an empty line the answer. */
async function ask(set: QuizSet, terminal: Terminal): Promise<void> {
  const lines = createInterface({ input: process.stdin, terminal: false })[Symbol.asyncIterator]();
  const row = startQuiz(set);
  let before: QuestionCheck | undefined;
  let right = 0;
  let asked = 0;
  terminal.out("Answer with a number, a shape or a letter.\n? gives a hint, an empty line the answer, Ctrl-D ends.\n");
  while (asked < set.count) {
    const question = row.next(before);
    terminal.out(questionText(question));
    const check = await answerTo(question, lines, terminal);
    if (check === undefined) break;
    asked++;
    if (check.right) right++;
    before = check;
    terminal.out(`\n${wrapText(check.text, terminal.columns)}`);
  }
  terminal.out(`\n${right} of ${plural(asked, "question")} right.\n`);
}

function questionText({ number, text, given, choices }: Question): string {
  const lines = [...given, ...(choices.length === 0 ? [] : ["", ...choices])].map((line) =>
    line === "" ? "" : `  ${line}`,
  );
  return `\n${wrapText(`${number}. ${text}\n\n${lines.join("\n")}`, 80)}\n\n> `;
}

/** Undefined at the end of the input. */
async function answerTo(
  question: Question,
  lines: AsyncIterator<string>,
  terminal: Terminal,
): Promise<QuestionCheck | undefined> {
  let hints = 0;
  for (;;) {
    const { value, done } = await lines.next();
    if (done === true) return undefined;
    const line = String(value).trim();
    if (line === "") return givenUp(question);
    if (line === "?") {
      terminal.out(`${wrapText(`  ${question.hints[hints] ?? "There are no more hints."}`, 80)}\n> `);
      hints++;
      continue;
    }
    try {
      return question.check(line);
    } catch (error) {
      if (!(error instanceof UnrollError)) throw error;
      terminal.out(`${wrapText(`  ${error.message}`, 80)}\n> `);
    }
  }
}

function givenUp({ kind, answer, solution }: Question): QuestionCheck {
  return { kind, right: false, slip: undefined, slipId: undefined, text: `It is ${answer}.\n\n${solution}\n` };
}

/** The set's questions in their order, an answer a line; exit code 1 where one is wrong or missing. */
async function answerFromFile(path: string, set: QuizSet, json: boolean, terminal: Terminal): Promise<0 | 1> {
  const lines = new TextDecoder()
    .decode(await readFileBytes(path))
    .trimEnd()
    .split(/\r?\n/);
  const questions = quizQuestions(set);
  if (lines.length > questions.length) {
    throw new UnrollError({
      code: "data",
      path,
      expected: `a file of answers has a line for each of ${plural(questions.length, "question")}`,
      received: plural(lines.length, "line"),
      hint: "Give the --seed, --count, --kinds and --layers that the questions came from.",
    });
  }
  const results = questions.map((question) => {
    const given = lines[question.number - 1]?.trim() ?? "";
    return { question, given, check: given === "" ? givenUp(question) : checkLine(question, given, path) };
  });
  const right = results.filter(({ check }) => check.right).length;
  if (json) {
    const answers = results.map(({ question, given, check }) => ({
      number: question.number,
      given,
      right: check.right,
      answer: question.answer,
      ...(check.slip !== undefined && { slip: check.slip }),
    }));
    printJson(terminal, { set: formatQuizSet(set), right, answers });
  } else {
    for (const { question, check } of results) terminal.out(`${question.number}. ${wrapText(check.text, 80)}\n`);
    terminal.out(`${right} of ${plural(results.length, "question")} right.\n`);
  }
  return right === results.length ? 0 : 1;
}

/** Throws UnrollError `data` with the file, its line and the question for a text that is no answer. */
function checkLine(question: Question, given: string, path: string): QuestionCheck {
  try {
    return question.check(given);
  } catch (error) {
    if (!(error instanceof UnrollError)) throw error;
    const { number, text } = question;
    throw copyOf(error, { path: `${path}: line ${number}`, hint: `Question ${number}: ${text}` });
  }
}

/** A class's answers, as CSV or JSON. */
async function grade(path: string, set: QuizSet, json: boolean, terminal: Terminal): Promise<void> {
  const text = new TextDecoder().decode(await readFileBytes(path));
  const questions = quizQuestions(set);
  try {
    if (json) printJson(terminal, { set: formatQuizSet(set), learners: gradeClass(text, questions) });
    else terminal.out(gradeCsv(text, questions));
  } catch (error) {
    throw error instanceof UnrollError ? inFile(path, error) : error;
  }
}

/** The set of `--set`, with what the other flags say in place of its parts. */
function setOf(flags: FlagValues): QuizSet {
  const text = typeof flags.set === "string" ? flags.set : "";
  const base = parseQuizSet(text);
  const level = whole(flags.level, "--level", 1, 4) as QuizSet["level"]; // just checked
  return {
    ...base,
    seed: whole(flags.seed, "--seed", 0, 2 ** 32 - 1) ?? base.seed,
    count: whole(flags.count, "--count", 1, mostQuestions) ?? base.count,
    ...(level === undefined ? {} : { level }),
    ...(typeof flags.kinds === "string" ? { kinds: parseNames(flags.kinds, "kinds", questionKinds) } : {}),
    ...(typeof flags.layers === "string" ? { layers: parseNames(flags.layers, "layers", exerciseLayers) } : {}),
  };
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
