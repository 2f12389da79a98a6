/** Grading: tables as programs write them, and what each answer in them is told. */
import { describe, expect, it } from "vitest";
import { gradeClass, gradeCsv } from "./grading.ts";
import type { Question } from "./question.ts";
import { quizQuestions } from "./quiz.ts";

describe("grading a class", () => {
  const [first, second] = quizQuestions({ seed: 3, count: 2, level: 1, kinds: ["params"] }) as [Question, Question];

  it("tells right from wrong and names the slip of each", () => {
    const quoted = (answer: string): string => (answer.includes(",") ? `"${answer}"` : answer);
    const wrong = Number(first.answer.replaceAll(",", "")) + 1;
    const csv = `name,1,2\nAda,${quoted(first.answer)},${quoted(second.answer)}\n"Bo, B.",${wrong},\n`;
    const rows = gradeCsv(csv, [first, second]).trim().split("\n");
    expect(rows).toHaveLength(5);
    expect(rows[1]).toBe(`Ada,1,${first.text},${quoted(first.answer)},yes,${quoted(first.answer)},`);
    expect(rows[3]).toMatch(/^"Bo, B\.",1,.*,no,/);
    expect(rows[4]).toMatch(/no answer$/);
  });

  const rightOf = (text: string) =>
    gradeClass(text, [first, second]).map(({ name, answers }) => [name, ...answers.map(({ right }) => right)]);
  const [a, b] = [first, second].map(({ answer }) => answer.replaceAll(",", ""));

  it.each([
    ["a byte order mark and line ends of Windows", `\uFEFFname,1,2\r\nAda,${a},${b}\r\n`],
    ["semicolons", `name;1;2\nAda;${a};${b}\n`],
    ["tabs", `name\t1\t2\nAda\t${a}\t${b}\n`],
    ["everything in quotes", `"name","1","2"\n"Ada","${a}","${b}"\n`],
    ["columns in another order, among others", `e-mail,Q2,Question 1,remark\nAda,${b},${a},late\n`],
    ["blank lines and a blank end of each row", `name,1,2,\n\nAda,${a},${b},\n,,,\n`],
    ["heads that are no numbers", `who,first,second\nAda,${a},${b}\n`],
  ])("reads %s", (_, text) => {
    expect(rightOf(text)).toEqual([["Ada", true, true]]);
  });

  it("takes the missing end of a row for no answer", () => {
    expect(rightOf(`name,1,2\nAda,${a}\n`)).toEqual([["Ada", true, false]]);
    expect(gradeCsv(`name,1,2\nAda,${a}\n`, [first, second])).toMatch(/no answer\n$/);
  });

  it("tells learners of one name, and without one, apart by their rows", () => {
    const text = `name,1,2\nAda,${a},0\nAda,0,${b}\n,${a},${b}\n`;
    expect(rightOf(text)).toEqual([
      ["Ada", true, false],
      ["Ada (row 3)", false, true],
      ["row 4", true, true],
    ]);
  });

  it.each([
    [
      "name,1\nAda,5\n",
      "row 1: the header must have a name and a column for each of 2 questions. Received: no column 2.",
    ],
    ["name,1,1\nAda,5,6\n", "Received: two columns 1."],
    ["name,1,2,2\nAda,5,6,7\n", "Received: two columns 2."],
    ["who,first\nAda,5\n", "Received: 1 column behind the name."],
    ["name,1,2\nAda,(None, 4),6\n", "row 2: a row must have no more cells than the header, 3. Received: 4 cells."],
    ['name,1,2\nAda,5,6\nBo,"5,6\nCy,5,6\n', "row 3: an answer must be in one line"],
    ["name,1,2\n", "there is nothing to grade. Received: a header alone."],
  ])("refuses %j", (text, message) => {
    expect(() => gradeClass(text, [first, second])).toThrow(message);
  });

  it("takes what cannot be read for wrong, and says so", () => {
    expect(gradeCsv("name,1,2\nAda,five,6\n", [first, second])).toMatch(
      /Ada,1,.*,five,no,.*cannot be read: an answer must/,
    );
  });

  it("keeps a spreadsheet from taking a name for a formula", () => {
    expect(gradeCsv("name,1,2\n=1+1,5,6\n", [first, second])).toContain("\n'=1+1,");
  });
});
