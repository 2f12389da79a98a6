/** Every code block, number and command of the guide. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  evaluateLatex,
  fencesOf,
  isRounded,
  markedNumbers,
  numericFormulas,
  placeFiles,
  runBlock,
  runCommands,
  unmarkedNumbers,
} from "./documents.ts";

const folder = new URL("../../../docs/guide/", import.meta.url);
const contents = readFileSync(new URL("README.md", folder), "utf8");
const chapters = readdirSync(folder)
  .filter((name) => name.endsWith(".md") && name !== "README.md")
  .sort();

describe("the guide", () => {
  it("lists every chapter in order, each linked to the next", () => {
    const listed = [...contents.matchAll(/\]\((\d\d-[\w-]+\.md)\)/g)].map(([, name]) => name);
    expect(listed).toEqual(chapters);
    chapters.slice(0, -1).forEach((name, index) => {
      const text = readFileSync(new URL(name, folder), "utf8");
      expect(text, name).toContain(`](${chapters[index + 1]})`);
    });
  });
});

describe.each(chapters)("chapter %s", (name) => {
  const text = readFileSync(new URL(name, folder), "utf8");
  const fences = fencesOf(text);
  const blocks = fences.filter(({ language }) => language === "js").map((one) => one.text);

  it("has code that prints what it says, and numbers in prose that are so", async () => {
    const numbers = markedNumbers(text);
    const printed: string[] = [];
    for (const [index, block] of ["", ...blocks].entries()) {
      const own = numbers.filter((one) => one.block === index - 1);
      const { lines, values } = await runBlock(
        block,
        own.map(({ expression }) => expression),
      );
      const said = [...block.matchAll(/^ *console\.log\(.*\);(?: *\/\/ (.*))?$/gm)].map(([, comment]) => comment);
      expect(lines.length, block).toBe(said.length);
      said.forEach((comment, at) => {
        if (comment !== undefined) expect(lines[at]).toBe(comment);
      });
      printed.push(...lines.flatMap((line) => line.split("\n").map((one) => one.trimEnd())));
      own.forEach(({ written, expression }, at) => {
        expect(isRounded(written, Number(values[at])), `${written} is ${String(values[at])}: ${expression}`).toBe(true);
      });
    }
    const where = placeFiles(fences);
    for (const block of fences.filter(({ language }) => language === "sh")) {
      for (const { line, code, out, note } of await runCommands(block.text, where)) {
        expect(code, `${line}\n${note}${out}`).toBe(0);
        printed.push(...out.split("\n").map((one) => one.trimEnd()));
      }
    }
    for (const { text: shown } of fences.filter(({ language }) => language === "text")) {
      for (const line of shown.trimEnd().split("\n")) expect(printed).toContain(line.trimEnd());
    }
  });

  it("has no number that nothing recalculates, and formulas whose sides are equal", () => {
    expect(unmarkedNumbers(text)).toEqual([]);
    for (const { formula, parts } of numericFormulas(text)) {
      for (const [left, right] of parts.slice(1).map((part, at) => [parts[at]!, part] as const)) {
        const plain = right.replaceAll("{,}", "").replaceAll(/[()\s]/g, "");
        const [a, b] = [evaluateLatex(left), evaluateLatex(right)];
        const same = /^-?[\d.]+$/.test(plain) ? isRounded(plain.replace("-", "−"), a) : Math.abs(a - b) < 6e-4;
        expect(same, `${formula}: ${left} is ${a}`).toBe(true);
      }
    }
  });

  it("ends with an exercise whose answer unroll check confirms", () => {
    const exercise = text.slice(text.indexOf("## Exercise"));
    expect(text).toContain("## Exercise");
    expect(
      fencesOf(exercise).some(({ language, text: lines }) => language === "sh" && /npx unroll check /.test(lines)),
    ).toBe(true);
  });
});

describe("the test of the guide", () => {
  it("sees a wrong number, a wrong formula and a number that is not marked", () => {
    expect(isRounded("0.72", 0.7301)).toBe(false);
    expect(isRounded("−1,320", -1320)).toBe(true);
    expect(markedNumbers("has **131**<!--= 3 * 44 --> of")).toEqual([
      { written: "131", expression: "3 * 44", block: -1 },
    ]);
    expect(unmarkedNumbers("it is 0.25 or 1,320, not `0.3` and $0.4$")).toEqual(["0.25", "1,320"]);
    const [wrong] = numericFormulas("$n = 3 \\times 44 = 131$");
    expect(wrong!.parts.map(evaluateLatex)).toEqual([132, 131]);
  });
});
