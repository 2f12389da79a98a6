import { describe, expect, it } from "vitest";
import { type Question, quizQuestions, startQuiz } from "./quiz.ts";
import { gradeCsv, readAnswer, worksheetHtml, worksheetMarkdown } from "./worksheet.ts";

const questions = quizQuestions({ seed: 7, count: 12 });
const textOf = ({ answer }: Question): string =>
  typeof answer === "number" ? String(answer) : `(${answer.map((size) => size ?? "None").join(", ")})`;

describe("a quiz", () => {
  it("asks the same questions for the same seed, others for another", () => {
    const plain = (list: readonly Question[]) => list.map(({ text, model, answer }) => ({ text, model, answer }));
    expect(plain(quizQuestions({ seed: 7, count: 12 }))).toEqual(plain(questions));
    expect(plain(quizQuestions({ seed: 8, count: 12 }))).not.toEqual(plain(questions));
  });

  it("takes its own answers for right", () => {
    for (const question of questions) expect(question.check(question.answer).right).toBe(true);
  });

  it("gives hints in order: letters, formula, numbers", () => {
    const about = quizQuestions({ seed: 3, count: 5, level: 1, kinds: ["params"] }).find(
      ({ layer }) => layer !== "dense",
    )!;
    expect(about.hints).toHaveLength(3);
    expect(about.hints[0]).toMatch(/^g = \d, gates/);
    expect(about.hints[1]).toMatch(/^g × \[h\(h\+i\)\+/);
    expect(about.hints[2]).toMatch(/^\d × \[\d+ × \(\d+ \+ \d+\) \+/);
  });

  it("does not give the answer away in the question", () => {
    for (const { kind, model, answer } of questions) {
      if (kind !== "shape") expect(model.join(" ")).not.toContain(` ${answer} `);
    }
  });

  it("aims the next question at the slip before", () => {
    const quiz = startQuiz({ seed: 5 });
    quiz.next();
    for (const slip of ["second-bias-row", "one-direction", "filters-as-one", "sequences-overlooked"] as const) {
      const { model, kind } = quiz.next(slip);
      const wanted = {
        "second-bias-row": /GRU\(/,
        "one-direction": /Bidirectional\(/,
        "filters-as-one": /Conv1D\(/,
        "sequences-overlooked": /return_sequences=True/,
      };
      expect(model.join("\n")).toMatch(wanted[slip]);
      expect(kind).toBe(slip === "sequences-overlooked" ? "shape" : "params");
    }
  });
});

describe("worksheets", () => {
  it("hold every question, and the answers only where asked for", () => {
    const bare = worksheetMarkdown(questions, { title: "Week 3" });
    const full = worksheetMarkdown(questions, { title: "Week 3", answers: true });
    for (const { number, text } of questions) expect(bare).toContain(`## ${number}. ${text}`);
    expect(bare).not.toContain("# Answers");
    expect(full.startsWith(bare.trimEnd())).toBe(true);
    for (const one of questions) {
      const shown = typeof one.answer === "number" ? one.answer.toLocaleString("en-US") : textOf(one);
      expect(full).toContain(`## ${one.number}. ${shown}`);
    }
  });

  it("escape what they show in HTML, and load nothing", () => {
    const html = worksheetHtml(questions, { title: "a < b & c", answers: true });
    expect(html).toContain("<title>a &lt; b &amp; c</title>");
    expect(html).not.toMatch(/<script|src=|href=/);
  });
});

describe("grading a class", () => {
  const [first, second] = quizQuestions({ seed: 3, count: 2, level: 1, kinds: ["params"] }) as [Question, Question];

  it("tells right from wrong and names the slip of each", () => {
    const wrong = Number(first.answer) + 1;
    const csv = `name,1,2\nAda,${first.answer},${second.answer}\n"Bo, B.",${wrong},\n`;
    const rows = gradeCsv(csv, [first, second]).trim().split("\n");
    expect(rows).toHaveLength(5);
    expect(rows[1]).toBe(
      `Ada,1,${first.text},${first.answer},yes,${Number(first.answer)
        .toLocaleString("en-US")
        .replace(/^(.*,.*)$/, '"$1"')},`,
    );
    expect(rows[3]).toMatch(/^"Bo, B\.",1,.*,no,/);
    expect(rows[4]).toMatch(/no answer$/);
  });

  it("says which row or answer it cannot read", () => {
    expect(() => gradeCsv("name,1,2\nAda,5\n", [first, second])).toThrow("row 2: a row must have a name and 2 answers");
    expect(() => gradeCsv("name,1,2\nAda,five,6\n", [first, second])).toThrow(
      "row 2, question 1: an answer must be a number",
    );
  });

  it("keeps a spreadsheet from taking a name for a formula", () => {
    expect(gradeCsv("name,1,2\n=1+1,5,6\n", [first, second])).toContain("\n'=1+1,");
  });

  it("reads shapes and numbers as learners write them", () => {
    expect(readAnswer("(None, 30, 4)", "")).toEqual([null, 30, 4]);
    expect(readAnswer("1,320", "")).toBe(1320);
  });
});
