/** Exercises on paper: worksheets with and without answers, as Markdown or a page to print. */
import { escapeXml } from "../../equations/printers.ts";
import type { Question } from "./question.ts";

/** Options of `worksheet`. */
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
