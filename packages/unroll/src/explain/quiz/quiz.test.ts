import { describe, expect, it } from "vitest";
import { type Question, type QuestionKind, questionKinds } from "./question.ts";
import { type QuizOptions, quizQuestions, startQuiz } from "./quiz.ts";
import { checkQuizAnswer, formatQuizSet, parseQuizSet, quizData } from "./quiz-set.ts";
import { worksheetHtml, worksheetMarkdown } from "./worksheet.ts";

const questions = quizQuestions({ seed: 7, count: 14 });
const many = (kind: QuestionKind, more: Partial<QuizOptions> = {}, count = 6): Question[] =>
  [1, 2, 3, 4].flatMap((level) =>
    quizQuestions({ seed: 11, kinds: [kind], count, level: level as 1 | 2 | 3 | 4, ...more }),
  );
const plain = (list: readonly Question[]) => list.map(({ check: _, ...data }) => data);

describe("a quiz", () => {
  it("asks the same questions for the same seed, others for another", () => {
    expect(plain(quizQuestions({ seed: 7, count: 14 }))).toEqual(plain(questions));
    expect(plain(quizQuestions({ seed: 8, count: 14 }))).not.toEqual(plain(questions));
  });

  it.each(questionKinds)("takes its own answers to %s for right, and says so", (kind) => {
    for (const question of many(kind)) {
      expect(question.kind).toBe(kind);
      expect(question.check(question.answer)).toMatchObject({ right: true, slip: undefined });
      expect(question.check(question.answer).text).toContain("is right");
      expect(question.hints.length).toBeGreaterThan(1);
    }
  });

  it.each(questionKinds.filter((kind) => many(kind, {}, 2)[0]!.choices.length > 0))(
    "offers %s different choices, of which one is right",
    (kind) => {
      for (const { choices, answer, check } of many(kind)) {
        expect(new Set(choices.map((choice) => choice.slice(3))).size).toBe(choices.length);
        expect(choices.length).toBeGreaterThan(1);
        const right = choices.filter((choice) => check(choice[0]!).right).map((choice) => choice[0]);
        expect(right).toEqual([answer]);
        expect(() => check("z")).toThrow("an answer must be one of the letters a to");
      }
    },
  );

  it("rises from counts of one layer to backward steps", () => {
    const asked = quizQuestions({ seed: 2, count: 60 }).map(({ kind }) => kind);
    expect(asked.slice(0, 3).every((kind) => ["params", "shape", "order", "total", "gate"].includes(kind))).toBe(true);
    expect(new Set(asked)).toEqual(new Set(questionKinds));
  });

  it("gives hints in order: letters, formula, numbers", () => {
    const about = many("params", { level: 1 }).find(({ text }) => !text.includes("dense"))!;
    expect(about.hints).toHaveLength(3);
    expect(about.hints[0]).toMatch(/^g = \d, gates/);
    expect(about.hints[1]).toMatch(/^g × \[h\(h\+i\)\+/);
    expect(about.hints[2]).toMatch(/^\d × \[\d+ × \(\d+ \+ \d+\) \+/);
    const [gate] = many("gate", { level: 1, layers: ["lstm"] });
    expect(gate!.hints[0]).toContain("f = σ(x·W_f + b_f + hPrev·U_f); g = tanh(");
    expect(gate!.hints[2]).toMatch(/^\w\[0\] = (σ|tanh)\(.* × /);
  });

  it("does not give the answer away in the question", () => {
    for (const { kind, given, answer } of [...many("params"), ...many("total")]) {
      if (kind !== "shape") expect(given.join(" ")).not.toContain(` ${answer} `);
    }
  });

  it("aims the next question at the slip before", () => {
    const wanted = {
      "second-bias-row": /GRU\(/,
      "one-direction": /Bidirectional\(/,
      "filters-as-one": /Conv1D\(/,
      "sequences-overlooked": /return_sequences=True/,
    };
    const quiz = startQuiz({ seed: 5 });
    quiz.next();
    for (const slipId of Object.keys(wanted) as (keyof typeof wanted)[]) {
      const question = quiz.next({ kind: "params", right: false, slip: "", slipId, text: "" });
      expect(question.given.join("\n")).toMatch(wanted[slipId]);
      expect(question.kind).toBe(slipId === "sequences-overlooked" ? "shape" : "params");
    }
    expect(quiz.next({ kind: "order", right: false, slip: "", slipId: undefined, text: "" }).kind).toBe("order");
  });

  it("draws from the layers that are chosen", () => {
    const given = many("total", { layers: ["gru"] }).flatMap((one) => one.given);
    expect(given.some((line) => line.includes("GRU"))).toBe(true);
    expect(given.some((line) => /LSTM|SimpleRNN|Conv1D|Bidirectional/.test(line))).toBe(false);
  });
});

describe("questions of each kind", () => {
  // By hand: z = σ(x·W + bi + hPrev·U + br) and so on, from the numbers that the question prints.
  it("ask for a gate that can be worked out from what is printed", () => {
    for (const { given, text, answer } of many("gate", { layers: ["lstm"], level: 1 })) {
      const numbers = (line: string) => [...line.replaceAll("−", "-").matchAll(/-?\d+(?:\.\d+)?/g)].map(Number);
      const row = (start: string) => numbers(given[given.findIndex((line) => line.startsWith(start)) + 1]!);
      const [x] = numbers(given.find((line) => line.startsWith("x = "))!);
      const [h] = numbers(given.find((line) => line.startsWith("hPrev"))!);
      const gate = /What is (\w)\[/.exec(text)![1]!;
      const column = { i: 0, f: 1, g: 2, o: 3 }[gate]!;
      const sum = x! * row("kernel")[column]! + h! * row("recurrent_kernel")[column]! + row("bias")[column]!;
      const value = gate === "g" ? Math.tanh(sum) : 1 / (1 + Math.exp(-sum));
      expect(Number(answer)).toBeCloseTo(value, 3);
    }
  });

  it("name the slip behind a gate whose activation is forgotten", () => {
    const [question] = many("gate", { layers: ["lstm"], level: 1 });
    const sum = /= (?:σ|tanh)\((−?[\d.]+)\)/.exec(question!.solution)![1]!;
    const check = question!.check(Number(sum.replace("−", "-")).toFixed(3));
    expect(check).toMatchObject({ right: false, slip: "the activation is forgotten" });
  });

  it.each(["gate", "backward"] as const)("do not take a rougher number than %s asks for", (kind) => {
    for (const { answer, check } of many(kind, { level: 3 })) {
      const rough = Number(answer).toFixed(0);
      expect([answer, check(rough).right]).toEqual([answer, Number(rough) === Number(answer)]);
      expect(check(String(Number(answer))).right).toBe(true); // 0.5 for 0.500
    }
  });

  it("know the order of the gates: block k is columns k × h on", () => {
    for (const { text, choices, answer } of many("order", { layers: ["gru"] })) {
      const [, from, to] = /columns (\d+) to (\d+)/.exec(text)!.map(Number);
      const block = from! / (to! - from! + 1);
      const gate = choices.find((choice) => choice.startsWith(answer))!.slice(3);
      expect(gate).toBe(["z", "r", "h"][block]); // Keras's order of GRU
    }
  });

  it("show a wrong count in exactly one line of a faulty summary", () => {
    for (const { given, answer, choices, solution } of many("faulty", { level: 2 })) {
      const name = choices.find((choice) => choice.startsWith(answer))!.slice(3);
      const line = given.find((one) => one.startsWith(`${name} (`))!;
      const right = new RegExp(`^${name} has ([\\d,]+) parameters`).exec(solution)![1]!;
      expect(line.endsWith(`  ${right}`)).toBe(false);
    }
  });

  it("show one code among others that all give another summary", () => {
    const [first] = many("code", { level: 2 });
    expect(first!.choices.length).toBeGreaterThan(2);
    expect(first!.check(first!.choices.find((choice) => !choice.startsWith(first!.answer))![0]!).text).toMatch(
      /is not right/,
    );
  });

  // The right gradient against differences of the loss, from the printed numbers.
  it.each([
    ["dense", 2],
    ["recurrent", 3],
  ] as const)("have the gradient of a %s step, and name what is left out", (_, level) => {
    for (const { given, answer, check } of many("backward", { level })) {
      const at = (name: string) => Number(new RegExp(`\\b${name} = (-?[\\d.]+)`).exec(given[1]!)![1]);
      const loss = (w: number): number => {
        if (level === 2) return (w * at("x") + at("b") - at("target")) ** 2;
        const first = Math.tanh(w * at("x1") + at("b"));
        return (Math.tanh(w * at("x2") + at("u") * first + at("b")) - at("target")) ** 2;
      };
      const gradient = (loss(at("w") + 1e-5) - loss(at("w") - 1e-5)) / 2e-5;
      expect(Number(answer)).toBeCloseTo(gradient, 3);
      if (Math.abs(gradient) > 0.01) {
        expect(check((gradient / 2).toFixed(5)).slip).toContain("the factor 2 of the square is forgotten");
      }
    }
  });
});

describe("a teacher's set", () => {
  const set = { seed: 7, count: 5, kinds: ["params", "gate"], layers: ["gru", "lstm"] } as const;

  it("is one text that gives the same set back", () => {
    expect(formatQuizSet(set)).toBe("seed=7&count=5&kinds=params,gate&layers=gru,lstm");
    expect(parseQuizSet(`?${formatQuizSet(set)}`)).toEqual(set);
    expect(parseQuizSet("")).toEqual({ seed: 1, count: 10 });
  });

  it("is data without answers, which are checked by the set alone", () => {
    const data = structuredClone(quizData(set));
    expect(data.map(({ kind }) => kind).every((kind) => kind === "params" || kind === "gate")).toBe(true);
    expect(JSON.stringify(data)).not.toContain('"answer"');
    const right = quizQuestions(set)[2]!.answer;
    expect(checkQuizAnswer(set, 3, right).right).toBe(true);
    expect(checkQuizAnswer(set, 3, "-1").right).toBe(false);
    expect(() => checkQuizAnswer(set, 6, "1")).toThrow("a question's number must be from 1 to 5");
  });

  it("says which part of it cannot be", () => {
    expect(() => parseQuizSet("kinds=gates")).toThrow(/kinds must be one of .*Did you mean gate/);
    expect(() => parseQuizSet("layers=GRU,ltsm")).toThrow("layers must be one of");
    expect(() => parseQuizSet("count=100000")).toThrow("count must be a whole number from 1 to 500");
    expect(() => parseQuizSet("sed=3")).toThrow("Did you mean seed?");
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
      expect(full).toContain(`## ${one.number}. ${one.answer}\n`);
    }
  });

  it("escape what they show in HTML, and load nothing", () => {
    const html = worksheetHtml(questions, { title: "a < b & c", answers: true });
    expect(html).toContain("<title>a &lt; b &amp; c</title>");
    expect(html).not.toMatch(/<script|src=|href=/);
  });
});
