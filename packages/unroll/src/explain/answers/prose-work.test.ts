/** Lines as people write them in notebooks: what is a whole calculation, and what is only a part of one. */
import { describe, expect, it } from "vitest";
import { arithmeticValue, proseLines } from "./prose-work.ts";

/** Steps of a text as "value: given", wrong ones marked. */
const stepsIn = (text: string): string[] =>
  proseLines(text, 1).flatMap(({ steps }) =>
    steps.map(({ expected, given, right }) => `${expected}: ${given}${right ? "" : " wrong"}`),
  );

describe("calculations in prose", () => {
  it.each<[string, string[]]>([
    ["$4 \\times (30 \\times (30+9) + 30) = 4800$", ["4800: 4800"]],
    ["$4 \\times (30 \\times (30+9) + 30) = 4700$", ["4800: 4700 wrong"]],
    ["$$4 \\cdot \\left[30 \\cdot (30+9) + 30\\right] = 4{,}800$$", ["4800: 4800"]],
    ["**Parameters** = $10 * 10 + 1 * 10 + 10 = 120$</center>", ["120: 120"]],
    ["3 × [4 × (4 + 5) + 2 × 4] = 3 × (36 + 8) = 3 × 44 = 132 parameters", ["132: 132", "132: 132", "132: 132"]],
    ["3 × [4 × (4 + 5) + 2 × 4] = 3 × (36 + 8) = 3 × 43 = 132", ["132: 132", "132: 129 wrong", "129: 132 wrong"]],
    ["* 10 x 10 + 10 = 110 weights", ["110: 110"]],
    ["1. `21 - 2 + 1 = 20` steps are left", ["20: 20"]],
    ["(which is 2 + 2 = 4)", ["4: 4"]],
    ["3(2+4) = 18, and 2^3 = 8 or 2**3 = 9", ["18: 18", "8: 8", "8: 9 wrong"]],
    ["25,000 - 1,000 = 24,000 of them", ["24000: 24000"]],
    ["1/3 = 0.33, 100/32 = 4, 100/32 = 3", ["0.3333333333333333: 0.33", "3.125: 4", "3.125: 3"]],
    ["0.5 * 0.3 = 0.2 rounded, 0.5 * 0.3 = 0.25 is not", ["0.15: 0.2", "0.15: 0.25 wrong"]],
    ["a total of 5 * 60000 = 300000 examples", ["300000: 300000"]],
    ["4 * 1200 = 4.800 in Germany", ["4800: 4.8"]],
    ["0.15 * 0.5 = 0.07 is cut, 1.1 + 1.1 = 2.3 is not", ["0.075: 0.07", "2.2: 2.3 wrong"]],
    ["(30 + 5) * 4 = 140 * 4 = 560 + 16 = 576", ["576: 576"]],
    ["2 + 3 = 5 * 3 = 16", ["15: 16 wrong"]],
  ])("%s", (text, expected) => {
    expect(stepsIn(text)).toEqual(expected);
  });

  it.each([
    "h * 4 + 2 = 7 is only the end of it",
    "num_units × 10 + 10 = 50",
    "2 * 3 + 4 = 5 × n",
    "2 * 3 = 5k of memory, 2 * 3 = 5 units × 4",
    "σ(0.5 * 2 + 1) = 0.88, tanh (0.5 * 2) = 0.76",
    "sqrt of 9 * 9 = 9",
    "W[3 * 2] = 4",
    "1 + 2 + ... + 10 = 55",
    "if 2 * 3 == 5:",
    "$\\frac{1}{2} + 3 * 4 = 5$",
    "half of 3 * 4 = 6",
    "2 plus 3 * 4 = 14",
    "versions 2.3.1 - 2.4 = 1",
    "80 % - 20 = 60 %",
    "2019-2020 = a year",
    "loss: 0.3 - val_loss = 0.5",
    "1949-1960 = 12 years, 2019-12-01 - 2020-01-01 = 31 days",
    "1 + 1 = 10 in binary",
    "about 3 * 33 = 100",
    "Wrong: 3 * 4 = 13",
    "is 3 * 4 = 13?",
    "~~3 * 4 = 13~~",
    "√16 + 2 = 6, log 100 + 1 = 3",
    "12 * 1024 = 12 KB",
    "10:1 * 2 = 20:1",
    "[here](https://example.com/a?b=3*4=13)",
  ])("leaves alone what is part of something else: %s", (text) => {
    expect(stepsIn(text)).toEqual([]);
  });

  it("is not parted from the line above that it goes on from", () => {
    expect(stepsIn("4 * 3 +\n5 * 2 = 22")).toEqual([]);
    expect(stepsIn("4 * 3 = 12\n\n5 * 2 = 10")).toEqual(["12: 12", "10: 10"]);
  });
});

describe("claims in prose", () => {
  it("are numbers called parameters, results of counting formulas, and shapes", () => {
    const [line] = proseLines("The GRU has 3 × (4 × (4 + 5) + 4) = 120 parameters and gives (None, 30, 4).", 7);
    expect(line).toMatchObject({ line: 7, counts: [120, 120], shapes: [[null, 30, 4]], isHeading: false });
    expect(proseLines("## gru_1", 1)[0]!.isHeading).toBe(true);
    expect(proseLines("12 units, 1.5 parameters, 3 * 4 = 12", 1)[0]!.counts).toEqual([]);
  });

  it("are not read from a printed table", () => {
    expect(proseLines(" lstm (LSTM)        (None, 30)      4800\nTotal params: 4,800", 1)).toEqual([]);
  });
});

describe("arithmetic", () => {
  it.each([
    ["2+3*4", 14],
    ["(2+3)*4", 20],
    ["2*(3+4)(1+1)", 28],
    ["-2 + 10 - 3 - 4", 1],
    ["2^3^2", 512],
    ["12/4/3", 1],
  ])("%s", (text, value) => {
    expect(arithmeticValue(text)).toBe(value);
  });

  it.each(["", "2 +", "2 3", "(2", "2)", "* 3", "1/0", "2..3", "()"])("%s is none", (text) => {
    expect(arithmeticValue(text)).toBeUndefined();
  });
});
