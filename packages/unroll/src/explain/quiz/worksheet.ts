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

/**
 * Grades the answers of a class. CSV in: a header, then one row for each learner, a name and one answer a question. CSV out: a
 * row for each answer with right or wrong, the right answer and the most plausible slip; what cannot be read is wrong.
 *
 * @throws UnrollError `data` for rows of the wrong length
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
    return questions.map((question, index) => [name, ...gradedCells(question, answers[index]!)]);
  });
  const header = ["learner", "question", "asked", "answer", "right", "expected", "slip"];
  return `${dsvFormat(",").formatRows([header, ...graded].map((row) => row.map(safeCell)))}\n`;
}

function gradedCells(question: Question, text: string): string[] {
  const { number, text: asked, answer } = question;
  const given = text.trim();
  if (given === "") return [String(number), asked, "", "no", answer, "no answer"];
  const cells = (right: boolean, slip: string): string[] => [
    String(number),
    asked,
    given,
    right ? "yes" : "no",
    answer,
    slip,
  ];
  try {
    const { right, slip } = question.check(given);
    return cells(right, right ? "" : (slip ?? "no known slip"));
  } catch (error) {
    if (!(error instanceof UnrollError)) throw error;
    return cells(false, `cannot be read: ${error.expected}`);
  }
}

/** A text that a spreadsheet would take for a formula gets an apostrophe in front; a number does not. */
function safeCell(text: string): string {
  return /^[=+@\t\r-]/.test(text) && !/^-\d*\.?\d+$/.test(text) ? `'${text}` : text;
}
