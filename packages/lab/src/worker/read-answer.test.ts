import { expect, it } from "vitest";
import { examples } from "../data/examples.ts";
import { checkText } from "./answers.ts";
import { checkQuizAnswer, startSet } from "./quizzing.ts";
import { type Misfit, readAnswer, readCountAnswer, readShapeAnswer, readValueAnswer } from "./read-answer.ts";
import { Session } from "./session.ts";

it.each([
  ["132", 132],
  ["132.0", 132],
  ["132.", 132],
  ["1e3", 1000],
  ["1.5E2", 150],
  ["1,320", 1320],
  ["1 320", 1320],
  ["1\u202f320", 1320],
  ["1_320_000", 1320000],
  ["4,800.0", 4800],
  ["0", 0],
  ["(None, 30, 4)", [null, 30, 4]],
  ["30, 4, 5", [30, 4, 5]],
  ["30,4", [30, 4]],
  ["(None,)", [null]],
])("reads %s as people mean it", (text, given) => {
  expect(readAnswer(text)).toEqual({ given });
});

it.each<[string, Misfit]>([
  ["-1", "negative"],
  ["−1,320", "negative"],
  ["132.5", "fraction"],
  ["1.320", "fraction"],
  ["1e400", "large"],
  ["many", "unreadable"],
  ["(None, -1)", "unreadable"],
])("says why %s can be no count", (text, misfit) => {
  expect(readAnswer(text)).toEqual({ misfit });
});

it("takes no shape for a count, and sizes in thousands' clothes for a shape", () => {
  expect(readCountAnswer("(None, 4)")).toEqual({ misfit: "shape-for-count" });
  expect(readShapeAnswer("30,100")).toEqual({ given: [30, 100] });
  expect(readShapeAnswer("1e3")).toEqual({ misfit: "no-shape" });
});

it.each([
  ["0.731", "0.731"],
  [" −0,25 ", "-0.25"],
  ["1e-3", "1e-3"],
  [".5", ".5"],
])("reads %s as a value, with the digits that were written", (text, written) => {
  expect(readValueAnswer(text)).toEqual({ text: written });
});

it.each(["half", "0.7.3", "1/2", "(None, 4)", "Infinity", "0x10", "1e999", "-"])("takes %s for no value", (text) => {
  expect(readValueAnswer(text)).toEqual({ misfit: "no-number" });
});

it.each(["gate", "state", "backward"])("counts what is no number as no try of a question of the kind %s", (kind) => {
  const [first] = startSet({ seed: 5, count: 1, level: 0, kinds: [kind], layers: [] });
  expect(checkQuizAnswer(first!.number, "half")).toMatchObject({ right: false, misfit: "no-number", slip: "" });
  expect(checkQuizAnswer(first!.number, "0.123")).toMatchObject({ misfit: undefined });
});

it("names no slip for 0 where there are weights, and takes it where there are none", async () => {
  const session = new Session();
  await session.open({ source: "model = Sequential([Input((30, 5)), GRU(4), Dropout(0.1)])", seed: 7 });
  expect(checkText(session.need(), "gru", "0")).toMatchObject({ right: false, misfit: "zero", findings: [] });
  expect(checkText(session.need(), "dropout", "0")).toMatchObject({ right: true, misfit: undefined });
  expect(checkText(session.need(), "gru", "132.0")).toMatchObject({ right: true, misfit: undefined });
});

it("counts what can be no count as no try of the quiz", () => {
  // LSTM(2) on four features has 4 × [2 × (2 + 4) + 2] = 56.
  const [first] = startSet({ seed: 14, count: 1, level: 0, kinds: ["params"], layers: [] });
  const check = (answer: string) => checkQuizAnswer(first!.number, answer);
  expect(check("56.0")).toMatchObject({ right: true, misfit: undefined });
  expect(check("5.6e1")).toMatchObject({ right: true });
  expect(check("0")).toMatchObject({ right: false, misfit: "zero", slip: "" });
  expect(check("-1")).toMatchObject({ right: false, misfit: "negative", slip: "" });
  expect(check("42")).toMatchObject({ right: false, misfit: undefined, slip: "the number of gates is wrong" });
});

it("asks on its cards with numbers that a slip gives, never with the right one alone", async () => {
  for (const { id, question, code, layer } of examples) {
    const numbers = question.match(/\([^)]*\)|[\d,]+/g) ?? [];
    const session = new Session();
    await session.open({ source: code, seed: 7 });
    const checks = numbers.map((number) => checkText(session.need(), layer, number));
    const wrong = checks.filter(({ right }) => !right);
    expect(wrong.length, id).toBeGreaterThan(0);
    if (question.startsWith("Why not"))
      for (const { findings } of wrong) expect(findings.length, id).toBeGreaterThan(0);
  }
});
