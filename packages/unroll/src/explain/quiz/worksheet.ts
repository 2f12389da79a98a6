/** Exercises on paper: worksheets with and without answers, as Markdown or a page to print; and grading of a class's answers. */
import { dsvFormat } from "d3-dsv";
import { UnrollError } from "../../core/errors.ts";
import { escapeXml } from "../../equations/printers.ts";
import type { Question } from "./question.ts";

export interface WorksheetOptions {
  readonly title: string;
  /** Answers with their derivations behind the questions, on pages of their own. */
  readonly answers?: boolean;
}

/** Questions with what they give; with answers, these follow behind a rule. */
export function worksheetMarkdown(
  questions: readonly Question[],
  { title, answers = false }: WorksheetOptions,
): string {
  const blocks = [
    `# ${title}`,
    ...questions.map((one) => {
      const choices = one.choices.length === 0 ? "" : `\n\n${one.choices.map((choice) => `- ${choice}`).join("\n")}`;
      return `## ${one.number}. ${one.text}\n\n\`\`\`text\n${one.given.join("\n")}\n\`\`\`${choices}\n\nAnswer:`;
    }),
    ...(answers
      ? [
          "---",
          "# Answers",
          ...questions.map((one) => `## ${one.number}. ${one.answer}\n\n\`\`\`text\n${one.solution}\n\`\`\``),
        ]
      : []),
  ];
  return `${blocks.join("\n\n")}\n`;
}

/** A whole page of HTML, ready to print: no scripts, nothing loaded; answers begin on a page of their own. */
export function worksheetHtml(questions: readonly Question[], { title, answers = false }: WorksheetOptions): string {
  const asked = questions.map((one) => {
    const choices =
      one.choices.length === 0
        ? ""
        : `<ul>${one.choices.map((choice) => `<li>${escapeXml(choice)}</li>`).join("")}</ul>`;
    return `<section><h2>${one.number}. ${escapeXml(one.text)}</h2><pre>${escapeXml(one.given.join("\n"))}</pre>${choices}<p class="answer">Answer:</p></section>`;
  });
  const solved = questions.map(
    (one) => `<section><h2>${one.number}. ${escapeXml(one.answer)}</h2><pre>${escapeXml(one.solution)}</pre></section>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${escapeXml(title)}</title>
<style>
body { font: 11pt/1.4 system-ui, sans-serif; max-width: 18cm; margin: 1cm auto; }
pre { font: 10pt/1.4 ui-monospace, monospace; background: #f4f4f4; padding: .5em; white-space: pre-wrap; }
ul { list-style: none; padding-left: 1em; }
section { break-inside: avoid; }
.answer { border-bottom: 1px solid; height: 2.5em; }
.answers { break-before: page; }
</style>
</head>
<body>
<h1>${escapeXml(title)}</h1>
${asked.join("\n")}
${answers ? `<div class="answers"><h1>Answers</h1>\n${solved.join("\n")}</div>` : ""}
</body>
</html>
`;
}

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

export interface GradedLearner {
  readonly name: string;
  readonly answers: readonly GradedAnswer[];
}

/**
 * Grades the answers of a class: a CSV with a header, then one row for each learner, a name and one answer a question. What
 * cannot be read is wrong.
 *
 * @throws UnrollError `data` for rows of the wrong length, no rows, and a first line that is a learner's
 */
export function gradeClass(text: string, questions: readonly Question[]): GradedLearner[] {
  const [header = [], ...rows] = dsvFormat(",")
    .parseRows(text.replace(/^\uFEFF/, ""))
    .filter((row) => row.some((cell) => cell.trim() !== ""));
  if (isLearner(header, questions)) {
    throw new UnrollError({
      code: "data",
      path: "row 1",
      expected: "the first row must be a header",
      received: header.join(","),
      hint: `This one looks like a learner's answers. Put ${["name", ...questions.map(({ number }) => number)].slice(0, 4).join(",")}${questions.length > 3 ? ",..." : ""} above it.`,
    });
  }
  if (rows.length === 0) {
    throw new UnrollError({
      code: "data",
      path: "",
      expected: "there is nothing to grade",
      received: header.length === 0 ? "an empty file" : "a header alone",
      hint: "Below the header goes a row for each learner: a name, then an answer a question.",
    });
  }
  return rows.map(([name = "", ...answers], at) => {
    if (answers.length !== questions.length) {
      throw new UnrollError({
        code: "data",
        path: `row ${at + 2}`,
        expected: `a row must have a name and ${questions.length} answers`,
        received: `${answers.length} answers`,
      });
    }
    return { name, answers: questions.map((question, index) => graded(question, answers[index]!)) };
  });
}

/** The same as CSV: a row for each answer with right or wrong, the right answer and the slip. Throws as `gradeClass` does. */
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

/** Whether a first row holds answers. A header has other words, or counts its questions: 1,2,3 or a,b,c. */
function isLearner([name = "", ...cells]: readonly string[], questions: readonly Question[]): boolean {
  if (/^(first |last |full )?(name|learner|student|pupil|id|e-?mail)s?$/i.test(name.trim())) return false;
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
