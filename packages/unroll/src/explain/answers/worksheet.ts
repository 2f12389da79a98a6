/** Exercises on paper: worksheets with and without answers, as Markdown or a page to print; and grading of a class's answers. */
import { dsvFormat } from "d3-dsv";
import { UnrollError } from "../../core/errors.ts";
import { formatShape, type Shape } from "../../core/shape.ts";
import { escapeXml } from "../../equations/printers.ts";
import type { AnswerCheck } from "./answer.ts";
import { answerToText } from "./answer-text.ts";
import type { Question } from "./quiz.ts";

export interface WorksheetOptions {
  readonly title: string;
  /** Answers with their derivations behind the questions, on pages of their own. */
  readonly answers?: boolean;
}

/** Questions with their models; with answers, these follow behind a rule. */
export function worksheetMarkdown(
  questions: readonly Question[],
  { title, answers = false }: WorksheetOptions,
): string {
  const blocks = [
    `# ${title}`,
    ...questions.map(
      (one) => `## ${one.number}. ${one.text}\n\n\`\`\`text\n${one.model.join("\n")}\n\`\`\`\n\nAnswer:`,
    ),
    ...(answers
      ? [
          "---",
          "# Answers",
          ...questions.map((one) => `## ${one.number}. ${show(one.answer)}\n\n\`\`\`text\n${solution(one)}\n\`\`\``),
        ]
      : []),
  ];
  return `${blocks.join("\n\n")}\n`;
}

/** A whole page of HTML, ready to print: no scripts, nothing loaded. */
export function worksheetHtml(questions: readonly Question[], { title, answers = false }: WorksheetOptions): string {
  const asked = questions.map(
    (one) =>
      `<section><h2>${one.number}. ${escapeXml(one.text)}</h2><pre>${escapeXml(one.model.join("\n"))}</pre><p class="answer">Answer:</p></section>`,
  );
  const solved = questions.map(
    (one) =>
      `<section><h2>${one.number}. ${escapeXml(show(one.answer))}</h2><pre>${escapeXml(solution(one))}</pre></section>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${escapeXml(title)}</title>
<style>
body { font: 11pt/1.4 system-ui, sans-serif; max-width: 18cm; margin: 1cm auto; }
pre { font: 10pt/1.4 ui-monospace, monospace; background: #f4f4f4; padding: .5em; white-space: pre-wrap; }
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

/**
 * Grades the answers of a class. CSV in: a header, then one row for each learner, a name and one answer a question. CSV out: a
 * row for each answer with right or wrong, the right answer and the most plausible slip.
 *
 * @throws UnrollError `data` for rows of the wrong length or an answer that is no number or shape
 */
export function gradeCsv(text: string, questions: readonly Question[]): string {
  const [, ...rows] = dsvFormat(",")
    .parseRows(text.replace(/^\uFEFF/, ""))
    .filter((row) => row.some((cell) => cell.trim() !== ""));
  const graded = rows.flatMap(([name = "", ...answers], at) => {
    if (answers.length !== questions.length) {
      throw new UnrollError({
        code: "data",
        path: `row ${at + 2}`,
        expected: `a row must have a name and ${questions.length} answers`,
        received: `${answers.length} answers`,
      });
    }
    return questions.map((question, index) => [name, ...gradedCells(question, answers[index]!, at + 2)]);
  });
  const header = ["learner", "question", "asked", "answer", "right", "expected", "slip"];
  return `${dsvFormat(",").formatRows([header, ...graded].map((row) => row.map(safeCell)))}\n`;
}

function gradedCells(question: Question, text: string, row: number): string[] {
  const { number, text: asked, answer } = question;
  const given = text.trim();
  if (given === "") return [String(number), asked, "", "no", show(answer), "no answer"];
  const check = question.check(readAnswer(given, `row ${row}, question ${number}`));
  return [String(number), asked, given, check.right ? "yes" : "no", show(answer), slipOf(check)];
}

function slipOf({ right, findings }: AnswerCheck): string {
  if (right) return "";
  const titles = findings[0]?.slips.map(({ title }) => title) ?? ["no known slip"];
  return [...new Set(titles)].join(" and ");
}

/** `1,320`, `(None, 30, 4)`. Throws UnrollError `data`. */
export function readAnswer(text: string, where: string): number | Shape {
  const plain = text.trim();
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

function show(answer: number | Shape): string {
  return typeof answer === "number" ? answer.toLocaleString("en-US") : formatShape(answer);
}

/** The right answer's derivation: what a wrong one is shown, from its heading on. */
function solution(question: Question): string {
  const { answer } = question;
  const wrong = question.check(typeof answer === "number" ? -1 : [null, -1]);
  const text = answerToText({ ...wrong, findings: [] }, { width: 100 });
  return text.slice(text.indexOf("The right way:\n") + "The right way:\n".length).trimEnd();
}

/** A text that a spreadsheet would take for a formula gets an apostrophe in front. */
function safeCell(text: string): string {
  return /^[=+@\t\r-]/.test(text) ? `'${text}` : text;
}
